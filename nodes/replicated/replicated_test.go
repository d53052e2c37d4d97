package replicated_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/replicated"
	"phoenix/sim"
	"phoenix/sim/simtest/chart"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// cluster is servers and clients of a world.
type cluster struct {
	w *sim.World
	n *network.Network
	m *replicated.Monitor
}

// serve returns the boot function of a server.
type serve func(replicated.Config, *replicated.Monitor) network.Boot

// run makes servers, and one client for each script that begins with the server of its
// number.
func run(t *testing.T, cfg replicated.Config, boot serve, scripts ...[]nodes.Op) cluster {
	w := sim.New(sim.Config{Seed: 1})
	t.Cleanup(w.Close)
	n := network.New(w, network.Config{CheckMutation: true, Link: network.Link{Delay: network.Uniform(ms, 10*ms)}})
	for i := range 3 {
		cfg.Servers = append(cfg.Servers, network.ID(i))
	}
	m := replicated.Watch(w, cfg)
	for i := range cfg.Servers {
		n.Add(fmt.Sprint("s", i+1), boot(cfg, m))
	}
	for i, script := range scripts {
		n.Add(fmt.Sprint("c", i+1), replicated.Client(replicated.ClientConfig{
			Servers: cfg.Servers, Home: i, Script: script, Timeout: 400 * ms, Retransmit: 50 * ms}))
	}
	return cluster{w, n, m}
}

// results returns how operations end, by the order in which they do.
func (c cluster) results() *[]string {
	var all []string
	c.w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Return {
			all = append(all, fmt.Sprint(c.w.HostName(e.Host), " ", e.Name, " ", e.Value))
		}
	})
	return &all
}

func (c cluster) until(t *testing.T, d time.Duration) {
	require.Equal(t, sim.TimeLimit, c.w.Run(sim.Limit{Until: sim.Time(d)}))
}

// sound requires that nothing went wrong, and that all is said.
func (c cluster) sound(t *testing.T) {
	require.Equal(t, sim.Quiescent, c.w.Run(sim.Limit{Until: sim.Time(time.Minute)}))
	for _, err := range []error{c.m.Specified(), c.m.Kept(), c.m.Once(), c.m.Bounded(), c.m.Equal(), c.m.Silent()} {
		require.NoError(t, err)
	}
}

func op(kind nodes.Kind, key string, value int64, wait time.Duration) nodes.Op {
	return nodes.Op{Kind: kind, Key: key, Value: value, Wait: wait}
}

func TestNothingIsAcknowledgedThatTooFewHold(t *testing.T) {
	c := run(t, replicated.Config{Acks: 1}, replicated.ServeCounter, []nodes.Op{op(nodes.Write, "x", 5, 10*ms)})
	got := c.results()
	cut := c.n.Partition("alone", network.Complete([]network.ID{0, 3}, []network.ID{1, 2}))
	c.until(t, time.Second)
	require.Equal(t, []string{"c1 info unknown"}, *got, "it may happen later")
	cut.Heal()
	c.sound(t)
	require.Equal(t, 1, c.m.Updates(), "and does")
}

func TestARequestForAnEarlierBootIsNotCarriedOut(t *testing.T) {
	c := run(t, replicated.Config{Acks: 1}, replicated.ServeCounter,
		[]nodes.Op{op(nodes.Write, "x", 5, 0), op(nodes.Read, "x", 0, 0), op(nodes.Read, "x", 0, 0), op(nodes.Write, "x", 3, 500*ms),
			op(nodes.Read, "x", 0, 0), op(nodes.Read, "x", 0, 0), op(nodes.Write, "x", 1, 0)})
	got := c.results()
	c.w.At(sim.Time(300*ms), func() { c.w.Host(0).Crash(); c.w.Host(0).Restart() })
	c.sound(t)
	require.Equal(t, []string{"c1 ok 5", "c1 ok 5", "c1 ok 5", "c1 info unknown", "c1 ok 5", "c1 ok 5", "c1 ok 1"}, *got)
	require.Equal(t, 2, c.m.Updates())
}

// Each operation goes to the next server.
func TestADeadHeroIsMadeAnewAsSoonAsAllHaveSeenThatItDied(t *testing.T) {
	script := []nodes.Op{op(nodes.Write, "x", 5, 0), op(nodes.CAS, "x", 1, 200*ms)}
	for range 6 {
		script = append(script, op(nodes.Write, "x", 7, 30*ms))
	}
	script = append(script, op(nodes.Read, "x", 0, 300*ms))
	c := run(t, replicated.Config{Durable: true}, replicated.ServeHeroes, script)
	got := c.results()
	c.sound(t)
	require.Equal(t, []string{"c1 ok 5", "c1 ok 1", "c1 ok 7", "c1 fail unknown", "c1 fail unknown",
		"c1 ok 7", "c1 ok 7", "c1 ok 7", "c1 ok 21"}, *got, "one has not heard, two remember, and then all have forgotten")
}

// With an update goes to the disk what it saw there: that the deletion was forgotten.
func TestAHeroMadeAnewComesBackFromTheDisk(t *testing.T) {
	c := run(t, replicated.Config{Durable: true}, replicated.ServeHeroes,
		[]nodes.Op{op(nodes.Write, "x", 5, 0), op(nodes.CAS, "x", 1, 100*ms)},
		nil, []nodes.Op{op(nodes.Write, "x", 7, 300*ms)}, nil, nil, []nodes.Op{op(nodes.Read, "x", 0, 800*ms)})
	got := c.results()
	c.w.At(sim.Time(330*ms), func() {
		for i := range 3 {
			c.w.Host(sim.HostID(i)).Crash()
		}
		c.w.Host(2).Restart() // its client has the answer
	})
	c.until(t, time.Second)
	require.Equal(t, []string{"c1 ok 5", "c1 ok 1", "c3 ok 7", "c6 ok 7"}, *got)
	c.w.Host(0).Restart()
	c.w.Host(1).Restart()
	c.sound(t)
}

// A clock that is behind what it knows by more than the bound gives no stamp: it would
// be below what it has seen, or ahead of its time.
func TestAServerWhoseClockIsFarBehindRefusesToWrite(t *testing.T) {
	for back, want := range map[time.Duration]string{500 * ms: "c1 ok 2", 5 * time.Second: "c1 fail unknown"} {
		c := run(t, replicated.Config{Durable: true}, replicated.ServeMap,
			[]nodes.Op{op(nodes.Write, "x", 1, 100*ms), op(nodes.Write, "x", 2, 300*ms)})
		got := c.results()
		c.w.At(sim.Time(10*ms), func() { c.w.Host(0).Jump(back) })
		c.sound(t)
		require.Equal(t, []string{"c1 ok 1", want}, *got)
	}
}

func TestBugsAndConfigurationsThatCannotBeAreRefused(t *testing.T) {
	require.Panics(t, func() { replicated.ServeCounter(replicated.Config{}, nil) })
	require.Panics(t, func() { replicated.ServeCounter(replicated.Config{Servers: []network.ID{0}, Acks: 1}, nil) })
	require.Panics(t, func() { replicated.ServeCounter(replicated.Config{Servers: []network.ID{0}, Bug: "none"}, nil) })
	require.Panics(t, func() { replicated.ServeHeroes(replicated.Config{Servers: []network.ID{0}}, nil) }, "not durable")
	require.Len(t, replicated.Bugs(), 7)
}

// How far apart servers are, across a partition and its healing.
func TestThePictureOfServersApart(t *testing.T) {
	const from, until, end = 1000 * ms, 2500 * ms, 4000 * ms
	c := run(t, replicated.Config{Durable: true}, replicated.ServeSet)
	for i := range 3 { // a client of each server
		var script []nodes.Op
		for j := range 30 {
			script = append(script, op(nodes.Write, nodes.KeyName(j%6), int64(j+1), 100*ms))
		}
		c.n.Add(fmt.Sprint("c", i+1), replicated.Client(replicated.ClientConfig{Servers: []network.ID{network.ID(i)}, Script: script}))
	}
	c.w.At(sim.Time(from), func() {
		cut := c.n.Partition("split", network.Complete([]network.ID{0, 3}, []network.ID{1, 2, 4, 5}))
		c.w.At(sim.Time(until), cut.Heal)
	})
	c.sound(t)
	missing := chart.Series{Name: "updates missing", Style: chart.Step, Color: chart.Red}
	states := chart.Series{Name: "different states", Style: chart.Step, Color: chart.Blue}
	for _, d := range c.m.Distances() {
		missing.Points = append(missing.Points, chart.Point{At: time.Duration(d.At), Y: float64(d.Missing)})
		states.Points = append(states.Points, chart.Point{At: time.Duration(d.At), Y: float64(d.States)})
	}
	d := c.m.Divergence(sim.Time(end))
	chart.Golden(t, "../../docs/crdts-apart.svg", chart.Figure{
		Title: "A set on three servers, one of which is cut off",
		Note:  fmt.Sprintf("seed 1; apart for %d ms of %d, at most %d updates missing", d.Apart.Milliseconds(), end.Milliseconds(), d.Missing),
		Until: end,
		Bands: []chart.Band{{From: from, Until: until, Label: "s1 and a client | the others", Color: chart.Orange}},
		Panels: []chart.Panel{
			{Title: "Updates missing", Unit: "that another server has, over all servers", Series: []chart.Series{missing}},
			{Title: "Different states", Unit: "of three", Height: 70, Series: []chart.Series{states}},
		},
	})
}

package explore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/register"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
	"phoenix/sim"
)

// registerModel is a store of package register with clients of package nodes, as they are.
func registerModel(boot func(register.Config) network.Boot, bug register.Bug, servers int) explore.Model {
	cfg := register.Config{Bug: bug}
	for i := range servers {
		cfg.Servers = append(cfg.Servers, network.ID(i))
	}
	m := explore.Model{Name: "register", Observe: explore.NewHistory,
		Properties: []explore.Property{explore.Linearizable("linearizable")}}
	for i := range servers {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("s", i), Boot: boot(cfg)})
	}
	for i := range 2 {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("c", i), Boot: nodes.Client(nodes.ClientConfig{
			Servers: cfg.Servers, Home: i, Script: []nodes.Op{
				{Kind: nodes.Write, Key: "x", Value: int64(2*i + 1)}, {Kind: nodes.Read, Key: "x"},
				{Kind: nodes.Write, Key: "x", Value: int64(2*i + 2)}, {Kind: nodes.Read, Key: "x"},
			}})})
	}
	return m
}

// worldEstimates has a schedule of every name.
var worldEstimates = explore.ScheduleOptions{Estimates: explore.Estimates{Events: 100, Hosts: []int{0, 20, 20, 20, 20, 20}}}

// patience is less than clients have before they give up: a run until then keeps timeouts,
// which an untimed schedule takes as readily as messages, out of it.
const patience = 900 * time.Millisecond

// violations returns in how many of n worlds of a model a property was violated.
func violations(t *testing.T, m explore.Model, name string, timed bool, until time.Duration, n int) (bad int) {
	for seed := range uint64(n) {
		s := schedule(name, seed, worldEstimates)
		r := m.World(explore.WorldConfig{Seed: seed, Chooser: s, Timed: timed, Delay: network.Uniform(time.Millisecond, 2*time.Millisecond)})
		why := r.Run(sim.Limit{Events: 1000, Until: sim.Time(until)})
		_, err := r.Violated()
		if err != nil {
			require.Equal(t, sim.Stopped, why)
			bad++
		}
		require.Empty(t, r.World.Findings())
		r.World.Close()
	}
	return bad
}

func TestRegistersSurviveAThousandUntimedSchedules(t *testing.T) {
	abd, single := registerModel(register.ABD, register.NoBug, 3), registerModel(register.SingleCopy, register.NoBug, 1)
	for _, name := range explore.Schedules() {
		require.Zero(t, violations(t, abd, name, false, patience, 80), name)
		require.Zero(t, violations(t, abd, name, false, 10*time.Second, 45), name)
		require.Zero(t, violations(t, single, name, false, 10*time.Second, 45), name)
	}
}

func TestBugsPlantedInRegistersAreFoundInUntimedWorlds(t *testing.T) {
	for _, name := range explore.Schedules() {
		require.Positive(t, violations(t, registerModel(register.SingleCopy, register.NoBug, 2), name, false, patience, 50), name)
	}
	overwrites := registerModel(register.ABD, register.RecordOverwrites, 3)
	// PCT spends most of its runs on timers of high priority, which are set again as they fire.
	for _, name := range []string{explore.Uniform, explore.NodeThenMessage, explore.PCTCP, explore.POS, explore.SURW} {
		require.Positive(t, violations(t, overwrites, name, false, patience, 200), name)
	}
	local := registerModel(register.ABD, register.LocalSequence, 3)
	require.Positive(t, violations(t, local, explore.NodeThenMessage, false, patience, 400))
}

// One model, in the explorer and as a world, timed or not: the bug is found in each.
func TestAModelRunsAsAWorld(t *testing.T) {
	bad := models.SingleCopy(models.Harness{Clients: 2, Servers: 2})
	good := models.ABD(models.Harness{Clients: 2, Servers: 3})
	for _, timed := range []bool{false, true} {
		require.Positive(t, violations(t, bad, explore.POS, timed, time.Second, 50))
		require.Zero(t, violations(t, good, explore.POS, timed, time.Second, 100))
	}
}

// With all faults that there are: what they do is in the budget and repeats.
func TestAWorldOfAModelReplaysFromItsTape(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3, Lossy: true, Network: explore.Duplicating})
	m.Faults = explore.Budget{Crashes: 2, Restarts: 1, Drops: 1, Duplicates: 1, Partitions: 2,
		Cuts: []explore.NamedCut{{Name: "apart", Cut: network.Complete([]network.ID{0}, []network.ID{1, 2})}}}
	for _, name := range explore.Schedules() {
		for _, timed := range []bool{false, true} {
			for seed := range uint64(10) {
				cfg := explore.WorldConfig{Seed: seed, Chooser: schedule(name, seed, worldEstimates), Timed: timed}
				first := m.World(cfg)
				defer first.World.Close()
				why := first.Run(sim.Limit{Events: 1000})

				cfg.Chooser = schedule(name, seed, worldEstimates)
				second := m.World(cfg)
				defer second.World.Close()
				second.Run(sim.Limit{Events: 1000})
				require.Equal(t, first.World.Digest(), second.World.Digest(), "the same schedule")

				tape := sim.Replay(first.World.Picks())
				cfg.Chooser = tape
				again := m.World(cfg)
				defer again.World.Close()
				require.Equal(t, why, again.Run(sim.Limit{Events: 1000}))
				require.NoError(t, tape.Err())
				require.Zero(t, tape.Left())
				require.Equal(t, first.World.Digest(), again.World.Digest())
			}
		}
	}
}

func TestFaultsOfAWorldStayWithinTheBudget(t *testing.T) {
	m := models.ABD(models.Harness{Clients: 2, Servers: 3})
	m.Faults = explore.Budget{Crashes: 2, Restarts: 1, Drops: 2, Duplicates: 1, Partitions: 2, Crashable: []network.ID{1, 2},
		Cuts: []explore.NamedCut{{Name: "apart", Cut: network.Complete([]network.ID{0}, []network.ID{1, 2})}}}
	most := map[string]uint64{}
	for seed := range uint64(200) {
		r := m.World(explore.WorldConfig{Seed: seed, Timed: seed%2 == 0})
		counts := map[string]uint64{}
		r.World.Observe(func(e *sim.Event) {
			switch {
			case e.Kind == sim.Crash:
				require.Contains(t, m.Faults.Crashable, e.Host)
				counts["crash"]++
			case e.Kind == sim.Restart:
				counts["restart"]++
			case e.Kind == sim.Drop && e.Name != "host down":
				counts["drop"]++
			}
		})
		r.Run(sim.Limit{})
		for _, f := range r.World.Faults() {
			if f.Name == "clog apart 1" || f.Name == "clog apart 2" {
				counts["cut"]++
			}
		}
		for what, n := range counts { // order: the greatest of each, whichever comes first
			most[what] = max(most[what], n)
		}
		r.World.Close()
	}
	require.Equal(t, map[string]uint64{"crash": 2, "restart": 1, "drop": 2, "cut": 2}, most)
}

// What a world tells its observer is what the explorer tells it.
func TestOperationsOfAWorldAreNumberedByNode(t *testing.T) {
	seen := &numbers{next: map[network.ID]uint64{}}
	m := models.ABD(models.Harness{Clients: 2, Servers: 2})
	m.Observe = func() explore.Observer { return seen }
	m.Properties = []explore.Property{explore.Observed("numbered", func(o explore.Observer) error { return o.(*numbers).err })}
	r := m.World(explore.WorldConfig{})
	defer r.World.Close()
	require.Equal(t, sim.Quiescent, r.Run(sim.Limit{}))
	name, err := r.Violated()
	require.Empty(t, name)
	require.NoError(t, err)
	require.Equal(t, map[network.ID]uint64{2: 2, 3: 2}, seen.next)
}

// numbers is an Observer that expects each node to number its operations from 1.
type numbers struct {
	next map[network.ID]uint64
	err  error
}

func (n *numbers) Observe(e *explore.Told) {
	if e.Kind == sim.Invoke {
		n.next[e.Node]++
	}
	if e.Op != n.next[e.Node] {
		n.err = fmt.Errorf("operation %d of node %d, expected %d", e.Op, e.Node, n.next[e.Node])
	}
}

package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestAnEndpointKnowsItsNodeAndTheOthers(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	p.w.AddHost("bystander", nil)
	c := p.n.Add("c", func(*network.Endpoint) network.Handler { return nil })
	p.w.Host(1).SetOffset(time.Hour)
	p.run(t)
	ep := p.ep[1]
	require.Equal(t, network.ID(1), ep.ID())
	require.Equal(t, "b", ep.Name())
	require.Equal(t, []network.ID{0, 1, 3}, ep.Nodes(), "the bystander is no node")
	require.Equal(t, network.ID(3), c)
	require.Equal(t, "c", ep.NameOf(c))
	id, ok := ep.Lookup("c")
	require.True(t, ok)
	require.Equal(t, c, id)
	for _, name := range []string{"bystander", "nobody"} {
		id, ok = ep.Lookup(name)
		require.False(t, ok)
		require.Equal(t, network.ID(sim.NoHost), id)
	}
	require.Equal(t, sim.Time(time.Hour), ep.Now())
	require.Equal(t, sim.Time(0), ep.Monotonic())
	require.Equal(t, p.w.Host(1).Rand("x").Uint64(), ep.Rand("x").Uint64())
	require.Equal(t, p.w.Host(1).Key("x"), ep.Key("x"))
	require.Same(t, p.w, p.n.World())
}

func TestAnEndpointPutsOperationsAndNotesIntoTheStream(t *testing.T) {
	w := sim.New(sim.Config{Chooser: sim.Replay([]sim.Pick{{Label: "coin", N: 2, Picked: 1}})})
	n := network.New(w, network.Config{})
	var lines []string
	w.Observe(func(e *sim.Event) { lines = append(lines, string(e.AppendText(nil, w.HostName))) })
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		id := ep.Invoke("get x")
		ep.Note("half of %d", id)
		require.Equal(t, 1, ep.Choose("coin", 2))
		ep.Return(id, "ok", 7)
		require.Equal(t, uint64(2), ep.Invoke("again"))
		return nil
	})
	w.Run(sim.Limit{})
	require.Equal(t, []string{
		"     1           0s a        boot     a",
		"     2           0s a        invoke   #1 get x  (after 1)",
		"     3           0s a        note     half of 1  (after 2)",
		"     4           0s a        choice   1 of 2 coin  (after 2)",
		"     5           0s a        return   #1 ok 7  (after 2)",
		"     6           0s a        invoke   #2 again  (after 2)",
	}, lines)
}

func TestTimersOfANodeEndWithItsBoot(t *testing.T) {
	w := sim.New(sim.Config{})
	n := network.New(w, network.Config{})
	var fired []string
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		tick := ep.Timer("tick", func() { fired = append(fired, "tick "+w.Now().String()) })
		if ep.Boots() == 0 {
			tick.Reset(10 * ms)
			ep.After(20*ms, func() { fired = append(fired, "after") })
		}
		return nil
	})
	w.At(sim.Time(15*ms), func() { w.Host(0).Crash(); w.Host(0).Restart() })
	w.Run(sim.Limit{})
	require.Equal(t, []string{"tick 10ms"}, fired)
}

// use does with ep all that a node can do, and returns the timers that it made.
func use(ep *network.Endpoint, trace *[]string) []*sim.Timer {
	did := func(what string) func() { return func() { *trace = append(*trace, what) } }
	ep.Send(1, "from the dead")
	ep.Reply(1, network.Request{ID: 1}, "x")
	ep.Note("a note")
	ep.Return(ep.Invoke("op"), "ok", nil)
	ep.Choose("coin", 2)
	ep.Go("process", func(*network.Proc) { did("process")() })
	timer := ep.Timer("timer", did("timer"))
	timer.Reset(ms)
	return []*sim.Timer{timer, ep.After(ms, did("after"))}
}

func TestAnEndpointFromBeforeACrashDoesNothing(t *testing.T) {
	// The moments at which code of an earlier boot may still hold its endpoint.
	for name, moment := range map[string]func(p *post, use func()){
		"while it is down":    func(p *post, use func()) { p.w.Host(0).Crash(); use(); p.w.Host(0).Restart() },
		"after its restart":   func(p *post, use func()) { p.w.Host(0).Crash(); p.w.Host(0).Restart(); use() },
		"after a second one":  func(p *post, use func()) { crashTwice(p.w.Host(0)); use() },
		"in a deferred call":  func(p *post, use func()) { deferred(p, use) },
		"after the world end": func(p *post, use func()) { p.w.Close(); use() },
	} {
		t.Run(name, func(t *testing.T) {
			run := func(do func(ep *network.Endpoint)) (*post, sim.Digest) {
				p := newPost(1, delayed(ms), "a", "b")
				p.at(5*ms, func() {
					ep := p.ep[0]
					moment(p, func() { do(ep) })
				})
				p.w.Run(sim.Limit{})
				return p, p.w.Digest()
			}
			var trace []string
			_, quiet := run(func(*network.Endpoint) {})
			p, loud := run(func(ep *network.Endpoint) {
				timers := use(ep, &trace)
				require.Zero(t, ep.Invoke("op"))
				ep.Note("again")
				// A timer that was made in vain stays so, whatever the host does.
				for _, timer := range timers {
					require.False(t, timer.Running())
					require.False(t, timer.Stop())
					timer.Reset(0)
					require.False(t, timer.Running())
				}
			})
			require.Equal(t, quiet, loud, "it left no trace in the stream")
			require.Empty(t, trace)
			require.Empty(t, p.got[1])
			require.Empty(t, p.w.Picks())
		})
	}
}

func crashTwice(h *sim.Host) {
	for range 2 {
		h.Crash()
		h.Restart()
	}
}

// deferred has a process of the first node crash its host while it runs.
func deferred(p *post, use func()) {
	p.ep[0].Go("victim", func(*network.Proc) {
		defer use()
		p.w.Host(0).Crash()
	})
}

// The timer was made while its host was down; after the restart, it is started.
func TestATimerMadeInVainCannotBeStartedLater(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	var trace []string
	p.at(ms, func() {
		ep := p.ep[0]
		p.w.Host(0).Crash()
		timers := use(ep, &trace)
		p.w.Host(0).Restart()
		for _, timer := range append(timers, use(ep, &trace)...) {
			timer.Reset(ms)
		}
	})
	p.run(t)
	require.Empty(t, trace)
	require.Empty(t, p.got[1])
}

func TestABootThatReturnsNoHandlerIgnoresMessages(t *testing.T) {
	w := sim.New(sim.Config{})
	n := network.New(w, network.Config{})
	boots := 0
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		ep.Send(0, "self")
		ep.Send(0, network.Response{ID: 9})
		boots++
		return nil
	})
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, uint64(5), w.Events(), "boot, two sends, two deliveries")
	require.Equal(t, 1, boots)
}

func TestSendingToNobodyIsAFinding(t *testing.T) {
	for to, name := range map[network.ID]string{2: "host(2)", -1: "world", 1: "bystander"} {
		w := sim.New(sim.Config{})
		n := network.New(w, network.Config{})
		n.Add("a", func(ep *network.Endpoint) network.Handler {
			ep.Send(to, "x")
			return nil
		})
		w.AddHost("bystander", nil)
		require.Equal(t, sim.Panicked, w.Run(sim.Limit{}))
		require.Len(t, w.Findings(), 1)
		f := w.Findings()[0]
		require.Equal(t, sim.HostID(0), f.Host)
		require.Equal(t, "network: there is no link from a to "+name+": both have to be nodes of the network", f.Message)
		require.False(t, w.Host(0).Up())
	}
}

// A host that crashes while it boots has no handler, and its next boot another.
func TestACrashDuringBootLeavesNothing(t *testing.T) {
	p := newPost(1, network.Config{}, "a")
	var got []any
	p.n.Add("b", func(ep *network.Endpoint) network.Handler {
		if ep.Boots() == 0 {
			p.w.Host(1).Crash()
			p.w.Host(1).Restart() // boots within the boot
			return handlerFunc(func(network.ID, any) { got = append(got, "of a dead boot") })
		}
		return handlerFunc(func(_ network.ID, msg any) { got = append(got, msg) })
	})
	p.send(ms, 0, 1, "x")
	p.run(t)
	require.Equal(t, []any{"x"}, got)
}

type handlerFunc func(from network.ID, msg any)

func (f handlerFunc) Receive(from network.ID, msg any) { f(from, msg) }

func TestNodesMayBeAddedWhileTheWorldRuns(t *testing.T) {
	p := newPost(1, delayed(ms), "a", "b")
	var got []any
	p.n.Add("parent", func(ep *network.Endpoint) network.Handler {
		p.n.Add("child", func(ep *network.Endpoint) network.Handler {
			ep.Send(2, "born")
			return nil
		})
		return handlerFunc(func(from network.ID, msg any) { got = append(got, ep.NameOf(from), msg) })
	})
	p.send(0, 0, 1, "x")
	p.run(t)
	require.Equal(t, []any{"child", "born"}, got)
	require.Equal(t, []any{"x"}, p.bodies(1))
	require.Panics(t, func() { p.n.Add("child", nil) }, "the name is taken")
}

// A Chooser may let messages arrive before their host has booted.
func TestAMessageBeforeTheFirstBootIsLost(t *testing.T) {
	early := 0
	for seed := range uint64(20) {
		p := &post{w: sim.New(sim.Config{Seed: seed, Interleave: true})}
		p.join(network.New(p.w, network.Config{}), "a", "b")
		p.n.Add("c", func(ep *network.Endpoint) network.Handler {
			ep.Send(1, "x")
			ep.Send(1, network.Response{ID: 1})
			return nil
		})
		p.run(t)
		early += p.drops()["host down"]
	}
	require.Positive(t, early)
	require.Less(t, early, 40)
}

// Killing one process of a node leaves the node and its other processes alone, and no call open.
func TestAProcessOfANodeCanBeKilledAlone(t *testing.T) {
	p := newPost(1, delayed(ms), "a", "b")
	var log []string
	var victim *sim.Proc
	p.at(ms, func() {
		victim = p.ep[0].Go("victim", func(p *network.Proc) {
			p.Call(1, "never answered", 0)
			log = append(log, "never")
		})
		p.ep[0].Go("bystander", func(p *network.Proc) { p.Sleep(4500 * time.Microsecond); log = append(log, "bystander") })
	})
	p.at(5*ms, func() { victim.Kill() })
	p.at(6*ms, func() {
		ep := p.ep[0]
		p.w.Host(0).Crash()
		require.Nil(t, ep.Go("too late", func(*network.Proc) {}))
		p.w.Host(0).Restart()
		ep = p.ep[0]
		ep.Go("bystander", func(p *network.Proc) { log = append(log, "next boot") })
	})
	p.run(t)
	require.Equal(t, []string{"bystander", "next boot"}, log)
}

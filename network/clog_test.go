package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestAClogHoldsThenReleasesInOrder(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b", "c")
	var release func()
	p.at(5*ms, func() { release = p.n.Clog(0, 1) })
	for i := range 5 {
		p.send(time.Duration(i)*ms, 0, 1, i)
	}
	p.send(0, 1, 0, "back")
	p.send(0, 0, 2, "elsewhere")
	p.send(40*ms, 0, 1, "arrives as it is released") // before or after the release in that instant
	p.at(50*ms, func() { release(); release() })
	p.send(41*ms, 0, 1, "later")
	p.run(t)
	require.Equal(t, []any{0, 1, 2, 3, 4, "arrives as it is released", "later"}, p.bodies(1))
	require.Equal(t, []time.Duration{50 * ms, 50 * ms, 50 * ms, 50 * ms, 50 * ms, 50 * ms, 51 * ms}, p.times(1))
	require.Equal(t, []time.Duration{10 * ms}, p.times(0))
	require.Equal(t, []time.Duration{10 * ms}, p.times(2))
	require.Equal(t, sim.FaultCount{Name: "clog", Fired: 1, Effect: 5}, p.faults("clog"))
}

// What arrives in the very instant of the release stands behind what was held.
func TestReleasedMessagesStayAheadOfNewOnes(t *testing.T) {
	for _, early := range []bool{true, false} {
		p := newPost(1, network.Config{}, "a", "b")
		release := p.n.Clog(0, 1)
		p.send(0, 0, 1, 1)
		p.send(0, 0, 1, 2)
		if early {
			p.at(10*ms, release)
		}
		p.at(10*ms, func() {
			if !early {
				release()
			}
			p.ep[0].Send(1, 3)
		})
		p.send(10*ms, 0, 1, 4)
		p.run(t)
		require.Equal(t, []any{1, 2, 3, 4}, p.bodies(1))
		require.Equal(t, uint64(2), p.faults("clog").Effect, "the new ones were not held")
	}
}

func TestClogsOfOneLinkAddUp(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	first, second := p.n.Clog(0, 1), p.n.Clog(0, 1)
	p.send(0, 0, 1, "x")
	p.at(10*ms, second)
	p.at(20*ms, first)
	p.at(20*ms, func() { p.at(20*ms, p.n.Clog(0, 1)) }) // over before anything arrives
	p.run(t)
	require.Equal(t, []time.Duration{20 * ms}, p.times(1))
	require.Equal(t, sim.FaultCount{Name: "clog", Fired: 3, Effect: 1}, p.faults("clog"))
}

func TestAClogThatComesBackHoldsWhatIsLeft(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	release := p.n.Clog(0, 1)
	p.send(0, 0, 1, 1)
	p.send(0, 0, 1, 2)
	p.at(10*ms, func() {
		release()
		again := p.n.Clog(0, 1)
		p.at(30*ms, again)
	})
	p.run(t)
	require.Equal(t, []time.Duration{30 * ms, 30 * ms}, p.times(1))
}

func TestAClogAndAPartition(t *testing.T) {
	there := network.OneWay([]network.ID{0}, []network.ID{1})
	run := func(start, heal time.Duration) *post {
		p := newPost(1, delayed(10*ms), "a", "b")
		release := p.n.Clog(0, 1)
		p.send(0, 0, 1, "x")
		p.at(start, func() { p.at(heal, p.n.Partition("p", there).Heal) })
		p.at(50*ms, release)
		p.run(t)
		return p
	}
	require.Equal(t, []time.Duration{50 * ms}, run(20*ms, 40*ms).times(1), "over before the release")
	require.Equal(t, []time.Duration{50 * ms}, run(1*ms, 9*ms).times(1), "over before it stood there")
	require.Equal(t, map[string]int{"partition": 1}, run(20*ms, 60*ms).drops(), "in force at the release")
	require.Equal(t, map[string]int{"partition": 1}, run(5*ms, 20*ms).drops(), "in force when it came")
}

func TestAMessageToACrashedHostIsLost(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	p.send(0, 0, 1, "under way")
	p.at(5*ms, func() { p.w.Host(1).Crash() })
	p.send(6*ms, 0, 1, "sent later")
	p.at(30*ms, func() { p.w.Host(1).Restart() })
	p.run(t)
	require.Empty(t, p.got[1])
	require.Equal(t, map[string]int{"host down": 2}, p.drops())
	require.Equal(t, sim.FaultCount{Name: "crash b", Fired: 1, Effect: 2}, p.faults("crash b"))
}

func TestAMessageUnderWayReachesTheNextBoot(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	p.send(0, 0, 1, "x")
	p.at(2*ms, func() { p.w.Host(1).Crash(); p.w.Host(0).Crash() }) // its sender's death is nothing to it
	p.at(8*ms, func() { p.w.Host(1).Restart() })
	p.run(t)
	require.Equal(t, []letter{{0, "x", sim.Time(10 * ms), 1}}, p.got[1])
}

func TestAPausedHostGetsItsMessagesLater(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	p.at(0, func() { p.w.Host(1).Pause() })
	p.send(0, 0, 1, 1)
	p.send(5*ms, 0, 1, 2)
	p.at(40*ms, func() { p.w.Host(1).Resume() })
	p.send(60*ms, 0, 1, "to be discarded")
	p.at(65*ms, func() { p.w.Host(1).Pause() })
	p.at(75*ms, func() { p.w.Host(1).Crash() })
	p.run(t)
	require.Equal(t, []any{1, 2}, p.bodies(1))
	require.Equal(t, []time.Duration{40 * ms, 40 * ms}, p.times(1))
	require.Equal(t, map[string]int{"host down": 1}, p.drops())
}

func TestASlowHostHandlesOneMessageAfterAnother(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	p.at(0, func() { p.w.Host(1).SetSlow(3 * ms) })
	for i := range 3 {
		p.send(0, 0, 1, i)
	}
	p.run(t)
	require.Equal(t, []time.Duration{13 * ms, 16 * ms, 19 * ms}, p.times(1))
}

// Each clog is reported by what it held itself.
func TestClogsCountEachForItself(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b", "c")
	one := p.n.ClogAll("one", network.OneWay(ids(0, 0), ids(1, 2)))
	two := p.n.ClogAll("two", network.Cut{{0, 1}, {0, 1}, {1, 0}})
	idle := p.n.ClogAll("idle", network.Cut{{2, 0}})
	release := p.n.Clog(0, 1)
	p.send(0, 0, 1, 1)
	p.send(ms, 0, 2, 2)
	p.at(10*ms, func() { two.End(); two.End() })
	p.send(20*ms, 0, 1, 3)
	p.at(30*ms, release)
	p.at(40*ms, one.End)
	p.run(t)
	require.Equal(t, []time.Duration{40 * ms, 40 * ms}, p.times(1))
	require.Equal(t, []time.Duration{40 * ms}, p.times(2))
	require.Equal(t, []uint64{3, 1, 0}, []uint64{one.Effect, two.Effect, idle.Effect})
	require.Equal(t, sim.FaultCount{Name: "clog one", Fired: 1, Effect: 3}, p.faults("clog one"))
	require.Equal(t, sim.FaultCount{Name: "clog", Fired: 1, Effect: 2}, p.faults("clog"))
	require.True(t, one.Ended())
	require.False(t, idle.Ended())
}

func TestClogsOfOneNameCountAMessageOnce(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	cut := network.Cut{{0, 1}}
	clogs := []*network.Clogging{p.n.ClogAll("x", cut), p.n.ClogAll("y", cut), p.n.ClogAll("x", cut)}
	p.send(0, 0, 1, 1)
	p.run(t)
	for _, c := range clogs {
		require.Equal(t, uint64(1), c.Effect)
	}
	require.Equal(t, sim.FaultCount{Name: "clog x", Fired: 2, Effect: 1}, p.faults("clog x"))
}

package replicated_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/replicated"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// An update is cut off with its server: two others lack it until the partition is over,
// and then for the time of a message.
func TestAnUpdateThatIsCutOffIsMissingAtTheOthers(t *testing.T) {
	c := run(t, replicated.Config{Durable: true}, replicated.ServeCounter, []nodes.Op{op(nodes.Write, "x", 1, 100*ms)})
	cut := c.n.Partition("split", network.Complete([]network.ID{0, 3}, []network.ID{1, 2}))
	c.w.At(sim.Time(time.Second), cut.Heal)
	c.sound(t)
	from := 109_039_674 * time.Nanosecond // the disk has it
	one, other := 1_317_763_742*time.Nanosecond, 1_318_486_220*time.Nanosecond
	require.Equal(t, []replicated.Distance{
		{States: 1}, {At: sim.Time(from), States: 2, Missing: 2}, {At: sim.Time(one), States: 2, Missing: 1}, {At: sim.Time(other), States: 1},
	}, c.m.Distances())
	require.Equal(t, replicated.Divergence{Apart: other - from, Longest: other - from, Missing: 2, Lag: one - from + other - from},
		c.m.Divergence(c.w.Now()))
	require.Equal(t, replicated.Divergence{Apart: ms, Longest: ms, Missing: 2, Lag: 2 * ms}, c.m.Divergence(sim.Time(from+ms)))
	require.Equal(t, replicated.Divergence{}, c.m.Divergence(sim.Time(from-1)))
	_, ended := c.m.Settled(c.w.Now())
	require.False(t, ended, "nobody said that there would be no more faults")
}

// What is apart twice is so for the sum of both times, and the longer of them at a stretch.
func TestStretchesApartAreAddedUp(t *testing.T) {
	c := run(t, replicated.Config{Durable: true}, replicated.ServeCounter,
		[]nodes.Op{op(nodes.Write, "x", 1, 100*ms), op(nodes.Write, "x", 2, 900*ms)})
	c.sound(t)
	d := c.m.Distances()
	require.Len(t, d, 7)
	first, second := d[3].At.Sub(d[1].At), d[6].At.Sub(d[4].At)
	got := c.m.Divergence(c.w.Now())
	require.Equal(t, first+second, got.Apart)
	require.Equal(t, max(first, second), got.Longest)
	require.NotEqual(t, first, second)
}

func TestServersAreEqualSomeTimeAfterTheFaults(t *testing.T) {
	for script, want := range map[string]time.Duration{"no update": 0, "an update": 318_486_220} {
		var ops []nodes.Op
		if script == "an update" {
			ops = append(ops, op(nodes.Write, "x", 1, 100*ms))
		}
		c := run(t, replicated.Config{Durable: true}, replicated.ServeCounter, ops)
		c.n.Partition("split", network.Complete([]network.ID{0, 3}, []network.ID{1, 2}))
		c.w.At(sim.Time(time.Second), func() { c.n.HealAll(); c.n.Calm() })
		c.sound(t)
		after, ended := c.m.Settled(c.w.Now())
		require.True(t, ended)
		require.Equal(t, want, after, script)
		_, ended = c.m.Settled(sim.Time(time.Second - 1))
		require.False(t, ended)
		soon, _ := c.m.Settled(sim.Time(time.Second + 1))
		require.Equal(t, min(1, want), soon, "they differed until then")
	}
}

// Servers that share a counter on disks send each other nothing but gossip.
func TestGossipIsCountedAcrossCrashes(t *testing.T) {
	var script []nodes.Op
	for i := range 20 {
		script = append(script, op(nodes.Write, "x", int64(i), 30*ms))
	}
	c := run(t, replicated.Config{Durable: true}, replicated.ServeCounter, script)
	sent := uint64(0)
	c.w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Send && e.Host < 3 && e.Peer < 3 {
			sent++
		}
	})
	for i := range 3 {
		c.w.At(sim.Time(time.Duration(i+1)*150*ms), func() { c.w.Host(network.ID(i)).Crash(); c.w.Host(network.ID(i)).Restart() })
	}
	c.sound(t)
	require.Equal(t, sent, c.m.Gossiped().Messages)
	require.EqualValues(t, 102, sent)
}

package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// ledger checks the stream of events as it comes: what was sent, and what became
// of it.
type ledger struct {
	t       *rapid.T
	w       *sim.World
	sends   map[uint64]sim.Event
	fates   map[uint64]int
	reasons map[string]uint64
	last    sim.Event
}

func (l *ledger) observe(e *sim.Event) {
	require.Equal(l.t, l.last.Seq+1, e.Seq)
	require.GreaterOrEqual(l.t, e.At, l.last.At)
	require.Less(l.t, e.Cause, e.Seq)
	l.last = *e
	switch e.Kind {
	case sim.Send:
		require.Equal(l.t, uint64(len(l.sends)+1), e.ID, "messages are numbered")
		require.Equal(l.t, uint64(len(e.Data)), e.Arg)
		require.True(l.t, l.w.Host(e.Host).Up())
		l.sends[e.ID] = *e
	case sim.Deliver, sim.Drop:
		sent, known := l.sends[e.ID]
		require.True(l.t, known)
		require.Equal(l.t, sent.Seq, e.Cause)
		from, to := e.Host, e.Peer
		if e.Kind == sim.Deliver {
			from, to = to, from
			require.True(l.t, l.w.Host(to).Up())
		}
		require.Equal(l.t, [2]network.ID{sent.Host, sent.Peer}, [2]network.ID{from, to})
		l.fates[e.ID]++
		l.reasons[e.Kind.String()+" "+e.Name]++
	}
}

func TestEveryMessageHasOneFateForEachCopy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := network.Config{Link: drawLink(t), CheckMutation: rapid.Bool().Draw(t, "check")}
		p := storm(sim.New(sim.Config{
			Seed: rapid.Uint64Max(1000).Draw(t, "seed"), Interleave: rapid.Bool().Draw(t, "interleave"),
		}), cfg)
		l := &ledger{t: t, w: p.w, sends: map[uint64]sim.Event{}, fates: map[uint64]int{}, reasons: map[string]uint64{}}
		p.w.Observe(l.observe)
		p.run(t)
		require.NotEmpty(t, l.sends)
		second := uint64(0)
		for id := range l.sends {
			require.Contains(t, []int{1, 2}, l.fates[id], "message %d", id)
			second += uint64(l.fates[id] - 1)
		}
		require.Equal(t, p.faults("duplicate").Fired, second)
		loss, corrupt, line := p.faults("loss"), p.faults("corrupt"), p.faults("bandwidth")
		require.Equal(t, l.reasons["drop loss"], loss.Fired)
		require.Equal(t, l.reasons["drop loss"], loss.Effect)
		require.Equal(t, l.reasons["drop corrupt"]+l.reasons["deliver corrupted"], corrupt.Effect)
		require.LessOrEqual(t, l.reasons["drop queue full"], line.Effect)
		for _, f := range p.w.Faults() {
			if f.Fired == 0 {
				require.Zero(t, f.Effect, f.Name)
			}
		}
		cut := p.faults("partition complete").Effect + p.faults("partition one way").Effect + p.faults("partition ring").Effect
		require.LessOrEqual(t, l.reasons["drop partition"], cut)
	})
}

// drawLink draws a model with any kinds of noise.
func drawLink(t *rapid.T) network.Link {
	prob := func(name string) network.Prob {
		return rapid.SampledFrom([]network.Prob{0, network.ProbOf(0.1), network.ProbOf(0.5), network.Certain}).Draw(t, name)
	}
	delay := func(name string) network.Delay {
		return rapid.SampledFrom([]network.Delay{
			{}, network.Constant(ms), network.Uniform(0, 20*ms), network.Exponential(10 * ms), network.Pareto(ms, 1.5),
		}).Draw(t, name)
	}
	return network.Link{
		Delay: delay("delay"), Loss: prob("loss"), Duplicate: prob("duplicate"),
		Reorder: prob("reorder"), ReorderBy: delay("reorder by"), Corrupt: prob("corrupt"),
		Burst: network.GilbertElliott{
			ToBad: prob("to bad"), ToGood: prob("to good"), LossGood: prob("loss good"), LossBad: prob("loss bad"),
		},
		Ordered:   rapid.Bool().Draw(t, "ordered"),
		Bandwidth: rapid.SampledFrom([]int64{0, 1000, 1_000_000}).Draw(t, "bandwidth"),
		Queue:     rapid.SampledFrom([]int64{0, 1, 100}).Draw(t, "queue"),
	}
}

func TestFaultsAreCountedAsConfiguredFiredAndEffective(t *testing.T) {
	always, never := network.Certain, network.ProbOf(1e-9)
	burst := func(p network.Prob) network.GilbertElliott { return network.GilbertElliott{ToBad: always, LossBad: p} }
	with := func(change func(*network.Link)) network.Link {
		m := network.Link{Delay: network.Constant(ms)}
		change(&m)
		return m
	}
	for _, c := range []struct {
		name          string
		m             network.Link
		fired, effect uint64
	}{
		{"loss", with(func(m *network.Link) { m.Loss = always }), 2, 2},
		{"loss", with(func(m *network.Link) { m.Loss = never }), 0, 0},
		{"loss", with(func(m *network.Link) { m.Burst = burst(always) }), 2, 2},
		{"loss", with(func(m *network.Link) { m.Burst = burst(never) }), 0, 0},
		{"duplicate", with(func(m *network.Link) { m.Duplicate = always }), 2, 2},
		{"duplicate", with(func(m *network.Link) { m.Duplicate = never }), 0, 0},
		{"reorder", with(func(m *network.Link) { m.Reorder = always }), 2, 0}, // all alike: none is overtaken
		{"reorder", with(func(m *network.Link) { m.Reorder = never }), 0, 0},
		{"corrupt", with(func(m *network.Link) { m.Corrupt = always }), 2, 2},
		{"corrupt", with(func(m *network.Link) { m.Corrupt = never }), 0, 0},
		{"bandwidth", with(func(m *network.Link) { m.Bandwidth = 1 }), 1, 1}, // the second waits
		{"bandwidth", with(func(m *network.Link) { m.Bandwidth = 1 << 40 }), 0, 0},
	} {
		p := newPost(1, network.Config{Link: c.m}, "a", "b")
		p.send(0, 0, 1, "x")
		p.send(time.Duration(c.m.Bandwidth>>40)*ms, 0, 1, "x")
		p.send(0, 0, 0, "to itself")
		p.run(t)
		want := sim.FaultCount{Name: c.name, Configured: 1, Fired: c.fired, Effect: c.effect}
		require.Equal(t, []sim.FaultCount{want}, p.w.Faults())
		p.n.SetLink(1, 0, c.m)
		require.Equal(t, uint64(2), p.faults(c.name).Configured)
	}
}

// A fault that fires on a message that something else then stops had no effect.
func TestFaultsOnMessagesThatNeverArriveHaveNoEffect(t *testing.T) {
	p := newPost(1, always(network.Link{
		Delay: network.Constant(ms), Duplicate: network.Certain, Reorder: network.Certain, Corrupt: network.Certain,
	}), "a", "b")
	network.OnCorrupt(p.n, garble)
	p.send(0, 0, 1, rumour{})
	p.at(0, func() { p.w.Host(1).Crash() })
	p.run(t)
	for _, name := range []string{"duplicate", "reorder", "corrupt"} {
		require.Equal(t, sim.FaultCount{Name: name, Configured: 1, Fired: 1}, p.faults(name))
	}
	require.Equal(t, sim.FaultCount{Name: "crash b", Fired: 1, Effect: 2}, p.faults("crash b"))
}

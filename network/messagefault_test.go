package network_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestAMessageFaultStrikesTheMessageOfItsNumber(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b", "c")
	faults := []network.MessageFault{
		network.Hold(0, 1, 1, 7*ms),
		network.Repeat(0, 1, 2, 30*ms),
		network.Lose(0, 1, 3),
		{From: 0, To: 1, Number: 5, Kind: network.Delayed, By: 20 * ms},
		{From: 0, To: 1, Number: 6, Kind: network.Corrupted}, // lost: nobody knows how
		network.Lose(1, 0, 9),                                // never sent
	}
	var tallies [][2]uint64
	var strikes []*network.Strike
	for _, f := range faults {
		s := p.n.Strike(f)
		require.Equal(t, f, s.Fault())
		strikes = append(strikes, s)
	}
	p.send(0, 0, 2, "another link")
	for i := range 7 {
		p.send(time.Duration(i)*ms, 0, 1, i+1)
	}
	p.run(t)
	for _, s := range strikes {
		tallies = append(tallies, [2]uint64{s.Fired, s.Effect})
	}
	require.Equal(t, []any{2, 4, 7, 1, 2, 5}, p.bodies(1))
	require.Equal(t, []time.Duration{11 * ms, 13 * ms, 16 * ms, 17 * ms, 31 * ms, 34 * ms}, p.times(1))
	require.Equal(t, [][2]uint64{{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0, 0}}, tallies)
	require.Equal(t, map[string]int{"loss": 1, "corrupt": 1}, p.drops())
	require.Equal(t, sim.FaultCount{Name: "message lost", Fired: 1, Effect: 1}, p.faults("message lost"))
	require.Equal(t, sim.FaultCount{Name: "message held", Fired: 1, Effect: 1}, p.faults("message held"))
	require.Zero(t, p.faults("reorder"), "which is of models")
}

func TestAMessageFaultThatEndsBeforeItsMessageDoesNothing(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	gone, stays := p.n.Strike(network.Lose(0, 1, 2)), p.n.Strike(network.Hold(0, 1, 2, ms))
	gone.End()
	gone.End()
	p.send(0, 0, 1, 1)
	p.send(0, 0, 1, 2)
	p.at(ms, func() {
		late := p.n.Strike(network.Lose(0, 1, 1)) // sent already
		p.at(50*ms, func() { require.Zero(t, late.Fired); late.End(); stays.End() })
	})
	p.run(t)
	require.Equal(t, []time.Duration{10 * ms, 11 * ms}, p.times(1))
	require.Equal(t, uint64(1), stays.Effect)
}

func TestAMessageFaultThatCannotBePanics(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	for _, f := range []network.MessageFault{
		network.Lose(0, 1, 0), {From: 0, To: 1, Number: 1}, {From: 0, To: 1, Number: 1, Kind: network.Copied + 1},
		network.Hold(0, 1, 1, -1), network.Lose(0, 7, 1),
	} {
		require.Panics(t, func() { p.n.Strike(f) }, "%+v", f)
	}
}

func TestAPartitionComesBeforeAMessageFault(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	s := p.n.Strike(network.Repeat(0, 1, 1, ms))
	p.n.Partition("p", network.OneWay(ids(0, 0), ids(1, 1)))
	p.send(0, 0, 1, "x")
	p.run(t)
	require.Equal(t, map[string]int{"partition": 1}, p.drops())
	require.Zero(t, s.Fired)
}

// What is lost on the way was struck, to no effect.
func TestAMessageFaultOfWhatIsLostLaterHasNoEffect(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	s := p.n.Strike(network.Hold(0, 1, 1, 10*ms))
	p.send(0, 0, 1, "x")
	p.at(15*ms, func() { p.w.Host(1).Crash() })
	p.run(t)
	require.Equal(t, [2]uint64{1, 0}, [2]uint64{s.Fired, s.Effect})
}

// disturbed is a storm with disturbances over it, of all there is. They begin and end
// where nothing else happens: as a choice more, they would shift later choices.
func disturbed(w *sim.World, m network.Link, noise bool) *post {
	p := storm(w, network.Config{Link: m})
	if !noise {
		return p
	}
	all := network.Where(ids(0, 4), func(i, j int) bool { return true })
	tenth := network.ProbOf(0.1)
	p.at(10*ms+7, func() {
		d := p.n.Disturb("rain", all, network.Noise{
			Loss: tenth, Duplicate: tenth, Reorder: tenth, Corrupt: tenth, Delay: network.Exponential(2 * ms),
		})
		p.at(150*ms+7, d.End)
	})
	p.at(50*ms+7, func() {
		d := p.n.Disturb("narrow", network.OneWay(ids(0, 1), ids(2, 4)), network.Noise{
			Duplicate: tenth, Bandwidth: 10_000, Queue: 50, Reorder: tenth, ReorderBy: network.Constant(30 * ms),
		})
		p.at(100*ms+7, d.End)
	})
	return p
}

// deliveries watches what arrives where, and when.
func deliveries(w *sim.World) *[]string {
	var all []string
	w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Deliver {
			all = append(all, fmt.Sprint(e.At, e.Peer, e.Host, e.ID, e.Value))
		}
	})
	return &all
}

// The first step of shrinking: a run with noise becomes one without, in which the
// same messages meet the same fates.
func TestNoiseBecomesMessageFaultsWithTheSameDeliveries(t *testing.T) {
	struck := map[string]int{}
	for seed := range uint64(30) {
		model := stormLink()
		model.Ordered = seed%2 == 1
		var faults []network.MessageFault
		cfg := sim.Config{Seed: seed, Interleave: seed%3 == 0}
		noisy := disturbed(sim.New(cfg), model, true)
		noisy.n.OnNoise(func(e network.NoiseEvent) {
			faults = append(faults, e.MessageFault)
			struck[e.Source+": "+e.Kind.String()]++
		})
		want := deliveries(noisy.w)
		noisy.run(t)

		exact := disturbed(sim.New(cfg), model, false)
		exact.n.Calm()
		for _, f := range faults {
			exact.n.Strike(f)
		}
		got := deliveries(exact.w)
		var again []network.MessageFault
		exact.n.OnNoise(func(e network.NoiseEvent) {
			again = append(again, e.MessageFault)
			require.Equal(t, "message fault", e.Source)
		})
		exact.run(t)
		require.NotEmpty(t, *want)
		require.Equal(t, *want, *got, "seed %d", seed)
		require.ElementsMatch(t, faults, again, "each of them struck")
	}
	for _, what := range []string{
		"loss: lost", "corrupt: corrupted", "reorder: held", "duplicate: copied",
		"disturbance rain: lost", "disturbance rain: corrupted", "disturbance rain: delayed",
		"disturbance rain: held", "disturbance rain: copied",
		"disturbance narrow: lost", "disturbance narrow: delayed", "disturbance narrow: held", "disturbance narrow: copied",
	} {
		require.Positive(t, struck[what], what)
	}
	require.Len(t, struck, 13)
}

func TestWatchingNoiseLeavesTheDigest(t *testing.T) {
	plain, watched := everything(sim.New(sim.Config{Seed: 3})), everything(sim.New(sim.Config{Seed: 3}))
	count := map[network.NoiseKind]uint64{}
	watched.n.OnNoise(func(e network.NoiseEvent) { count[e.Kind]++ })
	plain.run(t)
	watched.run(t)
	require.Equal(t, plain.w.Digest(), watched.w.Digest())
	for kind, name := range map[network.NoiseKind]string{
		network.Lost: "loss", network.Held: "reorder", network.Copied: "duplicate", network.Corrupted: "corrupt",
	} {
		require.Equal(t, watched.faults(name).Fired, count[kind], name)
	}
}

func TestKindsOfNoiseHaveNames(t *testing.T) {
	for k := network.Lost; k <= network.Copied; k++ {
		got, ok := network.KindOfNoise(k.String())
		require.True(t, ok)
		require.Equal(t, k, got)
	}
	_, ok := network.KindOfNoise("")
	require.False(t, ok)
	require.Equal(t, "noise(9)", network.NoiseKind(9).String())
}

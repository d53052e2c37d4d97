package network_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var there = network.OneWay(ids(0, 0), ids(1, 1))

func TestADisturbanceLastsFromItsBeginningToItsEnd(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	var d *network.Disturbance
	p.at(2*ms, func() { d = p.n.Disturb("rain", there, network.Noise{Loss: network.Certain}) })
	p.at(5*ms, func() {
		require.False(t, d.Ended())
		d.End()
		d.End()
	})
	chatter(p, 8) // in the same instants after the disturbance begins and ends
	p.run(t)
	require.Equal(t, []any{0, 1, 5, 6, 7}, p.bodies(1))
	require.Len(t, p.got[0], 8, "the other direction is not concerned")
	require.Equal(t, network.Tally{Fired: 3, Effect: 3}, bare(d.Tally))
	require.Equal(t, sim.FaultCount{Name: "disturbance rain", Fired: 3, Effect: 3}, p.faults("disturbance rain"))
	require.True(t, d.Ended())
}

func bare(t network.Tally) network.Tally { return network.Tally{Fired: t.Fired, Effect: t.Effect} }

func TestADisturbanceTellsItsBeginningAndItsEnd(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b", "c")
	var said []string
	p.w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Fault {
			said = append(said, e.Name)
		}
	})
	p.n.Disturb("rain", append(there, there...), network.Noise{}).End()
	p.n.ClogAll("jam", network.Complete(ids(0, 0), ids(1, 2))).End()
	p.n.Betray("coup", 1, network.Betrayal{Deceit: network.Lie}).End()
	p.n.SetInbox(1, 3)
	p.n.SetInbox(1, 0)
	p.n.Strike(network.Hold(0, 1, 1, ms))
	p.send(0, 0, 1, "x")
	p.at(ms, p.n.Calm)
	p.run(t)
	require.Equal(t, []string{
		"disturbance rain begins on 1 links", "disturbance rain ends",
		"clog jam holds 4 links", "clog jam releases",
		"betrayal coup of b begins: lie", "betrayal coup of b ends",
		"inbox b holds 3", "inbox b is unlimited",
		"message 1 from a to b held by 1ms",
		"calm",
	}, said)
}

// Each kind of noise of a disturbance, alone and for sure, on a link of 10 ms.
func TestWhatADisturbanceDoes(t *testing.T) {
	kinds := map[string]struct {
		noise network.Noise
		times []time.Duration
		drops map[string]int
		tally network.Tally
	}{
		"nothing": {network.Noise{}, []time.Duration{10 * ms, 11 * ms}, map[string]int{}, network.Tally{}},
		"loss":    {network.Noise{Loss: network.Certain}, nil, map[string]int{"loss": 2}, network.Tally{Fired: 2, Effect: 2}},
		"corrupt": {
			network.Noise{Corrupt: network.Certain},
			nil, map[string]int{"corrupt": 2}, network.Tally{Fired: 2, Effect: 2},
		},
		"delay": {
			network.Noise{Delay: network.Constant(5 * ms)},
			[]time.Duration{15 * ms, 16 * ms}, map[string]int{}, network.Tally{Fired: 2, Effect: 2},
		},
		"reorder": {
			network.Noise{Reorder: network.Certain},
			[]time.Duration{50 * ms, 51 * ms}, map[string]int{}, network.Tally{Fired: 2, Effect: 2},
		},
		"reorder by": {
			network.Noise{Reorder: network.Certain, ReorderBy: network.Constant(ms)},
			[]time.Duration{11 * ms, 12 * ms}, map[string]int{}, network.Tally{Fired: 2, Effect: 2},
		},
		"duplicate and delay": {
			network.Noise{Duplicate: network.Certain, Delay: network.Constant(5 * ms)},
			[]time.Duration{15 * ms, 15 * ms, 16 * ms, 16 * ms}, map[string]int{}, network.Tally{Fired: 2, Effect: 4},
		},
		"duplicate": {
			network.Noise{Duplicate: network.Certain},
			[]time.Duration{10 * ms, 10 * ms, 11 * ms, 11 * ms}, map[string]int{}, network.Tally{Fired: 2, Effect: 2},
		},
		"bandwidth": { // 100 bytes and 9 more for their type and number
			network.Noise{Bandwidth: 10_900},
			[]time.Duration{20 * ms, 30 * ms}, map[string]int{}, network.Tally{Fired: 2, Effect: 2},
		},
		"queue": {
			network.Noise{Bandwidth: 10_900, Queue: 90},
			[]time.Duration{20 * ms}, map[string]int{"queue full": 1}, network.Tally{Fired: 2, Effect: 2},
		},
	}
	for name, kind := range kinds {
		p := newPost(1, delayed(10*ms), "a", "b")
		d := p.n.Disturb("d", there, kind.noise)
		require.Equal(t, kind.noise.Loss, d.Noise().Loss)
		for i := range 2 {
			p.send(time.Duration(i)*ms, 0, 1, make([]byte, 100))
		}
		p.run(t)
		require.Equal(t, kind.times, p.times(1), name)
		require.Equal(t, kind.drops, p.drops(), name)
		require.Equal(t, kind.tally, bare(d.Tally), name)
	}
}

func TestADisturbanceThatCannotBePanics(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	for _, noise := range []network.Noise{{Loss: network.Certain + 1}, {Bandwidth: -1}, {Queue: -1}} {
		require.Panics(t, func() { p.n.Disturb("d", there, noise) })
	}
	require.Panics(t, func() { p.n.Disturb("d", network.Cut{{0, 5}}, network.Noise{}) })
}

func TestOverlappingDisturbancesEndEachForItself(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	one := p.n.Disturb("one", there, network.Noise{Delay: network.Constant(ms)})
	two := p.n.Disturb("two", there, network.Noise{Delay: network.Constant(30 * ms)})
	p.at(ms/2, one.End)
	p.at(ms+ms/2, two.End)
	chatter(p, 3)
	p.run(t)
	require.Equal(t, []any{2, 0, 1}, p.bodies(1))
	require.Equal(t, []time.Duration{12 * ms, 41 * ms, 41 * ms}, p.times(1))
	require.Equal(t, [2]uint64{1, 2}, [2]uint64{one.Effect, two.Effect})
}

// Of a message that is lost on the way after the noise struck, nothing had an effect.
func TestNoiseOnAMessageThatIsCutHasNoEffect(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	d := p.n.Disturb("d", there, network.Noise{Delay: network.Constant(ms), Duplicate: network.Certain})
	p.send(0, 0, 1, "x")
	p.at(5*ms, func() { p.n.Partition("p", there) })
	p.run(t)
	require.Equal(t, network.Tally{Fired: 1}, bare(d.Tally))
	require.Equal(t, map[string]int{"partition": 2}, p.drops())
}

// Promise 2: what a disturbance does not touch is as it is without it, and what two
// disturbances decide does not depend on each other.
func TestADisturbanceReRollsNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		names := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), rapid.ID[string]).Draw(t, "others")
		half := network.ProbOf(0.5)
		run := func(name string, others ...string) (map[place]fate, []network.NoiseEvent) {
			var told []network.NoiseEvent
			got := fatesOf(t, seed, noisy(), func(p *post) {
				p.n.OnNoise(func(e network.NoiseEvent) {
					if e.Source == "disturbance "+name {
						told = append(told, e)
					}
				})
				begin := func(name string, noise network.Noise) {
					d := p.n.Disturb(name, there, noise)
					p.at(40*ms, d.End)
				}
				for _, other := range others {
					begin(other, network.Noise{Delay: network.Constant(ms), Reorder: half, Duplicate: half})
				}
				if name != "" {
					begin(name, network.Noise{Loss: network.ProbOf(0.2), Reorder: half, Corrupt: half})
				}
			}, "a", "b")
			return got, told
		}
		base, _ := run("")
		with, told := run("d")
		_, same := run("d", names...)
		require.Equal(t, told, same, "others change nothing that d decides")
		struck := map[int]bool{}
		for _, e := range told {
			struck[int(e.Number)-1] = true
		}
		for key, f := range base {
			if key.from == "b" || !struck[key.index] {
				require.Equal(t, f, with[key], "%v", key)
			}
		}
		require.NotEmpty(t, struck)
	})
}

func TestDisturbancesOfOtherNamesDrawOtherNumbers(t *testing.T) {
	lost := func(name string) (numbers []uint64) {
		p := newPost(1, network.Config{}, "a", "b")
		p.n.OnNoise(func(e network.NoiseEvent) { numbers = append(numbers, e.Number) })
		p.n.Disturb(name, there, network.Noise{Loss: network.ProbOf(0.3)})
		chatter(p, 20)
		p.run(t)
		return numbers
	}
	require.Equal(t, []uint64{1, 5, 9, 10, 11, 14, 20}, lost("rain"))
	require.Equal(t, []uint64{10, 16, 17}, lost("snow"))
}

// A disturbance corrupts with the function of the type, as the link would.
func TestADisturbanceCorruptsLikeTheLink(t *testing.T) {
	run := func(model, noise network.Prob) ([]any, sim.FaultCount) {
		p := newPost(1, always(network.Link{Corrupt: model}), "a", "b")
		network.OnCorrupt(p.n, func(r *rand.Rand, msg int) int { return 1000 + r.IntN(1000) })
		p.n.Disturb("d", there, network.Noise{Corrupt: noise})
		for i := range 5 {
			p.send(time.Duration(i), 0, 1, i)
		}
		p.run(t)
		return p.bodies(1), p.faults("corrupt")
	}
	byLink, count := run(network.Certain, 0)
	require.Equal(t, uint64(5), count.Effect)
	byNoise, count := run(0, network.Certain)
	require.Equal(t, byLink, byNoise)
	require.Zero(t, count)
	require.False(t, slices.Contains(byNoise, any(0)))
}

func TestDisturbedStormsAreEqualForEqualSeeds(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 50}, Interleave: true}, func(w *sim.World) {
		disturbed(w, stormLink(), true).run(t)
		require.Empty(t, w.Findings())
	})
}

func TestCalmEndsAllNoise(t *testing.T) {
	for seed := range uint64(20) {
		p := newPost(seed, always(noisy()), "a", "b", "c")
		p.n.SetLink(0, 2, noisy())
		both := append(slices.Clone(there), [2]network.ID{1, 0})
		p.n.Disturb("d", both, network.Noise{Loss: network.ProbOf(0.5)})
		clog := p.n.ClogAll("jam", network.OneWay(ids(2, 2), ids(0, 0)))
		p.n.Betray("coup", 0, network.Betrayal{Deceit: network.Silence, Prob: network.ProbOf(0.5)})
		p.n.Strike(network.Lose(0, 1, 25))
		split := p.n.Partition("split", network.Complete(ids(1, 1), ids(2, 2)))
		chatter(p, 40)
		p.at(20*ms, func() {
			p.n.Calm()
			p.n.SetLink(1, 0, noisy())
			p.n.HealAll()
			require.True(t, clog.Ended())
			require.True(t, split.Healed())
		})
		noise := 0
		p.n.OnNoise(func(e network.NoiseEvent) {
			noise++
			require.LessOrEqual(t, e.At, sim.Time(20*ms))
		})
		p.run(t)
		require.Positive(t, noise)
		for key, f := range p.noise() {
			if key.index > 20 {
				require.Equal(t, fate{at: f.at, delays: f.delays[:1]}, f, "%v", key)
			}
		}
		require.Equal(t, network.Prob(0), p.n.Model(1, 0).Loss)
		require.False(t, p.n.Model(0, 1).Delay.IsZero(), "delays stay")
	}
}

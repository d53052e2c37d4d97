package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// rerolled runs a disturbed storm, and returns its digest just before a time and at
// its end, with what had been drawn for messages sent before.
func rerolled(t *testing.T, seed uint64, at time.Duration, r *sim.Reroll) (
	before, end sim.Digest, early []network.NoiseEvent) {
	w := sim.New(sim.Config{Seed: seed, Reroll: r, Interleave: true})
	defer w.Close()
	p := disturbed(w, stormLink(), true)
	p.n.OnNoise(func(e network.NoiseEvent) {
		if e.At < sim.Time(at) {
			early = append(early, e)
		}
	})
	w.RunFor(at - 1)
	before = w.Digest()
	p.run(t)
	return before, w.Digest(), early
}

func TestARerollIsTheSameRunBeforeAndAnotherAfter(t *testing.T) {
	for seed := range uint64(10) {
		for _, at := range []time.Duration{ms, 20 * ms, 60 * ms, 100 * ms} {
			reroll := func(seed uint64) *sim.Reroll { return &sim.Reroll{At: sim.Time(at), Seed: seed} }
			before, end, early := rerolled(t, seed, at, nil)
			beforeOne, endOne, earlyOne := rerolled(t, seed, at, reroll(1))
			beforeTwo, endTwo, _ := rerolled(t, seed, at, reroll(2))
			require.Equal(t, before, beforeOne)
			require.Equal(t, before, beforeTwo)
			require.Equal(t, early, earlyOne)
			require.Len(t, map[sim.Digest]bool{end: true, endOne: true, endTwo: true}, 3)
		}
	}
}

func TestRerolledRunsAreEqualForEqualSeeds(t *testing.T) {
	for seed := range uint64(20) {
		r := &sim.Reroll{At: sim.Time(50 * ms), Seed: seed * 3}
		_, one, _ := rerolled(t, seed, ms, r)
		_, two, _ := rerolled(t, seed, ms, r)
		require.Equal(t, one, two)
	}
}

// A reroll that never begins leaves the goldens.
func TestARerollThatIsConfiguredButNeverDueLeavesTheDigests(t *testing.T) {
	simtest.Golden(t, "testdata/storm.digests", sim.SeedRange{Count: 20}, func(w *sim.World) {
		late := sim.New(sim.Config{Seed: w.Seed(), Reroll: &sim.Reroll{At: sim.Forever}})
		defer late.Close()
		everything(late).run(t)
		everything(w).run(t)
		require.Equal(t, w.Digest(), late.Digest())
	})
}

// The delays of messages sent after are drawn anew, those of messages under way are not.
func TestARerollConcernsMessagesSentAfterIt(t *testing.T) {
	run := func(r *sim.Reroll) *post {
		p := &post{w: sim.New(sim.Config{Seed: 5, Reroll: r})}
		p.join(network.New(p.w, always(network.Link{Delay: network.Uniform(10*ms, 90*ms)})), "a", "b")
		chatter(p, 20)
		p.run(t)
		return p
	}
	plain, other := run(nil).noise(), run(&sim.Reroll{At: sim.Time(10 * ms), Seed: 9}).noise()
	for key, f := range plain {
		if key.index < 10 {
			require.Equal(t, f, other[key])
		} else {
			require.NotEqual(t, f.delays, other[key].delays)
		}
	}
}

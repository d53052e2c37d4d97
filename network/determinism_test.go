package network_test

import (
	"fmt"
	"testing"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// everything is a storm with every kind of noise, regions and, for odd seeds, the
// check of messages.
func everything(w *sim.World) *post {
	return storm(w, network.Config{
		Link: stormLink(),
		Regions: network.Regions{
			Of:    map[string]string{"a": "eu", "b": "eu", "c": "us"},
			Delay: map[[2]string]network.Delay{{"eu", "us"}: network.LogNormal(40*ms, 0.2), {"eu", "eu"}: network.Uniform(0, ms)},
		},
		CheckMutation: w.Seed()%2 == 1,
	})
}

func TestEqualSeedsGiveEqualRuns(t *testing.T) {
	run := func(w *sim.World) {
		everything(w).run(t)
		require.Empty(t, w.Findings())
	}
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 200}}, run)
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 100}, Interleave: true}, run)
}

func TestOtherSeedsGiveOtherRuns(t *testing.T) {
	seen := map[sim.Digest]bool{}
	for seed := range uint64(50) {
		w := sim.New(sim.Config{Seed: seed})
		everything(w).run(t)
		seen[w.Digest()] = true
	}
	require.Len(t, seen, 50)
}

func TestDigestsAreGolden(t *testing.T) {
	simtest.Golden(t, "testdata/storm.digests", sim.SeedRange{Count: 20}, func(w *sim.World) { everything(w).run(t) })
}

// A test of the tests above: what they compare holds every fault there is.
func TestStormsMeetEveryFault(t *testing.T) {
	effects := map[string]uint64{}
	for seed := range uint64(50) {
		p := everything(sim.New(sim.Config{Seed: seed}))
		p.run(t)
		for _, f := range p.w.Faults() {
			effects[f.Name] += f.Effect
		}
	}
	for _, name := range []string{
		"loss", "duplicate", "reorder", "corrupt", "bandwidth", "clog",
		"partition complete", "partition one way", "partition ring",
	} {
		require.Positive(t, effects[name], name)
	}
	for _, host := range []string{"a", "b", "c", "d", "e"} {
		for _, name := range []string{"crash", "restart", "pause", "slow", "clock"} {
			require.Positive(t, effects[fmt.Sprint(name, " ", host)], "%s of %s", name, host)
		}
	}
}

// The promise of the package's documentation: noise configured or not, a message
// costs no memory beyond itself.
func TestMessagesAllocateNothingInTheSteadyState(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		cfg := lossy(network.Uniform(ms, 2*ms))
		cfg.Link.Ordered = ordered
		w := sim.New(sim.Config{})
		left := 1 << 30
		pingPong(w, cfg, &left)
		end := left
		stop := sim.Limit{Stop: func() bool { return left <= end }}
		more := func() {
			end = left - 100
			w.Run(stop)
		}
		for range 100 {
			more()
		}
		require.Zero(t, testing.AllocsPerRun(100, more))
		w.Close()
	}
}

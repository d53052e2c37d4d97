package register_test

import (
	"strings"
	"testing"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/sim/simtest"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// The tests that the printed failures name. Over many seeds a scenario must keep
// its promise, or break it if a bug is planted in it. With -sim.seed the seed is
// judged by itself: a run that fails fails the test, and says why.

func TestSingleCopy(t *testing.T)    { breaks(t, scenario.SingleCopy(), 150) }
func TestPrimaryBackup(t *testing.T) { breaks(t, scenario.PrimaryBackup(), 50) }

// TestOneCopyIsRight is the other half of the promise.
func TestOneCopyIsRight(t *testing.T) {
	s := scenario.SingleCopy()
	s.Defaults.Servers = 1
	require.Equal(t, properties.Pass, campaign(t, s).Verdict())
}

func TestABD(t *testing.T) {
	sum := campaign(t, scenario.ABD())
	if sum.Runs >= 100 { // a few runs may miss some fault
		require.Equal(t, properties.Pass, sum.Verdict(), "%v", sum.Outcomes())
	}
}

// seeds are those of the flags, 200 without any.
func seeds() sim.SeedRange {
	return simtest.Options{Seeds: sim.SeedRange{Count: 200}}.Range()
}

// breaks runs a scenario with a planted bug, which at least so many of 200 seeds
// must find, and replays every failure from its file.
func breaks(t *testing.T, s *scenario.Scenario, atLeast int) {
	if seeds().Count == 1 {
		campaign(t, s)
		return
	}
	failed := 0
	for seed := range seeds().All() {
		r := s.Run(scenario.Options{Seed: seed})
		if r.Failed() == nil {
			continue
		}
		failed++
		require.Equal(t, scenario.LinearizableName, r.Failed().Name)
		text, err := traces.NewFailure(s, r).Text()
		require.NoError(t, err)
		found, f, err := traces.ParseFailure("planted.simfail", text, scenario.Registers())
		require.NoError(t, err)
		require.Equal(t, traces.Reproduced, f.Replay(found, nil).Status, "seed %d", seed)
	}
	require.GreaterOrEqual(t, failed*200/int(seeds().Count), atLeast)
}

// campaign runs all seeds, and fails the test for each that fails.
func campaign(t *testing.T, s *scenario.Scenario) *scenario.Campaign {
	sum := new(scenario.Campaign)
	for seed := range seeds().All() {
		r := s.Run(scenario.Options{Seed: seed})
		sum.Add(r)
		if r.Failed() != nil {
			var block strings.Builder
			require.NoError(t, traces.WriteBlock(&block, s, r, ""))
			t.Error(block.String())
		}
	}
	return sum
}

package logstore_test

import (
	"strings"
	"testing"

	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/sim/simtest"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// TestLogStore is the test that printed failures of the scenario name: with -sim.seed
// the seed is judged by itself.
func TestLogStore(t *testing.T) {
	s := scenario.LogStore()
	for seed := range (simtest.Options{Seeds: sim.SeedRange{Count: 50}}).Range().All() {
		if r := s.Run(scenario.Options{Seed: seed}); r.Failed() != nil {
			var block strings.Builder
			require.NoError(t, traces.WriteBlock(&block, s, r, ""))
			t.Error(block.String())
		}
	}
}

package scenario_test

import (
	"strings"
	"testing"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

func TestReplicatedValuesPassOver200Seeds(t *testing.T) {
	for _, s := range scenario.Replicated() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			var sum scenario.Campaign
			for seed := range uint64(200) {
				r := s.Run(scenario.Options{Seed: seed})
				require.Nil(t, r.Failed(), "seed %d", seed)
				sum.Add(r)
			}
			for _, o := range sum.Outcomes() {
				require.Equal(t, properties.Pass, o.Verdict, "%s: %s", o.Name, o.Detail)
			}
			require.Greater(t, sum.Operations.OK, 8000)
		})
	}
}

func TestReplicatedValuesAreDeterministic(t *testing.T) {
	for _, s := range scenario.Replicated() {
		t.Run(s.Name, func(t *testing.T) {
			body := func(w *sim.World) { s.Run(scenario.Options{World: w}) }
			simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 30}}, body)
			simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 10}, Interleave: true}, body)
		})
	}
}

func TestTheEventsOfReplicatedValuesArePinned(t *testing.T) {
	for _, s := range scenario.Replicated() {
		file := "testdata/" + strings.ReplaceAll(s.Name, "/", "-") + ".digests"
		simtest.Golden(t, file, sim.SeedRange{Count: 20}, func(w *sim.World) {
			s.Run(scenario.Options{World: w})
		})
	}
}

// Any number of servers will do.
func TestReplicatedValuesSuitClustersOfAnySize(t *testing.T) {
	for _, s := range scenario.Replicated() {
		for servers := 1; servers <= 7; servers++ {
			c := s.Defaults
			c.Servers = servers
			for seed := range uint64(10) {
				require.Nil(t, s.Run(scenario.Options{Seed: seed, Config: &c}).Failed(), "%s with %d servers: seed %d", s.Name, servers, seed)
			}
		}
	}
}

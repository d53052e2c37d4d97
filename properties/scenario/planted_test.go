package scenario_test

import (
	"testing"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

func TestEveryPlantedBugIsFoundWithinItsWorlds(t *testing.T) {
	bugs := scenario.Bugs()
	require.GreaterOrEqual(t, len(bugs), 20)
	for _, b := range bugs {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, b.Scenario.Validate(&b.Config))
			for seed := range uint64(b.Worlds) {
				if o := b.Scenario.Run(scenario.Options{Seed: seed, Config: &b.Config}).Failed(); o != nil {
					require.Equal(t, properties.Always, o.Kind, "it breaks a promise, not only a wait: %s", o.Detail)
					return
				}
			}
			t.Errorf("not found in the worlds of the seeds 0..%d", b.Worlds)
		})
	}
}

func TestWithoutTheirBugTheSameWorldsPass(t *testing.T) {
	for _, b := range scenario.Bugs() {
		if b.Config.Bug == "" {
			continue // the scenario itself is the bug
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			b.Config.Bug = ""
			for seed := range uint64(20) {
				r := b.Scenario.Run(scenario.Options{Seed: seed, Config: &b.Config})
				require.Nil(t, r.Failed(), "seed %d", seed)
			}
		})
	}
}

func TestEveryBugOfAScenarioIsPlantedSomewhere(t *testing.T) {
	looked := map[string]bool{}
	for _, b := range scenario.Bugs() {
		looked[b.Scenario.Name+" "+b.Config.Bug] = true
	}
	for _, s := range scenario.All() {
		if s.Planted {
			require.True(t, looked[s.Name+" "], s.Name)
		}
		for _, bug := range s.Bugs {
			require.True(t, looked[s.Name+" "+bug], "%s %s", s.Name, bug)
		}
	}
}

// Every correct protocol passes under every nemesis: no property fails, and every kind
// of fault had an effect. With -sim.long there are 1,000 seeds of each.
func TestCorrectProtocolsSurviveEveryNemesis(t *testing.T) {
	seeds := uint64(50)
	if simtest.Long() {
		seeds = 1000
	}
	for _, s := range scenario.All() {
		if s.Planted {
			continue
		}
		for _, name := range chaos.Nemeses() {
			t.Run(s.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				cfg := s.Defaults
				cfg.Nemesis.Name = name
				var sum scenario.Campaign
				for seed := range (sim.SeedRange{Count: seeds}).All() {
					r := s.Run(scenario.Options{Seed: seed, Config: &cfg})
					require.Nil(t, r.Failed(), "seed %d of %s", seed, name)
					sum.Add(r)
				}
				for _, o := range sum.Outcomes() {
					require.Equal(t, properties.Pass, o.Verdict, "%s: %s", o.Name, o.Detail)
				}
			})
		}
	}
}

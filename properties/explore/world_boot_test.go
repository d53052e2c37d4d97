package explore_test

import (
	"fmt"
	"testing"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestAllNodesOfAWorldBootBeforeAnythingElse(t *testing.T) {
	choosers := map[string]func(seed uint64) sim.Chooser{"none": func(uint64) sim.Chooser { return nil },
		"no schedule": func(seed uint64) sim.Chooser { return sim.Seeded(sim.NewKey(seed)) }}
	for _, name := range explore.Schedules() {
		choosers[name] = func(seed uint64) sim.Chooser { return schedule(name, seed, worldEstimates) }
	}
	for name, chooser := range choosers {
		orders := map[string]bool{}
		for seed := range uint64(40) {
			for _, timed := range []bool{false, true} {
				var booted []network.ID
				early, fired := 0, 0
				m := explore.Model{}
				for i := range 3 {
					m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprint("n", i), Boot: func(ep *network.Endpoint) network.Handler {
						booted = append(booted, ep.ID())
						ep.Timer("at once", func() {
							fired++
							if len(booted) < 3 {
								early++
							}
						}).Reset(0)
						return &opener{}
					}})
				}
				r := m.World(explore.WorldConfig{Seed: seed, Chooser: chooser(seed), Timed: timed})
				require.Len(t, booted, 3, name)
				require.Zero(t, fired, name)
				r.Run(sim.Limit{})
				require.Equal(t, 3, fired)
				require.Zero(t, early)
				orders[fmt.Sprint(booted)] = true
				tape := sim.Replay(r.World.Picks())
				again := m.World(explore.WorldConfig{Seed: seed, Chooser: tape, Timed: timed})
				again.Run(sim.Limit{})
				require.NoError(t, tape.Err())
				require.Equal(t, r.World.Digest(), again.World.Digest())
				r.World.Close()
				again.World.Close()
			}
		}
		require.Greater(t, len(orders), 1, "%s: they boot in any order", name)
	}
}

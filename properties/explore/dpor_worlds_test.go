package explore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
)

// Worlds take the same runs as rows where no delivery is ignored.
func TestWorldsHaveTheTracesOfRows(t *testing.T) {
	most := uint64(0)
	rapid.Check(t, func(t *rapid.T) {
		m := randomModel(t, false, true)
		var clients []network.ID
		if m.Observe != nil { // then everybody tells everything, as worlds do not know better
			boots := m.Nodes
			m.Nodes = nil
			for i, n := range boots {
				clients = append(clients, network.ID(i))
				m.Nodes = append(m.Nodes, Node{Name: n.Name, Boot: func(ep *network.Endpoint) network.Handler {
					a := n.Boot(ep).(*automaton)
					a.tells = true
					return a
				}})
			}
		}
		for _, reduction := range []Reduction{Optimal, SleepSets, Unreduced} {
			rows, err := Stateless(m, StatelessConfig{Reduction: reduction, MaxRuns: 400})
			require.NoError(t, err)
			if rows.Limit != "" {
				continue
			}
			worlds, err := Stateless(m, StatelessConfig{Reduction: reduction, Replay: true, Clients: clients})
			require.NoError(t, err)
			require.Equal(t, rows.Runs, worlds.Runs)
			if reduction == Optimal {
				require.Zero(t, worlds.Blocked)
			}
			most = max(most, worlds.Runs)
		}
	})
	require.Greater(t, most, uint64(10))
}

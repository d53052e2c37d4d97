package nodes_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var mixed = nodes.Workload{
	Operations: 1000, Keys: 4, Reads: network.ProbOf(0.5), CAS: network.ProbOf(0.2),
	Think: network.Uniform(time.Millisecond, 10*time.Millisecond),
}

func drawWorkload(t *rapid.T) nodes.Workload {
	prob := rapid.Map(rapid.Uint64Range(0, uint64(network.Certain)), func(p uint64) network.Prob { return network.Prob(p) })
	return nodes.Workload{
		Operations: rapid.IntRange(0, 30).Draw(t, "operations"),
		Keys:       rapid.IntRange(0, 5).Draw(t, "keys"),
		Reads:      prob.Draw(t, "reads"),
		CAS:        prob.Draw(t, "cas"),
		Think:      network.Uniform(0, time.Duration(rapid.IntRange(0, 1e6).Draw(t, "think"))),
	}
}

func TestAScriptIsAFunctionOfItsArguments(t *testing.T) {
	key := sim.NewKey(1).Sub("workload")
	ops := nodes.Workload{Operations: 6, Keys: 2, Reads: network.ProbOf(0.5), CAS: network.ProbOf(0.5),
		Think: network.Uniform(0, 10*time.Millisecond)}.Script(key, 1, 3)
	var lines []string
	for _, op := range ops {
		op.Wait = op.Wait.Round(time.Millisecond)
		lines = append(lines, op.String())
	}
	require.Equal(t, []string{
		"after 3ms read y", "after 7ms read y", "after 3ms write x 8",
		"after 8ms write y 11", "after 3ms read y", "after 1ms read x",
	}, lines)
}

func TestMoreOperationsLeaveTheEarlierOnesAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, key := drawWorkload(t), sim.NewKey(rapid.Uint64().Draw(t, "seed"))
		short := w.Script(key, 1, 2)
		w.Operations += 7
		require.Equal(t, short, w.Script(key, 1, 2)[:len(short)])
	})
}

func TestAnotherProbabilityLeavesWaitsKeysAndTheOtherKindsAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, key := drawWorkload(t), sim.NewKey(rapid.Uint64().Draw(t, "seed"))
		before := w.Script(key, 0, 1)
		w.Reads = min(w.Reads+network.ProbOf(0.1), network.Certain)
		for i, op := range w.Script(key, 0, 1) {
			require.Equal(t, before[i].Wait, op.Wait)
			require.Equal(t, before[i].Key, op.Key)
			if op.Kind != before[i].Kind {
				require.Equal(t, nodes.Read, op.Kind, "more reads turn others into reads, and nothing else")
			}
		}
		w.Think = network.Constant(time.Second)
		for i, op := range w.Script(key, 0, 1) {
			require.Equal(t, time.Second, op.Wait)
			require.Equal(t, before[i].Key, op.Key)
		}
	})
}

func TestValuesDifferOverAllClientsAndKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, key := drawWorkload(t), sim.NewKey(1)
		clients := rapid.IntRange(1, 4).Draw(t, "clients")
		seen := map[int64]bool{}
		for c := range clients {
			for _, op := range w.Script(key, c, clients) {
				if op.Kind == nodes.Read {
					require.Zero(t, op.Value)
					continue
				}
				require.Positive(t, op.Value)
				require.False(t, seen[op.Value])
				seen[op.Value] = true
			}
		}
	})
}

func TestAWorkloadHasTheShareOfKindsAndKeysItAsksFor(t *testing.T) {
	kinds, keys := map[nodes.Kind]int{}, map[string]int{}
	for _, op := range mixed.Script(sim.NewKey(1), 0, 1) {
		kinds[op.Kind]++
		keys[op.Key]++
	}
	require.Equal(t, map[nodes.Kind]int{nodes.Read: 491, nodes.Write: 409, nodes.CAS: 100}, kinds)
	require.Equal(t, map[string]int{"x": 270, "y": 243, "z": 254, "k3": 233}, keys)
}

func TestClientsDoDifferentThings(t *testing.T) {
	require.NotEqual(t, mixed.Script(sim.NewKey(1), 0, 2), mixed.Script(sim.NewKey(1), 1, 2))
}

func TestTheZeroWorkloadDoesNothing(t *testing.T) {
	require.Empty(t, nodes.Workload{}.Script(sim.NewKey(1), 0, 1))
	require.Equal(t, "[write x 1 write x 2]", fmt.Sprint(nodes.Workload{Operations: 2}.Script(sim.NewKey(1), 0, 1)))
}

func TestAScriptForNobodyIsAMistake(t *testing.T) {
	require.PanicsWithValue(t, "nodes: script of client 2 of 2, with 1 operations on 0 keys", func() {
		nodes.Workload{Operations: 1}.Script(sim.NewKey(1), 2, 2)
	})
	require.Panics(t, func() { nodes.Workload{Operations: -1}.Script(sim.NewKey(1), 0, 1) })
	require.Panics(t, func() { nodes.Workload{Keys: -1}.Script(sim.NewKey(1), 0, 1) })
}

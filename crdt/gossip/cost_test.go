package gossip_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
)

// twin is one of two nodes that hold the same, but for some updates.
type twin[S any, P gossip.Pointer[S]] struct{ *gossip.Replica[S, P] }

func (n twin[S, P]) Receive(from network.ID, msg any) { n.Replica.Receive(from, msg) }

// reconcile returns the bytes that two nodes need to come together, given what both
// and what each of them has. Their buffers reach back to the last update only.
func reconcile[S any, P gossip.Pointer[S]](t *testing.T, p gossip.Protocol, common, left, right *S) (bytes uint64) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(10 * time.Millisecond)}})
	var both []twin[S, P]
	for i, own := range []*S{left, right} {
		n.Add(fmt.Sprint("n", i), func(ep *network.Endpoint) network.Handler {
			r := twin[S, P]{gossip.New[S, P](ep, gossip.Config{Protocol: p, BufferCount: 1})}
			r.Join(common)
			r.Join(own)
			both = append(both, r)
			return r
		})
	}
	require.Equal(t, sim.Quiescent, w.Run(limit))
	require.True(t, crdt.Same(P(both[0].State()), P(both[1].State())))
	for _, r := range both {
		sent := r.Stats().Sent
		bytes += sent.Bytes()
	}
	return bytes
}

// sets returns a set of n elements and two of half d that are in neither.
func sets(n, d int) (common, left, right *crdt.GSet[string]) {
	common, left, right = &crdt.GSet[string]{}, &crdt.GSet[string]{}, &crdt.GSet[string]{}
	for i := range n {
		common.Add(fmt.Sprintf("element %07d", i))
	}
	for i := range d {
		[]*crdt.GSet[string]{left, right}[i%2].Add(fmt.Sprintf("other %07d", i))
	}
	return common, left, right
}

// members returns such states of a causal type, of n elements that several replicas
// added, some of which were removed again.
func members(n, d int) (common, left, right *crdt.AddWinsSet[string]) {
	common, left, right = &crdt.AddWinsSet[string]{}, &crdt.AddWinsSet[string]{}, &crdt.AddWinsSet[string]{}
	for i := range n {
		common.Add(crdt.Replica(1000+i%8), fmt.Sprintf("element %07d", i))
	}
	for i := range d {
		[]*crdt.AddWinsSet[string]{left, right}[i%2].Add(crdt.Replica(2000+i%2), fmt.Sprintf("other %07d", i))
	}
	return common, left, right
}

// costs measures all protocols for states of n elements that differ in d, and holds
// Adaptive to at most half as much again as the best, and a probe's worth.
func costs[S any, P gossip.Pointer[S]](
	t *testing.T, states func(n, d int) (a, b, c *S), protocols ...gossip.Protocol,
) string {
	table := "  elements differ"
	for _, p := range protocols {
		table += fmt.Sprintf(" %10s", p)
	}
	for _, n := range []int{10, 1000} {
		for _, d := range []int{0, 1, 10, 100, 1000} {
			table += fmt.Sprintf("\n%10d %6d", n, d)
			best := ^uint64(0)
			var cost uint64
			for _, p := range protocols {
				a, b, c := states(n, d)
				cost = reconcile[S, P](t, p, a, b, c)
				best = min(best, cost)
				table += fmt.Sprintf(" %10d", cost)
			}
			require.LessOrEqual(t, cost, best+best/2+256, "%d elements, %d differ: adaptive is the last", n, d)
		}
	}
	return table + "\n"
}

func TestAdaptiveCostsLittleMoreThanTheBestForEverySizeOfDifference(t *testing.T) {
	table := "Bytes of all messages of two nodes until both have the same.\n\nGSet\n" +
		costs(t, sets, gossip.FullState, gossip.BPRR, gossip.Trie, gossip.Sketch, gossip.Adaptive) +
		"\nAddWinsSet\n" +
		costs(t, members, gossip.FullState, gossip.BPRR, gossip.CatchUp, gossip.Trie, gossip.Sketch, gossip.Adaptive)
	golden(t, "testdata/costs.txt", table)
}

// The page of the guide has some rows of the table, for states of 1,000 elements.
func TestTheGuideSaysWhatTheTableOfCostsSays(t *testing.T) {
	costs, err := os.ReadFile("testdata/costs.txt")
	require.NoError(t, err)
	page, err := os.ReadFile("../../docs/12-crdts.md")
	require.NoError(t, err)
	rows, typ := 0, ""
	for line := range strings.Lines(string(costs)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 1:
			typ = f[0]
		case len(f) > 2 && f[0] == "1000" && strings.Contains(" 0 10 1000 ", " "+f[1]+" "):
			if typ == "GSet" {
				f = slices.Insert(f, 4, "cannot")
			}
			require.Contains(t, string(page), fmt.Sprintf("\n| `%s` | %s |\n", typ, strings.Join(f[1:], " | ")))
			rows++
		}
	}
	require.Equal(t, 6, rows)
}

package gossip_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
)

// walkers returns two nodes with 300 elements in common and one more each, once they have
// walked. Each gets all messages so many times.
func walkers(t *testing.T, times, mine, other int) []*taped {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	link := network.Link{Delay: network.Uniform(time.Millisecond, time.Millisecond)}
	net := network.New(w, network.Config{Link: link})
	nodes := make([]*taped, 2)
	for i := range nodes {
		net.Add(string(rune('a'+i)), func(ep *network.Endpoint) network.Handler {
			nodes[i] = &taped{Replica: gossip.New[intSet](ep, gossip.Config{Protocol: gossip.Trie}), times: times}
			for n := range 300 {
				nodes[i].add(n)
			}
			nodes[i].add([]int{mine, other}[i])
			return nodes[i]
		})
	}
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{Until: sim.Time(time.Minute)}))
	return nodes
}

func pages(nodes []*taped) (n int) {
	for _, m := range slices.Concat(nodes[0].got, nodes[1].got) {
		if strings.HasPrefix(m.String(), "page") {
			n++
		}
	}
	return n
}

// The hashes of the elements 416010 and 459426 lie below one child of the root, whose digest
// of 32 bits is the same with either under the salt of the first session of node a (boot 1,
// identifier 1): found by search. All that differs hides behind it.
func TestAWalkThatIsDeceivedByItsDigestsAcknowledgesNothing(t *testing.T) {
	nodes := walkers(t, 1, 416010, 459426)
	require.Equal(t, 302, nodes[0].State().Len())
	require.Equal(t, 302, nodes[1].State().Len())
	// Two pages are those with which both begin. The walk of a seems to find nothing by its
	// first, and the other six are of another walk.
	require.Equal(t, 8, pages(nodes))
}

func TestAWalkTakesEachPageOnce(t *testing.T) {
	once, twice := walkers(t, 1, 1000, 2000), walkers(t, 2, 1000, 2000)
	require.Equal(t, 302, twice[0].State().Len())
	require.Equal(t, 302, twice[1].State().Len())
	require.Equal(t, pages(once), pages(twice), "a copy is not answered")
}

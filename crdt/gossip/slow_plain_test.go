package gossip_test

import (
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

// A session takes several messages, and each of them longer than a round: rounds must
// not begin it anew for ever.
func TestLinksSlowerThanRoundsConverge(t *testing.T) {
	for _, protocol := range []gossip.Protocol{gossip.FullState, gossip.Trie, gossip.Sketch, gossip.Adaptive} {
		for _, delay := range []time.Duration{60 * time.Millisecond, 250 * time.Millisecond, 2 * time.Second} {
			w := sim.New(sim.Config{Seed: 1})
			net := network.New(w, network.Config{Link: network.Link{Delay: network.Uniform(delay, delay)}})
			var nodes []*gossip.Replica[intSet, *intSet]
			for i := range 3 {
				net.Add(string(rune('a'+i)), func(ep *network.Endpoint) network.Handler {
					m := &meter{Replica: gossip.New[intSet](ep, gossip.Config{Protocol: protocol, BufferCount: 10})}
					for n := range 600 {
						m.Update(func(_ crdt.Replica, s *intSet) *intSet { return s.Add(int(ep.ID())*100 + n) })
					}
					nodes = append(nodes, m.Replica)
					return m
				})
			}
			require.Equal(t, sim.Quiescent, w.Run(sim.Limit{Until: sim.Time(2 * time.Minute)}), "%s at %v", protocol, delay)
			for _, n := range nodes {
				require.Equal(t, 800, n.State().Len(), "%s at %v", protocol, delay)
			}
			w.Close()
		}
	}
}

type lastWrites = crdt.LWWMap[int, int]

// writer is a node that keeps the messages that it got.
type writer struct {
	*gossip.Replica[lastWrites, *lastWrites]
	got []gossip.Message
}

func (n *writer) Receive(from network.ID, msg any) {
	n.got = append(n.got, msg.(gossip.Message))
	n.Replica.Receive(from, msg)
}

// Both replicas lack what the other has: many deltas, few pieces. So the trie is the
// cheapest way, and the one that asked must take the walk that comes as the answer,
// though its own question is out and its number the lower one.
func TestAdaptiveTakesTheWalkThatAnswersItsProbe(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	net := network.New(w, network.Config{Link: network.Link{Delay: network.Uniform(time.Millisecond, time.Millisecond)}})
	nodes := make([]*writer, 2)
	for i := range nodes {
		net.Add(string(rune('a'+i)), func(ep *network.Endpoint) network.Handler {
			nodes[i] = &writer{Replica: gossip.New[lastWrites](ep, gossip.Config{})}
			for n := range 300 {
				nodes[i].Update(func(id crdt.Replica, s *lastWrites) *lastWrites {
					return s.Set(crdt.Stamp{Time: int64(n), Replica: id}, n%6+i, n)
				})
			}
			return nodes[i]
		})
	}
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{Until: sim.Time(time.Minute)}))
	require.True(t, crdt.Same(nodes[0].State(), nodes[1].State()))
	require.True(t, slices.ContainsFunc(append(nodes[0].got, nodes[1].got...), func(m gossip.Message) bool {
		return strings.HasPrefix(m.String(), "page")
	}), "a walk took place")
}

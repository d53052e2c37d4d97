package gossip_test

import (
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

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

// taped is a meter that keeps all messages that it got.
type taped struct {
	*gossip.Replica[intSet, *intSet]
	got   []gossip.Message
	times int // that it takes each, 0 for 1
}

func (n *taped) Receive(from network.ID, msg any) {
	n.got = append(n.got, msg.(gossip.Message))
	for range max(1, n.times) {
		n.Replica.Receive(from, msg)
	}
}

func (n *taped) add(e int) {
	n.Update(func(_ crdt.Replica, s *intSet) *intSet { return s.Add(e) })
}

// Copies of a walk that is over come late, in any order: they must not have anybody
// believe that it holds what came after.
func TestLateCopiesOfAComparisonAcknowledgeNothing(t *testing.T) { lateCopies(t, false) }

// Nor if the peer was removed and added again meanwhile.
func TestLateCopiesToWhoAddsThePeerAgainAcknowledgeNothing(t *testing.T) { lateCopies(t, true) }

func lateCopies(t *testing.T, rejoins bool) {
	for _, protocol := range []gossip.Protocol{gossip.Trie, gossip.Sketch} {
		w := sim.New(sim.Config{Seed: 1})
		net := network.New(w, network.Config{Link: network.Link{Delay: network.Uniform(time.Millisecond, time.Millisecond)}})
		nodes := make([]*taped, 2)
		for i := range nodes {
			net.Add(string(rune('a'+i)), func(ep *network.Endpoint) network.Handler {
				nodes[i] = &taped{Replica: gossip.New[intSet](ep, gossip.Config{Protocol: protocol, Every: 10 * time.Second})}
				return nodes[i]
			})
		}
		w.Run(sim.Limit{Until: 1})
		a, b := nodes[0], nodes[1]
		w.Host(0).Do(func() {
			for n := range 300 {
				a.add(n)
			}
		})
		require.Equal(t, sim.Quiescent, w.Run(sim.Limit{Until: sim.Time(100 * time.Second)}))
		require.Equal(t, 300, b.State().Len())
		w.Host(0).Do(func() { a.add(1000) })
		w.Run(sim.Limit{Until: sim.Time(200 * time.Second)})
		require.Equal(t, 301, b.State().Len())
		toB := slices.Clone(b.got)
		cut := net.Partition("cut", network.Complete([]network.ID{0}, []network.ID{1}))
		w.Host(1).Do(func() { b.add(2000) })
		w.Run(sim.Limit{Until: sim.Time(201 * time.Second)})
		before := len(a.got)
		cut.Heal()
		// Each pair of late copies, at once.
		for _, x := range toB {
			for _, y := range toB {
				w.Host(1).Do(func() {
					if rejoins {
						b.RemovePeer(0)
						b.AddPeer(0)
					}
					b.Replica.Receive(0, x)
					b.Replica.Receive(0, y)
				})
				w.Run(sim.Limit{Until: w.Now() + sim.Time(5*time.Millisecond)})
				if a.State().Len() < 302 && b.Settled() {
					var lines []string
					for _, m := range a.got[before:] {
						lines = append(lines, m.String())
					}
					told := strings.Join(lines, "\n")
					require.Fail(t, "false", "%s: b believes that a has all: %v then %v\n%s", protocol, x, y, told)
				}
			}
		}
		require.Equal(t, sim.Quiescent, w.Run(sim.Limit{Until: w.Now() + sim.Time(100*time.Second)}))
		require.Equal(t, 302, a.State().Len(), "%s: b believes that a has all: %v", protocol, b.Settled())
		w.Close()
	}
}

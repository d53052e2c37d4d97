package gossip_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
)

// forgets runs two nodes that add an element each at their first boot, one of which
// crashes at some time of its first second and comes back with nothing. It returns how many
// elements each has when there is silence.
func forgets(t *testing.T, seed uint64, cfg gossip.Config) (elements [2]int) {
	w := sim.New(sim.Config{Seed: seed})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Exponential(50 * time.Millisecond)}})
	var both [2]twin[wordSet, *wordSet]
	for i := range both {
		n.Add(fmt.Sprint("n", i), func(ep *network.Endpoint) network.Handler {
			r := twin[wordSet, *wordSet]{gossip.New[wordSet](ep, cfg)}
			both[i] = r
			if ep.Boots() == 0 {
				ep.After(time.Duration(ep.Rand("when").IntN(300))*time.Millisecond, func() {
					r.Update(func(id crdt.Replica, s *wordSet) *wordSet { return s.Add(id, ep.Name()) })
				})
			}
			return r
		})
	}
	w.At(sim.Time(w.Key("crash").Rand().IntN(1000))*sim.Time(time.Millisecond), func() {
		w.Host(1).Crash()
		w.Host(1).Restart()
	})
	require.Equal(t, sim.Quiescent, w.Run(limit))
	for i, r := range both {
		elements[i] = r.State().Len()
	}
	return elements
}

// What was put together for an earlier boot leaves out what came from that. Who takes it
// is taken to have all, and there is silence over unequal states.
func TestDeltasForAnEarlierBootAreNotTaken(t *testing.T) {
	differ := 0
	for seed := range uint64(300) {
		cfg := gossip.Config{Protocol: gossip.BPRR}
		got := forgets(t, seed, cfg)
		require.Equal(t, got[0], got[1], "seed %d", seed)
		cfg.Bug = gossip.TakesForEarlierBoot
		if got = forgets(t, seed, cfg); got[0] != got[1] {
			differ++
		}
	}
	require.Equal(t, 13, differ, "worlds in which the planted bug shows")
}

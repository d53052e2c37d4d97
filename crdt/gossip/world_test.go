package gossip_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"
)

// subject is a type under test: op does something at random for a replica.
type subject[S any] func(r *rand.Rand, id crdt.Replica, at crdt.Stamp, s *S) *S

func word(r *rand.Rand) string { return string(rune('a' + r.IntN(12))) }

func gset(r *rand.Rand, _ crdt.Replica, _ crdt.Stamp, s *crdt.GSet[int]) *crdt.GSet[int] {
	return s.Add(r.IntN(1000))
}

func addWins(r *rand.Rand, id crdt.Replica, _ crdt.Stamp, s *crdt.AddWinsSet[string]) *crdt.AddWinsSet[string] {
	if r.IntN(3) == 0 {
		return s.Remove(id, word(r))
	}
	return s.Add(id, word(r))
}

func lwwMap(r *rand.Rand, _ crdt.Replica, at crdt.Stamp, s *crdt.LWWMap[string, int]) *crdt.LWWMap[string, int] {
	if r.IntN(4) == 0 {
		return s.Delete(at, word(r))
	}
	return s.Set(at, word(r), r.IntN(100))
}

type nest = crdt.ORMap[string, *crdt.AddWinsSet[string]]

func orMap(r *rand.Rand, id crdt.Replica, at crdt.Stamp, s *nest) *nest {
	key := word(r)
	if r.IntN(4) == 0 {
		return s.Remove(id, key)
	}
	return s.Update(key, func(v *crdt.AddWinsSet[string]) *crdt.AddWinsSet[string] { return addWins(r, id, at, v) })
}

type heroes = crdt.TombstoneMap[string, crdt.PNCounter]

func tombstones(r *rand.Rand, id crdt.Replica, at crdt.Stamp, s *heroes) *heroes {
	key := word(r)
	if r.IntN(6) == 0 {
		return s.Delete(id, key)
	}
	d, _ := s.Update(id, key, func(n *crdt.PNCounter) *crdt.PNCounter { return counter(r, id, at, n) })
	return d
}

func counter(r *rand.Rand, id crdt.Replica, _ crdt.Stamp, s *crdt.PNCounter) *crdt.PNCounter {
	return s.Add(id, int64(r.IntN(21)-10))
}

// storm is a world of replicas that change at random while everything goes wrong.
type storm[S any, P gossip.Pointer[S]] struct {
	net   *network.Network
	cfg   gossip.Config
	mix   []gossip.Protocol // of the nodes, if they have not the same
	part  float64           // of 22 seconds that it lasts
	op    subject[S]
	ids   []network.ID
	nodes []*stormy[S, P]
	saved []*S // snapshots, by node
	known *S   // the join of all updates that must not be lost
	all   *S   // and of all that were made
}

// stormy is a node of a storm.
type stormy[S any, P gossip.Pointer[S]] struct {
	*gossip.Replica[S, P]
	in    *storm[S, P]
	rand  *rand.Rand
	ep    *network.Endpoint
	timer *sim.Timer
	maybe *S // the join of the updates that nobody has acknowledged
	gone  bool
}

const (
	stormNodes = 5
	stormOps   = 20 * time.Second
	quick      = 20 * time.Millisecond // Every of storms that last a fifth of that
)

func (n *stormy[S, P]) Receive(from network.ID, msg any) {
	n.Replica.Receive(from, msg)
	n.settle()
}

func (n *stormy[S, P]) settle() {
	if n.Settled() && !n.gone {
		P(n.in.known).Merge(n.maybe)
		n.maybe = new(S)
	}
}

func (n *stormy[S, P]) tick() {
	n.Update(func(id crdt.Replica, s *S) *S {
		d := n.in.op(n.rand, id, crdt.Stamp{Time: int64(n.ep.Now()), Replica: id}, s)
		P(n.maybe).Merge(d)
		P(n.in.all).Merge(d)
		return d
	})
	if n.rand.IntN(10) == 0 {
		n.in.saved[n.ep.ID()] = crdt.Clone(n.State())
	}
	if n.ep.Monotonic() < sim.Time(n.in.part*float64(stormOps)) {
		n.timer.Reset(time.Duration(50+n.rand.IntN(500)) * time.Millisecond)
	}
}

func (s *storm[S, P]) boot(ep *network.Endpoint) network.Handler {
	cfg := s.cfg
	if s.mix != nil {
		cfg.Protocol = s.mix[ep.ID()]
	}
	n := &stormy[S, P]{Replica: gossip.New[S, P](ep, cfg), in: s, ep: ep, maybe: new(S)}
	n.rand = ep.Key("ops").Sub(fmt.Sprint(ep.Boots())).Rand()
	if saved := s.saved[ep.ID()]; saved != nil {
		n.Join(saved)
	}
	n.timer = ep.Timer("op", n.tick)
	n.timer.Reset(10 * time.Millisecond)
	s.nodes[ep.ID()] = n
	return n
}

// noise is as bad as links get.
var noise = network.Link{
	Delay: network.Exponential(30 * time.Millisecond), Loss: network.ProbOf(0.15), Duplicate: network.ProbOf(0.1),
	Reorder: network.ProbOf(0.1), Corrupt: network.ProbOf(0.05),
}

// newStorm makes a world in which node 4 comes late, node 3 leaves, 1 and 2 crash, one
// without its state, and 0 and 1 are cut off for a while.
func newStorm[S any, P gossip.Pointer[S]](w *sim.World, op subject[S], cfg gossip.Config) *storm[S, P] {
	s := &storm[S, P]{cfg: cfg, op: op, known: new(S), all: new(S), part: 1}
	if cfg.Every == quick {
		s.part = 0.2
	}
	s.net = network.New(w, network.Config{Link: noise, CheckMutation: true})
	network.OnCorrupt(s.net, func(r *rand.Rand, m gossip.Message) gossip.Message {
		m = slices.Clone(m)
		m[r.IntN(len(m))] ^= byte(1 + r.IntN(255))
		return m
	})
	s.nodes, s.saved = make([]*stormy[S, P], stormNodes), make([]*S, stormNodes)
	s.cfg.Peers = []network.ID{0, 1, 2, 3}
	for i := range stormNodes {
		s.ids = append(s.ids, s.net.Add(fmt.Sprint("n", i), s.boot))
	}
	at := func(seconds float64, fn func()) { w.At(sim.Time(seconds*s.part*float64(time.Second)), fn) }
	var cut *network.Partition
	at(3, func() { cut = s.net.Partition("split", network.Complete(s.ids[:2], s.ids[2:])) })
	at(6, func() { cut.Heal() })
	crash := func(i int, keep bool) {
		if !keep {
			s.saved[i] = nil
		}
		w.Host(s.ids[i]).Crash()
	}
	at(8, func() { crash(1, true) })
	at(9, func() { w.Host(s.ids[1]).Restart() })
	at(12, func() { crash(2, false) })
	at(12.5, func() { w.Host(s.ids[2]).Restart() })
	at(15, func() { s.churn() })
	at(22, func() { s.net.Calm() })
	return s
}

// churn has node 4 join the others, and node 3 leave.
func (s *storm[S, P]) churn() {
	for i, n := range s.nodes {
		if i < 3 {
			n.AddPeer(4)
			n.RemovePeer(3)
		}
	}
	s.nodes[3].timer.Stop()
	s.nodes[3].gone = true
	for id := range network.ID(3) {
		s.nodes[3].RemovePeer(id)
	}
	s.nodes[4].RemovePeer(3)
}

// weather runs a storm and judges it.
func weather[S any, P gossip.Pointer[S]](
	t require.TestingT, w *sim.World, op subject[S], cfg gossip.Config,
) *storm[S, P] {
	return weatherOf[S, P](t, w, op, cfg, nil)
}

func weatherOf[S any, P gossip.Pointer[S]](
	t require.TestingT, w *sim.World, op subject[S], cfg gossip.Config, mix []gossip.Protocol,
) *storm[S, P] {
	s := newStorm[S, P](w, op, cfg)
	s.mix = mix
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{Until: sim.Time(10 * time.Minute)}), "there is silence at last")
	for _, f := range w.Findings() {
		require.Fail(t, f.Message, "%v", f.Stack)
	}
	for _, n := range s.nodes {
		n.settle()
	}
	for i, n := range s.nodes {
		if n.gone {
			continue
		}
		require.True(t, n.Settled(), "node %d", i)
		require.True(t, crdt.Same(P(s.nodes[0].State()), P(n.State())), "node %d differs from node 0", i)
		require.True(t, crdt.Includes(n.State(), s.known), "node %d has lost what was acknowledged", i)
		require.True(t, crdt.Includes(s.all, n.State()), "node %d has what nobody said", i)
		require.Zero(t, n.Stats().Buffered, "node %d", i)
	}
	return s
}

func storms[S any, P gossip.Pointer[S]](t *testing.T, name string, op subject[S]) {
	for _, protocol := range gossip.Protocols() {
		_, causal := any(new(S)).(crdt.Causal[S])
		if protocol == gossip.CatchUp && !causal {
			continue
		}
		t.Run(fmt.Sprint(name, "/", protocol), func(t *testing.T) {
			simtest.Run(t, simtest.Options{Seeds: sim.SeedRange{Count: 1}}, func(t *simtest.T) {
				cfg := gossip.Config{Protocol: protocol}
				if !simtest.Long() {
					cfg.Every = quick
				}
				s := weather[S, P](t, t.World, op, cfg)
				require.Positive(t, s.nodes[0].Stats().Damaged)
			})
		})
	}
}

func TestAllTypesConvergeByAllProtocolsWhateverGoesWrong(t *testing.T) {
	storms(t, "GSet", gset)
	storms(t, "AddWinsSet", addWins)
	storms(t, "LWWMap", lwwMap)
	storms(t, "ORMap", orMap)
	storms(t, "TombstoneMap", tombstones)
	storms(t, "PNCounter", counter)
}

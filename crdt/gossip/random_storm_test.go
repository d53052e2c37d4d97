package gossip_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"
)

// rsSeeds is one random storm of each type and protocol, unless flags say otherwise.
var rsSeeds = simtest.Options{Seeds: sim.SeedRange{First: 11, Count: 1}}

// rs is a random storm: topology, noise, crashes and membership drawn from the seed.
type rs[S any, P gossip.Pointer[S]] struct {
	t       *testing.T
	w       *sim.World
	rng     *rand.Rand
	net     *network.Network
	cfg     gossip.Config
	op      subject[S]
	nodes   []*rsNode[S, P]
	edges   [][]bool
	saved   []*S
	lossy   network.ID // the node that may lose its state; all others are durable
	stale   bool
	known   *S
	all     *S
	bursts  int
	until   time.Duration
	desc    string
	untaken int
}

type rsNode[S any, P gossip.Pointer[S]] struct {
	*gossip.Replica[S, P]
	side  *gossip.Replica[crdt.PNCounter, *crdt.PNCounter]
	in    *rs[S, P]
	rand  *rand.Rand
	ep    *network.Endpoint
	timer *sim.Timer
	maybe *S
}

func (n *rsNode[S, P]) Receive(from network.ID, msg any) {
	a := n.Replica.Receive(from, msg)
	if !a && !n.side.Receive(from, msg) {
		n.in.untaken++
	}
	n.settle()
}

func (n *rsNode[S, P]) settle() {
	id := n.ep.ID()
	if id != n.in.lossy {
		return
	}
	if n.Settled() && len(n.Peers()) > 0 {
		P(n.in.known).Merge(n.maybe)
		n.maybe = new(S)
	}
}

func (n *rsNode[S, P]) tick() {
	for range 1 + n.rand.IntN(n.in.bursts) {
		n.Update(func(id crdt.Replica, s *S) *S {
			d := n.in.op(n.rand, id, crdt.Stamp{Time: int64(n.ep.Now()), Logical: uint32(n.rand.IntN(1000)), Replica: id}, s)
			P(n.maybe).Merge(d)
			P(n.in.all).Merge(d)
			if n.ep.ID() != n.in.lossy {
				P(n.in.known).Merge(d)
			}
			return d
		})
	}
	n.side.Update(func(id crdt.Replica, s *crdt.PNCounter) *crdt.PNCounter { return s.Add(id, 1) })
	if n.rand.IntN(5) == 0 {
		n.Sync()
	}
	if time.Duration(n.ep.Monotonic()) < n.in.until {
		n.timer.Reset(time.Duration(20+n.rand.IntN(900)) * time.Millisecond)
	}
}

func (s *rs[S, P]) peers(id network.ID) []network.ID {
	out := []network.ID{}
	for j, e := range s.edges[id] {
		if e {
			out = append(out, network.ID(j))
		}
	}
	return out
}

func (s *rs[S, P]) boot(ep *network.Endpoint) network.Handler {
	cfg := s.cfg
	cfg.Peers = s.peers(ep.ID())
	if ep.Boots() > 0 && s.rng.IntN(2) == 0 {
		cfg.Peers = []network.ID{}
	}
	n := &rsNode[S, P]{Replica: gossip.New[S, P](ep, cfg), in: s, ep: ep, maybe: new(S)}
	for _, id := range s.peers(ep.ID()) {
		n.AddPeer(id)
	}
	side := gossip.Config{Topic: cfg.Topic + 1, Protocol: gossip.BPRR, Peers: s.peers(ep.ID())}
	n.side = gossip.New[crdt.PNCounter](ep, side)
	n.rand = ep.Key("ops").Sub(fmt.Sprint(ep.Boots())).Rand()
	if saved := s.saved[ep.ID()]; saved != nil {
		n.Join(saved)
	}
	n.timer = ep.Timer("op", n.tick)
	n.timer.Reset(10 * time.Millisecond)
	s.nodes[ep.ID()] = n
	return n
}

func (s *rs[S, P]) edge(i, j network.ID, on bool) {
	s.edges[i][j], s.edges[j][i] = on, on
	for _, k := range [][2]network.ID{{i, j}, {j, i}} {
		n := s.nodes[k[0]]
		if on {
			n.AddPeer(k[1])
			n.side.AddPeer(k[1])
		} else {
			n.RemovePeer(k[1])
			n.side.RemovePeer(k[1])
		}
	}
}

func garble(r *rand.Rand, m gossip.Message) gossip.Message {
	m = slices.Clone(m)
	m[r.IntN(len(m))] ^= byte(1 + r.IntN(255))
	return m
}

func newRS[S any, P gossip.Pointer[S]](t *testing.T, seed uint64, op subject[S], protocol gossip.Protocol) *rs[S, P] {
	rng := rand.New(rand.NewPCG(seed, 3))
	s := &rs[S, P]{t: t, rng: rng, op: op, known: new(S), all: new(S)}
	s.w = sim.New(sim.Config{Seed: seed})
	p := func(max float64) network.Prob { return network.ProbOf(rng.Float64() * max * float64(rng.IntN(2))) }
	link := network.Link{
		Delay: network.Exponential(time.Duration(1+rng.IntN(300)) * time.Millisecond),
		Loss:  p(0.5), Duplicate: p(0.5), Reorder: p(0.5), Corrupt: p(0.5),
	}
	if rng.IntN(3) == 0 {
		link.ReorderBy = network.Uniform(time.Second, 10*time.Second)
	}
	s.net = network.New(s.w, network.Config{Link: link, CheckMutation: rng.IntN(4) == 0})
	network.OnCorrupt(s.net, garble)
	n := 2 + rng.IntN(7)
	s.cfg = gossip.Config{
		Protocol: protocol, Fanout: rng.IntN(3), Backoff: rng.IntN(4), Topic: uint32(rng.IntN(2) * 5),
		BufferCount: []int{0, 1, 3, 20}[rng.IntN(4)], BufferBytes: []int{0, 0, 1, 100}[rng.IntN(4)],
		Every: []time.Duration{0, 20 * time.Millisecond, 500 * time.Millisecond}[rng.IntN(3)],
	}
	s.bursts = []int{1, 4, 40}[rng.IntN(3)]
	s.until = time.Duration(3+rng.IntN(12)) * time.Second
	s.nodes, s.saved, s.edges = make([]*rsNode[S, P], n), make([]*S, n), make([][]bool, n)
	for i := range s.edges {
		s.edges[i] = make([]bool, n)
	}
	for i := 1; i < n; i++ { // a random tree and some more
		j := rng.IntN(i)
		s.edges[i][j], s.edges[j][i] = true, true
	}
	for range rng.IntN(n + 1) {
		if i, j := rng.IntN(n), rng.IntN(n); i != j {
			s.edges[i][j], s.edges[j][i] = true, true
		}
	}
	s.lossy = network.ID(rng.IntN(n))
	s.stale = rng.IntN(2) == 0
	s.desc = fmt.Sprintf("n=%d %+v link=%+v bursts=%d lossy=%d edges=%v", n, s.cfg, link, s.bursts, s.lossy, s.edges)
	for i := range n {
		s.net.Add(fmt.Sprint("n", i), s.boot)
	}
	s.faults(n)
	return s
}

func (s *rs[S, P]) faults(n int) {
	rng := s.rng
	at := func(d time.Duration, fn func()) { s.w.At(sim.Time(d), fn) }
	span := func() time.Duration { return time.Duration(rng.Int64N(int64(s.until) + int64(time.Second))) }
	for range rng.IntN(6) {
		i := network.ID(rng.IntN(n))
		when := span()
		at(when, func() {
			h := s.w.Host(i)
			if !h.Up() {
				return
			}
			if i != s.lossy {
				s.saved[i] = crdt.Clone(s.nodes[i].State())
			} else if s.stale && rng.IntN(2) == 0 {
				// an older snapshot, or none
			} else if rng.IntN(2) == 0 {
				s.saved[i] = nil
			}
			h.Crash()
			down := time.Duration(rng.IntN(3000)) * time.Millisecond
			at(time.Duration(s.w.Now())+down, func() { h.Restart() })
		})
		at(when/2, func() {
			if s.stale && i == s.lossy {
				s.saved[i] = crdt.Clone(s.nodes[i].State())
			}
		})
	}
	for range rng.IntN(4) {
		from := span()
		var a, b []network.ID
		for i := range n {
			if rng.IntN(2) == 0 {
				a = append(a, network.ID(i))
			} else {
				b = append(b, network.ID(i))
			}
		}
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		name := fmt.Sprint("cut", from)
		at(from, func() {
			cut := s.net.Partition(name, network.Complete(a, b))
			at(time.Duration(s.w.Now())+time.Duration(rng.IntN(4000))*time.Millisecond, func() { cut.Heal() })
		})
	}
	for range rng.IntN(8) { // membership
		i, j := network.ID(rng.IntN(n)), network.ID(rng.IntN(n))
		if i == j {
			continue
		}
		was := s.edges[i][j]
		when := span()
		at(when, func() { s.edge(i, j, !s.edges[i][j]) })
		if was {
			at(when+time.Duration(rng.IntN(3000))*time.Millisecond, func() { s.edge(i, j, true) })
		}
	}
	at(s.until+8*time.Second, func() {
		for i := range n { // connected in the end
			if i > 0 {
				s.edge(network.ID(i), network.ID(i-1), true)
			}
		}
		s.net.Calm()
		s.net.HealAll()
	})
}

func (s *rs[S, P]) judge() (bad string) {
	why := s.w.Run(sim.Limit{Until: sim.Time(s.until + 10*time.Minute)})
	for _, f := range s.w.Findings() {
		return fmt.Sprintf("finding %s %v", f.Message, f.Stack)
	}
	if why != sim.Quiescent {
		return fmt.Sprintf("no silence: %v", why)
	}
	for i, n := range s.nodes {
		n.settle()
		switch {
		case !n.Settled():
			return fmt.Sprintf("node %d is not settled", i)
		case !crdt.Same(P(s.nodes[0].State()), P(n.State())):
			return fmt.Sprintf("node %d differs", i)
		case !crdt.Includes(n.State(), s.known):
			return fmt.Sprintf("node %d lost", i)
		case !crdt.Includes(s.all, n.State()):
			return fmt.Sprintf("node %d made up", i)
		case s.untaken > 0:
			return "nobody took a message"
		case n.Stats().Buffered != 0 || n.Stats().BufferedBytes != 0:
			return fmt.Sprintf("node %d buffers %+v", i, n.Stats())
		case !crdt.Same(s.nodes[0].side.State(), n.side.State()):
			return fmt.Sprintf("side of %d differs", i)
		}
	}
	return ""
}

func randomStorms[S any, P gossip.Pointer[S]](t *testing.T, name string, op subject[S]) {
	for _, protocol := range gossip.Protocols() {
		_, causal := any(new(S)).(crdt.Causal[S])
		if protocol == gossip.CatchUp && !causal {
			continue
		}
		t.Run(fmt.Sprint(name, "/", protocol), func(t *testing.T) {
			for seed := range rsSeeds.Range().All() {
				s := newRS[S, P](t, seed, op, protocol)
				bad := s.judge()
				s.w.Close()
				if bad != "" {
					t.Errorf("seed %d: %s\n%s", seed, bad, s.desc)
				}
			}
		})
	}
}

func bigSet(r *rand.Rand, _ crdt.Replica, _ crdt.Stamp, s *crdt.GSet[int]) *crdt.GSet[int] {
	d := new(crdt.GSet[int])
	for range 1 + r.IntN(30) {
		d.Merge(s.Add(r.IntN(1_000_000)))
	}
	return d
}

type (
	numbers = crdt.AddWinsSet[int]
	permits = crdt.RemoveWinsSet[string]
)

func bigAddWins(r *rand.Rand, id crdt.Replica, _ crdt.Stamp, s *numbers) *numbers {
	d := new(numbers)
	for range 1 + r.IntN(20) {
		if r.IntN(4) == 0 {
			d.Merge(s.Remove(id, r.IntN(500)))
		} else {
			d.Merge(s.Add(id, r.IntN(500)))
		}
	}
	return d
}

func removeWins(r *rand.Rand, id crdt.Replica, _ crdt.Stamp, s *permits) *permits {
	if r.IntN(3) == 0 {
		return s.Remove(id, word(r))
	}
	return s.Add(id, word(r))
}

func flagOp(r *rand.Rand, id crdt.Replica, _ crdt.Stamp, s *crdt.EnableWinsFlag) *crdt.EnableWinsFlag {
	if r.IntN(2) == 0 {
		return s.Disable(id)
	}
	return s.Enable(id)
}

func bounded(r *rand.Rand, id crdt.Replica, _ crdt.Stamp, s *crdt.BoundedCounter) *crdt.BoundedCounter {
	switch r.IntN(3) {
	case 0:
		d, _ := s.Take(id, uint64(r.IntN(5)))
		return d
	case 1:
		d, _ := s.Transfer(id, id+1<<32, uint64(r.IntN(5)))
		return d
	}
	return s.Add(id, uint64(r.IntN(10)))
}

func mvreg(r *rand.Rand, id crdt.Replica, _ crdt.Stamp, s *crdt.MVRegister[string]) *crdt.MVRegister[string] {
	if r.IntN(5) == 0 {
		return s.Clear(id)
	}
	return s.Set(id, word(r))
}

// Topology, noise, crashes and membership are drawn. One node may forget, the others do not.
func TestStormsOfAnyShapeEndInSilenceAndEqualStates(t *testing.T) {
	randomStorms(t, "LWWMap", lwwMap)
	randomStorms(t, "Bounded", bounded)
	if !simtest.Long() {
		return
	}
	randomStorms(t, "GSet", gset)
	randomStorms(t, "AddWinsSet", addWins)
	randomStorms(t, "RemoveWins", removeWins)
	randomStorms(t, "Flag", flagOp)
	randomStorms(t, "MVRegister", mvreg)
	randomStorms(t, "ORMap", orMap)
	randomStorms(t, "TombstoneMap", tombstones)
	randomStorms(t, "PNCounter", counter)
	randomStorms(t, "BigSet", bigSet)
	randomStorms(t, "BigAddWins", bigAddWins)
}

// resum corrects the checksum of a garbled message.
func resum(m gossip.Message) gossip.Message {
	if len(m) < 5 {
		return m
	}
	n := len(m) - 4
	binary.LittleEndian.PutUint32(m[n:], uint32(xxh3.Hash(m[:n])))
	return m
}

// forge changes a message to another with the right checksum.
func forge(r *rand.Rand, m gossip.Message) gossip.Message {
	m = slices.Clone(m)
	for range 1 + r.IntN(3) {
		switch r.IntN(4) {
		case 0:
			m[r.IntN(len(m))] = 0xff
		case 1:
			m[r.IntN(len(m))] = byte(r.IntN(4))
		case 2:
			m = slices.Insert(m, r.IntN(len(m)), byte(r.IntN(256)))
		default:
			m[r.IntN(len(m))] ^= 1 << r.IntN(8)
		}
	}
	return resum(m)
}

// garbled has messages whose checksums are right and whose contents are not.
func garbled[S any, P gossip.Pointer[S]](t *testing.T, name string, op subject[S]) {
	for _, protocol := range gossip.Protocols() {
		_, causal := any(new(S)).(crdt.Causal[S])
		if protocol == gossip.CatchUp && !causal {
			continue
		}
		t.Run(fmt.Sprint(name, "/", protocol), func(t *testing.T) {
			for seed := range rsSeeds.Range().All() {
				s := newRS[S, P](t, seed, op, protocol)
				network.OnCorrupt(s.net, forge)
				s.w.Run(sim.Limit{Until: sim.Time(s.until + 8*time.Second)})
				require.Empty(t, s.w.Findings(), "seed %d: %s", seed, s.desc)
				s.w.Close()
			}
		})
	}
}

func TestGarbledMessagesPanicNothing(t *testing.T) {
	garbled(t, "AddWinsSet", addWins)
	if !simtest.Long() {
		return
	}
	garbled(t, "GSet", gset)
	garbled(t, "RemoveWins", removeWins)
	garbled(t, "LWWMap", lwwMap)
	garbled(t, "ORMap", orMap)
	garbled(t, "TombstoneMap", tombstones)
	garbled(t, "PNCounter", counter)
	garbled(t, "Bounded", bounded)
}

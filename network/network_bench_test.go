package network_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// The workloads P1, R1000 and S on which the peers were measured: see
// docs/BENCHMARKS.md.

// lossy configures every kind of noise, at rates that hardly ever strike: what
// is measured is the price of being able to fail.
func lossy(d network.Delay) network.Config {
	rare := network.ProbOf(1e-9)
	return network.Config{Link: network.Link{
		Delay: d, Loss: rare, Duplicate: rare, Reorder: rare, Corrupt: rare,
		Burst: network.GilbertElliott{ToBad: rare, ToGood: network.ProbOf(0.5), LossBad: network.ProbOf(0.5)},
	}}
}

// ponger answers every message with another of the same payload.
type ponger struct {
	ep      *network.Endpoint
	payload any
	left    *int
}

func (p *ponger) Receive(from network.ID, _ any) {
	*p.left--
	p.ep.Send(from, p.payload)
}

func pingPong(w *sim.World, cfg network.Config, left *int) *network.Network {
	n := network.New(w, cfg)
	var payload any = make([]byte, 64)
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		ep.Send(1, payload)
		return &ponger{ep: ep, payload: payload, left: left}
	})
	n.Add("b", func(ep *network.Endpoint) network.Handler {
		return &ponger{ep: ep, payload: payload, left: left}
	})
	return n
}

// BenchmarkP1 bounces one message of 64 bytes between two nodes, 1 ms each way.
func BenchmarkP1(b *testing.B) {
	b.Run("world", func(b *testing.B) { worldP1(b, nil) })
	b.Run("baseline", func(b *testing.B) {
		baseline(b, 2, 1, func(*rand.Rand) time.Duration { return time.Millisecond })
	})
}

// BenchmarkP1Disturbed is P1 with faults in force that hardly ever strike.
func BenchmarkP1Disturbed(b *testing.B) {
	links := network.Complete([]network.ID{0}, []network.ID{1})
	rare := network.ProbOf(1e-9)
	for _, bench := range []struct {
		name  string
		begin func(n *network.Network)
	}{
		{"disturbance", func(n *network.Network) {
			n.Disturb("d", links, network.Noise{Loss: rare, Duplicate: rare, Reorder: rare, Corrupt: rare})
		}},
		{"delay", func(n *network.Network) {
			n.Disturb("d", links, network.Noise{Delay: network.Constant(time.Microsecond)})
		}},
		{"inbox", func(n *network.Network) { n.SetInbox(0, 100) }},
		{"betrayal", func(n *network.Network) {
			n.Betray("b", 0, network.Betrayal{Deceit: network.Garble, Prob: rare})
		}},
	} {
		b.Run(bench.name, func(b *testing.B) { worldP1(b, bench.begin) })
	}
}

func worldP1(b *testing.B, begin func(n *network.Network)) {
	left := b.N
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := pingPong(w, lossy(network.Constant(time.Millisecond)), &left)
	if begin != nil {
		begin(n)
	}
	b.ReportAllocs()
	for left > 0 {
		w.Run(sim.Limit{Stop: func() bool { return left <= 0 }})
		if left > 0 { // the message was lost after all
			w.Host(0).Crash()
			w.Host(0).Restart()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mmessages/s")
}

// router forwards each message to a random peer.
type router struct {
	ep   *network.Endpoint
	pick func(n int) int
	left *int
}

func (r *router) Receive(_ network.ID, msg any) {
	*r.left--
	to := network.ID(r.pick(4))
	if to >= r.ep.ID() {
		to++
	}
	r.ep.Send(to, msg)
}

// BenchmarkR1000 has five nodes forward 1,000 tokens to random peers, each way
// taking 1 to 10 ms.
func BenchmarkR1000(b *testing.B) {
	b.Run("world", worldR1000)
	b.Run("baseline", func(b *testing.B) {
		baseline(b, 5, 1000, func(r *rand.Rand) time.Duration {
			return time.Millisecond + time.Duration(r.Int64N(int64(9*time.Millisecond)))
		})
	})
}

func worldR1000(b *testing.B) {
	left := b.N
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, lossy(network.Uniform(time.Millisecond, 10*time.Millisecond)))
	var payload any = make([]byte, 64)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			r := &router{ep: ep, pick: ep.Rand("peer").IntN, left: &left}
			for range 200 {
				r.Receive(0, payload)
			}
			return r
		})
	}
	b.ReportAllocs()
	w.Run(sim.Limit{Stop: func() bool { return left <= 0 }})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mmessages/s")
}

// BenchmarkS builds a world of two nodes, exchanges 100 messages and tears it
// down.
func BenchmarkS(b *testing.B) {
	b.Run("world", worldS)
	b.Run("baseline", func(b *testing.B) {
		for range b.N {
			loop := newBaseline(2, 1, func(*rand.Rand) time.Duration { return time.Millisecond })
			for range 100 {
				loop.step()
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "worlds/s")
	})
}

func worldS(b *testing.B) {
	cfg := lossy(network.Constant(time.Millisecond))
	b.ReportAllocs()
	for i := range b.N {
		left := 100
		w := sim.New(sim.Config{Seed: uint64(i)})
		pingPong(w, cfg, &left)
		w.Run(sim.Limit{Stop: func() bool { return left <= 0 }})
		w.Close()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "worlds/s")
}

// BenchmarkIdle runs 50 nodes that wait for messages, for a second and for a
// year of virtual time: the cost is that of building them.
func BenchmarkIdle(b *testing.B) {
	for _, d := range []time.Duration{time.Second, 365 * 24 * time.Hour} {
		b.Run("virtual="+d.String(), func(b *testing.B) {
			for range b.N {
				w := sim.New(sim.Config{})
				n := network.New(w, network.Config{})
				for i := range 50 {
					n.Add(fmt.Sprint("n", i), func(*network.Endpoint) network.Handler { return nil })
				}
				w.RunFor(d)
				w.Close()
			}
		})
	}
}

// baselineLoop is what simulators are usually built on: a container/heap of
// pointers to events, a source of randomness for all, a few fates drawn for each
// message; no event stream, no digest, no keyed randomness, no failing hosts.
type baselineLoop struct {
	heap    baselineHeap
	rand    *rand.Rand
	now     time.Duration
	seq     uint64
	nodes   int
	payload any
	delay   func(*rand.Rand) time.Duration
}

func newBaseline(nodes, tokens int, delay func(*rand.Rand) time.Duration) *baselineLoop {
	l := &baselineLoop{rand: rand.New(rand.NewPCG(1, 2)), nodes: nodes, payload: make([]byte, 64), delay: delay}
	for i := range tokens {
		l.send(i % nodes)
	}
	return l
}

func (l *baselineLoop) send(to int) {
	for range 3 { // loss, duplication, reordering
		if l.rand.Float64() < 1e-9 {
			return
		}
	}
	l.seq++
	heap.Push(&l.heap, &baselineEvent{at: l.now + l.delay(l.rand), seq: l.seq, to: to, msg: l.payload})
}

// step delivers a message and has its receiver send one to a random peer.
func (l *baselineLoop) step() {
	e := heap.Pop(&l.heap).(*baselineEvent)
	l.now = e.at
	to := l.rand.IntN(l.nodes - 1)
	if to >= e.to {
		to++
	}
	l.send(to)
}

func baseline(b *testing.B, nodes, tokens int, delay func(*rand.Rand) time.Duration) {
	loop := newBaseline(nodes, tokens, delay)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		loop.step()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mmessages/s")
}

type baselineEvent struct {
	at  time.Duration
	seq uint64
	to  int
	msg any
}

type baselineHeap []*baselineEvent

func (h baselineHeap) Len() int { return len(h) }
func (h baselineHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h baselineHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *baselineHeap) Push(x any)   { *h = append(*h, x.(*baselineEvent)) }
func (h *baselineHeap) Pop() any {
	old := *h
	n := len(old)
	e := old[n-1]
	old[n-1] = nil
	*h = old[:n-1]
	return e
}

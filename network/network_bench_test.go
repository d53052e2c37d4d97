package network_test

import (
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
	first   network.ID // who starts the game, and with whom
	left    *int
}

func (p *ponger) Receive(from network.ID, _ any) {
	*p.left--
	p.ep.Send(from, p.payload)
}

func pingPong(w *sim.World, cfg network.Config, left *int) {
	n := network.New(w, cfg)
	var payload any = make([]byte, 64)
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		ep.Send(1, payload)
		return &ponger{ep: ep, payload: payload, left: left}
	})
	n.Add("b", func(ep *network.Endpoint) network.Handler {
		return &ponger{ep: ep, payload: payload, left: left}
	})
}

// BenchmarkP1 bounces one message of 64 bytes between two nodes, 1 ms each way.
func BenchmarkP1(b *testing.B) {
	left := b.N
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	pingPong(w, lossy(network.Constant(time.Millisecond)), &left)
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

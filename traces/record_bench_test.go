package traces_test

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/traces"
)

// lossy configures every kind of noise, at rates that hardly ever strike, as the
// benchmarks of package network do.
func lossy(d network.Delay) network.Config {
	rare := network.ProbOf(1e-9)
	return network.Config{Link: network.Link{
		Delay: d, Loss: rare, Duplicate: rare, Reorder: rare, Corrupt: rare,
		Burst: network.GilbertElliott{ToBad: rare, ToGood: network.ProbOf(0.5), LossBad: network.ProbOf(0.5)},
	}}
}

type receive func(from network.ID, msg any)

func (f receive) Receive(from network.ID, msg any) { f(from, msg) }

// pingPong bounces one message of 64 bytes between two nodes.
func pingPong(w *sim.World, left *int) {
	n := network.New(w, lossy(network.Constant(time.Millisecond)))
	var payload any = make([]byte, 64)
	node := func(ep *network.Endpoint) network.Handler {
		return receive(func(from network.ID, _ any) {
			*left--
			ep.Send(from, payload)
		})
	}
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		ep.Send(1, payload)
		return node(ep)
	})
	n.Add("b", node)
}

// ring has five nodes forward 1,000 tokens to random peers.
func ring(w *sim.World, left *int) {
	n := network.New(w, lossy(network.Uniform(time.Millisecond, 10*time.Millisecond)))
	var payload any = make([]byte, 64)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			random := ep.Rand("peer")
			forward := func(network.ID, any) {
				*left--
				to := network.ID(random.IntN(4))
				if to >= ep.ID() {
					to++
				}
				ep.Send(to, payload)
			}
			for range 200 {
				forward(0, nil)
			}
			return receive(forward)
		})
	}
}

type put struct {
	Key   string
	Value int
}

type ack struct {
	Stamp uint64
	Ok    bool
}

// register has a client write to each of three replicas, and emit its operations.
func register(w *sim.World, left *int) {
	n := network.New(w, lossy(network.Uniform(time.Millisecond, 10*time.Millisecond)))
	for _, name := range []string{"n1", "n2", "n3"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			stamp := uint64(0)
			return receive(func(from network.ID, msg any) {
				*left--
				stamp++
				ep.Reply(from, msg.(network.Request), ack{stamp, true})
			})
		})
	}
	n.Add("client", func(ep *network.Endpoint) network.Handler {
		ep.Go("work", func(p *network.Proc) {
			for i := 0; ; i++ {
				op := put{"key", i}
				w.Emit(sim.Event{Kind: sim.Invoke, Host: ep.ID(), Peer: sim.NoHost, ID: uint64(i), Value: op})
				out := "ok"
				for to := network.ID(0); to < 3; to++ {
					if _, err := p.Call(to, op, time.Second); err != nil {
						out = "unknown"
					}
				}
				w.Emit(sim.Event{Kind: sim.Return, Host: ep.ID(), Peer: sim.NoHost, ID: uint64(i), Name: out})
			}
		})
		return nil
	})
}

// BenchmarkRecord runs three workloads without and with a recorder that writes
// to a file: ns/op is per message, "x" how many times the run without it takes.
func BenchmarkRecord(b *testing.B) {
	for _, load := range []struct {
		name  string
		build func(*sim.World, *int)
	}{{"P1", pingPong}, {"R1000", ring}, {"register", register}} {
		var alone float64 // ns per message
		b.Run(load.name+"/alone", func(b *testing.B) {
			alone = runRecorded(b, load.build, nil)
		})
		b.Run(load.name+"/recorded", func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "events.phxlog"))
			if err != nil {
				b.Fatal(err)
			}
			out := bufio.NewWriter(file)
			perMessage := runRecorded(b, load.build, out)
			if err := out.Flush(); err != nil {
				b.Fatal(err)
			}
			if alone > 0 {
				b.ReportMetric(perMessage/alone, "x")
			}
			if size, err := file.Seek(0, io.SeekCurrent); err == nil {
				b.ReportMetric(float64(size)/float64(b.N), "bytes/message")
			}
			if err := file.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// runRecorded runs b.N messages, recorded to out unless that is nil, and returns
// how many nanoseconds each took.
func runRecorded(b *testing.B, build func(*sim.World, *int), out io.Writer) float64 {
	left := b.N
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	var rec *traces.Recorder
	if out != nil {
		var err error
		if rec, err = traces.NewRecorder(w, out, traces.Header{Scenario: b.Name()}); err != nil {
			b.Fatal(err)
		}
	}
	build(w, &left)
	b.ReportAllocs()
	b.ResetTimer()
	w.Run(sim.Limit{Stop: func() bool { return left <= 0 }})
	if rec != nil {
		if err := rec.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(b.Elapsed().Nanoseconds()) / float64(b.N)
}

package traces_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// BenchmarkRecord runs three workloads with a recorder that writes to a file and,
// in turns with it, without. All numbers are per message: ns/op is of both runs
// together, "x" is how many times longer the recorded one takes.
func BenchmarkRecord(b *testing.B) {
	for _, load := range []struct {
		name  string
		build func(*sim.World, *int)
	}{{"P1", pingPong}, {"R1000", ring}, {"register", register}} {
		b.Run(load.name, func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "events.phxlog"))
			require.NoError(b, err)
			defer file.Close()
			alone, recorded := newRun(b, load.build, nil), newRun(b, load.build, file)
			defer alone.w.Close()
			defer recorded.w.Close()
			b.ResetTimer()
			for done := 0; done < b.N; done += 10_000 {
				n := min(b.N-done, 10_000)
				alone.messages(n)
				recorded.messages(n)
			}
			start := time.Now()
			require.NoError(b, recorded.rec.Close())
			recorded.took += time.Since(start)
			size, err := file.Seek(0, io.SeekCurrent)
			require.NoError(b, err)
			n := float64(b.N)
			b.ReportMetric(float64(alone.took.Nanoseconds())/n, "ns/alone")
			b.ReportMetric(float64(recorded.took.Nanoseconds())/n, "ns/recorded")
			b.ReportMetric(float64(recorded.took)/float64(alone.took), "x")
			b.ReportMetric(float64(size)/n, "bytes/message")
		})
	}
}

type run struct {
	w    *sim.World
	rec  *traces.Recorder
	left int
	took time.Duration
}

func newRun(b *testing.B, build func(*sim.World, *int), out io.Writer) *run {
	r := &run{w: sim.New(sim.Config{Seed: 1})}
	if out != nil {
		var err error
		r.rec, err = traces.NewRecorder(r.w, out, traces.Header{Scenario: b.Name()})
		require.NoError(b, err)
	}
	build(r.w, &r.left)
	return r
}

func (r *run) messages(n int) {
	r.left += n
	start := time.Now()
	r.w.Run(sim.Limit{Stop: func() bool { return r.left <= 0 }})
	r.took += time.Since(start)
}

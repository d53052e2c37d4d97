package sim

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
)

// PHOLD (Fujimoto, "Performance of Time Warp under synthetic workloads", 1990):
// a fixed number of pending events, each of which schedules its successor after
// an exponential delay.

// phold is a sink that answers each event with a new one. Delays come from a
// table, so that both kernels spend the same on them.
type phold struct {
	w      *World
	id     SinkID
	src    rand.PCG
	delays []Duration
}

func (p *phold) Fire(arg uint64) {
	p.w.Schedule(p.w.Now().Add(p.delays[p.src.Uint64()>>52]), p.id, arg)
}

// exponential returns 4096 quantiles of an exponential delay of mean 1 ms.
func exponential() []Duration {
	r := rand.New(rand.NewPCG(1, 2))
	delays := make([]Duration, 4096)
	for i := range delays {
		delays[i] = 1 + Duration(r.ExpFloat64()*1e6)
	}
	return delays
}

func BenchmarkPHOLD(b *testing.B) {
	for _, pending := range []int{1 << 10, 1 << 16, 1 << 20} {
		b.Run(fmt.Sprintf("world/pending=%d", pending), func(b *testing.B) {
			w := New(Config{})
			p := &phold{w: w, delays: exponential()}
			p.id = w.AddSink(p)
			for i := range pending {
				w.Schedule(Time(p.delays[i&4095]), p.id, uint64(i))
			}
			steps := func(n int) {
				target := w.steps + uint64(n)
				w.Run(Limit{Stop: func() bool { return w.steps >= target }})
			}
			steps(4 * pending) // reach the steady state
			b.ReportAllocs()
			b.ResetTimer()
			steps(b.N)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
		b.Run(fmt.Sprintf("baseline/pending=%d", pending), func(b *testing.B) {
			h := &eventHeap{}
			src := rand.NewPCG(0, 0)
			delays := exponential()
			for i := range pending {
				heap.Push(h, &heapEvent{at: int64(delays[i&4095]), seq: uint64(i)})
			}
			seq := uint64(pending)
			step := func() {
				e := heap.Pop(h).(*heapEvent)
				seq++
				heap.Push(h, &heapEvent{at: e.at + int64(delays[src.Uint64()>>52]), seq: seq})
			}
			for range pending {
				step()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
}

// eventHeap is the loop that most simulators are built on: container/heap over
// pointers to events, ordered by time and then by number.
type eventHeap []*heapEvent

type heapEvent struct {
	at  int64
	seq uint64
}

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(*heapEvent)) }
func (h *eventHeap) Pop() any {
	old := *h
	n := len(old)
	e := old[n-1]
	old[n-1] = nil
	*h = old[:n-1]
	return e
}

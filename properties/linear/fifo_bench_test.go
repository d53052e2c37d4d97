package linear

import (
	"fmt"
	"testing"

	"phoenix/properties"
)

// One queue, a million operations of always-busy clients, half of them
// dequeues, some of which find nothing: right, and with two dequeues near the
// end that took each other's element.
func BenchmarkMonitorQueue(b *testing.B) {
	for _, clients := range []int{4, 16, 64} {
		for stale := range 2 {
			b.Run(fmt.Sprintf("clients=%d/stale=%d", clients, stale), func(b *testing.B) {
				benchmarkMonitorQueue(b, workload{Model: Queue, Operations: 1_000_000, Clients: clients, Stale: stale, Seed: 1})
			})
		}
	}
}

func BenchmarkMonitorQueueWithPending(b *testing.B) {
	benchmarkMonitorQueue(b, workload{Model: Queue, Operations: 1_000_000, Clients: 16, Pending: 1000, Seed: 1})
}

func benchmarkMonitorQueue(b *testing.B, w workload) {
	ops := pointers(generate(w))
	opt := Options{Model: Queue}
	b.ReportAllocs()
	for b.Loop() {
		d, ok := monitorQueue(&opt, ops)
		if !ok || (d.verdict == properties.Pass) != (w.Stale == 0) {
			b.Fatal(ok, d.verdict)
		}
	}
}

// One set, a million operations on many elements, a few on each.
func BenchmarkMonitorSet(b *testing.B) {
	for stale := range 2 {
		b.Run(fmt.Sprintf("stale=%d", stale), func(b *testing.B) {
			ops := pointers(generate(workload{Model: Set, Operations: 1_000_000, Clients: 16, Stale: stale, Seed: 1}))
			opt := Options{Model: Set}
			b.ReportAllocs()
			for b.Loop() {
				d, ok := decideSet(&opt, ops, flagOrder)
				if !ok || (d.verdict == properties.Pass) != (stale == 0) {
					b.Fatal(ok, d.verdict)
				}
			}
		})
	}
}

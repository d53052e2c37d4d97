package linear

import (
	"fmt"
	"testing"

	"phoenix/properties"
)

// One register, a million operations of always-busy clients, half of them
// reads, each write unique: right, and with one stale read near the end.
func BenchmarkMonitorRegister(b *testing.B) {
	for _, clients := range []int{4, 16, 64} {
		for stale := range 2 {
			b.Run(fmt.Sprintf("clients=%d/stale=%d", clients, stale), func(b *testing.B) {
				benchmarkMonitorRegister(b, workload{Operations: 1_000_000, Clients: clients, Stale: stale, Seed: 1})
			})
		}
	}
}

func BenchmarkMonitorRegisterWithCAS(b *testing.B) {
	w := workload{Model: CASRegister, Operations: 1_000_000, Clients: 16, CAS: 30, Pending: 1000, Seed: 1}
	benchmarkMonitorRegister(b, w)
}

func benchmarkMonitorRegister(b *testing.B, w workload) {
	h := generate(w)
	opt := Options{Model: w.Model}
	objects, err := split(h, &opt)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d, ok := monitorRegister(&opt, objects[0].ops)
		if !ok || (d.verdict == properties.Pass) != (w.Stale == 0) {
			b.Fatal(ok, d.verdict)
		}
	}
}

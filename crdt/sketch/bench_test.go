package sketch_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"phoenix/crdt/sketch"
)

func BenchmarkAddRemove(b *testing.B) {
	s, _ := differing(1, 100_000, 0, 0)
	r := rand.New(rand.NewPCG(1, 7))
	for b.Loop() {
		item := r.Uint64()
		s.Add(item)
		s.Remove(item)
	}
}

// Linear times: nanoseconds for each item and for each difference stay about the same.
func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		s, _ := differing(1, n, 0, 0)
		for _, m := range []int{16, 1500} {
			b.Run(fmt.Sprintf("items=%d/symbols=%d", n, m), func(b *testing.B) {
				for b.Loop() {
					s.Encoder(3).Next(m)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, d := range []int{10, 100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("differences=%d", d), func(b *testing.B) {
			there, here := differing(1, 0, d, d)
			_ = there
			block := here.Encoder(3).Next(sketch.FirstSymbols(d))
			none := sketch.NewSet(0)
			for b.Loop() {
				dec := sketch.NewDecoder(none.Encoder(3))
				if err := dec.Feed(block); err != nil {
					b.Fatal(err)
				}
				if d > 100 && !dec.Verified() {
					b.Fatal("not decoded")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(d), "ns/difference")
		})
	}
}

func BenchmarkWalk(b *testing.B) {
	for _, d := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("differences=%d", d), func(b *testing.B) {
			x, y := differing(1, 100_000, d-d/2, d/2)
			for b.Loop() {
				walked(b, x, y, 5, 1<<20)
			}
		})
	}
}

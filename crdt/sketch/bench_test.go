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
			_, there := differing(1, 0, d, 0)
			block := there.Encoder(3).Next(sketch.FirstSymbols(d))
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

// Both sides together find 100 differences in 100,000 items: from symbols, by the trie, and
// from a list of all hashes by a map, the baseline.
func BenchmarkDifference(b *testing.B) {
	const d = 100
	x, y := differing(1, 100_000, d/2, d/2)
	b.Run("coded", func(b *testing.B) {
		for b.Loop() {
			there, dec := y.Encoder(5), sketch.NewDecoder(x.Encoder(5))
			for !dec.Verified() {
				if err := dec.Feed(there.Next(sketch.FirstSymbols(d))); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("standing", func(b *testing.B) { // 20 of them, which is what these are for
		x, y := differing(2, 100_000, 10, 10)
		for b.Loop() {
			dec := sketch.NewDecoder(x.Standing())
			if err := dec.Feed(y.Standing().Next(sketch.StandingSymbols)); err != nil || !dec.Verified() {
				b.Fatal(err)
			}
		}
	})
	b.Run("trie", func(b *testing.B) {
		for b.Loop() {
			walked(b, x, y, 5, 1<<20)
		}
	})
	b.Run("map", func(b *testing.B) {
		for b.Loop() {
			theirs := map[uint64]bool{}
			for item := range y.All() {
				theirs[item] = true
			}
			extra := 0
			for item := range x.All() {
				if !theirs[item] {
					extra++
				}
				delete(theirs, item)
			}
			if extra+len(theirs) != d {
				b.Fatal(extra, len(theirs))
			}
		}
	})
}

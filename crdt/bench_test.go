package crdt_test

import (
	"fmt"
	"runtime"
	"testing"

	"phoenix/crdt"
)

const elements = 100_000

var names = func() []string {
	out := make([]string, elements)
	for i := range out {
		out[i] = fmt.Sprintf("element-%06d", i)
	}
	return out
}()

// added adds all elements, over three replicas in turn, each to its own copy.
func added() *[3]crdt.AddWinsSet[string] {
	copies := &[3]crdt.AddWinsSet[string]{}
	for i, name := range names {
		copies[i%3].Add(crdt.Replica(i%3+1), name)
	}
	return copies
}

func full3() *crdt.AddWinsSet[string] {
	copies := added()
	copies[0].Merge(&copies[1])
	copies[0].Merge(&copies[2])
	return &copies[0]
}

func BenchmarkAddWinsSetAdd(b *testing.B) {
	for range b.N {
		added()
	}
	b.ReportMetric(float64(b.N)*elements/b.Elapsed().Seconds()/1e6, "Madds/s")
	b.ReportMetric(0, "ns/op")
}

// The first merge brings two thirds of the elements, the second finds all there.
func BenchmarkAddWinsSetMergeNew(b *testing.B) {
	for range b.N {
		b.StopTimer()
		copies := added()
		b.StartTimer()
		copies[0].Merge(&copies[1])
		copies[0].Merge(&copies[2])
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/(elements*2/3), "ns/element")
}

func BenchmarkAddWinsSetMergeEqual(b *testing.B) {
	x := full3()
	y := crdt.Clone(x)
	for b.Loop() {
		x.Merge(y)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/elements, "ns/element")
}

// What three copies with all elements take, the bytes of the strings apart: those are shared.
func BenchmarkAddWinsSetHeap(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	copies := added()
	for i := range copies {
		for j := range copies {
			copies[i].Merge(&copies[j])
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/elements/3, "B/element")
	runtime.KeepAlive(copies)
}

func BenchmarkAddWinsSetOneElementDelta(b *testing.B) {
	const batch = 1000
	first := full3()
	s, other := crdt.Clone(first), crdt.Clone(first)
	deltas := make([]*crdt.AddWinsSet[string], batch)
	b.ResetTimer()
	for i := range b.N {
		if i%batch == 0 {
			b.StopTimer()
			if i%(20*batch) == 0 { // it is to stay near 1e5 elements
				s, other = crdt.Clone(first), crdt.Clone(first)
			}
			for j := range deltas {
				deltas[j] = other.Add(9, names[(i+j*97)%elements])
			}
			b.StartTimer()
		}
		s.Merge(deltas[i%batch])
	}
}

func BenchmarkAddWinsSetNewElementDelta(b *testing.B) {
	const batch = 1000
	first := full3()
	s, other := crdt.Clone(first), crdt.Clone(first)
	deltas := make([]*crdt.AddWinsSet[string], batch)
	b.ResetTimer()
	for i := range b.N {
		if i%batch == 0 {
			b.StopTimer()
			if i%(20*batch) == 0 { // it is to stay near 1e5 elements
				s, other = crdt.Clone(first), crdt.Clone(first)
			}
			for j := range deltas {
				deltas[j] = other.Add(9, fmt.Sprint("new", i+j))
			}
			b.StartTimer()
		}
		s.Merge(deltas[i%batch])
	}
}

// What a peer lacks that is 50 events behind: the same, however many elements there are.
func BenchmarkAddWinsSetDeltaSince(b *testing.B) {
	for _, n := range []int{1_000, 30_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var s crdt.AddWinsSet[int]
			for i := range n {
				s.Add(crdt.Replica(i%3+1), i)
			}
			since := s.Context()
			for i := range 50 {
				s.Add(1, i*n/50)
			}
			for b.Loop() {
				s.Delta(since)
			}
		})
	}
}

// Of 500 replicas in turn, as when each host comes back under a new name.
func BenchmarkAddWinsSetAddChurn(b *testing.B) {
	var s crdt.AddWinsSet[string]
	for i := range b.N {
		s.Add(crdt.Replica(i%500), names[i%elements])
	}
}

func BenchmarkPNCounterMerge64(b *testing.B) {
	var x, y crdt.PNCounter
	for r := range crdt.Replica(64) {
		x.Add(r, int64(r)+1)
		y.Add(r, int64(100-r))
	}
	for b.Loop() {
		x.Merge(&y)
	}
}

func BenchmarkLWWMapDelta(b *testing.B) {
	var s crdt.LWWMap[string, string]
	for i, k := range names {
		s.Set(crdt.Stamp{Time: int64(i), Replica: 1}, k, k)
	}
	b.ResetTimer()
	for round := range b.N {
		b.StopTimer()
		var d crdt.LWWMap[string, string]
		for i := range elements / 100 {
			d.Set(crdt.Stamp{Time: int64(elements + round), Replica: 2}, names[(i*100+round)%elements], "new")
		}
		b.StartTimer()
		s.Merge(&d)
	}
}

func BenchmarkAddWinsSetEncode(b *testing.B) {
	s := full3()
	var data []byte
	for b.Loop() {
		data, _ = s.AppendBinary(data[:0])
	}
	b.ReportMetric(float64(len(data))/elements, "B/element")
}

func BenchmarkAddWinsSetDecode(b *testing.B) {
	data, _ := full3().AppendBinary(nil)
	for b.Loop() {
		var s crdt.AddWinsSet[string]
		if err := s.UnmarshalBinary(data); err != nil {
			b.Fatal(err)
		}
	}
}

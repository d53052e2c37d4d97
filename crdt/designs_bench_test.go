package crdt_test

import (
	"maps"
	"testing"

	"phoenix/crdt"
)

// The two usual designs of an observed-remove set, on the maps of the language and
// with no more than the work they need, to measure beside ours in one run.

// tagSet is that of the study (Shapiro et al. 2011, section 3.3.5): each add has a
// tag of its own, and removed tags are kept for ever. It needs no delta: a set of
// one tag is one.
type tagSet struct {
	in   map[string]map[crdt.Dot]struct{}
	gone map[crdt.Dot]struct{}
	next uint64
}

func newTagSet() *tagSet {
	return &tagSet{in: map[string]map[crdt.Dot]struct{}{}, gone: map[crdt.Dot]struct{}{}}
}

func (s *tagSet) put(e string, d crdt.Dot) {
	if s.in[e] == nil {
		s.in[e] = map[crdt.Dot]struct{}{}
	}
	s.in[e][d] = struct{}{}
}

func (s *tagSet) add(r crdt.Replica, e string) *tagSet {
	s.next++
	d := newTagSet()
	d.put(e, crdt.Dot{Replica: r, Counter: s.next})
	s.merge(d)
	return d
}

func (s *tagSet) merge(o *tagSet) {
	maps.Copy(s.gone, o.gone)
	for e, tags := range o.in {
		for d := range tags {
			if _, dead := s.gone[d]; !dead {
				s.put(e, d)
			}
		}
	}
	for d := range o.gone {
		for e := range s.in {
			delete(s.in[e], d)
		}
	}
}

// vectorSet is the optimized one, without tombstones (Bieniusa et al. 2012): a version
// vector and a dot for each element. A merge scans both sides whole.
type vectorSet struct {
	in   map[string]crdt.Dot
	seen map[crdt.Replica]uint64
}

func newVectorSet() *vectorSet {
	return &vectorSet{map[string]crdt.Dot{}, map[crdt.Replica]uint64{}}
}

func (s *vectorSet) add(r crdt.Replica, e string) {
	s.seen[r]++
	s.in[e] = crdt.Dot{Replica: r, Counter: s.seen[r]}
}

func (s *vectorSet) merge(o *vectorSet) {
	for e, d := range s.in {
		if d.Counter <= o.seen[d.Replica] && o.in[e] != d {
			delete(s.in, e)
		}
	}
	for e, d := range o.in {
		if d.Counter > s.seen[d.Replica] {
			s.in[e] = d
		}
	}
	for r, n := range o.seen {
		s.seen[r] = max(s.seen[r], n)
	}
}

func tagSets() (copies [3]*tagSet) {
	for i := range copies {
		copies[i] = newTagSet()
	}
	for i, name := range names {
		copies[i%3].add(crdt.Replica(i%3+1), name)
	}
	return copies
}

func vectorSets() (copies [3]*vectorSet) {
	for i := range copies {
		copies[i] = newVectorSet()
	}
	for i, name := range names {
		copies[i%3].add(crdt.Replica(i%3+1), name)
	}
	return copies
}

// each runs a benchmark of every design, and reports nanoseconds for each of n things it does.
func each(b *testing.B, n int, designs map[string]func(b *testing.B)) {
	for _, name := range []string{"ours", "vector", "tags", "map"} {
		if run := designs[name]; run != nil {
			b.Run(name, func(b *testing.B) {
				run(b)
				b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(n), "ns/each")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func BenchmarkDesignsAdd(b *testing.B) {
	each(b, elements, map[string]func(*testing.B){
		"ours": func(b *testing.B) {
			for range b.N {
				added()
			}
		},
		"vector": func(b *testing.B) {
			for range b.N {
				vectorSets()
			}
		},
		"tags": func(b *testing.B) {
			for range b.N {
				tagSets()
			}
		},
	})
}

// made measures do on what make made, which is not measured.
func made[T any](make func() T, do func(T)) func(*testing.B) {
	return func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			v := make()
			b.StartTimer()
			do(v)
		}
	}
}

// Two thirds of the elements are new to the first copy.
func BenchmarkDesignsMerge(b *testing.B) {
	each(b, elements*2/3, map[string]func(*testing.B){
		"ours":   made(added, func(c *[3]crdt.AddWinsSet[string]) { c[0].Merge(&c[1]); c[0].Merge(&c[2]) }),
		"vector": made(vectorSets, func(c [3]*vectorSet) { c[0].merge(c[1]); c[0].merge(c[2]) }),
		"tags":   made(tagSets, func(c [3]*tagSet) { c[0].merge(c[1]); c[0].merge(c[2]) }),
	})
}

// One event onto 1e5 elements. The optimized set has no delta: it merges the other's whole state.
func BenchmarkDesignsOneEvent(b *testing.B) {
	each(b, 1, map[string]func(*testing.B){
		"ours": BenchmarkAddWinsSetNewElementDelta,
		"vector": func(b *testing.B) {
			c := vectorSets()
			c[0].merge(c[1])
			c[0].merge(c[2])
			c[1].merge(c[0])
			b.ResetTimer()
			for i := range b.N {
				c[1].add(2, names[i%elements])
				c[0].merge(c[1])
			}
		},
		"tags": func(b *testing.B) {
			c := tagSets()
			c[0].merge(c[1])
			c[0].merge(c[2])
			deltas := make([]*tagSet, 1000)
			b.ResetTimer()
			for i := range b.N {
				if i%len(deltas) == 0 {
					b.StopTimer()
					for j := range deltas {
						deltas[j] = c[1].add(2, names[(i+j*97)%elements])
					}
					b.StartTimer()
				}
				c[0].merge(deltas[i%len(deltas)])
			}
		},
	})
}

func BenchmarkDesignsPNCounter(b *testing.B) {
	each(b, 1, map[string]func(*testing.B){
		"ours": BenchmarkPNCounterMerge64,
		"map": func(b *testing.B) {
			x, y := map[crdt.Replica][2]uint64{}, map[crdt.Replica][2]uint64{}
			for r := range crdt.Replica(64) {
				x[r], y[r] = [2]uint64{uint64(r) + 1}, [2]uint64{uint64(100 - r)}
			}
			for b.Loop() {
				for r, n := range y {
					x[r] = [2]uint64{max(x[r][0], n[0]), max(x[r][1], n[1])}
				}
			}
		},
	})
}

func BenchmarkDesignsLWWMap(b *testing.B) {
	type entry struct {
		stamp crdt.Stamp
		val   string
	}
	each(b, 1, map[string]func(*testing.B){
		"ours": BenchmarkLWWMapDelta,
		"map": func(b *testing.B) {
			s := map[string]entry{}
			for i, k := range names {
				s[k] = entry{crdt.Stamp{Time: int64(i), Replica: 1}, k}
			}
			b.ResetTimer()
			for round := range b.N {
				b.StopTimer()
				d := map[string]entry{}
				for i := range elements / 100 {
					d[names[(i*100+round)%elements]] = entry{crdt.Stamp{Time: int64(elements + round), Replica: 2}, "new"}
				}
				b.StartTimer()
				for k, e := range d {
					if e.stamp.Compare(s[k].stamp) > 0 {
						s[k] = e
					}
				}
			}
		},
	})
}

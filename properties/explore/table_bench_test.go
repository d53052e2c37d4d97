package explore

import (
	"fmt"
	"math/bits"
	"runtime"
	"sync"
	"testing"
)

// load is a stream of fingerprints like that of a search: the i-th of inserts is drawn from
// as many states as have been found by then, so that unique of them are new at most.
type load struct {
	name            string
	inserts, unique uint64
}

// The first is like two-phase commit with 8 resource managers.
var loads = []load{{"duplicates", 18_500_000, 1_750_000}, {"unique", 40_000_000, 40_000_000}}

// fingerprint returns the i-th of l: each state once, at even distances, and draws between.
func (l load) fingerprint(i uint64) uint64 {
	hi, lo := bits.Mul64(i, l.unique)
	found, rest := bits.Div64(hi, lo, l.inserts)
	if rest < l.unique || found == 0 {
		return mixed(found)
	}
	draw, _ := bits.Mul64(mixed(^i), found)
	return mixed(draw)
}

// mixed is the finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014, figure 15).
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

const benchBatch = 512

// each calls insert with the batches of fingerprints of one of several workers.
func (l load) each(worker, workers int, insert func([]uint64)) {
	batch := make([]uint64, 0, benchBatch)
	for from := uint64(worker) * benchBatch; from < l.inserts; from += uint64(workers) * benchBatch {
		batch = batch[:0]
		for i := from; i < min(from+benchBatch, l.inserts); i++ {
			batch = append(batch, l.fingerprint(i))
		}
		insert(batch)
	}
}

func (l load) report(b *testing.B, bytes, states uint64) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(l.inserts)/float64(b.N), "ns/insert")
	b.ReportMetric(float64(bytes)/float64(states), "B/state")
}

func BenchmarkTable(b *testing.B) {
	for _, l := range loads {
		for _, maxDepth := range []int{0, 100} {
			for _, workers := range []int{1, 2, 4} {
				for _, batched := range []bool{false, true} {
					if maxDepth > 0 && batched {
						continue
					}
					b.Run(fmt.Sprintf("%s/depth=%d/workers=%d/batched=%t", l.name, maxDepth, workers, batched), func(b *testing.B) {
						var t *table
						for b.Loop() {
							t = fill(l, maxDepth, workers, batched)
						}
						l.report(b, t.bytes(), t.len())
					})
				}
			}
		}
	}
}

// fill inserts l into a new table.
func fill(l load, maxDepth, workers int, batched bool) *table {
	t := newTable(maxDepth)
	var running sync.WaitGroup
	handles := make([]*worker, workers)
	for i := range handles {
		handles[i] = t.worker()
	}
	for i, w := range handles {
		running.Go(func() {
			added := make([]bool, benchBatch)
			l.each(i, workers, func(batch []uint64) {
				w.enter()
				defer w.leave()
				switch {
				case batched:
					w.insertAll(batch, added)
				case maxDepth > 0:
					for _, fp := range batch {
						w.insertDepth(fp, int(fp%uint64(maxDepth)))
					}
				default:
					for _, fp := range batch {
						w.insert(fp)
					}
				}
			})
		})
	}
	running.Wait()
	return t
}

// BenchmarkGenerate is what the fingerprints of the other benchmarks cost.
func BenchmarkGenerate(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			var sum uint64
			for b.Loop() {
				l.each(0, 1, func(batch []uint64) { sum += batch[0] })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(l.inserts)/float64(b.N), "ns/insert")
		})
	}
}

// BenchmarkMap is the set that Go has.
func BenchmarkMap(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			before := heap()
			var set map[uint64]struct{}
			for b.Loop() {
				set = map[uint64]struct{}{}
				l.each(0, 1, func(batch []uint64) {
					for _, fp := range batch {
						set[fp] = struct{}{}
					}
				})
			}
			l.report(b, heap()-before, uint64(len(set)))
		})
	}
}

// heap returns the bytes that are reachable.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

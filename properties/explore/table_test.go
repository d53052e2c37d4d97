package explore

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// solo returns a table and its only worker, which has entered.
func solo(maxDepth int) (*table, *worker) {
	t := newTable(maxDepth)
	w := t.worker()
	w.enter()
	return t, w
}

func TestTableAgreesWithAMapOverManyGrowths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, w := solo(0)
		want := map[uint64]bool{}
		from := rapid.Uint64().Draw(t, "from")
		scramble := rapid.SampledFrom([]func(uint64) uint64{mixed,
			func(i uint64) uint64 { return i }, func(i uint64) uint64 { return i << 40 }}).Draw(t, "scramble")
		states := rapid.SampledFrom([]uint64{100_000, 20_000, 50}).Draw(t, "states")
		for range rapid.IntRange(1, 20).Draw(t, "batches") {
			batch := make([]uint64, rapid.SampledFrom([]int{5_000, 33, 1}).Draw(t, "inserts"))
			for i := range batch {
				from++
				batch[i] = scramble(mixed(from) % states)
			}
			added := make([]bool, len(batch))
			if rapid.Bool().Draw(t, "all at once") {
				w.insertAll(batch, added)
			} else {
				for i, fp := range batch {
					_, added[i] = w.insert(fp)
				}
			}
			for i, fp := range batch {
				if added[i] == want[fp] {
					t.Fatalf("added %t, known %t: %#x", added[i], want[fp], fp)
				}
				want[fp] = true
			}
		}
		w.leave()
		require.Equal(t, uint64(len(want)), set.len())
		for i := range states {
			fp := scramble(i)
			if set.has(fp) != want[fp] {
				t.Fatalf("has %t, want %t: %#x", set.has(fp), want[fp], fp)
			}
		}
	})
}

func TestZeroIsAFingerprintLikeOthers(t *testing.T) {
	set, w := solo(0)
	require.False(t, set.has(0))
	_, first := w.insert(0)
	_, second := w.insert(0)
	require.True(t, first)
	require.False(t, second)
	require.True(t, set.has(0))
}

func TestEveryFingerprintIsAddedOnceByAnyNumberOfWorkers(t *testing.T) {
	states := 200_000
	if testing.Short() {
		states = 30_000 // the race detector makes each dear
	}
	for _, maxDepth := range []int{0, 100, 1 << 20} {
		for _, workers := range []int{1, 2, 4, 8} {
			t.Run(fmt.Sprintf("%d workers, depth %d", workers, maxDepth), func(t *testing.T) {
				set := newTable(maxDepth)
				handles := make([]visitedAndMarked, workers)
				for i := range handles {
					handles[i] = set.worker()
				}
				var done atomic.Bool
				var watching sync.WaitGroup
				watching.Go(func() {
					for last := uint64(0); !done.Load(); last = set.bytes() {
						if set.bytes() < last || set.len() > uint64(states) {
							panic("a table does not shrink, nor hold more than there is")
						}
						runtime.Gosched()
					}
				})
				requireEachAddedOnce(t, handles, states, maxDepth)
				done.Store(true)
				watching.Wait()
				require.Equal(t, uint64(states), set.len())
				for i := range uint64(states) {
					if !set.has(mixed(i)) {
						t.Fatalf("state %d is not there", i)
					}
				}
			})
		}
	}
}

// requireEachAddedOnce lets every worker insert all states, and mark them if there are depths,
// each beginning elsewhere, and requires that each was added and marked once and has its least
// depth in the end.
func requireEachAddedOnce(t *testing.T, handles []visitedAndMarked, states, maxDepth int) {
	t.Helper()
	row := func(i int) []uint32 { return []uint32{uint32(i), 7} }
	depth := func(i, worker int) int { return int(mixed(uint64(i*8+worker)) % uint64(maxDepth+1)) }
	added, first := make([]atomic.Int32, states), make([]atomic.Int32, states)
	count := func(counts []atomic.Int32, i int, yes bool) {
		if yes {
			counts[i].Add(1)
		}
	}
	var running sync.WaitGroup
	for k, w := range handles {
		running.Go(func() {
			for n := range states {
				if n%300 == 0 {
					w.enter()
				}
				i := (n + k*states/len(handles)/2) % states
				if maxDepth == 0 {
					count(added, i, w.insertRow(mixed(uint64(i)), row(i)))
				} else {
					isNew, _ := w.insertRowDepth(mixed(uint64(i)), row(i), depth(i, k))
					count(added, i, isNew)
					count(first, i, w.markRow(mixed(uint64(i)), row(i)))
				}
				if n%300 == 299 || n == states-1 {
					w.leave()
				}
			}
		})
	}
	running.Wait()
	w := handles[0]
	w.enter()
	defer w.leave()
	for i := range states {
		least := maxDepth
		for k := range handles {
			least = min(least, depth(i, k))
		}
		if times := added[i].Load(); times != 1 {
			t.Fatalf("state %d was added %d times", i, times)
		}
		if maxDepth == 0 {
			continue
		}
		if times := first[i].Load(); times != 1 {
			t.Fatalf("state %d was marked first %d times", i, times)
		}
		_, same := w.insertRowDepth(mixed(uint64(i)), row(i), least)
		less := least == 0
		if !less {
			_, less = w.insertRowDepth(mixed(uint64(i)), row(i), least-1)
		}
		if same || !less {
			t.Fatalf("state %d: depth %d improves %t, one less %t", i, least, same, less)
		}
	}
}

// visitedAndMarked is a hold on either set.
type visitedAndMarked interface {
	visited
	markRow(fp uint64, row []uint32) (first bool)
}

func TestDepthsAreTheLeastInsertedAndMarksStay(t *testing.T) {
	for _, maxDepth := range []int{1, 1<<15 - 2, 1<<15 - 1, 1<<31 - 2} {
		rapid.Check(t, func(t *rapid.T) {
			_, w := solo(maxDepth)
			want, marks := map[uint64]int{}, map[uint64]bool{}
			from := rapid.Uint64().Draw(t, "from")
			states := rapid.SampledFrom([]uint64{100, 30_000}).Draw(t, "states")
			for i := range rapid.SampledFrom([]uint64{40_000, 1_000, 10}).Draw(t, "inserts") {
				fp := mixed(from+i) % states
				depth := int(mixed(^i) % uint64(maxDepth+1))
				added, improved := w.insertDepth(fp, depth)
				least, known := want[fp]
				if added == known || improved != (!known || depth < least) {
					t.Fatalf("added %t, improved %t, was %d (%t), is %d", added, improved, least, known, depth)
				}
				if improved {
					want[fp] = depth
				}
				if i%3 == 0 && w.mark(fp) == marks[fp] {
					t.Fatalf("first mark, was marked %t", marks[fp])
				}
				marks[fp] = marks[fp] || i%3 == 0
			}
		})
	}
}

func TestDepthsThatDoNotFitAreRefused(t *testing.T) {
	_, w := solo(10)
	require.Panics(t, func() { w.insertDepth(1, 1<<15-1) })
	require.Panics(t, func() { w.insertDepth(1, -1) })
	require.Panics(t, func() { w.mark(2) }, "not in the set")
	_, none := solo(0)
	none.insert(1)
	require.Panics(t, func() { none.mark(1) })
	require.Panics(t, func() { none.insertDepth(1, 0) })
	require.Panics(t, func() { newTable(-1) })
	require.Equal(t, uint(32), newTable(1<<40).depthBits)
}

// What the growths allocate is all that was ever allocated, so that there is no second copy
// at any time: the bound holds during growths as well.
func TestMemoryIsAtMost15BytesAState(t *testing.T) {
	for _, c := range []struct {
		maxDepth int
		bound    float64
	}{{0, 14.3}, {100, 15.9}, {1 << 20, 19.1}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		set, w := solo(c.maxDepth)
		worst := 0.0 // bytes a state
		for i := range uint64(1_500_000) {
			w.insert(mixed(i))
			if i >= 100_000 {
				worst = max(worst, float64(set.bytes())/float64(i+1))
			}
		}
		runtime.ReadMemStats(&after)
		require.Less(t, worst, c.bound)
		require.Greater(t, worst, c.bound-0.3, "the bound is not loose")
		require.InEpsilon(t, set.bytes(), after.TotalAlloc-before.TotalAlloc, 0.03)
	}
}

func TestSequencesSpreadOverTheTable(t *testing.T) {
	for _, shift := range []int{0, 20, 40} {
		set, w := solo(0)
		const n = 500_000
		for i := range uint64(n) {
			w.insert(i << shift)
		}
		var displaced, seen uint64
		for i := range set.shards {
			for pos := range set.shardSlots() {
				if key := *set.shards[i].at(pos); key != 0 {
					_, home := set.home(key)
					displaced += pos - home
					seen++
				}
			}
		}
		require.Equal(t, uint64(n), seen)
		require.Less(t, displaced, uint64(3*n))
	}
}

func TestFingerprintsThatCrowdAreRefused(t *testing.T) {
	_, w := solo(0)
	inverse := uint64(1) // of the multiplier of spread, by Newton's iteration
	for range 6 {
		inverse *= 2 - spread(1)*inverse
	}
	require.Equal(t, uint64(5), spread(5*inverse))
	require.PanicsWithValue(t, "explore: fingerprints are not mixed: 1024 of them overflow a part of a table "+
		"with room for 12185", func() {
		for i := range uint64(2_000) {
			w.insert((i + 1) * inverse)
		}
	})
}

func TestSlotsOfAFrozenTableAreDistinctAndStay(t *testing.T) {
	set, w := solo(0)
	const n = 100_000
	for i := range uint64(n) {
		w.insert(mixed(i))
	}
	require.Panics(t, func() { set.slot(mixed(1)) }, "not frozen")
	require.Panics(t, set.freeze, "a worker is inside")
	require.Panics(t, func() { set.worker() }, "a worker is inside")
	w.leave()
	require.Panics(t, func() { w.insert(mixed(n)) }, "nobody is inside")
	set.freeze()
	taken := make([]bool, set.slots())
	for i := range uint64(n) {
		slot := set.slot(mixed(i))
		require.False(t, taken[slot])
		taken[slot] = true
	}
	w.enter()
	slot, added := w.insert(mixed(3))
	require.False(t, added, "what is there may be inserted again")
	require.Equal(t, set.slot(mixed(3)), slot)
	require.Panics(t, func() { w.insert(mixed(n)) })
	require.Panics(t, func() { set.slot(mixed(n)) })
	require.Equal(t, uint64(n), set.len())
}

func TestCollisionsAreExpectedAtTheBirthdayBound(t *testing.T) {
	require.Equal(t, 0.5, collisions(1<<32))
	require.Equal(t, 1.0/(1<<25), collisions(1<<20))
	require.Zero(t, collisions(0))
}

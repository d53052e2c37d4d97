package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sorted is what queue must behave like: a list, sorted stably when it is read.
type sorted struct {
	items []item
	dirty bool
}

func (s *sorted) push(it item) {
	s.items = append(s.items, it)
	s.dirty = true
}

func (s *sorted) sort() []item {
	if s.dirty {
		slices.SortStableFunc(s.items, func(a, b item) int { return cmp.Compare(a.at, b.at) })
		s.dirty = false
	}
	return s.items
}

func (s *sorted) take(i int) item {
	it := s.sort()[i]
	copy(s.items[1:i+1], s.items[:i])
	s.items = s.items[1:]
	return it
}

func (s *sorted) ready() []item {
	n := 0
	for n < len(s.sort()) && s.items[n].at == s.items[0].at {
		n++
	}
	return s.items[:n]
}

// delay draws how far ahead something is scheduled: mostly near, at times at a
// power of two or beyond the end of time.
func delay(t *rapid.T) Duration {
	return Duration(rapid.OneOf(
		rapid.Int64Range(0, 3),
		rapid.Int64Range(0, 1000),
		rapid.Int64Range(0, int64(time.Hour)),
		rapid.Map(rapid.IntRange(0, 62), func(i int) int64 { return 1 << i }),
		rapid.Just(int64(Forever)),
	).Draw(t, "delay"))
}

// TestQueueIsASortedList drives both with what a world does: whatever time is
// looked up to becomes the present, and pushes are not before it.
func TestQueueIsASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var model sorted
		var now Time
		number := uint64(0)
		removed := func(want, got item) {
			require.Equal(t, want, got)
			now = got.at
		}
		due := func(limit Time) bool {
			require.Equal(t, len(model.items) > 0 && model.sort()[0].at <= limit, q.due(limit))
			return q.due(limit)
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { require.Equal(t, len(model.items), q.n) },
			"push": func(t *rapid.T) {
				at := now.Add(delay(t))
				for range rapid.OneOf(rapid.Just(1), rapid.IntRange(2, 300)).Draw(t, "copies") {
					number++
					it := item{at: at, cause: number}
					q.push(it)
					model.push(it)
				}
			},
			"burst": func(t *rapid.T) {
				r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				width := rapid.Int64Range(1, 1<<40).Draw(t, "width")
				for range rapid.IntRange(1, 400).Draw(t, "n") {
					number++
					it := item{at: now.Add(Duration(r.Int64N(width))), cause: number}
					q.push(it)
					model.push(it)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, 500).Draw(t, "n") {
					if due(Forever) {
						removed(model.take(0), q.pop())
					}
				}
			},
			"take": func(t *rapid.T) {
				if due(Forever) {
					ready := q.ready()
					if ready[0].at < Forever {
						require.Equal(t, model.ready(), ready)
					}
					i := rapid.IntRange(0, len(ready)-1).Draw(t, "i")
					removed(model.take(i), q.take(i))
				}
			},
			"run": func(t *rapid.T) {
				limit := now.Add(delay(t))
				for due(limit) {
					removed(model.take(0), q.pop())
				}
				now = limit
			},
			"sweep": func(t *rapid.T) {
				m := rapid.Uint64Range(1, 5).Draw(t, "m")
				keep := func(it item) bool { return it.cause%m != 0 }
				q.sweep(keep)
				model.items = slices.DeleteFunc(model.sort(), func(it item) bool { return !keep(it) })
			},
			"reset": func(*rapid.T) {
				q.reset()
				model, now = sorted{}, 0
			},
		})
	})
}

func TestQueueIsFirstInFirstOutAtEveryTime(t *testing.T) {
	var q queue
	for i := range uint64(1000) {
		q.push(item{at: 1 << 40, cause: i})
		q.push(item{at: Forever, cause: i})
	}
	for _, at := range []Time{1 << 40, Forever} {
		for i := range uint64(1000) {
			require.True(t, q.due(at))
			require.Equal(t, item{at: at, cause: i}, q.pop())
		}
	}
	require.Zero(t, q.n)
}

func TestQueueAllocatesNothingInTheSteadyState(t *testing.T) {
	var q queue
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 5000 {
		q.push(item{at: Time(r.Int64N(int64(time.Second))), what: uint64(i)})
	}
	turn := func() {
		q.due(Forever)
		it := q.pop()
		it.at = it.at.Add(Duration(r.Int64N(int64(time.Second))))
		q.push(it)
	}
	for range 100000 {
		turn()
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for range 1000 {
			turn()
		}
	}))
}

// A single far item makes a wide front. What is pushed into it must not be sorted
// in one by one: a cluster that wakes up sends that much at once.
func TestABurstAfterSilenceDoesNotPileUpInTheFront(t *testing.T) {
	var q queue
	start := Time(5 * time.Second)
	q.push(item{at: start})
	require.True(t, q.due(Forever))
	q.pop()
	r := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		q.push(item{at: start.Add(Duration(r.Int64N(int64(time.Second))))})
		require.LessOrEqual(t, len(q.front)-q.head, frontLimit)
	}
}

// A front that never runs empty must not keep what has left it.
func TestALongLivedFrontReusesItsMemory(t *testing.T) {
	var q queue
	q.push(item{at: 1 << 50})
	require.True(t, q.due(Forever))
	now := q.pop().at
	for range 4 {
		q.push(item{at: now})
	}
	for range 100000 {
		require.True(t, q.due(Forever))
		q.push(item{at: q.pop().at.Add(10)})
	}
	require.Less(t, cap(q.front), 1000)
}

// Looking for what is due soon must not commit the queue to what lies far ahead.
func TestLookingAheadLeavesRoomForEarlierPushes(t *testing.T) {
	var q queue
	var model sorted
	r := rand.New(rand.NewPCG(1, 2))
	burst := func(n int, from Time) {
		for range n {
			it := item{at: from.Add(Duration(r.Int64N(int64(time.Minute)))), cause: uint64(q.n)}
			q.push(it)
			model.push(it)
		}
	}
	burst(1000, Time(time.Hour))
	require.False(t, q.due(Time(time.Second)))
	burst(1000, Time(time.Second))
	for range 2000 {
		require.True(t, q.due(Forever))
		require.Equal(t, model.take(0), q.pop())
	}
	require.False(t, q.due(Forever))
}

package explore

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/sim"
)

// tangle is a state with everything in it that may share memory.
type tangle struct {
	Ep    *network.Endpoint
	n     int
	log   []knot
	tail  []knot // part of log, or of what it was
	last  *knot  // in log, or of its own
	names map[string][]int
	inner map[int]map[int]*knot
	any   any
	fixed [3]*knot
	set   map[knotKey]struct{}
	next  *tangle
}

type knot struct {
	value int
	Text  string
	more  []int
}

type knotKey struct {
	a int8
	b int64 // behind padding
}

// change changes something, by a number.
func (x *tangle) change(t *rapid.T) {
	i := rapid.IntRange(0, 3).Draw(t, "i")
	switch rapid.IntRange(0, 15).Draw(t, "change") {
	case 0:
		x.n++
	case 1:
		x.log = append(x.log, knot{value: i, more: []int{i}})
	case 2:
		x.log = x.log[:min(i, len(x.log))]
	case 3:
		x.tail = x.log[min(i, len(x.log)):]
	case 4:
		if i < len(x.log) {
			x.last = &x.log[i]
		}
	case 5:
		if x.last != nil {
			x.last.value += 10
		}
	case 6:
		x.names = map[string][]int{}
	case 7:
		x.names = nil
	case 8:
		if x.names != nil {
			x.names[fmt.Sprint(i)] = append(x.names[fmt.Sprint(i)], i)
		}
	case 9:
		if x.inner[i] == nil {
			x.inner[i] = map[int]*knot{}
		}
		x.inner[i][i] = x.last
	case 10:
		delete(x.inner, i)
	case 11:
		x.any = []any{nil, i, knot{value: i, more: []int{i}}, &knot{value: i}}[i]
	case 12:
		if l, ok := x.any.(knot); ok {
			l.more[0]++
		}
		if l, ok := x.any.(*knot); ok {
			l.value++
		}
	case 13:
		x.fixed[i%3] = x.last
	case 14:
		x.set[knotKey{int8(i), int64(i)}] = struct{}{}
	case 15:
		x.next = []*tangle{nil, newTangle()}[i%2]
	}
}

func newTangle() *tangle {
	return &tangle{inner: map[int]map[int]*knot{}, set: map[knotKey]struct{}{}, log: []knot{}}
}

// told is all of x that can be seen, and what shares memory with what.
func (x *tangle) told(t require.TestingT) string {
	content, err := encode(nil, x)
	require.NoError(t, err)
	shared := ""
	for i := range x.log {
		shared += fmt.Sprint(x.last == &x.log[i])
	}
	for _, f := range x.fixed {
		shared += fmt.Sprint(f == x.last)
	}
	if len(x.tail) > 0 {
		x.tail[0].value++
		after, err := encode(nil, x)
		require.NoError(t, err)
		x.tail[0].value--
		shared += string(after)
	}
	return string(content) + shared
}

func TestANodeIsTakenBackToWhatItWasAtAnyMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newTangle()
		type then struct {
			m  *memory
			at string
			on *knot
		}
		var moments []then
		for range rapid.IntRange(1, 8).Draw(t, "moments") {
			for range rapid.IntRange(0, 6).Draw(t, "steps") {
				x.change(t)
			}
			was := then{m: takeMemory(x), at: x.told(t), on: x.last}
			require.NotNil(t, was.m)
			moments = append(moments, was)
			if rapid.Bool().Draw(t, "back") {
				back := moments[rapid.IntRange(0, len(moments)-1).Draw(t, "to")]
				back.m.restore()
				require.True(t, back.m.intact())
				require.Equal(t, back.at, x.told(t))
				require.Same(t, back.on, x.last)
			}
		}
	})
}

func TestANodeIsIntactOnlyIfNothingOfItHasChanged(t *testing.T) {
	changed, intact := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		x := newTangle()
		for range 12 {
			x.change(t)
		}
		m, before := takeMemory(x), x.told(t)
		require.True(t, m.intact())
		x.change(t)
		if m.intact() {
			require.Equal(t, before, x.told(t))
			intact++
		}
		if before != x.told(t) {
			require.False(t, m.intact())
			changed++
		}
		m.restore()
		require.Equal(t, before, x.told(t))
	})
	require.Positive(t, changed)
	require.Positive(t, intact)
}

func TestWhatCannotBeSeenIsNotTakenBack(t *testing.T) {
	hook := func() {}
	refused := []any{
		&struct{ f func() }{hook},
		&struct{ c chan int }{make(chan int)},
		&struct {
			cache map[int]int `explore:"-"`
		}{},
		&struct{ timer sim.Timer }{},
		&struct{ m map[float64]int }{map[float64]int{1: 1}},
		&struct{ m map[any]int }{map[any]int{1: 1}},
		&struct{ big []int }{make([]int, maxBytes/8)},
		&struct{ many []*int }{func() (all []*int) {
			for i := range maxCells {
				all = append(all, &i)
			}
			return all
		}()},
		any(&struct{ deep any }{struct{ f func() }{hook}}),
	}
	for _, v := range refused {
		require.Nil(t, takeMemory(v), "%T", v)
	}
	for _, v := range []any{
		&struct{ f func() }{}, &struct{ c chan int }{}, &struct{ m map[float64]int }{}, 7, []int{1}, map[int]int{1: 2},
		&struct {
			count int `explore:"-"`
		}{}, nil, (*tangle)(nil), &struct{ e *struct{} }{&struct{}{}},
	} {
		require.NotNil(t, takeMemory(v), "%T", v)
	}
}

// What has not changed is not written: the race detector sees to it.
func TestWhatNodesShareAndDoNotChangeIsOnlyRead(t *testing.T) {
	shared := &struct {
		peers map[int]string
		list  []int
	}{map[int]string{1: "a", 2: "b"}, make([]int, 2, 8)}
	type node struct {
		config any
		n      []int
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			x := &node{config: shared, n: []int{0}}
			m := takeMemory(x)
			for range 100 {
				x.n[0]++
				m.restore()
			}
			if x.n[0] != 0 {
				t.Error("it was not taken back")
			}
		})
	}
	wg.Wait()
}

func TestALargeMapThatHasNotChangedIsIntact(t *testing.T) {
	x := &struct{ m map[int]string }{map[int]string{}}
	for i := range 300 {
		x.m[i] = fmt.Sprint(i)
	}
	m := takeMemory(x)
	for range 5 {
		require.True(t, m.intact())
	}
	x.m[7] = "8"
	require.False(t, m.intact())
	m.restore()
	require.Equal(t, "7", x.m[7])
	delete(x.m, 7)
	x.m[300] = "300"
	require.False(t, m.intact())
	m.restore()
	require.Len(t, x.m, 300)
	require.True(t, m.intact())
}

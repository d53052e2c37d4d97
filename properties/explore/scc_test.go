package explore

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"pgregory.net/rapid"
)

// TestComponentsAreThoseOfTarjan lets faults alone join states, so that each component
// with a step is fair, and compares with another implementation.
func TestComponentsAreThoseOfTarjan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "states")
		g, same, looped := blank(n), simple.NewDirectedGraph(), map[int64]bool{}
		for s := range n {
			same.AddNode(simple.Node(s))
			g.starts = append(g.starts, uint32(n-1-s))
		}
		for range rapid.IntRange(0, 3*n).Draw(t, "steps") {
			from, to := rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")
			g.add(uint32(from), hop{unfair, uint32(to)})
			if from == to {
				looped[int64(from)] = true
			} else {
				same.SetEdge(same.NewEdge(simple.Node(from), simple.Node(to)))
			}
		}
		c, err := findComponents(g, g.starts)
		require.NoError(t, err)
		numbers := map[uint32]bool{}
		for _, component := range topo.TarjanSCC(same) {
			first := component[0].ID()
			if len(component) == 1 && !looped[first] {
				require.Equal(t, markPast, c.mark[first])
				continue
			}
			number := c.mark[first]
			require.False(t, numbers[number], "two components are one")
			numbers[number] = true
			for _, s := range component {
				require.True(t, c.inFair(uint32(s.ID())))
				require.Equal(t, number, c.mark[s.ID()], "a component is two")
			}
		}
		require.Equal(t, len(numbers) > 0, c.fairAny())
		require.Equal(t, markLast-uint32(len(numbers)), c.number)
	})
}

// ring is n states in a circle, each with a step of class 0 to the next and one more to
// itself if its number is a multiple of loops. Class 1 is able to leave from all but one.
func ring(n, loops int) *sketched {
	g := blank(n)
	g.starts = []uint32{0}
	for s := range uint32(n) {
		g.add(s, hop{0, (s + 1) % uint32(n)})
		if s%uint32(loops) == 0 {
			g.add(s, hop{0, s})
		}
		if s != uint32(n/2) {
			g.add(s, hop{1, noState})
		}
	}
	return g
}

func TestALongCycleNeedsTwelveBytesAState(t *testing.T) {
	const n = 1 << 20
	g := ring(n, 3)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := findComponents(g, g.starts)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.True(t, c.inFair(0))
	require.InDelta(t, 12*n, after.TotalAlloc-before.TotalAlloc, 4096)

	l, err := eventually(g)
	require.NoError(t, err)
	require.Len(t, l.cycle, n)
	require.NoError(t, verifyLasso(g, l))
}

func TestStepsAreAskedForTwiceAndOnceMoreInComponents(t *testing.T) {
	for _, tc := range []struct {
		graph string
		asked int
	}{
		{"^A A-t>B B-t>C C-t>D *D", 2 * 3},
		{"^A A-t>B B-t>A A-u>C B-u>C *C", 3 * 2},
		{"^A A-t>B B-t>A A-u>C *C", 2*2 + 2},
		{"^A A-t>B B-t>A", 2*2 + 1}, // what the first state owes it takes
		{"^A A-t>A", 2 + 1},
	} {
		g := sketch(tc.graph)
		_, err := findComponents(g, g.starts)
		require.NoError(t, err)
		require.Equal(t, tc.asked, g.asked, tc.graph)
	}
}

func TestAStateOfManyStepsWaitsOnce(t *testing.T) {
	const n = 2000 // each state leads to all: n*n steps, in lists of n
	g := blank(n)
	g.starts = []uint32{7, 7, 8}
	for from := range uint32(n) {
		for to := range uint32(n) {
			g.add(from, hop{to % 2, to})
		}
	}
	c, err := findComponents(g, g.starts)
	require.NoError(t, err)
	for s := range uint32(n) {
		require.Equal(t, markLast, c.mark[s])
	}
	require.Equal(t, markLast-1, c.number)
	require.Equal(t, uint32(1), c.place, "all places are given back")
	require.Equal(t, noState, c.left)
}

// growing is a graph that breaks its word: it has a step more each time it is asked.
type growing struct{ *sketched }

func (g growing) each(s uint32, visit func(to, class uint32)) {
	g.sketched.each(s, visit)
	visit(uint32(g.asked), unfair)
}

func TestAGraphThatChangesPanics(t *testing.T) {
	g := growing{blank(9)}
	g.held = []bool{1: true, 8: false}
	g.starts = []uint32{0}
	require.PanicsWithValue(t, "explore: state 0 has a step to 2 that it did not have before", func() {
		_, _ = eventually(g)
	})
}

// crowded has more states than there are numbers.
type crowded struct{ *sketched }

func (crowded) len() int { n := markLast; return int(n) }

func TestMoreStatesThanNumbersPanic(t *testing.T) {
	g := crowded{blank(1)}
	require.PanicsWithValue(t, fmt.Sprintf("explore: %d states, numbers do for less than %d", markLast, markLast), func() {
		_, _ = eventually(g)
	})
}

// BenchmarkComponents searches a square of states, each with a step right and one down, in
// which the last state leads back to the first.
func BenchmarkComponents(b *testing.B) {
	const side = 1000
	g := blank(side * side)
	g.starts = []uint32{0}
	for s := range uint32(side * side) {
		if s%side != side-1 {
			g.add(s, hop{s % 7, s + 1})
		}
		if s+side < side*side {
			g.add(s, hop{s % 5, s + side})
		}
	}
	g.add(side*side-1, hop{0, 0})
	for b.Loop() {
		c, err := findComponents(g, g.starts)
		require.NoError(b, err)
		require.True(b, c.fairAny())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(side*side), "ns/state")
}

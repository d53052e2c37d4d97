package crdt_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

var dots = rapid.Custom(func(t *rapid.T) crdt.Dot {
	r, n := rapid.IntRange(0, 11).Draw(t, "r"), rapid.Uint64Range(1, 20).Draw(t, "n")
	return crdt.Dot{Replica: crdt.Replica(r), Counter: n}
})

func contextOf(from []crdt.Dot) *crdt.CausalContext {
	c := &crdt.CausalContext{}
	for _, d := range from {
		c.Add(d)
	}
	return c
}

func dotSet(from []crdt.Dot) []crdt.Dot {
	return slices.Compact(slices.SortedFunc(slices.Values(from), crdt.Dot.Compare))
}

func TestACausalContextIsASetOfDots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		as, bs := rapid.SliceOf(dots).Draw(t, "a"), rapid.SliceOf(dots).Draw(t, "b")
		a, b := contextOf(as), contextOf(bs)
		in := func(c *crdt.CausalContext) []crdt.Dot { return append([]crdt.Dot{}, slices.Collect(c.All())...) }
		keep := func(f func(crdt.Dot) bool) []crdt.Dot {
			return append([]crdt.Dot{}, slices.DeleteFunc(dotSet(as), func(d crdt.Dot) bool { return !f(d) })...)
		}
		require.Equal(t, append([]crdt.Dot{}, dotSet(as)...), in(a))
		require.EqualValues(t, len(dotSet(as)), a.Len())
		require.Equal(t, keep(b.Contains), in(a.Meet(b)))
		require.Equal(t, keep(func(d crdt.Dot) bool { return !slices.Contains(bs, d) }), in(a.Without(b)))
		require.Equal(t, len(keep(b.Contains)) == len(dotSet(as)), b.Covers(a))
		union := contextOf(as)
		union.Merge(b)
		require.Equal(t, append([]crdt.Dot{}, dotSet(slices.Concat(as, bs))...), in(union))
		next := union.Next(3)
		require.False(t, union.Contains(next))
		for _, d := range slices.Concat(as, bs) {
			require.True(t, d.Replica != 3 || d.Counter < next.Counter, "law 10: a dot is minted once")
		}
		data, _ := union.AppendBinary(nil)
		var back crdt.CausalContext
		require.NoError(t, back.UnmarshalBinary(data))
		require.Equal(t, union.String(), back.String())
		for r, n := range union.Vector().All() {
			require.True(t, union.Contains(crdt.Dot{Replica: r, Counter: n}))
			require.False(t, union.Contains(crdt.Dot{Replica: r, Counter: n + 1}))
		}
	})
}

// The seeds compare sums, and so drop concurrent writes (row RC-5).
func TestVectorsWithEqualSumsAreConcurrent(t *testing.T) {
	var a, b crdt.VersionVector
	a.Tick(1)
	b.Tick(2)
	require.Equal(t, crdt.Concurrent, a.Compare(&b))
	require.Equal(t, crdt.Equal, a.Compare(&a))
	b.Merge(&a)
	require.Equal(t, crdt.Before, a.Compare(&b))
	require.Equal(t, crdt.After, b.Compare(&a))
	require.Equal(t, "after", b.Compare(&a).String())
	data, err := b.AppendBinary(nil)
	require.NoError(t, err)
	var back crdt.VersionVector
	require.NoError(t, back.UnmarshalBinary(data))
	require.Equal(t, crdt.Equal, back.Compare(&b))
}

// Two clients that read the same write through one server: version vectors alone would order them.
func TestDottedVectorsKeepWritesThroughOneServerApart(t *testing.T) {
	var past crdt.VersionVector
	first := crdt.DottedVector{Dot: crdt.Dot{Replica: 1, Counter: 1}}
	second := crdt.DottedVector{Past: past, Dot: crdt.Dot{Replica: 1, Counter: 2}}
	require.Equal(t, crdt.Concurrent, first.Compare(&second))
	past.Tick(1)
	third := crdt.DottedVector{Past: past, Dot: crdt.Dot{Replica: 1, Counter: 3}}
	require.Equal(t, crdt.Before, first.Compare(&third))
	require.Equal(t, crdt.After, third.Compare(&first))
	require.Equal(t, crdt.Concurrent, second.Compare(&third))
	require.Equal(t, crdt.Before, (&crdt.DottedVector{}).Compare(&first))
	require.Equal(t, "{1:1,3}", third.Context().String())
}

func TestAHybridClockRespectsCausalityAndItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clocks := [2]crdt.HybridClock{{Bound: 10}, {Bound: 10}}
		physical := [2]int64{}
		last := [2]crdt.Stamp{}
		for i := range last {
			last[i] = crdt.Stamp{Time: math.MinInt64}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "i")
			physical[i] += rapid.Int64Range(-2, 5).Draw(t, "passes")
			s := last[1-i]
			if rapid.Bool().Draw(t, "receive") && s.Time > math.MinInt64 {
				err := clocks[i].Observe(s, physical[i])
				if s.Time-physical[i] > 10 {
					require.ErrorIs(t, err, crdt.ErrAhead)
				} else {
					require.NoError(t, err)
					last[i] = crdt.Stamp{Time: max(last[i].Time, s.Time), Logical: 0}
					next := clocks[i].Now(crdt.Replica(i), physical[i])
					require.Positive(t, next.Compare(s), "what follows a message is above it, on equal time too (mutant M18)")
					last[i] = next
				}
				continue
			}
			next := clocks[i].Now(crdt.Replica(i), physical[i])
			require.Positive(t, next.Compare(last[i]))
			last[i] = next
		}
	})
}

func TestAHybridClockIsNotPulledByTheEndOfTime(t *testing.T) {
	c := crdt.HybridClock{Bound: 5}
	require.ErrorIs(t, c.Observe(crdt.Stamp{Time: math.MaxInt64}, math.MinInt64), crdt.ErrAhead)
	require.NoError(t, c.Observe(crdt.Stamp{Time: 15, Logical: 1<<32 - 1}, 10))
	require.Equal(t, "16.1@4", c.Now(4, 10).String(), "the logical part carries over")
}

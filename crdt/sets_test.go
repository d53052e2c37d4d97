package crdt_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

// Mutant M25: 180 KB where each add keeps its dot.
func TestTenThousandAddsOfOneElementTakeFifteenBytes(t *testing.T) {
	var s crdt.AddWinsSet[string]
	for range 10_000 {
		s.Add(1, "x")
	}
	require.Len(t, encoded(t, &s), 14)
}

func TestChurnLeavesNothingBehind(t *testing.T) {
	var s, peer crdt.AddWinsSet[string]
	for i := range 10_000 {
		s.Add(1, fmt.Sprint(i))
		s.Remove(1, fmt.Sprint(i))
		if i == 5_000 {
			peer.Merge(&s)
		}
	}
	require.Len(t, encoded(t, &s), 10)
	d := s.Delta(peer.Context())
	require.Less(t, len(encoded(t, d)), 200)
	peer.Merge(d)
	same(t, "the delta suffices", &s, &peer)
}

// Beyond the smallest tables the indexes do the work: the same operations on a set and on a plain map.
func TestALargeSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a, b crdt.AddWinsSet[int]
		want := map[int]bool{}
		for i := range rapid.IntRange(1, 400).Draw(t, "steps") {
			e := rapid.IntRange(0, 60).Draw(t, "e")
			switch op := rapid.IntRange(0, 9).Draw(t, "op"); {
			case op < 6:
				a.Add(crdt.Replica(i%2), e)
				want[e] = true
			case op < 8:
				b.Merge(a.Remove(crdt.Replica(i%2), e))
				delete(want, e)
			case op < 9:
				b.Merge(a.Delta(b.Context()))
				same(t, "caught up", &a, &b)
			default:
				a = *join(&b, &a)
			}
			require.Equal(t, want[e], a.Contains(e))
		}
		got := slices.Collect(a.All())
		require.Len(t, got, len(want))
		require.Equal(t, len(want), a.Len())
		require.True(t, slices.IsSorted(got))
	})
}

// A level is a type of one's own with a Codec: its bytes are its name.
type level struct{ name string }

func (l *level) AppendBinary(b []byte) ([]byte, error) { return append(b, l.name...), nil }
func (l *level) UnmarshalBinary(data []byte) error     { l.name = string(data); return nil }

type named uint8

func TestElementsOfManyTypes(t *testing.T) {
	var own crdt.AddWinsSet[level]
	own.Add(1, level{"mid"})
	own.Add(1, level{"low"})
	var back crdt.AddWinsSet[level]
	require.NoError(t, back.UnmarshalBinary(encoded(t, &own)))
	require.Equal(t, []level{{"low"}, {"mid"}}, slices.Collect(back.All()))

	var small crdt.GSet[named]
	small.Add(200)
	small.Add(3)
	require.Equal(t, []named{3, 200}, slices.Collect(small.All()))
	var wide crdt.GSet[uint64]
	wide.Add(300)
	require.ErrorIs(t, small.UnmarshalBinary(encoded(t, &wide)), crdt.ErrEncoding, "300 does not fit")

	var none crdt.GSet[float64]
	none.Add(1)
	_, err := crdt.Digest(&none)
	require.ErrorIs(t, err, crdt.ErrNoCodec)
	a, err := crdt.Digest(&wide)
	require.NoError(t, err)
	b, _ := crdt.Digest(crdt.Clone(&wide))
	require.Equal(t, a, b)
}

func TestAnUpdateOfAMapThatGivesNilIsNoChange(t *testing.T) {
	var m crdt.ORMap[string, *crdt.AddWinsSet[string]]
	none := func(*crdt.AddWinsSet[string]) *crdt.AddWinsSet[string] { return nil }
	same(t, "bottom", new(crdt.ORMap[string, *crdt.AddWinsSet[string]]), m.Update("a", none))
	require.Zero(t, m.Len(), "no value comes of it")
	m.Update("a", func(v *crdt.AddWinsSet[string]) *crdt.AddWinsSet[string] { return v.Add(1, "x") })
	before := crdt.Clone(&m)
	same(t, "bottom", new(crdt.ORMap[string, *crdt.AddWinsSet[string]]), m.Update("a", none))
	same(t, "no change", before, &m)
	m.Update("a", func(v *crdt.AddWinsSet[string]) *crdt.AddWinsSet[string] { return v.Add(1, "y") })
	v, _ := m.Get("a")
	require.Equal(t, 2, v.Len())
}

func TestNilIsNoChangeOfACellAndOfAHero(t *testing.T) {
	var cell crdt.Cell[crdt.PNCounter]
	d := cell.Update(1, func(*crdt.PNCounter) *crdt.PNCounter { return nil })
	require.True(t, crdt.Same(d, &crdt.Cell[crdt.PNCounter]{}))
	require.True(t, crdt.Same(&cell, &crdt.Cell[crdt.PNCounter]{}))

	var heroes crdt.TombstoneMap[string, crdt.PNCounter]
	h, err := heroes.Update(1, "ada", func(*crdt.PNCounter) *crdt.PNCounter { return nil })
	require.NoError(t, err)
	require.True(t, crdt.Same(h, &crdt.TombstoneMap[string, crdt.PNCounter]{}))
	require.True(t, crdt.Same(&heroes, &crdt.TombstoneMap[string, crdt.PNCounter]{}))
}

package sketch_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt/sketch"
)

// equal requires that two sets cannot be told apart by anything they say.
func equal(t require.TestingT, a, b *sketch.Set) {
	require.Equal(t, a.Digest(), b.Digest())
	require.Equal(t, a.Profile(), b.Profile())
	require.Equal(t, a.Standing().Next(sketch.StandingSymbols), b.Standing().Next(sketch.StandingSymbols))
	require.Equal(t, a.Encoder(5).Next(100), b.Encoder(5).Next(100))
	require.Equal(t, slices.Collect(a.All()), slices.Collect(b.All()))
	nodesA, depthA := a.Nodes()
	nodesB, depthB := b.Nodes()
	require.Equal(t, [2]int{nodesA, depthA}, [2]int{nodesB, depthB})
}

func TestASetDoesWhatAMapDoesAndDependsOnItsItemsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, model := sketch.NewSet(3), plain{}
		some := rapid.SliceOfN(items(), 1, 200).Draw(t, "items")
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for _, item := range rapid.SliceOfN(rapid.SampledFrom(some), 1, 100).Draw(t, "add") {
					require.Equal(t, !model[item], s.Add(item))
					model[item] = true
				}
			},
			"remove": func(t *rapid.T) {
				for _, item := range rapid.SliceOfN(rapid.SampledFrom(some), 1, 100).Draw(t, "remove") {
					require.Equal(t, model[item], s.Remove(item))
					delete(model, item)
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(model), s.Len())
				for _, item := range some {
					require.Equal(t, model[item], s.Contains(item))
				}
				equal(t, model.set(3), s)
			},
		})
	})
}

func TestDigestsOfPrefixesAreThoseOfTheItemsBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := two(t)
		s := a.set(1)
		near := rapid.OneOf(items(), rapid.SampledFrom(append(slices.Collect(s.All()), 0))).Draw(t, "near")
		for depth := range 17 {
			prefix := near &^ (^uint64(0) >> (4 * depth))
			require.Equal(t, s.Within(prefix, depth), s.Below(prefix, depth), "depth %d", depth)
		}
	})
}

func TestAnIterationEndsWhenItIsToldTo(t *testing.T) {
	a, _ := differing(1, 1000, 0, 0)
	n := 0
	for range a.All() {
		if n++; n == 10 {
			break
		}
	}
	require.Equal(t, 10, n)
}

// A hundred thousand items in 1,900 leaves and 273 inner nodes or so: the trie is as deep
// as it must be.
func TestATrieIsShallow(t *testing.T) {
	a, _ := differing(1, 100_000, 0, 0)
	nodes, depth := a.Nodes()
	require.Equal(t, 3, depth)
	require.Equal(t, 1+16+256+4096, nodes)
}

// A session tells of the sets at its begin, whatever happens to them meanwhile; a walk
// finds all that did not change.
func TestSetsMayChangeWhileSessionsRun(t *testing.T) {
	a, b := differing(4, 3000, 40, 40)
	walkA, walkB := differing(4, 3000, 40, 40)
	before := [2]plain{{}, {}}
	for i, s := range []*sketch.Set{a, b} {
		for item := range s.All() {
			before[i][item] = true
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	there, dec := b.Encoder(1), sketch.NewDecoder(a.Encoder(1))
	for !dec.Done() {
		for _, s := range []*sketch.Set{a, b} {
			s.Add(r.Uint64())
			for item := range s.All() {
				s.Remove(item)
				break
			}
		}
		require.NoError(t, dec.Feed(there.Next(3)))
	}
	require.True(t, dec.Verified())
	require.Equal(t, before[1].less(before[0]), dec.Missing())
	require.Equal(t, before[0].less(before[1]), dec.Extra())
	require.NotEqual(t, before[0].set(4).Digest(), a.Digest())

	walk := walkA.Walk(1)
	page, ok := walk.Next(200)
	found := [2]plain{{}, {}}
	other := walkB.Answer(page)
	pages := 0
	for side := 1; ok; side = 1 - side {
		pages++
		missing, extra := other.Receive(page)
		for i, list := range [][]uint64{missing, extra} {
			for _, item := range list {
				found[(i+side)%2][item] = true // 0: a has it alone
			}
		}
		walkA.Add(r.Uint64())
		walkB.Add(r.Uint64())
		page, ok = other.Next(200)
		walk, other = other, walk
	}
	require.Greater(t, pages, 20, "the pages were bounded")
	require.Empty(t, plain(toMap(before[0].less(before[1]))).less(found[1]))
	require.Empty(t, plain(toMap(before[1].less(before[0]))).less(found[0]))
}

func toMap(list []uint64) map[uint64]bool {
	out := map[uint64]bool{}
	for _, item := range list {
		out[item] = true
	}
	return out
}

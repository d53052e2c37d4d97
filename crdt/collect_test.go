package crdt_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/crdt"
)

type (
	wins   = crdt.RemoveWinsSet[string]
	heroes = crdt.TombstoneMap[string, crdt.GCounter]
)

func hit(r crdt.Replica) func(*crdt.GCounter) *crdt.GCounter {
	return func(v *crdt.GCounter) *crdt.GCounter { return v.Add(r, 1) }
}

func TestCollectingStableTombstonesChangesNoValue(t *testing.T) {
	var a, b heroes
	early, err := a.Update(1, "ada", hit(1))
	require.NoError(t, err)
	b.Merge(early)
	b.Delete(2, "ada")
	late, err := a.Update(1, "ada", hit(1)) // beside the deletion
	require.NoError(t, err)
	none, n := b.Collect(2, b.Context(), a.Context())
	require.Zero(t, n, "a has not seen it: not stable")
	same(t, "no event", &heroes{}, none)
	a.Merge(&b)
	none, n = b.Collect(2, b.Context(), a.Context())
	require.Zero(t, n, "b has not seen what a did beside it")
	same(t, "no event", &heroes{}, none)
	b.Merge(&a)
	require.True(t, a.Dead("ada") && b.Dead("ada"))
	told, n := a.Collect(1, a.Context(), b.Context())
	require.Equal(t, 1, n)
	require.False(t, a.Dead("ada"))
	a.Merge(early)
	a.Merge(late)
	_, alive := a.Get("ada")
	require.False(t, alive, "late copies of what is stable bring nothing back")
	b.Merge(told)
	same(t, "the delta tells it", &a, &b)
}

func TestRemoveWinsMarkersAreCollected(t *testing.T) {
	var a, b wins
	a.Add(1, "x")
	b.Remove(2, "x")
	a.Merge(&b)
	b.Merge(&a)
	require.False(t, a.Contains("x"))
	_, n := a.Collect(1)
	require.Zero(t, n, "who gives no context knows of nobody")
	_, n = a.Collect(1, a.Context(), b.Context())
	require.Equal(t, 1, n)
	b.Merge(&a)
	same(t, "collected", &a, &b)
	require.Empty(t, slices.Collect(b.All()))
	b.Add(2, "x")
	a.Merge(b.Delta(a.Context()))
	require.True(t, a.Contains("x"))
	require.Len(t, encoded(t, &a), 18, "a context and an element")
}

// afterCollect returns two copies of which the first alone has collected a removal of x.
func afterCollect(t *testing.T) (a, b wins, told *wins) {
	a.Add(1, "x")
	a.Remove(1, "x")
	b.Merge(&a)
	told, n := a.Collect(1, a.Context(), b.Context())
	require.Equal(t, 1, n)
	return a, b, told
}

func TestAnElementIsAddedAgainAtOnceAfterItsRemovalWasCollected(t *testing.T) {
	for name, tell := range map[string]func(a, b, told, again *wins){ // order: ways by themselves
		"deltas in order": func(_, b, told, again *wins) { b.Merge(told); b.Merge(again) },
		"out of order":    func(_, b, told, again *wins) { b.Merge(again); b.Merge(told) },
		"what b lacks":    func(a, b, _, _ *wins) { b.Merge(a.Delta(b.Context())) },
		"the difference":  func(a, b, _, _ *wins) { b.Merge(a.Diff(b)) },
		"all of it":       func(a, b, _, _ *wins) { b.Merge(a) },
	} {
		a, b, told := afterCollect(t)
		heard := []*crdt.CausalContext{crdt.Clone(&a).Context(), crdt.Clone(&b).Context()}
		tell(&a, &b, told, a.Add(1, "x"))
		require.True(t, b.Contains("x"), name)
		_, n := b.Collect(2, heard...)
		require.Zero(t, n, name)
		same(t, name, &a, &b)
	}
}

// The add is in effect when the collection comes: nothing that b may do before loses it.
func TestAnAddThatOvertookACollectionIsNotLost(t *testing.T) {
	a, b, told := afterCollect(t)
	before := b.Delta(&crdt.CausalContext{}).Context()
	b.Merge(a.Add(1, "x"))
	require.False(t, b.Contains("x"), "the collection is on its way")
	_, n := b.Collect(2, a.Context(), b.Context())
	require.Zero(t, n, "a has seen what b has not")
	_, n = b.Collect(2, before, before)
	require.Equal(t, 1, n, "contexts of before show that the removal may go")
	require.True(t, b.Contains("x"), "and that the add is of after")
	b.Merge(told)
	a.Merge(&b)
	same(t, "both", &a, &b)
	require.True(t, a.Contains("x"))
}

func TestAMarkerThatSomebodyLacksStaysBesideOneThatGoes(t *testing.T) {
	var a, b, c wins
	c.Merge(a.Remove(1, "x"))
	b.Remove(2, "x") // beside it, and c does not know
	a.Merge(&b)
	b.Merge(&a)
	_, n := a.Collect(1, a.Context(), b.Context(), c.Context())
	require.Equal(t, 1, n)
	a.Merge(c.Add(3, "x"))
	require.False(t, a.Contains("x"), "the add has not seen what b removed")
}

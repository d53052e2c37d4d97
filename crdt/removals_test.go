package crdt_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/crdt"
)

// thousand returns a set of 1,000 elements and a peer that has seen it.
func thousand() (s, peer crdt.AddWinsSet[string]) {
	for _, e := range names[:1000] {
		s.Add(1, e)
	}
	peer.Merge(&s)
	return s, peer
}

func TestADeltaOfADeltaKeepsWhatItsEventTook(t *testing.T) {
	var s, peer crdt.AddWinsSet[string]
	s.Add(1, "x")
	peer.Merge(&s)
	again := s.Remove(1, "x")
	peer.Merge(again.Delta(peer.Context()))
	same(t, "the removal arrived", &s, &peer)
}

func TestADeltaNamesTheEventsAndWhatTheyTookAndNoMore(t *testing.T) {
	s, peer := thousand()
	since := peer.Context()
	for _, e := range names[100:120] {
		s.Add(2, e)
	}
	d := s.Delta(since)
	require.Equal(t, "{2:1-20}", d.Context().String())
	require.Equal(t, 20, d.Len())
	require.Len(t, encoded(t, d), 376)
	peer.Merge(d)
	same(t, "caught up", &s, &peer)
}

func TestAPeerFromBeforeTheLogIsCaughtUpToo(t *testing.T) {
	s, peer := thousand()
	since := peer.Context()
	for i := range 500 {
		s.Add(crdt.Replica(2+i%3), names[i*7%1000])
		s.Remove(5, names[i*3%1000])
	}
	peer.Merge(s.Delta(since))
	same(t, "caught up", &s, &peer)
	old := s.Context()
	s.Add(2, names[5])
	require.Equal(t, 1, s.Delta(old).Len(), "and one that is not behind gets one event")
}

// Many replicas and elements: the index, whose strands are filled from the middle and emptied.
func TestDeltasInAnyOrderMakeOneLargeSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s crdt.AddWinsSet[int]
		var deltas []*crdt.AddWinsSet[int]
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			r := crdt.Replica(rapid.IntRange(1, 12).Draw(t, "replica"))
			e := rapid.IntRange(0, 40).Draw(t, "element")
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				deltas = append(deltas, s.Remove(r, e))
			} else {
				deltas = append(deltas, s.Add(r, e))
			}
		}
		var one, group, other crdt.AddWinsSet[int]
		for i, d := range rapid.Permutation(deltas).Draw(t, "order") {
			one.Merge(d)
			group.Merge(d)
			if i%20 == 19 {
				other.Merge(&group)
				group = crdt.AddWinsSet[int]{}
			}
		}
		other.Merge(&group)
		same(t, "one by one", &s, &one)
		same(t, "in groups", &s, &other)
		same(t, "from nothing", &s, join(s.Delta(&crdt.CausalContext{})))
	})
}

func TestThousandsOfReplicasComeAndGo(t *testing.T) {
	var s, peer crdt.AddWinsSet[string]
	for r := range crdt.Replica(3000) {
		s.Add(r, fmt.Sprint(r%100))
		peer.Merge(s.Delta(peer.Context()))
	}
	same(t, "one event at a time", &s, &peer)
	require.Equal(t, 100, s.Len())
}

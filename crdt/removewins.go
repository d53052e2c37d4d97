package crdt

import "iter"

// A RemoveWinsSet is a set in which a remove beats the adds that did not see it.
// An element holds one dot, of its last add or remove, or one for each of several
// that did not see each other, and is in the set if none of them is a remove. A
// removed element leaves a marker until Collect. The zero value is empty and ready.
type RemoveWinsSet[E comparable] struct{ kernel[E, bool] } // true: added, false: removed

// Add puts e into the set for replica r and returns the delta. Expected O(1).
func (s *RemoveWinsSet[E]) Add(r Replica, e E) *RemoveWinsSet[E] { return s.mark(r, e, true) }

// Remove takes e out of the set for replica r and returns the delta. It has an
// effect though e be absent: it beats the adds that are on their way.
func (s *RemoveWinsSet[E]) Remove(r Replica, e E) *RemoveWinsSet[E] { return s.mark(r, e, false) }

func (s *RemoveWinsSet[E]) mark(r Replica, e E, added bool) *RemoveWinsSet[E] {
	d := &RemoveWinsSet[E]{}
	var buf [4]int32
	b := new(birth[E, bool]).lay(e, added)
	s.replace(r, s.places(buf[:0], b.rows[0].hash, e), true, &d.kernel, b)
	return d
}

// Contains reports whether e is in the set. Expected O(1).
func (s *RemoveWinsSet[E]) Contains(e E) bool {
	var buf [4]int32
	places := s.places(buf[:0], hashOf(&e), e)
	for _, p := range places {
		if !s.row(p).val {
			return false
		}
	}
	return len(places) > 0
}

// All yields the elements in order.
func (s *RemoveWinsSet[E]) All() iter.Seq[E] {
	return seqOf(func() []E {
		var in []E
		for _, e := range s.sortedKeys(func(added bool) bool { return added }) {
			if s.Contains(e) {
				in = append(in, e)
			}
		}
		return in
	})
}

// Collect forgets, for replica r, the markers that everybody has seen, with the adds
// they beat. It returns the delta, which is shipped like any other, and how many markers
// it dropped. If that is none nothing happens, and the delta is bottom.
//
// contexts are those of all replicas, that of s or not, of any time: what each of them is
// known to have seen. Replicas that are away count, so do those of which something may
// still arrive though they be gone, and one that is new counts until it has merged the
// state of another. A marker goes if it is in all contexts, and s must have seen whatever
// is in any: else nothing is collected, as with no contexts at all.
//
// An element may be added again at once. Where deltas arrive out of causal order (with
// crdt/gossip they do not) that add is in effect where the collection has arrived too;
// and contexts must come from replicas that have seen, with each event, all that its
// replica had seen.
func (s *RemoveWinsSet[E]) Collect(r Replica, contexts ...*CausalContext) (*RemoveWinsSet[E], int) {
	d := &RemoveWinsSet[E]{}
	n := s.collectMarked(r, contexts, func(added bool) bool { return !added }, &d.kernel)
	return d, n
}

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *RemoveWinsSet[E]) Merge(o *RemoveWinsSet[E]) { s.merge(&o.kernel) }

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *RemoveWinsSet[E]) Delta(since *CausalContext) *RemoveWinsSet[E] {
	d := &RemoveWinsSet[E]{}
	s.delta(since, &d.kernel)
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *RemoveWinsSet[E]) Diff(o *RemoveWinsSet[E]) *RemoveWinsSet[E] {
	d := &RemoveWinsSet[E]{}
	s.diff(&o.kernel, &d.kernel)
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *RemoveWinsSet[E]) Split() iter.Seq[*RemoveWinsSet[E]] {
	return func(yield func(*RemoveWinsSet[E]) bool) {
		s.split(func(k *kernel[E, bool]) bool { return yield(&RemoveWinsSet[E]{*k}) })
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *RemoveWinsSet[E]) AppendBinary(b []byte) ([]byte, error) {
	return s.appendBinary(b, tagRemoveWinsSet)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *RemoveWinsSet[E]) UnmarshalBinary(data []byte) error {
	return s.unmarshal(data, tagRemoveWinsSet)
}

func (*RemoveWinsSet[E]) fresh() *RemoveWinsSet[E] { return &RemoveWinsSet[E]{} }

func (s *RemoveWinsSet[E]) within(ctx *CausalContext) *RemoveWinsSet[E] {
	d := &RemoveWinsSet[E]{}
	s.copyWithin(ctx, &d.table)
	return d
}

func (s *RemoveWinsSet[E]) joinStore(o *RemoveWinsSet[E], mine, theirs *CausalContext) {
	s.joinTable(&o.table, mine, theirs)
}

package crdt

import "iter"

// An AddWinsSet is a set in which an add beats the removes that did not see it:
// the observed-remove set without tombstones (Bieniusa et al., "An optimized
// conflict-free replicated set", 2012). An element holds one dot, or one for each
// of several adds that did not see each other; adding again replaces the dots it
// saw, so the set does not grow. The zero value is empty and ready.
type AddWinsSet[E comparable] struct{ kernel[E, struct{}] }

// addBorn is a delta in one piece of memory.
type addBorn[E comparable] struct {
	set AddWinsSet[E]
	mem birth[E, struct{}]
}

// Add puts e into the set for replica r and returns the delta. It mints a dot,
// though e be there. Expected O(1).
func (s *AddWinsSet[E]) Add(r Replica, e E) *AddWinsSet[E] {
	d := &addBorn[E]{}
	d.mem.lay(e, struct{}{})
	var buf [4]int32
	s.replace(r, s.places(buf[:0], d.mem.rows[0].hash, e), true, &d.set.kernel, &d.mem)
	return &d.set
}

// Remove takes e out of the set for replica r and returns the delta. If e is not
// there nothing happens, and the delta is bottom. A removal mints a dot too, so that
// Delta knows who has seen it.
func (s *AddWinsSet[E]) Remove(r Replica, e E) *AddWinsSet[E] {
	d := &addBorn[E]{}
	var buf [4]int32
	if old := s.places(buf[:0], hashOf(&e), e); len(old) > 0 {
		s.replace(r, old, false, &d.set.kernel, &d.mem)
	}
	return &d.set
}

// Contains reports whether e is in the set. Expected O(1).
func (s *AddWinsSet[E]) Contains(e E) bool { return s.has(e) }

// Len returns the number of elements, in O(1) but for the smallest sets.
func (s *AddWinsSet[E]) Len() int {
	if s.big != nil {
		return s.big.keys
	}
	return len(s.sortedKeys(func(struct{}) bool { return true }))
}

// All yields the elements in order.
func (s *AddWinsSet[E]) All() iter.Seq[E] {
	return seqOf(func() []E { return s.sortedKeys(func(struct{}) bool { return true }) })
}

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *AddWinsSet[E]) Merge(o *AddWinsSet[E]) { s.merge(&o.kernel) }

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *AddWinsSet[E]) Delta(since *CausalContext) *AddWinsSet[E] {
	d := &AddWinsSet[E]{}
	s.delta(since, &d.kernel)
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *AddWinsSet[E]) Diff(o *AddWinsSet[E]) *AddWinsSet[E] {
	d := &AddWinsSet[E]{}
	s.diff(&o.kernel, &d.kernel)
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *AddWinsSet[E]) Split() iter.Seq[*AddWinsSet[E]] {
	return func(yield func(*AddWinsSet[E]) bool) {
		s.split(func(k *kernel[E, struct{}]) bool { return yield(&AddWinsSet[E]{*k}) })
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *AddWinsSet[E]) AppendBinary(b []byte) ([]byte, error) {
	return s.appendBinary(b, tagAddWinsSet)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *AddWinsSet[E]) UnmarshalBinary(data []byte) error { return s.unmarshal(data, tagAddWinsSet) }

func (*AddWinsSet[E]) fresh() *AddWinsSet[E] { return &AddWinsSet[E]{} }

func (s *AddWinsSet[E]) within(ctx *CausalContext) *AddWinsSet[E] {
	d := &AddWinsSet[E]{}
	s.copyWithin(ctx, &d.table)
	return d
}

func (s *AddWinsSet[E]) joinStore(o *AddWinsSet[E], mine, theirs *CausalContext) {
	s.joinTable(&o.table, mine, theirs)
}

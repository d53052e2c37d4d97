package crdt

import "iter"

// A TwoPhaseSet is a set whose elements, once removed, never come back (Shapiro et
// al. 2011, section 3.3.2): a set of those added and one of those removed. The zero
// value is empty and ready. It grows for ever.
type TwoPhaseSet[E comparable] struct{ added, removed GSet[E] }

// Add puts e into the set, unless it was ever removed, and returns the delta.
func (s *TwoPhaseSet[E]) Add(e E) *TwoPhaseSet[E] { return &TwoPhaseSet[E]{added: *s.added.Add(e)} }

// Remove takes e out for ever and returns the delta. An element that is not in the
// set cannot be removed: the delta is bottom.
func (s *TwoPhaseSet[E]) Remove(e E) *TwoPhaseSet[E] {
	if !s.Contains(e) {
		return &TwoPhaseSet[E]{}
	}
	return &TwoPhaseSet[E]{removed: *s.removed.Add(e)}
}

// Contains reports whether e was added and not removed.
func (s *TwoPhaseSet[E]) Contains(e E) bool { return s.added.Contains(e) && !s.removed.Contains(e) }

// All yields the elements in order.
func (s *TwoPhaseSet[E]) All() iter.Seq[E] { return s.added.Diff(&s.removed).All() }

// Merge joins o into s in O(o).
func (s *TwoPhaseSet[E]) Merge(o *TwoPhaseSet[E]) {
	s.added.Merge(&o.added)
	s.removed.Merge(&o.removed)
}

// Diff returns the least delta that brings o up to s.
func (s *TwoPhaseSet[E]) Diff(o *TwoPhaseSet[E]) *TwoPhaseSet[E] {
	return &TwoPhaseSet[E]{*s.added.Diff(&o.added), *s.removed.Diff(&o.removed)}
}

// Split yields the join decomposition: the adds, then the removes, in order.
func (s *TwoPhaseSet[E]) Split() iter.Seq[*TwoPhaseSet[E]] {
	return func(yield func(*TwoPhaseSet[E]) bool) {
		for piece := range s.added.Split() {
			if !yield(&TwoPhaseSet[E]{added: *piece}) {
				return
			}
		}
		for piece := range s.removed.Split() {
			if !yield(&TwoPhaseSet[E]{removed: *piece}) {
				return
			}
		}
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *TwoPhaseSet[E]) AppendBinary(b []byte) ([]byte, error) {
	b, err := s.added.appendTo(append(b, tagTwoPhaseSet))
	if err != nil {
		return b, err
	}
	return s.removed.appendTo(b)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *TwoPhaseSet[E]) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagTwoPhaseSet)
	var out TwoPhaseSet[E]
	out.added.read(r)
	out.removed.read(r)
	if r.end() == nil {
		*s = out
	}
	return r.err
}

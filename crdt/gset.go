package crdt

import (
	"iter"
	"maps"
)

// A GSet is a set that grows (Shapiro et al. 2011, section 3.3.1). The zero value
// is empty and ready.
type GSet[E comparable] struct{ in map[E]struct{} }

// Add puts e into the set and returns the delta, bottom if e was there. Expected O(1).
func (s *GSet[E]) Add(e E) *GSet[E] {
	d := &GSet[E]{}
	if _, ok := s.in[e]; !ok {
		s.put(e)
		d.put(e)
	}
	return d
}

func (s *GSet[E]) put(e E) {
	if s.in == nil {
		s.in = map[E]struct{}{}
	}
	s.in[e] = struct{}{}
}

// Contains reports whether e is in the set.
func (s *GSet[E]) Contains(e E) bool {
	_, ok := s.in[e]
	return ok
}

// Len returns the number of elements.
func (s *GSet[E]) Len() int { return len(s.in) }

// All yields the elements in order.
func (s *GSet[E]) All() iter.Seq[E] { return seqOf(s.sorted) }

func (s *GSet[E]) sorted() []E {
	out := make([]E, 0, len(s.in))
	// order: sortValues puts them in order
	for e := range s.in {
		out = append(out, e)
	}
	return sortValues(out)
}

// Merge joins o into s in O(o).
func (s *GSet[E]) Merge(o *GSet[E]) {
	if s.in == nil && len(o.in) > 0 {
		s.in = make(map[E]struct{}, len(o.in))
	}
	maps.Copy(s.in, o.in)
}

// Diff returns the least delta that brings o up to s.
func (s *GSet[E]) Diff(o *GSet[E]) *GSet[E] {
	d := &GSet[E]{in: map[E]struct{}{}}
	for e := range s.in {
		if !o.Contains(e) {
			d.in[e] = struct{}{}
		}
	}
	return d
}

// Split yields the join decomposition: one piece for each element, in order.
func (s *GSet[E]) Split() iter.Seq[*GSet[E]] {
	return func(yield func(*GSet[E]) bool) {
		for e := range s.All() {
			if !yield(&GSet[E]{map[E]struct{}{e: {}}}) {
				return
			}
		}
	}
}

func (s *GSet[E]) appendTo(b []byte) ([]byte, error) {
	b = appendUvarint(b, uint64(len(s.in)))
	var err error
	for e := range s.All() {
		if b, err = appendValue(b, &e); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (s *GSet[E]) read(r *reader) {
	var last E
	n := r.below(uint64(len(r.data)) + 1)
	for i := uint64(0); i < n && r.err == nil; i++ {
		var e E
		readValue(r, &e)
		if r.err == nil && i > 0 && compareValues(&last, &e) >= 0 {
			r.fail("elements do not rise")
		}
		last = e
		s.put(e)
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *GSet[E]) AppendBinary(b []byte) ([]byte, error) { return s.appendTo(append(b, tagGSet)) }

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *GSet[E]) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagGSet)
	var out GSet[E]
	out.read(r)
	if r.end() == nil {
		*s = out
	}
	return r.err
}

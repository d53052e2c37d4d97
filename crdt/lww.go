package crdt

import "iter"

// An LWWRegister keeps the value of the greatest stamp: time, logical part,
// replica; and of two values under one stamp, which only a broken clock makes, the
// greater one. That is a total order, so no tie depends on who merges what. The
// zero value was never written.
type LWWRegister[V any] struct {
	stamp Stamp
	val   V
	set   bool
}

// Set writes v with a stamp, from a HybridClock say, and returns the delta: bottom
// if a greater stamp has written.
func (s *LWWRegister[V]) Set(at Stamp, v V) *LWWRegister[V] {
	n := LWWRegister[V]{at, copyValue(v), true}
	if !n.beats(s) {
		return &LWWRegister[V]{}
	}
	*s = n
	return &n
}

func (s *LWWRegister[V]) beats(o *LWWRegister[V]) bool {
	if !s.set || !o.set {
		return s.set
	}
	if c := s.stamp.Compare(o.stamp); c != 0 {
		return c > 0
	}
	return compareValues(&s.val, &o.val) > 0
}

// Get returns the value and whether there is one.
func (s *LWWRegister[V]) Get() (V, bool) { return copyValue(s.val), s.set }

// Stamp returns the stamp of the value.
func (s *LWWRegister[V]) Stamp() Stamp { return s.stamp }

// Merge joins o into s in O(1).
func (s *LWWRegister[V]) Merge(o *LWWRegister[V]) {
	if o.beats(s) {
		*s = *o
	}
}

// Diff returns the least delta that brings o up to s: s or bottom.
func (s *LWWRegister[V]) Diff(o *LWWRegister[V]) *LWWRegister[V] {
	d := &LWWRegister[V]{}
	if s.beats(o) {
		*d = *s
	}
	return d
}

// Split yields the join decomposition: s alone, or nothing for bottom.
func (s *LWWRegister[V]) Split() iter.Seq[*LWWRegister[V]] {
	return func(yield func(*LWWRegister[V]) bool) {
		if s.set {
			yield(s.Diff(&LWWRegister[V]{}))
		}
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *LWWRegister[V]) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, tagLWWRegister)
	if !s.set {
		return append(b, 0), nil
	}
	return appendValue(s.stamp.appendTo(append(b, 1)), &s.val)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *LWWRegister[V]) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagLWWRegister)
	var out LWWRegister[V]
	if out.set = r.below(1) == 1; out.set {
		out.stamp = r.stamp()
		readValue(r, &out.val)
	}
	if r.end() == nil {
		*s = out
	}
	return r.err
}

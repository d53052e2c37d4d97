package crdt

import (
	"iter"
	"slices"
)

// An MVRegister keeps the values of all writes that no other write has seen: one,
// unless writes were concurrent. The zero value was never written.
type MVRegister[V any] struct{ kernel[struct{}, V] }

// Set writes v for replica r in the place of the values seen, and returns the delta.
func (s *MVRegister[V]) Set(r Replica, v V) *MVRegister[V] {
	d := &MVRegister[V]{}
	s.replace(r, s.of(struct{}{}), true, &d.kernel, new(birth[struct{}, V]).lay(struct{}{}, copyValue(v)))
	return d
}

// Clear takes the values seen away for replica r and returns the delta, bottom if there are none.
func (s *MVRegister[V]) Clear(r Replica) *MVRegister[V] {
	d := &MVRegister[V]{}
	if old := s.of(struct{}{}); len(old) > 0 {
		s.replace(r, old, false, &d.kernel, &birth[struct{}, V]{})
	}
	return d
}

// All yields the values in order, each once. The order is that of strings and
// numbers, of a method Compare, or of the encoding.
func (s *MVRegister[V]) All() iter.Seq[V] {
	return seqOf(func() []V {
		var out []V
		for _, r := range s.all {
			out = append(out, copyValue(r.val))
		}
		return slices.CompactFunc(sortValues(out), func(a, b V) bool { return compareValues(&a, &b) == 0 })
	})
}

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *MVRegister[V]) Merge(o *MVRegister[V]) { s.merge(&o.kernel) }

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *MVRegister[V]) Delta(since *CausalContext) *MVRegister[V] {
	d := &MVRegister[V]{}
	s.delta(since, &d.kernel)
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *MVRegister[V]) Diff(o *MVRegister[V]) *MVRegister[V] {
	d := &MVRegister[V]{}
	s.diff(&o.kernel, &d.kernel)
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *MVRegister[V]) Split() iter.Seq[*MVRegister[V]] {
	return func(yield func(*MVRegister[V]) bool) {
		s.split(func(k *kernel[struct{}, V]) bool { return yield(&MVRegister[V]{*k}) })
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *MVRegister[V]) AppendBinary(b []byte) ([]byte, error) {
	return s.appendBinary(b, tagMVRegister)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *MVRegister[V]) UnmarshalBinary(data []byte) error { return s.unmarshal(data, tagMVRegister) }

func (*MVRegister[V]) fresh() *MVRegister[V] { return &MVRegister[V]{} }

func (s *MVRegister[V]) within(ctx *CausalContext) *MVRegister[V] {
	d := &MVRegister[V]{}
	s.copyWithin(ctx, &d.table)
	return d
}

func (s *MVRegister[V]) joinStore(o *MVRegister[V], mine, theirs *CausalContext) {
	s.joinTable(&o.table, mine, theirs)
}

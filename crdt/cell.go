package crdt

import "iter"

// A Cell makes any state one that can be reset and nested in an ORMap: counters,
// registers, types of one's own. T is a struct, *T must be a State[T], or the cell
// panics. Each replica keeps its own updates under one dot; the value is their
// join. A reset takes away what it saw: an update that did not see it survives,
// with all that its replica had put in before. The zero value holds bottom.
type Cell[T any] struct{ kernel[struct{}, kept[T]] }

// Update changes the value for replica r and returns the delta. change gets the
// value, mutates it and returns the delta of that, as mutators do, for instance
// func(n *PNCounter) *PNCounter { return n.Add(r, 5) }. Nil is no change, and the
// delta is bottom.
func (s *Cell[T]) Update(r Replica, change func(*T) *T) *Cell[T] {
	said := change(s.Value())
	if said == nil {
		return &Cell[T]{}
	}
	own := new(T)
	var old []int32
	for _, p := range s.of(struct{}{}) {
		if s.row(p).dot.Replica == r {
			old = append(old, p)
			stateOf(own).Merge(s.row(p).val.state)
		}
	}
	stateOf(own).Merge(said)
	d := &Cell[T]{}
	s.replace(r, old, true, &d.kernel, new(birth[struct{}, kept[T]]).lay(struct{}{}, kept[T]{own}))
	return d
}

// Reset takes the updates seen away for replica r and returns the delta, bottom if there are none.
func (s *Cell[T]) Reset(r Replica) *Cell[T] {
	d := &Cell[T]{}
	if old := s.of(struct{}{}); len(old) > 0 {
		s.replace(r, old, false, &d.kernel, &birth[struct{}, kept[T]]{})
	}
	return d
}

// Value returns the join of all updates, in memory of its own.
func (s *Cell[T]) Value() *T { return s.joined(s.of(struct{}{})) }

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *Cell[T]) Merge(o *Cell[T]) { s.merge(&o.kernel) }

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *Cell[T]) Delta(since *CausalContext) *Cell[T] {
	d := &Cell[T]{}
	s.delta(since, &d.kernel)
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *Cell[T]) Diff(o *Cell[T]) *Cell[T] {
	d := &Cell[T]{}
	s.diff(&o.kernel, &d.kernel)
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *Cell[T]) Split() iter.Seq[*Cell[T]] {
	return func(yield func(*Cell[T]) bool) {
		s.split(func(k *kernel[struct{}, kept[T]]) bool { return yield(&Cell[T]{*k}) })
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *Cell[T]) AppendBinary(b []byte) ([]byte, error) { return s.appendBinary(b, tagCell) }

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *Cell[T]) UnmarshalBinary(data []byte) error { return s.unmarshal(data, tagCell) }

func (*Cell[T]) fresh() *Cell[T] { return &Cell[T]{} }

func (s *Cell[T]) within(ctx *CausalContext) *Cell[T] {
	d := &Cell[T]{}
	s.copyWithin(ctx, &d.table)
	return d
}

func (s *Cell[T]) joinStore(o *Cell[T], mine, theirs *CausalContext) {
	s.joinTable(&o.table, mine, theirs)
}

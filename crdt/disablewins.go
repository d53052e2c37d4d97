package crdt

import "iter"

// DisableWinsFlag is a boolean in which disabling beats the enabling that
// did not see it. The zero value is false and ready.
type DisableWinsFlag struct{ kernel[struct{}, bool] }

// Enable sets the flag for replica r and returns the delta.
func (s *DisableWinsFlag) Enable(r Replica) *DisableWinsFlag { return s.set(r, true) }

// Disable clears the flag for replica r and returns the delta.
func (s *DisableWinsFlag) Disable(r Replica) *DisableWinsFlag { return s.set(r, false) }

func (s *DisableWinsFlag) set(r Replica, on bool) *DisableWinsFlag {
	d := &DisableWinsFlag{}
	s.replace(r, s.of(struct{}{}), true, &d.kernel, new(birth[struct{}, bool]).lay(struct{}{}, on))
	return d
}

// Value returns the flag.
func (s *DisableWinsFlag) Value() bool { return s.live() > 0 && !s.anyIs(false) }

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *DisableWinsFlag) Merge(o *DisableWinsFlag) { s.merge(&o.kernel) }

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *DisableWinsFlag) Delta(since *CausalContext) *DisableWinsFlag {
	d := &DisableWinsFlag{}
	s.delta(since, &d.kernel)
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *DisableWinsFlag) Diff(o *DisableWinsFlag) *DisableWinsFlag {
	d := &DisableWinsFlag{}
	s.diff(&o.kernel, &d.kernel)
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *DisableWinsFlag) Split() iter.Seq[*DisableWinsFlag] {
	return func(yield func(*DisableWinsFlag) bool) {
		s.split(func(k *kernel[struct{}, bool]) bool { return yield(&DisableWinsFlag{*k}) })
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *DisableWinsFlag) AppendBinary(b []byte) ([]byte, error) {
	return s.appendBinary(b, tagDisableWinsFlag)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *DisableWinsFlag) UnmarshalBinary(data []byte) error {
	return s.unmarshal(data, tagDisableWinsFlag)
}

func (*DisableWinsFlag) fresh() *DisableWinsFlag { return &DisableWinsFlag{} }

func (s *DisableWinsFlag) within(ctx *CausalContext) *DisableWinsFlag {
	d := &DisableWinsFlag{}
	s.copyWithin(ctx, &d.table)
	return d
}

func (s *DisableWinsFlag) joinStore(o *DisableWinsFlag, mine, theirs *CausalContext) {
	s.joinTable(&o.table, mine, theirs)
}

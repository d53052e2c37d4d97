package crdt

import "iter"

// EnableWinsFlag is a boolean in which enabling beats the disabling that
// did not see it. The zero value is false and ready.
type EnableWinsFlag struct{ kernel[struct{}, bool] }

// Enable sets the flag for replica r and returns the delta.
func (s *EnableWinsFlag) Enable(r Replica) *EnableWinsFlag { return s.set(r, true) }

// Disable clears the flag for replica r and returns the delta.
func (s *EnableWinsFlag) Disable(r Replica) *EnableWinsFlag { return s.set(r, false) }

func (s *EnableWinsFlag) set(r Replica, on bool) *EnableWinsFlag {
	d := &EnableWinsFlag{}
	s.replace(r, s.of(struct{}{}), true, &d.kernel, new(birth[struct{}, bool]).lay(struct{}{}, on))
	return d
}

// Value returns the flag.
func (s *EnableWinsFlag) Value() bool { return s.anyIs(true) }

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *EnableWinsFlag) Merge(o *EnableWinsFlag) { s.merge(&o.kernel) }

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *EnableWinsFlag) Delta(since *CausalContext) *EnableWinsFlag {
	d := &EnableWinsFlag{}
	s.delta(since, &d.kernel)
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *EnableWinsFlag) Diff(o *EnableWinsFlag) *EnableWinsFlag {
	d := &EnableWinsFlag{}
	s.diff(&o.kernel, &d.kernel)
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *EnableWinsFlag) Split() iter.Seq[*EnableWinsFlag] {
	return func(yield func(*EnableWinsFlag) bool) {
		s.split(func(k *kernel[struct{}, bool]) bool { return yield(&EnableWinsFlag{*k}) })
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *EnableWinsFlag) AppendBinary(b []byte) ([]byte, error) {
	return s.appendBinary(b, tagEnableWinsFlag)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *EnableWinsFlag) UnmarshalBinary(data []byte) error {
	return s.unmarshal(data, tagEnableWinsFlag)
}

func (*EnableWinsFlag) fresh() *EnableWinsFlag { return &EnableWinsFlag{} }

func (s *EnableWinsFlag) within(ctx *CausalContext) *EnableWinsFlag {
	d := &EnableWinsFlag{}
	s.copyWithin(ctx, &d.table)
	return d
}

func (s *EnableWinsFlag) joinStore(o *EnableWinsFlag, mine, theirs *CausalContext) {
	s.joinTable(&o.table, mine, theirs)
}

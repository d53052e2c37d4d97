package laws

import (
	"bytes"
	"slices"

	"phoenix/crdt"
)

// finish checks the laws on the states that a history led to.
func (w *world[S]) finish(h History) {
	if w.laws&SetOf(1, 2, 3, 4, 7, 8, 9, 11, 18) != 0 {
		states := w.picked()
		w.algebra(states)
		for i, a := range states {
			b := states[(i+1)%len(states)]
			w.difference(a, b)
			w.decomposition(a)
			w.causes(a)
			w.silent(a)
		}
	}
	w.contexts()
	w.canonical()
	w.deliverAll(h)
	if w.checks(22) && w.fault == nil {
		w.aliases()
	}
}

// picked returns three states to hold against each other: copies, and a delta if there are not enough.
func (w *world[S]) picked() []*S {
	var out []*S
	for i := range w.copies {
		out = append(out, w.copies[i].state)
	}
	if n := len(w.deltas); n > 0 {
		out = append(out, join(w.deltas[n-1].state))
	}
	for len(out) < 3 {
		out = append(out, new(S))
	}
	return out[:3]
}

// algebra checks laws 1 to 4.
func (w *world[S]) algebra(s []*S) {
	a, b, c := s[0], s[1], s[2]
	bottom := new(S)
	if w.checks(1) {
		w.same(1, "a joined with itself is not a", a, join(a, a))
		self := join(a)
		on(self).Merge(self)
		w.same(1, "a merged into itself is not a", a, self)
		w.seen.hits[1] += w.distinct(a, bottom)
	}
	if w.checks(4) {
		w.same(4, "a joined with bottom is not a", a, join(bottom, a, bottom))
		w.seen.hits[4] += w.distinct(a, bottom)
	}
	if w.checks(2) {
		w.same(2, "a join b is not b join a", join(a, b), join(b, a))
		w.seen.hits[2] += w.distinct(a, b)
	}
	if w.checks(3) {
		w.same(3, "(a join b) join c is not a join (b join c)", join(join(a, b), c), join(a, join(b, c)))
		w.seen.hits[3] += w.distinct(a, b) * w.distinct(b, c) * w.distinct(a, c)
	}
}

// distinct returns 1 if the states differ.
func (w *world[S]) distinct(a, b *S) int {
	w.one, w.other = w.append(w.one[:0], a), w.append(w.other[:0], b)
	if bytes.Equal(w.one, w.other) {
		return 0
	}
	return 1
}

// difference checks law 7: the difference suffices, and no piece of it could be left out.
func (w *world[S]) difference(a, b *S) {
	from, ok := any(a).(crdt.Splitter[S])
	if !ok || !w.checks(7) {
		return
	}
	d, both := from.Diff(b), join(a, b)
	if !w.same(7, "b joined with the difference is not a join b", both, join(b, d)) {
		return
	}
	w.same(7, "the difference to a state that has all is not bottom", new(S), from.Diff(both))
	pieces := slices.Collect(any(d).(crdt.Splitter[S]).Split())
	want := w.encode(both)
	for i := range pieces {
		if bytes.Equal(want, w.encode(join(b, without(pieces, i)))) {
			w.fail(7, "the difference is not minimal: %d of its %d pieces suffice", len(pieces)-1, len(pieces))
		}
	}
	if len(pieces) > 0 {
		w.seen.hits[7] += w.distinct(b, new(S))
	}
}

// decomposition checks law 8.
func (w *world[S]) decomposition(a *S) {
	splitter, ok := any(a).(crdt.Splitter[S])
	if !ok || !w.checks(8) {
		return
	}
	pieces := slices.Collect(splitter.Split())
	if !w.same(8, "the pieces do not join to the state", a, join(pieces...)) {
		return
	}
	want := w.encode(a)
	for i := range pieces {
		if bytes.Equal(want, w.encode(without(pieces, i))) {
			w.fail(8, "the decomposition is redundant: %d of %d pieces suffice", len(pieces)-1, len(pieces))
		}
	}
	w.seen.hits[8] += min(1, len(pieces))
}

// without joins all pieces but one.
func without[S any](pieces []*S, i int) *S {
	return join(slices.Delete(slices.Clone(pieces), i, i+1)...)
}

// causes checks laws 9 and 11 on a state by what it sends and what its pieces claim.
func (w *world[S]) causes(a *S) {
	c, ok := any(a).(crdt.Causal[S])
	if !ok || w.laws&SetOf(9, 11) == 0 {
		return
	}
	ctx := c.Context()
	w.same(9, "who has seen nothing does not get all that there is", a, c.Delta(&crdt.CausalContext{}))
	splitter, ok := any(a).(crdt.Splitter[S])
	if !ok {
		return
	}
	var sum crdt.CausalContext
	for piece := range splitter.Split() {
		claims := any(piece).(crdt.Causal[S]).Context()
		if claims.Len() > 1 {
			w.fail(11, "a piece of the decomposition claims %v", claims)
		}
		sum.Merge(claims)
	}
	if sum.Compare(ctx) != crdt.Equal {
		w.fail(9, "the context is %v, those of the pieces make %v", ctx, &sum)
	}
}

// contexts checks that each copy's context is that of its visible events, laws 9 and 11.
func (w *world[S]) contexts() {
	if w.laws&SetOf(9, 11) == 0 || len(w.minted) < len(w.log.events) {
		return
	}
	for i := range w.copies {
		c, ok := any(w.copies[i].state).(crdt.Causal[S])
		if !ok {
			return
		}
		ctx, visible := c.Context(), w.copies[i].visible
		need := &crdt.CausalContext{}
		for id := range visible.All() {
			need.Merge(w.minted[id])
		}
		if lacks := need.Without(ctx); !lacks.IsEmpty() {
			w.fail(9, "the context of copy %s is %v: %v of visible events is not in it", copyName(uint8(i)), ctx, lacks)
		}
		if more := ctx.Without(w.dotsOf(visible)); !more.IsEmpty() {
			w.fail(11, "the context of copy %s is %v: it claims %v of events that are not there",
				copyName(uint8(i)), ctx, more)
		}
		w.seen.hits[9] += min(1, visible.Len())
	}
}

// silent checks law 18.
func (w *world[S]) silent(a *S) {
	if !w.checks(18) {
		return
	}
	if c, ok := any(a).(crdt.Causal[S]); ok {
		w.same(18, "a state has a delta for its own context", new(S), c.Delta(c.Context()))
		w.seen.hits[18] += w.distinct(a, new(S))
	}
	if s, ok := any(a).(crdt.Splitter[S]); ok {
		w.same(18, "a state differs from its copy", new(S), s.Diff(join(a)))
		w.seen.hits[18] += w.distinct(a, new(S))
	}
}

// canonical checks law 21 on copies to which the same events are visible, though they came by other ways.
func (w *world[S]) canonical() {
	if w.laws&SetOf(12, 21) == 0 {
		return
	}
	for i := range w.copies {
		for j := range i {
			a, b := &w.copies[i], &w.copies[j]
			if a.visible != b.visible || a.visible == 0 {
				continue
			}
			l := Law(12)
			if slices.Equal(w.typ.Read(a.state), w.typ.Read(b.state)) && w.checks(21) {
				l = 21
			}
			w.same(l, "two copies have seen the same events and differ", a.state, b.state)
			w.seen.hits[21]++
		}
	}
}

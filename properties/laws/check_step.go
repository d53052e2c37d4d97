package laws

import (
	"bytes"
	"slices"

	"phoenix/crdt"
)

// read checks what a copy says after a step against the specification.
func (w *world[S]) read(c *replica[S], kind Kind) {
	l := w.typ.readLaw()
	if !w.checks(l) {
		l = 13
	}
	if kind == Crash && w.checks(20) {
		l = 20
	}
	if !w.checks(l) {
		return
	}
	if w.reads(l, c.state, c.visible, "a copy") && l != 20 {
		w.seen.hits[13]++
		w.seen.reads(w.typ.Specifies, &w.log, c.visible)
	}
}

// reads checks that s reads as the specification says where the events are visible.
func (w *world[S]) reads(l Law, s *S, visible Set, who string) bool {
	got, want := w.typ.Read(s), w.typ.Spec(View{&w.log, visible})
	if slices.Equal(want, got) {
		return true
	}
	w.fail(l, "%s reads %q, the specification says %q\n  visible: %s", who, got, want, w.describe(visible))
	return false
}

// mutated checks what an operation did to c, which was before, by its delta n; made is
// the delta that the operation returned, or nil.
func (w *world[S]) mutated(c *replica[S], before *S, n *sent[S], made *S) {
	if n.event < 0 {
		if w.same(6, "an operation without an effect changed the state", before, c.state) && made != nil {
			w.same(6, "an operation without an effect has a delta", new(S), made)
		}
	} else {
		if w.checks(5) {
			w.same(5, "the state after does not include the state before", c.state, join(c.state, before))
			w.seen.hits[5]++
		}
		if w.checks(6) && made != nil {
			w.same(6, "the state before, joined with the delta, is not the state after", c.state, join(before, made))
			w.seen.hits[6]++
		}
	}
	if after, ok := any(c.state).(crdt.Causal[S]); ok && w.laws&SetOf(9, 10, 11) != 0 && n.event >= 0 {
		w.mint(after.Context(), any(before).(crdt.Causal[S]).Context(), n, made)
	}
}

// mint checks the dots of a new event, laws 9 to 11.
func (w *world[S]) mint(after, before *crdt.CausalContext, n *sent[S], made *S) {
	fresh := after.Without(before)
	for id, old := range w.minted {
		if twice := fresh.Meet(old); !twice.IsEmpty() {
			w.fail(10, "%v was minted by event %d (%v) before", twice, id, &w.log.events[id])
		}
	}
	if fresh.IsEmpty() {
		w.fail(10, "%v has no dot that was not there before", &w.log.events[n.event])
	}
	w.minted = append(w.minted, fresh)
	if w.log.past[n.event] != 0 && !fresh.IsEmpty() {
		w.seen.hits[10]++
	}
	if made == nil {
		return
	}
	claims := any(made).(crdt.Causal[S]).Context()
	if more := claims.Without(w.dotsOf(n.brings)); !more.IsEmpty() {
		w.fail(11, "the delta of %v claims %v, which it neither carries nor removes", &w.log.events[n.event], more)
	}
	if !claims.Covers(fresh) {
		w.fail(9, "the delta of %v has the context %v, without %v", &w.log.events[n.event], claims, fresh)
	}
	w.seen.hits[11]++
}

// dotsOf returns the dots of the events, and of those that they took away.
func (w *world[S]) dotsOf(events Set) *crdt.CausalContext {
	all := events
	for id := range events.All() {
		all |= w.log.covers[id]
	}
	out := &crdt.CausalContext{}
	for id := range all.All() {
		out.Merge(w.minted[id])
	}
	return out
}

// untouched checks law 22: a step of c changed no other copy and no delta.
func (w *world[S]) untouched(c *replica[S]) {
	if !w.checks(22) || w.fault != nil {
		return
	}
	c.bytes = w.append(c.bytes[:0], c.state)
	for i := range w.copies {
		if o := &w.copies[i]; o != c && o.bytes != nil {
			w.unchanged(o.bytes, o.state, "copy "+copyName(uint8(i)))
		}
	}
	for i := range w.deltas {
		w.unchanged(w.deltas[i].bytes, w.deltas[i].state, "the delta of another step")
	}
}

func (w *world[S]) unchanged(was []byte, s *S, what string) {
	w.other = w.append(w.other[:0], s)
	if now := w.other; !bytes.Equal(was, now) {
		w.fail(22, "%s changed, which had no part in the step\n%s", what, differ(was, now))
	}
}

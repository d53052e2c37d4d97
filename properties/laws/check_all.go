package laws

import (
	"phoenix/sim"
)

// deliverAll tells everybody everything and checks what holds then: laws 12, 15, 17, 19 and 20.
func (w *world[S]) deliverAll(h History) {
	if w.laws&SetOf(12, 15, 17, 19, 20) == 0 || w.fault != nil {
		return
	}
	var said Set
	deltas := make([]*S, len(w.deltas))
	for i := range w.deltas {
		deltas[i] = w.deltas[i].state
		said |= w.deltas[i].brings
	}
	all := join(deltas...)
	if w.checks(12) && w.seen.deltas > 0 {
		w.anyOrder(all, deltas, h.hash())
	}
	rest := all
	if w.checks(17) {
		for i := range w.copies {
			full := w.reopened(w.copies[i].state)
			on(full).Merge(all)
			for j := range w.copies {
				on(full).Merge(w.copies[j].state)
			}
			w.same(17, "a copy that was told all is not what all deltas make", all, full)
			rest = full
		}
		w.seen.hits[17] += min(1, len(w.log.events)/2)
	}
	if w.fault != nil {
		return
	}
	w.lost(rest, said)
	if w.checks(19) && !w.typ.Grows {
		w.bounded(rest, said)
	}
}

// reopened returns a copy of s by way of its encoding, which has what a merge would forget.
func (w *world[S]) reopened(s *S) *S {
	out := new(S)
	if err := on(out).UnmarshalBinary(w.encode(s)); err != nil {
		w.fail(21, "an encoding is not read back: %v", err)
	}
	return out
}

// anyOrder checks law 12: all deltas shuffled, some twice.
func (w *world[S]) anyOrder(all *S, deltas []*S, order uint64) {
	src := sim.NewKey(order).Sub("laws").Sub("order").Rand()
	mixed := make([]*S, 0, 2*len(deltas))
	for i, d := range deltas {
		mixed = append(mixed, d)
		if i%3 == 0 {
			mixed = append(mixed, d)
		}
	}
	src.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	w.same(12, "the deltas in another order, some twice, make another state", all, join(mixed...))
	if len(w.log.events) > 1 {
		w.seen.hits[12]++
	}
}

// lost checks laws 15 and 20: what was acknowledged is there in the end.
func (w *world[S]) lost(all *S, said Set) {
	if w.seen.crashes > 0 && w.checks(20) {
		w.reads(20, all, said, "after a crash, a copy that was told all")
	}
	if w.checks(15) {
		w.reads(15, all, said, "a copy that was told all")
		w.seen.hits[15] += min(1, len(w.log.events)/2)
	}
	if w.seen.reborn {
		w.seen.hits[20]++
	}
}

// bounded checks law 19.
func (w *world[S]) bounded(all *S, said Set) {
	view := View{&w.log, said}
	size, bound := len(w.encode(all)), 0
	if len(view.Keys(said)) < said.Len() { // something was replaced, or added to
		w.seen.hits[19]++
	}
	if w.typ.Bound != nil {
		bound = w.typ.Bound(view)
	} else {
		bound = w.ordinary(view)
	}
	if size > bound {
		w.fail(19, "the state takes %d bytes, %d events alive justify %d", size, view.Alive().Len(), bound)
	}
}

// ordinary returns the bound of a type that gives none.
func (w *world[S]) ordinary(v View) int {
	bound := 16
	for i := range w.copies {
		bound += 16 * int(w.copies[i].epoch+1)
	}
	for e := range v.Events(v.Alive()) {
		bound += 24 + len(e.Key) + len(e.Val)
	}
	return bound
}

// aliases checks law 22 by changing what had been merged. It leaves the world unusable.
func (w *world[S]) aliases() {
	c := &w.copies[0]
	was := w.encode(c.state)
	fork := join(c.state)
	for i := range w.typ.Ops {
		e := w.typ.Ops[i].Event
		e.ID, e.Op, e.Replica = len(w.log.events), w.typ.Ops[i].Name, identifier(maxCopies, 0)
		if o := &w.typ.Ops[i]; o.When == nil || o.When(View{&w.log, c.visible}, &e) {
			o.Do(fork, &e)
		}
	}
	w.unchanged(was, c.state, "a copy, by operations on a copy of it,")
	for i := range w.deltas {
		for j := range w.copies {
			on(w.deltas[i].state).Merge(w.copies[j].state)
		}
		w.unchanged(was, c.state, "a copy, by what a delta became that it had merged,")
	}
	w.seen.hits[22] += w.distinct(c.state, new(S))
}

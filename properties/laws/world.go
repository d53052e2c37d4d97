package laws

import (
	"bytes"
	"fmt"

	"phoenix/crdt"
)

// world runs one history of a type.
type world[S any] struct {
	typ    *Type[S]
	laws   Set // those to check
	log    record
	copies []replica[S]
	deltas []sent[S]
	minted []*crdt.CausalContext // for each event its dots, if laws 9 to 11 are checked
	seen   seen
	step   int
	fault  *Failure

	one, other []byte // memory for encodings that are not kept
}

// replica is one copy of the state.
type replica[S any] struct {
	state   *S
	visible Set
	epoch   uint64
	bytes   []byte // the encoding after its last step, if law 22 is checked

	saved        []byte // nil: nothing was saved
	savedVisible Set
}

// sent is the delta of a Do.
type sent[S any] struct {
	state  *S
	brings Set
	event  int // -1: the operation had no effect
	bytes  []byte
}

func on[S any](s *S) crdt.State[S] { return any(s).(crdt.State[S]) }

// join returns the join of states in memory of its own.
func join[S any](states ...*S) *S {
	out := new(S)
	for _, s := range states {
		on(out).Merge(s)
	}
	return out
}

func newWorld[S any](typ *Type[S], laws Set, copies int) *world[S] {
	w := &world[S]{typ: typ}
	w.start(laws, copies)
	return w
}

// start takes w to the beginning of a history, and keeps its memory but no state of the one before.
func (w *world[S]) start(laws Set, copies int) {
	w.laws, w.step, w.fault, w.seen = laws, 0, nil, seen{}
	w.log.events, w.log.past, w.log.covers = w.log.events[:0], w.log.past[:0], w.log.covers[:0]
	clear(w.deltas)
	w.deltas, w.minted = w.deltas[:0], nil
	if cap(w.copies) < copies {
		w.copies = make([]replica[S], copies)
	}
	w.copies = w.copies[:copies]
	for i := range w.copies {
		w.copies[i] = replica[S]{state: new(S)}
		w.log.replicas[i] = identifier(i, 0)
	}
}

// identifier returns that of a copy's incarnation.
func identifier(copy int, epoch uint64) crdt.Replica { return crdt.Replica(epoch<<4 | uint64(copy+1)) }

// checks reports whether a law is to be checked.
func (w *world[S]) checks(l Law) bool { return w.laws>>l&1 == 1 }

// fail says that the law does not hold, unless another did not before.
func (w *world[S]) fail(l Law, format string, args ...any) {
	if w.fault == nil && w.checks(l) {
		w.fault = &Failure{Law: l, Step: w.step, Detail: fmt.Sprintf(format, args...)}
	}
}

// encode returns the bytes of s, in memory of their own.
func (w *world[S]) encode(s *S) []byte { return w.append(nil, s) }

func (w *world[S]) append(b []byte, s *S) []byte {
	b, err := on(s).AppendBinary(b)
	if err != nil {
		w.fail(21, "a reachable state does not encode: %v", err)
	}
	return b
}

// same holds two states against each other.
func (w *world[S]) same(l Law, what string, want, got *S) bool {
	w.one, w.other = w.append(w.one[:0], want), w.append(w.other[:0], got)
	a, b := w.one, w.other
	if bytes.Equal(a, b) {
		return true
	}
	w.fail(l, "%s\n  one reads   %q\n  other reads %q\n%s", what, w.typ.Read(want), w.typ.Read(got), differ(a, b))
	return false
}

// take takes one step and checks it.
func (w *world[S]) take(s Step) {
	c := &w.copies[s.At]
	switch s.Kind {
	case Do:
		w.operate(s.At, s.Arg)
	case Receive:
		w.receive(c, &w.deltas[s.Arg])
	case Merge:
		from := &w.copies[s.Arg]
		w.seen.merge(c.visible, from.visible)
		on(c.state).Merge(from.state)
		c.visible |= from.visible
	case CatchUp:
		w.catchUp(c, &w.copies[s.Arg])
	case Save:
		w.save(c)
	case Crash:
		w.crash(int(s.At))
	}
	w.read(c, s.Kind)
	w.untouched(c)
	w.step++
}

// operate does an operation and records its event.
func (w *world[S]) operate(at, op uint8) {
	c, o := &w.copies[at], &w.typ.Ops[op]
	e := o.Event
	e.ID, e.Op, e.Copy, e.Replica = len(w.log.events), o.Name, int(at), w.log.replicas[at]
	happens := o.When == nil || o.When(View{&w.log, c.visible}, &e)
	var before *S
	if w.laws&SetOf(5, 6, 9, 10, 11) != 0 {
		before = join(c.state)
	}
	d := o.Do(c.state, &e)
	n := sent[S]{state: d, event: -1}
	if happens {
		n.event = w.log.add(e, c.visible, w.typ.Covers)
		n.brings = w.brings(n.event)
		w.seen.operation(&w.log, n.event)
	}
	if d == nil {
		n.state, n.brings = join(c.state), c.visible|n.brings
	} else {
		w.seen.deltas++
	}
	if happens {
		c.visible |= 1 << n.event
	}
	if before != nil {
		w.mutated(c, before, &n, d)
	}
	if w.checks(22) {
		n.bytes = w.encode(n.state)
	}
	w.deltas = append(w.deltas, n)
}

// brings returns what becomes visible by the delta of an event.
func (w *world[S]) brings(event int) Set {
	out := Set(1) << event
	if w.typ.Carries != nil {
		for id := range w.log.past[event].All() {
			if w.typ.Carries(&w.log.events[event], &w.log.events[id]) {
				out |= 1 << id
			}
		}
	}
	return out
}

func (w *world[S]) receive(c *replica[S], d *sent[S]) {
	w.seen.delivery(&w.log, c.visible, d.brings, d.event)
	on(c.state).Merge(d.state)
	c.visible |= d.brings
}

// catchUp brings to up to from by what the type has for it.
func (w *world[S]) catchUp(to, from *replica[S]) {
	l := Law(12)
	var want, d *S
	if w.laws&SetOf(7, 12) != 0 {
		want = join(to.state, from.state)
	}
	if causal, ok := any(from.state).(crdt.Causal[S]); ok {
		d = causal.Delta(any(to.state).(crdt.Causal[S]).Context())
	} else if splitter, ok := any(from.state).(crdt.Splitter[S]); ok {
		l, d = 7, splitter.Diff(to.state)
	} else {
		d = join(from.state)
	}
	on(to.state).Merge(d)
	to.visible |= from.visible
	if want != nil {
		w.same(l, "what is caught up on is not what a merge brings", want, to.state)
	}
}

// save stores a copy and has it go on from there.
func (w *world[S]) save(c *replica[S]) {
	c.saved, c.savedVisible = w.encode(c.state), c.visible
	back := new(S)
	if err := on(back).UnmarshalBinary(bytes.Clone(c.saved)); err != nil {
		w.fail(21, "an encoding is not read back: %v", err)
		return
	}
	if again := w.encode(back); !bytes.Equal(c.saved, again) {
		w.fail(21, "an encoding is read back as another state\n%s", differ(c.saved, again))
	}
	w.seen.hits[21] += min(1, c.visible.Len())
	c.state = back
}

// crash takes a copy back to what it saved, under a new identifier.
func (w *world[S]) crash(at int) {
	c := &w.copies[at]
	w.seen.crash(at, c.visible, c.savedVisible)
	c.state, c.visible = new(S), c.savedVisible
	if c.saved != nil {
		if err := on(c.state).UnmarshalBinary(bytes.Clone(c.saved)); err != nil {
			w.fail(20, "what was saved is not read back: %v", err)
		}
	}
	c.epoch++
	w.log.replicas[at] = identifier(at, c.epoch)
}

package laws

import (
	"fmt"
)

// Rounds of Churn before the size is taken first and last.
const (
	warmUp = 32
	churns = 16 * warmUp
)

// Churn checks law 19 over the long run: three replicas of one state do all operations
// of the type again and again, and after sixteen times as many rounds the encoding may
// be half as long again and 16 bytes, for counters take more digits. nil: it keeps the
// law, or Grows.
func Churn[S any](typ Type[S]) *Failure {
	must(typ.validate())
	if typ.Grows {
		return nil
	}
	w := newWorld(&typ, 0, 3)
	first := 0
	for round := range churns {
		for i := range 3 * len(typ.Ops) {
			w.churn(i%3, (i+round)%len(typ.Ops))
		}
		if round+1 == warmUp {
			first = len(w.encode(w.copies[0].state))
		}
	}
	last := len(w.encode(w.copies[0].state))
	if last <= first+first/2+16 {
		return nil
	}
	return &Failure{Type: typ.Name, Law: 19, Detail: fmt.Sprintf(
		"three replicas repeat all %d operations: %d bytes after %d rounds, %d after %d",
		len(typ.Ops), first, warmUp, last, churns)}
}

// churn has the replica of copy at do an operation on the first copy's state.
func (w *world[S]) churn(at, op int) {
	if len(w.log.events) >= maxEvents*3/4 {
		w.log.forget(maxEvents / 4)
	}
	o, all := &w.typ.Ops[op], Set(1)<<len(w.log.events)-1
	e := o.Event
	e.ID, e.Op, e.Copy, e.Replica = len(w.log.events), o.Name, at, w.log.replicas[at]
	happens := o.When == nil || o.When(View{&w.log, all}, &e)
	o.Do(w.copies[0].state, &e)
	if happens {
		w.log.add(e, all, w.typ.Covers)
	}
}

// forget drops the events that are not alive, and all but the last n of the others.
func (r *record) forget(n int) {
	old, alive := r.events, r.alive(1<<len(r.events)-1)
	*r = record{replicas: r.replicas}
	for id := range alive.All() {
		if (alive >> id).Len() <= n {
			e := old[id]
			e.ID = len(r.events)
			r.add(e, 1<<e.ID-1, nil)
		}
	}
}

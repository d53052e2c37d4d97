package models

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"phoenix/crdt"
)

// crdtOp is an operation of an alphabet.
type crdtOp struct {
	Verb string
	Key  string
	Elem string
	N    int64
}

// String returns the operation as in "add x" or "hit ada -11".
func (o crdtOp) String() string {
	text := o.Verb
	for _, part := range []string{o.Key, o.Elem} {
		if part != "" {
			text += " " + part
		}
	}
	if o.N != 0 {
		text += fmt.Sprintf(" %+d", o.N)
	}
	return text
}

// crdtEvent is an operation that was done, as the specification sees it: what it was, and
// which operations its replica had heard of (Burckhardt et al., "Replicated data types:
// specification, verification, optimality", POPL 2014, section 3).
type crdtEvent struct {
	ID     int    // a bit of Saw
	Saw    uint64 // the IDs of those heard of before
	Op     crdtOp
	Stamp  crdt.Stamp // of types that order by stamps
	Sum    int64      // of what one replica counted up to here, where its last event stands for all
	Takes  uint64     // the IDs of those of Saw whose effect it takes away: nobody had before
	Brings uint64     // the IDs of earlier ones that come with its delta
}

// crdtView is what a replica has heard of, in order of ID.
type crdtView []crdtEvent

// String lists the operations.
func (v crdtView) String() string {
	var parts []string
	for _, e := range v {
		parts = append(parts, e.Op.String())
	}
	return strings.Join(parts, ", ")
}

func (v crdtView) ids() (set uint64) {
	for _, e := range v {
		set |= 1 << e.ID
	}
	return set
}

// broughtBy returns the events of v that e brings.
func (v crdtView) broughtBy(e crdtEvent) (brought crdtView) {
	for _, old := range v {
		if e.Brings>>old.ID&1 == 1 {
			brought = append(brought, old)
		}
	}
	return brought
}

// with returns the union of two views.
func (v crdtView) with(more crdtView) crdtView {
	all := slices.Concat(v, more)
	slices.SortFunc(all, func(a, b crdtEvent) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b crdtEvent) bool { return a.ID == b.ID })
}

// standing returns the events whose effect no other event of the view takes away.
func (v crdtView) standing() (left crdtView) {
	taken := uint64(0)
	for _, e := range v {
		taken |= e.Takes
	}
	for _, e := range v {
		if taken>>e.ID&1 == 0 {
			left = append(left, e)
		}
	}
	return left
}

// takenBy returns the IDs of those that e takes away when it is done in the view.
func (v crdtView) takenBy(e crdtEvent, covers func(later, earlier crdtEvent) bool) (set uint64) {
	for _, old := range v.standing() {
		if covers(e, old) {
			set |= 1 << old.ID
		}
	}
	return set
}

// closed reports whether all is in the view that one of its events saw: causal delivery.
func (v crdtView) closed() bool {
	have := v.ids()
	return !slices.ContainsFunc(v, func(e crdtEvent) bool { return e.Saw&^have != 0 })
}

// causal is the view with every event taking all that it saw and covers. In a closed view that
// is the specification: an event that was taken before, too, was taken by one that is there.
func (v crdtView) causal(covers func(later, earlier crdtEvent) bool) crdtView {
	all := slices.Clone(v)
	for i := range all {
		all[i].Takes = 0
		for _, old := range v {
			if all[i].Saw>>old.ID&1 == 1 && covers(all[i], old) {
				all[i].Takes |= 1 << old.ID
			}
		}
	}
	return all
}

// crdtNames returns what name returns for the events that it returns something for, sorted, each once.
func crdtNames(v crdtView, name func(crdtEvent) string) []string {
	var names []string
	for _, e := range v {
		if n := name(e); n != "" {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// crdtOpen reads what crdtPack wrote. What it is given was encoded by the model itself, so it
// panics for what is none: the search ends and names the place.
func crdtOpen[S any](b crdtBytes) *S {
	s := new(S)
	if err := crdtState(s).UnmarshalBinary([]byte(b)); err != nil {
		panic(err)
	}
	return s
}

// crdtPack returns the canonical encoding.
func crdtPack[S any](s *S) crdtBytes {
	b, err := crdtState(s).AppendBinary(nil)
	if err != nil {
		panic(err)
	}
	return crdtBytes(b)
}

func crdtState[S any](s *S) crdt.State[S] { return any(s).(crdt.State[S]) }

// crdtMerged returns the join of states.
func crdtMerged[S any](states ...*S) *S {
	all := new(S)
	for _, s := range states {
		crdtState(all).Merge(s)
	}
	return all
}

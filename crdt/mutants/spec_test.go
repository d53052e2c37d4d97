package mutants_test

import (
	"fmt"
	"slices"

	"phoenix/crdt"
	"phoenix/properties/laws"
)

// only returns the type with some of its operations.
func only[S any](typ laws.Type[S], names ...string) laws.Type[S] {
	typ.Ops = slices.DeleteFunc(slices.Clone(typ.Ops), func(o laws.Op[S]) bool { return !slices.Contains(names, o.Name) })
	return typ
}

// identifier is who mints: the incarnation of the copy, or, with the defect M9, the copy.
func identifier[B any](e *laws.Event) crdt.Replica {
	if has[m9, B]() {
		return crdt.Replica(e.Copy)
	}
	return e.Replica
}

// sets is the type of the sets with the variant B: a removal takes away what it saw, and so an add is
// there as long as no visible removal or later add saw it.
func sets[B any]() laws.Type[store[B]] {
	type set = store[B]
	add := func(e string) laws.Op[set] {
		return laws.Op[set]{
			Name: "add " + e, Event: laws.Event{Kind: "add", Key: e},
			Do: func(s *set, ev *laws.Event) *set { return s.add(identifier[B](ev), e) },
		}
	}
	remove := func(e string) laws.Op[set] {
		return laws.Op[set]{
			Name: "remove " + e, Event: laws.Event{Kind: "remove", Key: e}, When: something,
			Do: func(s *set, ev *laws.Event) *set { return s.remove(identifier[B](ev), e) },
		}
	}
	return laws.Type[set]{
		Name:   "set",
		Ops:    []laws.Op[set]{add("a"), add("b"), remove("a")},
		Read:   (*set).elements,
		Spec:   func(v laws.View) []string { return v.Keys(added(v)) },
		Covers: func(later, earlier *laws.Event) bool { return later.Key == earlier.Key },
		Bound:  bytesOfSet,
	}
}

// bytesOfSet is what the encoding of a set takes: 4 for itself, and for each identifier a mark and for each
// add alive a row, all of whose numbers and lengths are below 128.
func bytesOfSet(v laws.View) int {
	n := 4
	minters := map[crdt.Replica]bool{}
	for e := range v.Events(v.Visible()) {
		minters[e.Replica] = true
	}
	for e := range v.Events(added(v)) {
		n += 4 + len(e.Key)
	}
	return n + 2*len(minters)
}

// added returns the adds that are alive.
func added(v laws.View) laws.Set {
	return v.Where(v.Alive(), func(e *laws.Event) bool { return e.Kind == "add" })
}

// something reports whether there is something of its key for e to remove.
func something(v laws.View, e *laws.Event) bool {
	return v.Where(added(v), func(a *laws.Event) bool { return a.Key == e.Key }) != 0
}

// dictionaries is the type of the dictionaries with the variant B: sets under keys, reset with their key.
func dictionaries[B any]() laws.Type[dictionary[B]] {
	type d = dictionary[B]
	update := func(e string) laws.Op[d] {
		return laws.Op[d]{
			Name: "add " + e + " to k", Event: laws.Event{Kind: "add", Key: "k", Val: e},
			Do: func(s *d, ev *laws.Event) *d { return s.update(ev.Replica, "k", e) },
		}
	}
	return laws.Type[d]{
		Name: "map of sets",
		Ops: []laws.Op[d]{update("x"), update("y"), {
			Name: "remove k", Event: laws.Event{Kind: "remove", Key: "k"}, When: something,
			Do: func(s *d, ev *laws.Event) *d { return s.remove(ev.Replica, "k") },
		}},
		Read: (*d).entries,
		Spec: func(v laws.View) []string {
			out := []string{}
			for e := range v.Events(added(v)) {
				out = append(out, e.Key+":"+e.Val)
			}
			slices.Sort(out)
			return slices.Compact(out)
		},
		Covers: func(later, earlier *laws.Event) bool {
			return later.Key == earlier.Key && (later.Kind == "remove" || later.Val == earlier.Val)
		},
		Specifies: 14,
	}
}

// registers is the type of the registers with the variant B: the value is that of the greatest stamp, where
// a write is above all that it saw. What is written names the copy and the event: A0.
func registers[B any]() laws.Type[register[B]] {
	type reg = register[B]
	write := func(ms int64) laws.Op[reg] {
		return laws.Op[reg]{
			Name: fmt.Sprintf("write at %d.%d s", ms/1000, ms%1000/100), Event: laws.Event{Num: ms},
			When: func(v laws.View, e *laws.Event) bool {
				e.Stamp = laterThan(v, e)
				return true
			},
			Do: func(s *reg, e *laws.Event) *reg { return s.write(e.Replica, ms, written(e)) },
		}
	}
	return laws.Type[reg]{
		Name: "register",
		Ops:  []laws.Op[reg]{write(1000), write(1600)},
		Read: func(s *reg) []string { return []string{s.val} },
		Spec: func(v laws.View) []string {
			last, val := crdt.Stamp{}, ""
			for e := range v.Events(v.Visible()) {
				if e.Stamp.Compare(last) > 0 {
					last, val = e.Stamp, written(e)
				}
			}
			return []string{val}
		},
		Specifies: 16,
		Grows:     true, // a clock for each identifier
	}
}

func written(e *laws.Event) string { return fmt.Sprintf("%c%d", 'A'+e.Copy, e.ID) }

// laterThan returns the least stamp for e that is above those visible and not before its time.
func laterThan(v laws.View, e *laws.Event) crdt.Stamp {
	at := crdt.Stamp{Time: e.Num, Replica: e.Replica}
	for seen := range v.Events(v.Visible()) {
		if s := seen.Stamp; s.Time > at.Time || s.Time == at.Time && s.Logical >= at.Logical {
			at.Time, at.Logical = s.Time, s.Logical+1
		}
	}
	return at
}

// healths is the type of what is added to with the variant B: the sum of all that is visible.
func healths[B any]() laws.Type[health[B]] {
	type h = health[B]
	add := func(name string, n int64) laws.Op[h] {
		return laws.Op[h]{
			Name: name, Event: laws.Event{Num: n},
			Do: func(s *h, e *laws.Event) *h { return s.add(e.Replica, n) },
		}
	}
	return laws.Type[h]{
		Name:    "health",
		Ops:     []laws.Op[h]{add("lose 11", -11), add("gain 20", 20)},
		Read:    func(s *h) []string { return []string{fmt.Sprint(s.value())} },
		Spec:    func(v laws.View) []string { return []string{fmt.Sprint(v.Sum(v.Visible()))} },
		Carries: func(later, earlier *laws.Event) bool { return later.Replica == earlier.Replica },
	}
}

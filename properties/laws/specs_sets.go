package laws

import (
	"slices"

	"phoenix/crdt"
)

// letters are the elements and keys of the catalogue.
var letters = []string{"a", "b", "c"}

// sameKey is Covers of a type in which every event takes the place of those before under its key.
func sameKey(later, earlier *Event) bool { return later.Key == earlier.Key }

// aliveKey is When of a removal that needs something to remove.
func aliveKey(v View, e *Event) bool {
	return v.Where(v.Alive(), func(a *Event) bool { return a.Key == e.Key && a.Kind == "add" }) != 0
}

// added returns the keys of the adds alive.
func added(v View) []string {
	return v.Keys(v.Where(v.Alive(), func(e *Event) bool { return e.Kind == "add" }))
}

// setOps returns an add and a remove for each letter.
func setOps[S any](add, remove func(s *S, e *Event) *S, needed func(View, *Event) bool) []Op[S] {
	var ops []Op[S]
	for _, l := range letters {
		ops = append(ops,
			Op[S]{Name: "add " + l, Event: Event{Kind: "add", Key: l}, Do: add},
			Op[S]{Name: "remove " + l, Event: Event{Kind: "remove", Key: l}, Do: remove, When: needed})
	}
	return ops
}

// AddWinsSet specifies crdt.AddWinsSet: an element is there if an add of it is
// visible that no visible remove, or later add, saw.
func AddWinsSet() Type[crdt.AddWinsSet[string]] {
	type set = crdt.AddWinsSet[string]
	return Type[set]{
		Name: "AddWinsSet",
		Ops: setOps(
			func(s *set, e *Event) *set { return s.Add(e.Replica, e.Key) },
			func(s *set, e *Event) *set { return s.Remove(e.Replica, e.Key) }, aliveKey),
		Read:   func(s *set) []string { return slices.AppendSeq([]string{}, s.All()) },
		Covers: sameKey,
		Spec:   added,
	}
}

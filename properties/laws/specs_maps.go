package laws

import (
	"fmt"
	"slices"

	"phoenix/crdt"
)

// pairs returns key and value of the adds alive.
func pairs(v View) []string {
	out := []string{}
	for e := range v.Events(v.Alive()) {
		if e.Kind == "add" {
			out = append(out, e.Key+e.Val)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inner is Covers of maps of sets: what is under another key or element stays.
func inner(later, earlier *Event) bool {
	return later.Key == earlier.Key && (later.Kind == "drop" || later.Val == earlier.Val)
}

// alivePair is When of a removal of an element under a key.
func alivePair(v View, e *Event) bool {
	return v.Where(v.Alive(), func(a *Event) bool { return a.Kind == "add" && a.Key == e.Key && a.Val == e.Val }) != 0
}

// aliveMap is When of a removal of a key.
func aliveMap(v View, e *Event) bool {
	return v.Where(v.Alive(), func(a *Event) bool { return a.Kind == "add" && a.Key == e.Key }) != 0
}

// tags is what lies in the maps of sets.
type tags = *crdt.AddWinsSet[string]

// addTag and removeTag change the set of a key.
func addTag(e *Event) func(tags) tags { return func(v tags) tags { return v.Add(e.Replica, e.Val) } }
func removeTag(e *Event) func(tags) tags {
	return func(v tags) tags { return v.Remove(e.Replica, e.Val) }
}

// mapOps returns the operations of a map of sets: add and remove of an element, and drop of a key.
func mapOps[S any](update func(s *S, e *Event, change func(tags) tags) *S, drop func(*S, *Event) *S) []Op[S] {
	var ops []Op[S]
	for _, key := range letters[:2] {
		for _, val := range []string{"x", "y"} {
			ops = append(ops, Op[S]{
				Name:  "add " + key + val,
				Event: Event{Kind: "add", Key: key, Val: val},
				Do:    func(s *S, e *Event) *S { return update(s, e, addTag(e)) },
			}, Op[S]{
				Name:  "remove " + key + val,
				Event: Event{Kind: "remove", Key: key, Val: val},
				When:  alivePair,
				Do:    func(s *S, e *Event) *S { return update(s, e, removeTag(e)) },
			})
		}
		ops = append(ops, Op[S]{
			Name:  "drop " + key,
			Event: Event{Kind: "drop", Key: key},
			When:  aliveMap,
			Do:    drop,
		})
	}
	return ops
}

// ORMap specifies crdt.ORMap of add-wins sets: a removal of a key resets what it saw.
func ORMap() Type[crdt.ORMap[string, *crdt.AddWinsSet[string]]] {
	type m = crdt.ORMap[string, tags]
	return Type[m]{
		Name:      "ORMap of AddWinsSet",
		Covers:    inner,
		Specifies: 14,
		Spec:      pairs,
		Read: func(s *m) []string {
			out := []string{}
			for k, v := range s.All() {
				for e := range v.All() {
					out = append(out, k+e)
				}
			}
			return out
		},
		Ops: mapOps(
			func(s *m, e *Event, change func(tags) tags) *m { return s.Update(e.Key, change) },
			func(s *m, e *Event) *m { return s.Remove(e.Replica, e.Key) }),
	}
}

// DeepMap specifies crdt.ORMap of maps of sets, one key deep and one deeper: the keys of
// the catalogue are of the map within, which lies under the key "deep" and goes when that is empty.
func DeepMap() Type[crdt.ORMap[string, *crdt.ORMap[string, *crdt.AddWinsSet[string]]]] {
	type within = *crdt.ORMap[string, tags]
	type m = crdt.ORMap[string, within]
	const deep = "deep"
	typ := Type[m]{
		Name:      "ORMap of ORMap",
		Specifies: 14,
		Spec:      pairs,
		Covers: func(later, earlier *Event) bool {
			return later.Kind == "drop all" || inner(later, earlier)
		},
		Read: func(s *m) []string {
			out := []string{}
			for _, v := range s.All() {
				for k, tags := range v.All() {
					for e := range tags.All() {
						out = append(out, k+e)
					}
				}
			}
			return out
		},
		Ops: mapOps(
			func(s *m, e *Event, change func(tags) tags) *m {
				return s.Update(deep, func(v within) within { return v.Update(e.Key, change) })
			},
			func(s *m, e *Event) *m {
				return s.Update(deep, func(v within) within { return v.Remove(e.Replica, e.Key) })
			}),
	}
	typ.Ops = append(typ.Ops, Op[m]{
		Name:  "drop all",
		Event: Event{Kind: "drop all"},
		When:  func(v View, _ *Event) bool { return len(pairs(v)) > 0 },
		Do:    func(s *m, e *Event) *m { return s.Remove(e.Replica, deep) },
	})
	return typ
}

// CounterMap specifies crdt.ORMap of counters in cells: a removal takes the counts that it saw.
func CounterMap() Type[crdt.ORMap[string, *crdt.Cell[crdt.PNCounter]]] {
	type cell = *crdt.Cell[crdt.PNCounter]
	type m = crdt.ORMap[string, cell]
	typ := Type[m]{
		Name:      "ORMap of Cell",
		Covers:    countsOver,
		Specifies: 14,
		Read: func(s *m) []string {
			out := []string{}
			for k, v := range s.All() {
				out = append(out, fmt.Sprint(k, v.Value().Value()))
			}
			return out
		},
		Spec: func(v View) []string {
			out := []string{}
			for _, k := range v.Keys(v.Where(v.Alive(), func(e *Event) bool { return e.Kind == "count" })) {
				out = append(out, fmt.Sprint(k, kept(v, k)))
			}
			return out
		},
	}
	for _, key := range letters[:2] {
		typ.Ops = append(typ.Ops, Op[m]{
			Name:  "count " + key,
			Event: Event{Kind: "count", Key: key, Num: 1},
			When:  onFrom,
			Do: func(s *m, e *Event) *m {
				one := func(p *crdt.PNCounter) *crdt.PNCounter { return p.Add(e.Replica, 1) }
				return s.Update(e.Key, func(c cell) cell { return c.Update(e.Replica, one) })
			},
		}, Op[m]{
			Name:  "remove " + key,
			Event: Event{Kind: "remove", Key: key},
			When:  here,
			Do:    func(s *m, e *Event) *m { return s.Remove(e.Replica, e.Key) },
		})
	}
	return typ
}

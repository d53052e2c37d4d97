package laws

import (
	"fmt"
	"strconv"

	"phoenix/crdt"
)

// kept adds up, by key, the counts alive: of several of one replica, which a reset
// between them that is yet to come leaves, the greatest counts.
func kept(v View, key string) (sum int64) {
	most := map[crdt.Replica]int64{}
	for e := range v.Events(v.Alive()) {
		if e.Key == key && e.Kind == "count" {
			sum += max(0, e.Num-most[e.Replica])
			most[e.Replica] = max(most[e.Replica], e.Num)
		}
	}
	return sum
}

// onFrom is When of a count under a key: it goes on from the replica's own that is alive.
func onFrom(v View, e *Event) bool {
	var own int64
	for a := range v.Events(v.Alive()) {
		if a.Key == e.Key && a.Kind == "count" && a.Replica == e.Replica {
			own = a.Num
		}
	}
	e.Num += own
	return true
}

// countsOver is Covers of counts under keys, which take the place of the replica's
// own, and of removals, which take all that they saw.
func countsOver(later, earlier *Event) bool {
	return later.Key == earlier.Key && (later.Kind != "count" || later.Replica == earlier.Replica)
}

// here is When of a removal that needs something under its key.
func here(v View, e *Event) bool {
	return v.Where(v.Alive(), func(a *Event) bool { return a.Key == e.Key && a.Kind != "remove" }) != 0
}

// Cell specifies crdt.Cell of a counter: a reset takes the counts that it saw.
func Cell() Type[crdt.Cell[crdt.PNCounter]] {
	type c = crdt.Cell[crdt.PNCounter]
	typ := Type[c]{
		Name:   "Cell of PNCounter",
		Read:   func(s *c) []string { return []string{strconv.FormatInt(s.Value().Value(), 10)} },
		Spec:   func(v View) []string { return []string{strconv.FormatInt(kept(v, ""), 10)} },
		Covers: countsOver,
		Ops: []Op[c]{{
			Name:  "reset",
			Event: Event{Kind: "remove"},
			When:  here,
			Do:    func(s *c, e *Event) *c { return s.Reset(e.Replica) },
		}},
	}
	for _, n := range []int64{1, 5} {
		typ.Ops = append(typ.Ops, Op[c]{
			Name:  "count " + strconv.FormatInt(n, 10),
			Event: Event{Kind: "count", Num: n},
			When:  onFrom,
			Do: func(s *c, e *Event) *c {
				return s.Update(e.Replica, func(p *crdt.PNCounter) *crdt.PNCounter { return p.Add(e.Replica, n) })
			},
		})
	}
	return typ
}

// TombstoneMap specifies crdt.TombstoneMap of counters: a deletion wins over all counts
// of its key. What is collected is not in it.
func TombstoneMap() Type[crdt.TombstoneMap[string, crdt.GCounter]] {
	type m = crdt.TombstoneMap[string, crdt.GCounter]
	buried := func(v View, key string) bool {
		return v.Where(v.Alive(), func(e *Event) bool { return e.Key == key && e.Kind == "remove" }) != 0
	}
	typ := Type[m]{
		Name:   "TombstoneMap of GCounter",
		Covers: countsOver,
		Read: func(s *m) []string {
			out := []string{}
			for k, v := range s.All() {
				out = append(out, fmt.Sprint(k, v.Value()))
			}
			for k := range s.Tombstones() {
				out = append(out, k+" dead")
			}
			return out
		},
		Spec: func(v View) []string {
			var alive, dead []string
			for _, k := range v.Keys(v.Alive()) {
				if buried(v, k) {
					dead = append(dead, k+" dead")
				} else {
					alive = append(alive, fmt.Sprint(k, kept(v, k)))
				}
			}
			return append(alive, dead...)
		},
	}
	for _, key := range letters {
		typ.Ops = append(typ.Ops, Op[m]{
			Name:  "count " + key,
			Event: Event{Kind: "count", Key: key, Num: 1},
			When:  func(v View, e *Event) bool { return onFrom(v, e) && !buried(v, e.Key) },
			Do: func(s *m, e *Event) *m {
				one := func(c *crdt.GCounter) *crdt.GCounter { return c.Add(e.Replica, 1) }
				d, _ := s.Update(e.Replica, e.Key, one) // ErrDead comes with a delta of bottom
				return d
			},
		}, Op[m]{
			Name:  "delete " + key,
			Event: Event{Kind: "remove", Key: key},
			When:  func(v View, e *Event) bool { return !buried(v, e.Key) },
			Do:    func(s *m, e *Event) *m { return s.Delete(e.Replica, e.Key) },
		})
	}
	return typ
}

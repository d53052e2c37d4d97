package laws

import (
	"strconv"

	"phoenix/crdt"
)

// total is Spec of a counter.
func total(v View) []string { return []string{strconv.FormatInt(v.Sum(v.Visible()), 10)} }

// ownKind is Carries of counters: the delta of a replica's count has what it counted before.
func ownKind(later, earlier *Event) bool {
	return later.Replica == earlier.Replica && later.Kind == earlier.Kind
}

// perReplica bounds the bytes of a counter by the replicas that counted.
func perReplica(each int) func(View) int {
	return func(v View) int {
		replicas := map[crdt.Replica]bool{}
		for e := range v.Events(v.Visible()) {
			replicas[e.Replica] = true
		}
		return 8 + each*len(replicas)
	}
}

// GCounter specifies crdt.GCounter: the sum of what was added.
func GCounter() Type[crdt.GCounter] {
	type c = crdt.GCounter
	typ := Type[c]{
		Name:    "GCounter",
		Read:    func(s *c) []string { return []string{strconv.FormatInt(int64(s.Value()), 10)} },
		Spec:    total,
		Carries: ownKind,
		Bound:   perReplica(8),
	}
	for n := int64(1); n <= 3; n++ {
		typ.Ops = append(typ.Ops, Op[c]{
			Name:  "add " + strconv.FormatInt(n, 10),
			Event: Event{Num: n},
			Do:    func(s *c, e *Event) *c { return s.Add(e.Replica, uint64(e.Num)) },
		})
	}
	return typ
}

// PNCounter specifies crdt.PNCounter: the sum of what was added and taken away.
func PNCounter() Type[crdt.PNCounter] {
	type c = crdt.PNCounter
	typ := Type[c]{
		Name:    "PNCounter",
		Read:    func(s *c) []string { return []string{strconv.FormatInt(s.Value(), 10)} },
		Spec:    total,
		Carries: ownKind,
		Bound:   perReplica(12),
	}
	for _, n := range []int64{1, 2, -1, -4} {
		kind := "up"
		if n < 0 {
			kind = "down"
		}
		typ.Ops = append(typ.Ops, Op[c]{
			Name:  "add " + strconv.FormatInt(n, 10),
			Event: Event{Kind: kind, Num: n},
			Do:    func(s *c, e *Event) *c { return s.Add(e.Replica, e.Num) },
		})
	}
	return typ
}

// rights returns what r may take away as far as v sees.
func rights(v View, r crdt.Replica) (n int64) {
	for e := range v.Events(v.Visible()) {
		switch {
		case e.Kind == "transfer" && e.Stamp.Replica == r:
			n += int64(e.Stamp.Logical)
		case e.Kind == "transfer" && e.Replica == r:
			n -= int64(e.Stamp.Logical)
		case e.Replica == r:
			n += e.Num
		}
	}
	return n
}

// BoundedCounter specifies crdt.BoundedCounter: the sum of what was added and taken
// away, which nobody does without the rights that he sees he has. In the event of a
// transfer the stamp says to whom, and how much as the logical part.
func BoundedCounter() Type[crdt.BoundedCounter] {
	type c = crdt.BoundedCounter
	typ := Type[c]{
		Name: "BoundedCounter",
		Read: func(s *c) []string { return []string{strconv.FormatInt(int64(s.Value()), 10)} },
		Spec: total,
		Carries: func(later, earlier *Event) bool {
			return ownKind(later, earlier) && later.Stamp.Replica == earlier.Stamp.Replica
		},
		Bound: perReplica(40),
	}
	for n := int64(1); n <= 3; n += 2 {
		text := strconv.FormatInt(n, 10)
		typ.Ops = append(typ.Ops, Op[c]{
			Name:  "add " + text,
			Event: Event{Kind: "add", Num: n},
			Do:    func(s *c, e *Event) *c { return s.Add(e.Replica, uint64(e.Num)) },
		}, Op[c]{
			Name:  "take " + text,
			Event: Event{Kind: "take", Num: -n},
			When:  func(v View, e *Event) bool { return rights(v, e.Replica) >= -e.Num },
			Do: func(s *c, e *Event) *c {
				d, _ := s.Take(e.Replica, uint64(-e.Num)) // an error comes with a delta of bottom
				return d
			},
		}, Op[c]{
			Name:  "hand on " + text,
			Event: Event{Kind: "transfer", Stamp: crdt.Stamp{Logical: uint32(n)}},
			When: func(v View, e *Event) bool {
				e.Stamp.Replica = v.Replica((e.Copy + 1) % 3)
				return rights(v, e.Replica) >= int64(e.Stamp.Logical)
			},
			Do: func(s *c, e *Event) *c {
				d, _ := s.Transfer(e.Replica, e.Stamp.Replica, uint64(e.Stamp.Logical))
				return d
			},
		})
	}
	return typ
}

package laws

import (
	"cmp"
	"fmt"

	"phoenix/crdt"
)

// wins reports whether the write a comes after b in the total order of last writers:
// stamp, then value, where a deletion, which has none, comes before all values.
func wins(a, b *Event) bool { return cmp.Or(a.Stamp.Compare(b.Stamp), cmp.Compare(a.Val, b.Val)) > 0 }

// winner returns the last writer of key, or nil.
func winner(v View, key string) (last *Event) {
	for e := range v.Events(v.Visible()) {
		if e.Key == key && (last == nil || wins(e, last)) {
			last = e
		}
	}
	return last
}

// stamped is When of a write under a clock that stands still often and that copies share
// two by two, so that stamps are equal: it has an effect if it wins.
func stamped(v View, e *Event) bool {
	e.Stamp.Replica = crdt.Replica(e.Copy % 2)
	last := winner(v, e.Key)
	return last == nil || wins(e, last)
}

// LWWRegister specifies crdt.LWWRegister: the value of the greatest stamp, and of two under one stamp the greater.
func LWWRegister() Type[crdt.LWWRegister[string]] {
	type reg = crdt.LWWRegister[string]
	typ := Type[reg]{
		Name: "LWWRegister",
		Read: func(s *reg) []string {
			if v, ok := s.Get(); ok {
				return []string{v}
			}
			return nil
		},
		Specifies: 16,
		Spec: func(v View) []string {
			if last := winner(v, ""); last != nil {
				return []string{last.Val}
			}
			return nil
		},
		Bound: func(View) int { return 40 },
	}
	for _, l := range letters {
		for time := int64(-1); time <= 1; time++ {
			typ.Ops = append(typ.Ops, Op[reg]{
				Name:  fmt.Sprintf("set %s at %d", l, time),
				Event: Event{Val: l, Stamp: crdt.Stamp{Time: time}},
				When:  stamped,
				Do:    func(s *reg, e *Event) *reg { return s.Set(e.Stamp, e.Val) },
			})
		}
	}
	return typ
}

// LWWMap specifies crdt.LWWMap: for each key the value of the greatest stamp, unless that deletes.
func LWWMap() Type[crdt.LWWMap[string, string]] {
	type m = crdt.LWWMap[string, string]
	typ := Type[m]{
		Name: "LWWMap",
		Read: func(s *m) []string {
			out := make([]string, 0, s.Len())
			for k, v := range s.All() {
				out = append(out, k+v)
			}
			if s.Len() != len(out) {
				return append(out, "and a wrong length")
			}
			return out
		},
		Specifies: 16,
		Spec: func(v View) []string {
			out := []string{}
			for _, k := range v.Keys(v.Visible()) {
				if last := winner(v, k); last.Val != "" {
					out = append(out, k+last.Val)
				}
			}
			return out
		},
		Bound: func(v View) int { return 16 + 40*len(v.Keys(v.Visible())) },
	}
	for _, key := range letters {
		for _, val := range []string{"", "x", "y"} {
			for time := int64(-1); time <= 1; time++ {
				name := fmt.Sprintf("set %s to %s at %d", key, val, time)
				if val == "" {
					name = fmt.Sprintf("delete %s at %d", key, time)
				}
				typ.Ops = append(typ.Ops, Op[m]{
					Name:  name,
					Event: Event{Key: key, Val: val, Stamp: crdt.Stamp{Time: time}},
					When:  stamped,
					Do: func(s *m, e *Event) *m {
						if e.Val == "" {
							return s.Delete(e.Stamp, e.Key)
						}
						return s.Set(e.Stamp, e.Key, e.Val)
					},
				})
			}
		}
	}
	return typ
}

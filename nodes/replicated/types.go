package replicated

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"phoenix/crdt"
	"phoenix/nodes"
)

// A Type is a replicated value as servers offer it. A read reads a key, a write is an
// update, and what is a compare-and-set elsewhere takes something away: the third kind
// of operation that a script can have.
type Type[S any] struct {
	// Name is in a word what it is.
	Name string
	// Update carries out an operation and returns the delta. The error says why
	// nothing was done: errNothing if nothing was to be done.
	Update func(s *S, h *hand, op nodes.Invocation) (*S, error)
	// Items returns what can be read, in order of the keys.
	Items func(s *S) []Item
	// Spec returns what is to be read, in any order.
	Spec func(v View) []Item
	// Deleted returns the keys of which the state knows that they were deleted, and
	// Collect forgets those that all have seen, given the contexts of all, and returns the
	// delta. Both are nil if there is nothing to forget; else the type is crdt.Causal, and
	// its servers Durable.
	Deleted func(s *S) []string
	Collect func(s *S, by crdt.Replica, contexts ...*crdt.CausalContext) (*S, int)
	// Bytes bounds the size of a state, given how many keys there ever were and how
	// many boots of servers have updated them.
	Bytes func(keys, boots int) int
}

// hand is who carries out an update: a replica, and what it has to stamp with.
type hand struct {
	by    crdt.Replica
	clock *crdt.HybridClock
	now   time.Duration // what the wall clock of the server shows
	stamp crdt.Stamp    // that was given; zero if none
}

// errNothing is why nothing was done if nothing was to be done.
var errNothing = errors.New("replicated: there is nothing to do")

// sorted returns items in order of the keys.
func sorted(items []Item) []Item {
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Key, b.Key) })
	return items
}

// Counter is one number: a write adds its value, the other kind takes it away. The key
// must always be the same.
func Counter() Type[crdt.PNCounter] {
	const key = "x"
	return Type[crdt.PNCounter]{
		Name: "counter",
		Update: func(s *crdt.PNCounter, h *hand, op nodes.Invocation) (*crdt.PNCounter, error) {
			return s.Add(h.by, change(op)), nil
		},
		Items: func(s *crdt.PNCounter) []Item { return []Item{{key, s.Value()}} },
		Spec: func(v View) []Item {
			sum := int64(0)
			for i, e := range v.events {
				if v.seen.has(i) {
					sum += change(e.Op)
				}
			}
			return []Item{{key, sum}}
		},
		Bytes: func(_, boots int) int { return 8 + 24*boots },
	}
}

// change is what an operation on a counter adds.
func change(op nodes.Invocation) int64 {
	if op.Kind == nodes.Write {
		return op.Value
	}
	return -op.Value
}

// Set is a set of keys: a write adds the key, the other kind takes it out. An add wins
// over a removal that has not seen it.
func Set() Type[crdt.AddWinsSet[string]] {
	return Type[crdt.AddWinsSet[string]]{
		Name: "set",
		Update: func(s *crdt.AddWinsSet[string], h *hand, op nodes.Invocation) (*crdt.AddWinsSet[string], error) {
			switch {
			case op.Kind == nodes.Write:
				return s.Add(h.by, op.Key), nil
			case !s.Contains(op.Key):
				return nil, errNothing
			}
			return s.Remove(h.by, op.Key), nil
		},
		Items: func(s *crdt.AddWinsSet[string]) []Item {
			var all []Item
			for key := range s.All() {
				all = append(all, Item{key, 1})
			}
			return all
		},
		Spec: func(v View) []Item {
			var all []Item
			for _, key := range v.Keys() {
				for i := range v.Of(key, nodes.Write) {
					if !v.removed(key, i) {
						all = append(all, Item{key, 1})
						break
					}
				}
			}
			return all
		},
		Bytes: func(keys, boots int) int { return 64 + 48*boots + 32*keys*boots },
	}
}

// Map keeps of each key what was written last, by the stamps of hybrid clocks; the other
// kind deletes the key. A server whose clock is behind what it knows by more than
// Config.Bound refuses to write.
func Map() Type[crdt.LWWMap[string, int64]] {
	return Type[crdt.LWWMap[string, int64]]{
		Name: "map",
		Update: func(s *crdt.LWWMap[string, int64], h *hand, op nodes.Invocation) (*crdt.LWWMap[string, int64], error) {
			if last, ok := s.Stamp(op.Key); ok {
				if err := h.clock.Observe(last, int64(h.now)); err != nil {
					return nil, err
				}
			}
			h.stamp = h.clock.Now(h.by, int64(h.now))
			if op.Kind == nodes.Write {
				return s.Set(h.stamp, op.Key, op.Value), nil
			}
			return s.Delete(h.stamp, op.Key), nil
		},
		Items: func(s *crdt.LWWMap[string, int64]) []Item {
			var all []Item
			for key, value := range s.All() {
				all = append(all, Item{key, value})
			}
			return all
		},
		Spec:  lastWrites,
		Bytes: func(keys, _ int) int { return 8 + 48*keys },
	}
}

// lastWrites specifies a Map: of each key the update of the greatest stamp counts, among
// those that no other has seen and so has come after.
func lastWrites(v View) []Item {
	last := map[string]*Event{}
	for i, e := range v.events {
		if !v.seen.has(i) {
			continue
		}
		if old := last[e.Op.Key]; (old == nil || e.Stamp.Compare(old.Stamp) >= 0) && !v.superseded(i) {
			last[e.Op.Key] = e
		}
	}
	var all []Item
	for _, key := range v.Keys() {
		if e := last[key]; e != nil && e.Op.Kind == nodes.Write {
			all = append(all, Item{key, e.Op.Value})
		}
	}
	return all
}

// superseded reports whether an update of the same key was seen that had seen event i.
func (v View) superseded(i int) bool {
	for j, e := range v.events {
		if e.Op.Key == v.events[i].Op.Key && v.seen.has(j) && e.Saw(i) {
			return true
		}
	}
	return false
}

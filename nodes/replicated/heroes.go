package replicated

import (
	"slices"

	"phoenix/crdt"
	"phoenix/nodes"
)

// HeroMap is the state of Heroes.
type HeroMap = crdt.TombstoneMap[string, crdt.PNCounter]

// Heroes is a map of heroes and their health: a write heals one, or hurts it if its
// value is even, and the other kind deletes it. A deletion wins over all updates that
// have not seen it. Who updates a hero makes it if it is not there; one that was deleted
// can be made anew where it is forgotten that it was, which is when all have seen it.
func Heroes() Type[HeroMap] {
	return Type[HeroMap]{
		Name: "heroes",
		Update: func(s *HeroMap, h *hand, op nodes.Invocation) (*HeroMap, error) {
			_, alive := s.Get(op.Key)
			switch {
			case op.Kind == nodes.Write:
				return s.Update(h.by, op.Key, func(n *crdt.PNCounter) *crdt.PNCounter { return n.Add(h.by, health(op)) })
			case !alive:
				return nil, errNothing
			}
			return s.Delete(h.by, op.Key), nil
		},
		Items: func(s *HeroMap) []Item {
			var all []Item
			for key, n := range s.All() {
				all = append(all, Item{key, n.Value()})
			}
			return all
		},
		Spec:    livingHeroes,
		Deleted: func(s *HeroMap) []string { return slices.Collect(s.Tombstones()) },
		Collect: (*HeroMap).Collect,
		Bytes:   func(keys, boots int) int { return 64 + 64*boots + 96*keys*boots },
	}
}

// health is by how much an update changes it.
func health(op nodes.Invocation) int64 {
	if op.Value%2 == 0 {
		return -op.Value
	}
	return op.Value
}

// livingHeroes specifies Heroes: an update counts unless a deletion was seen which it
// had not seen; a hero of whom one counts is there, with the sum of those that do.
func livingHeroes(v View) []Item {
	var all []Item
	for _, key := range v.Keys() {
		sum, alive := int64(0), false
		for _, e := range v.Of(key, nodes.Write) {
			if counts := !v.killed(key, e); counts {
				sum, alive = sum+health(e.Op), true
			}
		}
		if alive {
			all = append(all, Item{key, sum})
		}
	}
	return all
}

// killed reports whether a deletion was seen that e had not seen.
func (v View) killed(key string, e *Event) bool {
	for i := range v.Of(key, nodes.CAS) {
		if !e.Saw(i) {
			return true
		}
	}
	return false
}

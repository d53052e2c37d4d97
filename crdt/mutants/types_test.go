package mutants_test

import (
	"slices"

	"phoenix/crdt"
)

// add puts e into the set for r: the new dot takes the place of those that e has.
func (s *store[B]) add(r crdt.Replica, e string) *store[B] {
	var old []crdt.Dot
	if !has[m25, B]() {
		old = s.take(func(r row) bool { return r.key == e })
	}
	return s.put(old, row{s.next(r), e, ""})
}

// remove takes e out of the set.
func (s *store[B]) remove(e string) *store[B] {
	return s.claim(s.take(func(r row) bool { return r.key == e }))
}

// elements reads the set.
func (s *store[B]) elements() []string {
	out := []string{}
	for _, r := range s.rows {
		out = append(out, r.key)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A dictionary maps keys to sets of elements: a row without an element says that the key is there.
type dictionary[B any] struct{ store[B] }

func (s *dictionary[B]) Merge(o *dictionary[B]) { s.store.Merge(&o.store) }

func (s *dictionary[B]) Diff(o *dictionary[B]) *dictionary[B] {
	return &dictionary[B]{*s.store.Diff(&o.store)}
}

// update puts e into the set of key.
func (s *dictionary[B]) update(r crdt.Replica, key, e string) *dictionary[B] {
	there := slices.ContainsFunc(s.rows, func(r row) bool { return r.key == key && r.elem == "" })
	reset := has[m13, B]() && !there
	old := s.take(func(r row) bool { return r.key == key && (reset || r.elem == "" || r.elem == e) })
	n := s.next(r)
	second := crdt.Dot{Replica: r, Counter: n.Counter + 1}
	return &dictionary[B]{*s.put(old, row{n, key, ""}, row{second, key, e})}
}

// remove takes key out, with all that is in its set.
func (s *dictionary[B]) remove(key string) *dictionary[B] {
	return &dictionary[B]{*s.claim(s.take(func(r row) bool {
		return r.key == key && (!has[m13, B]() || r.elem == "")
	}))}
}

// entries reads the dictionary: "key:element" and so on.
func (s *dictionary[B]) entries() []string {
	out := []string{}
	for _, k := range s.rows {
		if k.elem != "" {
			continue
		}
		for _, r := range s.rows {
			if r.key == k.key && r.elem != "" {
				out = append(out, r.key+":"+r.elem)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

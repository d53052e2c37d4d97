package mutants_test

import (
	"iter"
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

// remove takes e out of the set for r.
func (s *store[B]) remove(r crdt.Replica, e string) *store[B] {
	if old := s.take(func(r row) bool { return r.key == e }); len(old) > 0 {
		return s.drop(s.next(r), old)
	}
	return &store[B]{}
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

// A dictionary maps keys to sets of elements: a key is there while it has one.
type dictionary[B any] struct{ store[B] }

// Merge joins o.
func (s *dictionary[B]) Merge(o *dictionary[B]) { s.store.Merge(&o.store) }

// Delta hides that of the store, whose type is another.
func (s *dictionary[B]) Delta(since *crdt.CausalContext) *dictionary[B] {
	return &dictionary[B]{*s.store.Delta(since)}
}

// Diff likewise.
func (s *dictionary[B]) Diff(o *dictionary[B]) *dictionary[B] {
	return &dictionary[B]{*s.store.Diff(&o.store)}
}

// Split likewise.
func (s *dictionary[B]) Split() iter.Seq[*dictionary[B]] {
	return func(yield func(*dictionary[B]) bool) {
		for d := range s.store.Split() {
			if !yield(&dictionary[B]{*d}) {
				return
			}
		}
	}
}

// update puts e into the set of key.
func (s *dictionary[B]) update(r crdt.Replica, key, e string) *dictionary[B] {
	old := s.take(func(r row) bool { return r.key == key && r.elem == e })
	return &dictionary[B]{*s.put(old, row{s.next(r), key, e})}
}

// remove takes key out for r, with all that is in its set.
func (s *dictionary[B]) remove(r crdt.Replica, key string) *dictionary[B] {
	old := s.take(func(r row) bool { return r.key == key })
	if len(old) == 0 {
		return &dictionary[B]{}
	}
	return &dictionary[B]{*s.drop(s.next(r), old)}
}

// entries reads the dictionary: "key:element" and so on.
func (s *dictionary[B]) entries() []string {
	out := []string{}
	for _, r := range s.rows {
		out = append(out, r.key+":"+r.elem)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

package crdt

import (
	"iter"
	"slices"
)

// An ORMap maps keys to causal states that lie under its one context: an update
// of a key beats a removal that did not see it, and a removal resets what it saw,
// at every depth (Almeida et al. 2018, section 7.4). V is a pointer to a causal
// type of the package: *AddWinsSet[E], *RemoveWinsSet[E], *EnableWinsFlag,
// *DisableWinsFlag, *MVRegister[T], *Cell[T], or *ORMap itself. A key is in the map
// while its value holds a dot. The zero value is empty and ready.
type ORMap[K comparable, V nested[V]] struct {
	causality
	keys table[K, struct{}] // the live dots of each key's value
	vals map[K]V
}

func (s *ORMap[K, V]) cause() *causality { return &s.causality }

// Update changes the value of key for a replica, from bottom if there is none, and
// returns the delta. change mutates the value and returns the delta of that, as the
// mutators do: func(v *AddWinsSet[string]) *AddWinsSet[string] { return v.Add(r, "x") }.
// It must not keep the value. Nil stands for no change, and then change must make none: the
// delta is bottom.
func (s *ORMap[K, V]) Update(key K, change func(V) V) *ORMap[K, V] {
	v, ok := s.vals[key]
	if !ok {
		v = v.fresh()
	}
	before := s.Context()
	v.cause().ctx = s.ctx
	nested := change(v)
	s.ctx, *v.cause() = v.cause().ctx, causality{}
	d := &ORMap[K, V]{}
	var none V
	if any(nested) == any(none) {
		return d
	}
	d.causality, *nested.cause() = *nested.cause(), causality{}
	d.log = nil
	if !nested.isEmpty() {
		d.vals = map[K]V{key: nested}
		for n := range nested.dots {
			r := newRow(key, n, struct{}{})
			d.keys.insert(&r)
		}
	}
	s.settle(key, v, d, before)
	return d
}

// settle brings keys and vals up to what the nested update d did to v.
func (s *ORMap[K, V]) settle(key K, v V, d *ORMap[K, V], before *CausalContext) {
	var old []int32
	var gone CausalContext
	for _, p := range s.keys.of(key) {
		if n := s.keys.row(p).dot; d.ctx.Contains(n) && d.keys.lookup(n) < 0 {
			gone.Add(n)
			old = append(old, p)
		}
	}
	s.keys.remove(old...)
	for _, r := range d.keys.all {
		s.keys.insert(r)
	}
	if !gone.IsEmpty() {
		s.noted().note(d.ctx.Without(before).reach(), &gone, s.keys.live())
	}
	s.keep(key, v)
}

func (s *ORMap[K, V]) keep(key K, v V) {
	if v.isEmpty() {
		delete(s.vals, key)
		return
	}
	if s.vals == nil {
		s.vals = map[K]V{}
	}
	s.vals[key] = v
}

// Remove takes key out for replica r and returns the delta, bottom if it is not there.
func (s *ORMap[K, V]) Remove(r Replica, key K) *ORMap[K, V] {
	d := &ORMap[K, V]{}
	old := s.keys.of(key)
	if len(old) == 0 {
		return d
	}
	n := s.ctx.Next(r)
	s.ctx.Add(n)
	var gone CausalContext
	for _, p := range old {
		gone.Add(s.keys.row(p).dot)
	}
	s.keys.remove(old...)
	delete(s.vals, key)
	d.ctx.Add(n)
	d.claim(&gone)
	s.noted().note(&VersionVector{[]Dot{n}}, &gone, s.keys.live())
	return d
}

// Get returns the value of key and whether it is there. It is part of the map: for
// reading, until the next change.
func (s *ORMap[K, V]) Get(key K) (V, bool) {
	v, ok := s.vals[key]
	return v, ok
}

// Len returns the number of keys.
func (s *ORMap[K, V]) Len() int { return len(s.vals) }

// All yields keys and values in order of the keys. The values are for reading.
func (s *ORMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range s.sortedKeys() {
			if !yield(key, s.vals[key]) {
				return
			}
		}
	}
}

func (s *ORMap[K, V]) sortedKeys() []K {
	keys := make([]K, 0, len(s.vals))
	for key := range s.vals {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b K) int { return compareValues(&a, &b) })
	return keys
}

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *ORMap[K, V]) Merge(o *ORMap[K, V]) {
	if s == o {
		return
	}
	c := s.keys.compare(&o.keys, &s.ctx, &o.ctx)
	s.learn(s.keys.lost(&o.keys, c, &s.ctx, &o.ctx), &o.causality, s.keys.live())
	s.join(o, c, &s.ctx, &o.ctx)
	s.absorb(&o.causality)
}

// join joins the stores, given what it changes among the dots of the keys.
func (s *ORMap[K, V]) join(o *ORMap[K, V], c changes, mine, theirs *CausalContext) {
	var order []K
	touched := map[K]bool{}
	touch := func(key K) {
		if !touched[key] {
			touched[key] = true
			order = append(order, key)
		}
	}
	for _, p := range c.gone {
		touch(s.keys.row(p).key)
	}
	for _, p := range c.new {
		touch(o.keys.row(p).key)
	}
	for _, key := range order {
		v, ok := s.vals[key]
		if !ok {
			v = v.fresh()
		}
		theirV, ok := o.vals[key]
		if !ok {
			theirV = v.fresh()
		}
		v.joinStore(theirV, mine, theirs)
		s.keep(key, v)
	}
	s.keys.apply(&o.keys, c)
}

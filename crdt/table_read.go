package crdt

import "slices"

// aliveDots returns the live dots.
func (t *table[K, P]) aliveDots() *CausalContext {
	c := &CausalContext{}
	if t.small() {
		for d := range t.dots {
			c.Add(d)
		}
		return c
	}
	for _, s := range t.strands {
		for i, p := range s.places {
			if p >= 0 {
				c.Add(Dot{s.replica, s.counters[i]})
			}
		}
	}
	return c
}

// copyWithin copies the rows whose dots are in ctx to d.
func (t *table[K, P]) copyWithin(ctx *CausalContext, d *table[K, P]) {
	for _, c := range ctx.clocks {
		my := t.strandOf(c.replica)
		if my < 0 {
			continue
		}
		if t.small() {
			for i := range t.rows {
				if e := &t.rows[i]; e.counter > 0 && e.rep == uint32(my) && spansContain(c.spans, e.counter) {
					d.put(e.key, Dot{c.replica, e.counter}, e.val)
				}
			}
			continue
		}
		s := t.strands[my].sequence
		for _, n := range c.spans {
			for i, _ := s.find(n.lo); i < len(s.counters) && s.counters[i] <= n.hi; i++ {
				if p := s.places[i]; p >= 0 {
					d.put(t.rows[p].key, Dot{c.replica, s.counters[i]}, t.rows[p].val)
				}
			}
		}
	}
	if len(d.rows) > smallTable {
		d.index()
	}
}

// sorted returns the places of the rows in order of key, then dot.
func (t *table[K, P]) sorted() []int32 {
	places := make([]int32, 0, t.live)
	for i := range t.rows {
		if t.rows[i].counter > 0 {
			places = append(places, int32(i))
		}
	}
	slices.SortFunc(places, func(a, b int32) int {
		if c := compareValues(&t.rows[a].key, &t.rows[b].key); c != 0 {
			return c
		}
		return t.dot(a).Compare(t.dot(b))
	})
	return places
}

// sortedKeys returns the keys that have a row for which ok holds, in order.
func (t *table[K, P]) sortedKeys(ok func(P) bool) []K {
	var keys []K
	for _, p := range t.sorted() {
		r := &t.rows[p]
		if ok(r.val) && (len(keys) == 0 || keys[len(keys)-1] != r.key) {
			keys = append(keys, r.key)
		}
	}
	return keys
}

// liveWithin reports whether a dot of r within n is alive.
func (t *table[K, P]) liveWithin(r Replica, n span) bool {
	my := t.strandOf(r)
	if my < 0 {
		return false
	}
	if t.small() {
		for i := range t.rows {
			if e := &t.rows[i]; e.rep == uint32(my) && n.lo <= e.counter && e.counter <= n.hi {
				return true
			}
		}
		return false
	}
	s := t.strands[my].sequence
	for i, _ := s.find(n.lo); i < len(s.counters) && s.counters[i] <= n.hi; i++ {
		if s.places[i] >= 0 {
			return true
		}
	}
	return false
}

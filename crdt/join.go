package crdt

import "slices"

// changes are what a join does to a table: the places of its own rows that go,
// and those of the other's rows that come.
type changes struct {
	gone []int32
	new  []int32
}

// compare finds the changes that joining o brings to t: a dot of one side stays
// if the other has it too or has never seen it (Almeida et al. 2018, figure 3).
//
// It looks at the dots of theirs only, the context of o, so a delta costs
// O(delta * log n) and a whole state O(n).
func (t *table[K, P]) compare(o *table[K, P], mine, theirs *CausalContext) (c changes) {
	if t.small() && !o.small() {
		t.index()
	}
	if o.small() {
		for i := range o.rows {
			if o.rows[i].counter > 0 && !mine.Contains(o.dot(int32(i))) {
				c.new = append(c.new, int32(i))
			}
		}
	}
	if t.small() {
		for i := range t.rows {
			if d := t.dotOf(i); d.Counter > 0 && theirs.Contains(d) && o.lookup(d) < 0 {
				c.gone = append(c.gone, int32(i))
			}
		}
		return c
	}
	for _, k := range theirs.clocks {
		my, their := t.strandOf(k.replica), o.strandOf(k.replica)
		switch {
		case o.small() && my >= 0:
			t.missing(o, my, k, &c)
		case !o.small():
			t.walk(o, my, their, k, mine.of(k.replica), &c)
		}
	}
	return c
}

func (t *table[K, P]) dotOf(i int) Dot {
	if t.rows[i].counter == 0 {
		return Dot{}
	}
	return t.dot(int32(i))
}

// missing finds the rows of t within k that the small table o does not have.
func (t *table[K, P]) missing(o *table[K, P], my int, k clock, c *changes) {
	s := t.strands[my].sequence
	for _, n := range k.spans {
		for i, _ := s.find(n.lo); i < len(s.counters) && s.counters[i] <= n.hi; i++ {
			if s.places[i] >= 0 && o.lookup(Dot{k.replica, s.counters[i]}) < 0 {
				c.gone = append(c.gone, s.places[i])
			}
		}
	}
}

// walk goes through the rows of both within k side by side. seen are the dots of
// the replica that t has seen.
func (t *table[K, P]) walk(o *table[K, P], my, their int, k clock, seen []span, c *changes) {
	var a, b sequence
	if my >= 0 {
		a = *t.strands[my].sequence
	}
	if their >= 0 {
		b = *o.strands[their].sequence
	}
	for _, n := range k.spans {
		i, _ := a.find(n.lo)
		j, _ := b.find(n.lo)
		for {
			for i < len(a.counters) && a.places[i] < 0 {
				i++
			}
			for j < len(b.counters) && b.places[j] < 0 {
				j++
			}
			mine := i < len(a.counters) && a.counters[i] <= n.hi
			yours := j < len(b.counters) && b.counters[j] <= n.hi
			switch {
			case mine && yours && a.counters[i] == b.counters[j]:
				i++
				j++
			case mine && (!yours || a.counters[i] < b.counters[j]):
				c.gone = append(c.gone, a.places[i])
				i++
			case yours:
				if !spansContain(seen, b.counters[j]) {
					c.new = append(c.new, b.places[j])
				}
				j++
			}
			if !mine && !yours {
				break
			}
		}
	}
}

// apply makes the changes that compare found.
func (t *table[K, P]) apply(o *table[K, P], c changes) {
	for _, p := range c.gone {
		t.remove(p)
	}
	if len(c.new) <= 1 {
		for _, p := range c.new {
			t.insert(o.rows[p].key, o.dot(p), o.rows[p].val)
		}
		return
	}
	if t.small() && t.live+len(c.new) > smallTable {
		t.index()
	}
	t.rows = slices.Grow(t.rows, max(0, len(c.new)-(len(t.rows)-t.live)))
	t.insertSorted(o, c.new)
}

// insertSorted inserts rows of o that come strand by strand in rising order.
func (t *table[K, P]) insertSorted(o *table[K, P], from []int32) {
	if t.small() {
		for _, p := range from {
			t.insert(o.rows[p].key, o.dot(p), o.rows[p].val)
		}
		return
	}
	for len(from) > 0 {
		n := 1
		for n < len(from) && follows(&o.rows[from[n-1]], &o.rows[from[n]]) {
			n++
		}
		fresh := sequence{counters: make([]uint64, n), places: make([]int32, n)}
		for i, p := range from[:n] {
			fresh.counters[i] = o.rows[p].counter
			fresh.places[i] = t.put(o.rows[p].key, o.dot(p), o.rows[p].val)
			t.link(fresh.places[i])
		}
		t.strands[t.rows[fresh.places[0]].rep].weave(fresh)
		from = from[n:]
	}
}

func follows[K comparable, P any](a, b *row[K, P]) bool {
	return a.rep == b.rep && a.counter < b.counter
}

// weave adds the dots of fresh, none of which s has, in O(fresh) where they come last.
func (s *sequence) weave(fresh sequence) {
	i, j := len(s.counters)-1, len(fresh.counters)-1
	s.counters = append(s.counters, fresh.counters...)
	s.places = append(s.places, fresh.places...)
	for to := len(s.counters) - 1; i >= 0 && j >= 0; to-- {
		if s.counters[i] > fresh.counters[j] {
			s.counters[to], s.places[to] = s.counters[i], s.places[i]
			i--
		} else {
			s.counters[to], s.places[to] = fresh.counters[j], fresh.places[j]
			j--
		}
	}
	copy(s.counters, fresh.counters[:j+1])
	copy(s.places, fresh.places[:j+1])
}

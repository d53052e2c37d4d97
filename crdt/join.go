package crdt

// changes are what a join does to a table: the places of its own rows that go,
// and those of the other's rows that come.
type changes struct {
	gone []int32 // rising while the table is small
	new  []int32
}

// compare finds the changes that joining o brings to t: a dot of one side stays
// if the other has it too or has never seen it (Almeida et al. 2018, figure 3).
//
// It looks at the dots of theirs only, the context of o, so a delta costs
// O(delta * log n) and a whole state O(n).
func (t *table[K, P]) compare(o *table[K, P], mine, theirs *CausalContext) (c changes) {
	if o.big == nil {
		for i := range o.rows {
			if !mine.Contains(o.rows[i].dot) {
				c.new = append(c.new, int32(i))
			}
		}
	} else {
		t.enlarge()
	}
	if t.big == nil {
		for i := range t.rows {
			if d := t.rows[i].dot; theirs.Contains(d) && o.lookup(d) < 0 {
				c.gone = append(c.gone, int32(i))
			}
		}
		return c
	}
	for _, k := range theirs.clocks {
		my := t.big.strandOf(k.replica)
		switch {
		case o.big != nil:
			walk(my, o.big.strandOf(k.replica), k, mine.of(k.replica), &c)
		case my != nil:
			for p := range my.within(k.spans) {
				if o.lookup(t.big.row(p).dot) < 0 {
					c.gone = append(c.gone, p)
				}
			}
		}
	}
	return c
}

// walk goes through the dots of both strands within k side by side. seen are the
// dots of the replica that the first side has seen.
func walk(my, their *strand, k clock, seen []span, c *changes) {
	var a, b strand
	if my != nil {
		a = *my
	}
	if their != nil {
		b = *their
	}
	for _, n := range k.spans {
		i, _ := a.find(n.lo)
		j, _ := b.find(n.lo)
		for {
			for i < len(a.places) && a.places[i] < 0 {
				i++
			}
			for j < len(b.places) && b.places[j] < 0 {
				j++
			}
			mine, yours := uint64(maxCounter+1), uint64(maxCounter+1)
			if i < len(a.places) {
				mine = a.counter(i)
			}
			if j < len(b.places) {
				yours = b.counter(j)
			}
			if min(mine, yours) > n.hi {
				break
			}
			switch {
			case mine == yours:
				i++
				j++
			case mine < yours:
				c.gone = append(c.gone, a.places[i])
				i++
			default:
				if !spansContain(seen, yours) {
					c.new = append(c.new, b.places[j])
				}
				j++
			}
		}
	}
}

// apply makes the changes that compare found.
func (t *table[K, P]) apply(o *table[K, P], c changes) {
	t.remove(c.gone...)
	if t.live()+len(c.new) > smallTable {
		t.enlarge()
		t.big.adopt(o, c.new)
		return
	}
	for _, p := range c.new {
		t.insert(o.row(p))
	}
}

// adopt inserts rows of o, which come strand by strand in rising order or are few.
func (x *index[K, P]) adopt(o *table[K, P], from []int32) {
	x.reserve(len(from))
	if x.chunks == nil {
		x.chunks = [][]row[K, P]{make([]row[K, P], 0, min(len(from), chunkRows))}
	}
	for len(from) > 0 {
		first := o.row(from[0]).dot
		n := 1
		for last := first; n < len(from); n++ {
			d := o.row(from[n]).dot
			if d.Replica != last.Replica || d.Counter < last.Counter {
				break
			}
			last = d
		}
		s := x.strandFor(first.Replica)
		begin := len(s.places)
		s.grow(n)
		for _, p := range from[:n] {
			r := o.row(p)
			s.push(r.dot.Counter, x.add(r))
		}
		s.settle(begin)
		from = from[n:]
	}
}

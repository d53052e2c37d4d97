package crdt

import "slices"

// kernel is the state of all causal types but ORMap: a table under a context.
type kernel[K comparable, P any] struct {
	causality
	table[K, P]
}

// birth is the memory of the delta of one event, so that it takes one allocation.
// Whoever makes one puts the key and the value into its row.
type birth[K comparable, P any] struct {
	rows   [1]row[K, P]
	clocks [1]clock
	spans  [1]span
}

func (b *birth[K, P]) lay(key K, val P) *birth[K, P] {
	b.rows[0].key, b.rows[0].val, b.rows[0].hash = key, val, hashOf(&key)
	return b
}

// replace is the event of r that puts the row of b in the place of the rows at old,
// or nothing. It writes the delta into d, of which b is the memory.
func (k *kernel[K, P]) replace(r Replica, old []int32, put bool, d *kernel[K, P], b *birth[K, P]) {
	n := k.ctx.mint(r)
	b.spans[0] = span{n.Counter, n.Counter}
	b.clocks[0] = clock{r, b.spans[:1:1]}
	d.ctx.clocks = b.clocks[:1:1]
	if put {
		b.rows[0].dot = n
		d.rows = b.rows[:1:1]
	}
	if len(old) > 0 {
		k.take(old, n, d)
	} else if put {
		k.insert(&b.rows[0])
	}
}

// take is the event n, of which d is the delta, on the rows of a key at old.
func (k *kernel[K, P]) take(old []int32, n Dot, d *kernel[K, P]) {
	var buf [4]Dot
	gone := buf[:0]
	d.pending = &CausalContext{}
	for _, p := range old {
		was := k.row(p).dot
		gone = append(gone, was)
		d.ctx.Add(was)
		d.pending.Add(was)
	}
	if len(d.rows) > 0 {
		k.renew(old[0], &d.rows[0])
		old = old[1:]
	}
	k.remove(old...)
	k.noted().noteFew([]Dot{n}, gone, k.live())
}

// merge joins o into k.
func (k *kernel[K, P]) merge(o *kernel[K, P]) {
	if k == o {
		return
	}
	if k.pending == nil && o.ctx.Len() <= fewDots {
		k.mergeFew(o)
		return
	}
	c := k.compare(&o.table, &k.ctx, &o.ctx)
	k.learn(k.lost(&o.table, c, &k.ctx, &o.ctx), &o.causality, k.live())
	k.apply(&o.table, c)
	k.absorb(&o.causality)
}

const fewDots = 4

// mergeFew does what merge does, dot by dot, where o is the delta of an event or a few.
func (k *kernel[K, P]) mergeFew(o *kernel[K, P]) {
	var dots [2 * fewDots]Dot
	var places [2 * fewDots]int32
	by, gone := dots[:0:fewDots], dots[fewDots:fewDots]
	old, fresh := places[:0:fewDots], places[fewDots:fewDots]
	for d := range o.ctx.All() {
		seen, there := k.ctx.Contains(d), o.lookup(d)
		if !seen && (o.pending == nil || !o.pending.Contains(d)) {
			by = append(by, d)
		}
		here := int32(-1)
		if seen && there < 0 {
			here = k.lookup(d)
		}
		switch {
		case here >= 0:
			old, gone = append(old, here), append(gone, d)
		case !seen && there >= 0:
			fresh = append(fresh, there)
		case !seen:
			gone = append(gone, d)
		}
	}
	k.exchange(old, o, fresh)
	if len(gone) > 0 {
		k.noteMerged(by, gone)
	}
	if o.pending != nil && !k.ctx.Covers(o.pending) {
		k.await(o.pending.Without(&k.ctx))
	}
	k.ctx.Merge(&o.ctx)
}

// exchange puts rows of o, those at fresh, in the place of those at old. Where the key
// is the same, as when an element is added again, the row stays and no hash is looked up.
func (k *kernel[K, P]) exchange(old []int32, o *kernel[K, P], fresh []int32) {
	slices.Sort(old)
	for _, p := range fresh {
		r := o.row(p)
		i := slices.IndexFunc(old, func(p int32) bool { return k.row(p).hash == r.hash && k.row(p).key == r.key })
		if i < 0 {
			continue
		}
		k.renew(old[i], r)
		old = slices.Delete(old, i, i+1)
	}
	k.remove(old...)
	for _, p := range fresh {
		if r := o.row(p); k.lookup(r.dot) < 0 {
			k.insert(r)
		}
	}
}

// noteMerged notes that dots went by the new events by. If there is none, a piece of
// events seen before came: then whoever has not seen all of this state is told.
func (k *kernel[K, P]) noteMerged(by, gone []Dot) {
	if len(by) == 0 {
		by = k.ctx.reach().entries
	}
	k.noted().noteFew(by, gone, k.live())
}

// lost returns the dots of which t learns by the changes c that they are not alive:
// its own that go, and those of theirs that it never saw alive.
func (t *table[K, P]) lost(o *table[K, P], c changes, mine, theirs *CausalContext) *CausalContext {
	gone := &CausalContext{}
	if len(c.gone) == 0 && theirs.Len() == uint64(len(c.new)) {
		return gone
	}
	for _, p := range c.gone {
		gone.Add(t.row(p).dot)
	}
	var fresh CausalContext
	for _, p := range c.new {
		fresh.Add(o.row(p).dot)
	}
	gone.Merge(theirs.Without(mine).Without(&fresh))
	return gone
}

// delta writes into d what a state that has seen since lacks.
func (k *kernel[K, P]) delta(since *CausalContext, d *kernel[K, P]) {
	if k.causality.delta(since, &d.causality, k.liveDots) {
		k.copyWithin(d.events(), &d.table)
	}
}

// diff writes into d the least that joined to o gives the join of k and o.
func (k *kernel[K, P]) diff(o *kernel[K, P], d *kernel[K, P]) {
	k.causality.diff(&o.causality, &d.causality, &k.table, o.table.dots)
	k.copyWithin(d.events(), &d.table)
}

// split yields one piece for each dot of k's context.
func (k *kernel[K, P]) split(yield func(*kernel[K, P]) bool) {
	for n := range k.ctx.All() {
		piece := &kernel[K, P]{}
		piece.ctx.Add(n)
		piece.await(k.late().Meet(&piece.ctx))
		if p := k.lookup(n); p >= 0 {
			piece.insert(k.row(p))
		}
		if !yield(piece) {
			return
		}
	}
}

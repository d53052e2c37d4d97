package crdt

// kernel is the state of all causal types but ORMap: a table under a context.
type kernel[K comparable, P any] struct {
	causality
	table[K, P]
}

// birth is the memory of a delta of one event, so that it takes one allocation.
type birth[K comparable, P any] struct {
	rows    [1]row[K, P]
	strands [1]strand
	clocks  [1]clock
	spans   [2]span
}

func (b *birth[K, P]) lay(d *kernel[K, P]) {
	d.rows, d.strands, d.ctx.clocks = b.rows[:0], b.strands[:0], b.clocks[:0]
}

func (b *birth[K, P]) event(d *kernel[K, P], n Dot) {
	b.clocks[0] = clock{n.Replica, b.spans[:1:2]}
	b.spans[0] = span{n.Counter, n.Counter}
	d.ctx.clocks = b.clocks[:1]
}

// replace is the event of r that puts val, unless it is nil, in the place of the rows at old.
// It writes the delta into d, whose memory is b.
func (k *kernel[K, P]) replace(r Replica, key K, old []int32, val *P, d *kernel[K, P], b *birth[K, P]) {
	b.lay(d)
	n := k.ctx.Next(r)
	b.event(d, n)
	k.ctx.addSpan(r, span{n.Counter, n.Counter})
	var gone CausalContext
	for _, p := range old {
		was := k.dot(p)
		d.ctx.Add(was)
		d.pending.Add(was)
		gone.Add(was)
		k.remove(p)
	}
	if val != nil {
		k.insert(key, n, *val)
		d.insert(key, n, *val)
	}
	if len(old) > 0 {
		k.log.note(removal{VersionVector{[]Dot{n}}, gone, false, 0}, k.vacant)
	}
}

func (k *kernel[K, P]) alive(d Dot) bool { return k.lookup(d) >= 0 }

func (k *kernel[K, P]) vacant(r Replica, n span) bool {
	return coverSpans(k.ctx.of(r), []span{n}) && !k.liveWithin(r, n)
}

// merge joins o into k.
func (k *kernel[K, P]) merge(o *kernel[K, P]) {
	if k == o {
		return
	}
	c := k.compare(&o.table, &k.ctx, &o.ctx)
	if k.pending.IsEmpty() && o.ctx.Len() <= fewDots {
		k.mergeFew(o, c)
		return
	}
	k.learn(k.lost(&o.table, c, &k.ctx, &o.ctx), &o.causality, k.vacant)
	k.apply(&o.table, c)
	k.absorb(&o.causality)
}

const fewDots = 4

// mergeFew does what merge does, dot by dot, where o is the delta of an event or a few.
func (k *kernel[K, P]) mergeFew(o *kernel[K, P], c changes) {
	var n removal
	for _, p := range c.gone {
		n.gone.Add(k.dot(p))
	}
	for d := range o.ctx.All() {
		if !k.ctx.Contains(d) && !o.alive(d) {
			n.gone.Add(d)
		}
	}
	if !n.gone.IsEmpty() {
		for d := range o.ctx.All() {
			if !k.ctx.Contains(d) && !o.pending.Contains(d) {
				n.by.raise(d)
			}
		}
		if len(n.by.entries) == 0 {
			n.by = *k.ctx.reach()
		}
		k.log.note(n, k.vacant)
	}
	for d := range o.pending.All() {
		if !k.ctx.Contains(d) {
			k.pending.Add(d)
		}
	}
	k.apply(&o.table, c)
	k.ctx.Merge(&o.ctx)
}

// lost returns the dots of which t learns by the changes c that they are not alive:
// its own that go, and those of theirs that it never saw alive.
func (t *table[K, P]) lost(o *table[K, P], c changes, mine, theirs *CausalContext) (gone CausalContext) {
	if len(c.gone) == 0 && theirs.Len() == uint64(len(c.new)) {
		return gone
	}
	for _, p := range c.gone {
		gone.Add(t.dot(p))
	}
	var fresh CausalContext
	for _, p := range c.new {
		fresh.Add(o.dot(p))
	}
	gone.Merge(theirs.Without(mine).Without(&fresh))
	return gone
}

// delta writes into d what a state that has seen since lacks.
func (k *kernel[K, P]) delta(since *CausalContext, d *kernel[K, P]) {
	if k.causality.delta(since, &d.causality, k.aliveDots) {
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
		piece.pending = *k.pending.Meet(&piece.ctx)
		if p := k.lookup(n); p >= 0 {
			piece.insert(k.rows[p].key, n, k.rows[p].val)
		}
		if !yield(piece) {
			return
		}
	}
}

// collect drops the rows at places for good: their dots are seen and not alive.
func (k *kernel[K, P]) collect(places []int32) {
	var gone CausalContext
	for _, p := range places {
		gone.Add(k.dot(p))
		k.remove(p)
	}
	if len(places) > 0 {
		k.log.note(removal{*k.ctx.reach(), gone, false, 0}, k.vacant)
	}
}

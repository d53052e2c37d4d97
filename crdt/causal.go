package crdt

import "slices"

// causality is what a causal state knows beside its dot store.
//
// That a dot is dead can be known without the event itself: the delta of an event
// names the dots it took. Those are pending until their own events come, which may
// have taken others. Context leaves them out, so that whoever is asked sends them.
type causality struct {
	ctx     CausalContext // of the events seen and of those pending
	pending CausalContext
	log     removals
}

// events returns the events seen, which the caller must not change.
func (k *causality) events() *CausalContext {
	if k.pending.IsEmpty() {
		return &k.ctx
	}
	return k.ctx.Without(&k.pending)
}

// absorb joins what o has seen.
func (k *causality) absorb(o *causality) {
	if !k.pending.IsEmpty() || !o.pending.IsEmpty() {
		left := k.pending.Without(o.events())
		left.Merge(o.pending.Without(k.events()))
		k.pending = *left
	}
	k.ctx.Merge(&o.ctx)
}

// claim adds dots that are dead.
func (k *causality) claim(dead *CausalContext) {
	k.pending.Merge(dead.Without(&k.ctx))
	k.ctx.Merge(dead)
}

// removals says which events took dots away, so that Delta finds them without
// looking at every live dot. It is no part of the value or of the encoding: where
// it knows less, Delta only says more. Of an entry, whoever has seen everything up
// to by has seen gone go.
//
// It stays short. The newest are kept as they are. The older ones are folded into
// blocks, of which two of one weight become one, so there are O(log n) of them at
// O(log n) a removal, and the ranges of gone close over the removals between them.
type removals []removal

type removal struct {
	by     VersionVector
	gone   CausalContext
	rough  bool // gone holds dots that are alive too
	weight int  // of a block, in foldings; 0: not folded
}

const (
	maxRaw = 32
	folded = 16
)

// note adds n. vacant reports that all dots of a range were seen and none is alive.
func (l *removals) note(n removal, vacant func(Replica, span) bool) {
	blocks := 0
	for blocks < len(*l) && (*l)[blocks].weight > 0 {
		blocks++
	}
	if len(*l)-blocks == maxRaw {
		l.fold(blocks, folded, vacant)
		(*l)[blocks].weight = 1
		for ; blocks > 0 && (*l)[blocks-1].weight == (*l)[blocks].weight; blocks-- {
			l.fold(blocks-1, 2, vacant)
		}
	}
	*l = append(*l, n)
}

// fold makes one of n entries that begin at place i.
func (l *removals) fold(i, n int, vacant func(Replica, span) bool) {
	into := &(*l)[i]
	for j := i + 1; j < i+n; j++ {
		old := &(*l)[j]
		into.by.Merge(&old.by)
		into.gone.Merge(&old.gone)
		into.rough = into.rough || old.rough
		into.weight += old.weight
	}
	into.gone.close(vacant)
	*l = slices.Delete(*l, i+1, i+n)
}

// close fills the gaps of c that are vacant.
func (c *CausalContext) close(vacant func(Replica, span) bool) {
	for i := range c.clocks {
		k := &c.clocks[i]
		out := k.spans[:1]
		for _, s := range k.spans[1:] {
			last := &out[len(out)-1]
			if vacant(k.replica, span{last.hi + 1, s.lo - 1}) {
				last.hi = s.hi
			} else {
				out = append(out, s)
			}
		}
		k.spans = out
	}
}

// missing adds to out the dots that went by events which since does not cover.
func (l removals) missing(since, out *CausalContext, alive func() *CausalContext) {
	for i := range l {
		switch {
		case since.coversVector(&l[i].by):
		case l[i].rough:
			out.Merge(l[i].gone.Without(alive()))
		default:
			out.Merge(&l[i].gone)
		}
	}
}

// forgetful is the log of a state of which only the context ctx and that n dots are alive is known.
func (c *CausalContext) forgetful(n int) removals {
	if c.Len() == uint64(n) {
		return nil
	}
	all := CausalContext{}
	all.Merge(c)
	return removals{{*c.reach(), all, true, 0}}
}

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
	s := &t.strands[my]
	for i, _ := s.find(n.lo); i < len(s.counters) && s.counters[i] <= n.hi; i++ {
		if s.places[i] >= 0 {
			return true
		}
	}
	return false
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

// learn notes, before o is absorbed, that by it the dots of gone are not alive.
func (k *causality) learn(gone CausalContext, o *causality, vacant func(Replica, span) bool) {
	if gone.IsEmpty() {
		return
	}
	by := o.events().Without(k.events()).reach()
	if len(by.entries) == 0 {
		by = k.ctx.reach()
	}
	k.log.note(removal{by: *by, gone: gone}, vacant)
}

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

// delta writes into d what a state that has seen since lacks.
func (k *kernel[K, P]) delta(since *CausalContext, d *kernel[K, P]) {
	if k.causality.delta(since, &d.causality, k.aliveDots) {
		k.copyWithin(d.events(), &d.table)
	}
}

// delta puts into d the events that since lacks and the dots that they took.
func (k *causality) delta(since *CausalContext, d *causality, alive func() *CausalContext) bool {
	d.ctx = *k.events().Without(since)
	if d.ctx.IsEmpty() {
		return false // who has seen all events has seen all removals
	}
	var gone CausalContext
	k.log.missing(since, &gone, alive)
	d.claim(&gone)
	return true
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
		s := &t.strands[my]
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

// diff writes into d the least that joined to o gives the join of k and o.
func (k *kernel[K, P]) diff(o *kernel[K, P], d *kernel[K, P]) {
	k.causality.diff(&o.causality, &d.causality, &k.table, o.table.dots)
	k.copyWithin(d.events(), &d.table)
}

// diff does so for the contexts, given how to find a live dot and the live dots of o.
func (k *causality) diff(o, d *causality, mine interface{ lookup(Dot) int32 }, theirs func(func(Dot) bool)) {
	d.ctx = *k.events().Without(o.events())
	gone := k.pending.Without(&o.ctx)
	for n := range theirs {
		if k.ctx.Contains(n) && mine.lookup(n) < 0 {
			gone.Add(n)
		}
	}
	d.claim(gone)
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

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

package crdt

// causality is what a causal state knows beside its dot store.
//
// That a dot is dead can be known without the event itself: the delta of an event
// names the dots it took. Those are pending until their own events come, which may
// have taken others. Context leaves them out, so that whoever is asked sends them.
type causality struct {
	ctx     CausalContext  // of the events seen and of those pending
	pending *CausalContext // nil: none
	log     *removals      // nil: none known
}

// late returns the pending dots, to be read only.
func (k *causality) late() *CausalContext {
	if k.pending == nil {
		return &CausalContext{}
	}
	return k.pending
}

// await makes dots pending, which are its own from now on.
func (k *causality) await(late *CausalContext) {
	k.pending = late
	if late.IsEmpty() {
		k.pending = nil
	}
}

// events returns the events seen, which the caller must not change.
func (k *causality) events() *CausalContext {
	if k.pending == nil {
		return &k.ctx
	}
	return k.ctx.Without(k.pending)
}

// absorb joins what o has seen.
func (k *causality) absorb(o *causality) {
	if k.pending != nil || o.pending != nil {
		left := k.late().Without(o.events())
		left.Merge(o.late().Without(k.events()))
		k.await(left)
	}
	k.ctx.Merge(&o.ctx)
}

// claim adds dots that are dead.
func (k *causality) claim(dead *CausalContext) {
	late := dead.Without(&k.ctx)
	late.Merge(k.late())
	k.await(late)
	k.ctx.Merge(dead)
}

// learn notes, before o is absorbed, that by it the dots of gone are not alive.
func (k *causality) learn(gone *CausalContext, o *causality, live int) {
	if gone.IsEmpty() {
		return
	}
	by := o.events().Without(k.events()).reach()
	if len(by.entries) == 0 {
		by = k.ctx.reach()
	}
	k.noted().note(by, gone, live)
}

// delta puts into d the events that since lacks and the dots that they took. live
// returns the live dots; it is called if the log no longer has all of these.
func (k *causality) delta(since *CausalContext, d *causality, live func() *CausalContext) bool {
	d.ctx = *k.events().Without(since)
	if d.ctx.IsEmpty() {
		return false // who has seen all events has seen all removals
	}
	var gone CausalContext
	if k.log != nil && !k.log.missing(&d.ctx, &gone) {
		gone = *k.ctx.Without(live())
	}
	gone.Merge(k.late())
	d.claim(&gone)
	return true
}

// diff does so for the contexts, given how to find a live dot and the live dots of o.
func (k *causality) diff(o, d *causality, mine interface{ lookup(Dot) int32 }, theirs func(func(Dot) bool)) {
	d.ctx = *k.events().Without(o.events())
	gone := k.late().Without(&o.ctx)
	for n := range theirs {
		if k.ctx.Contains(n) && mine.lookup(n) < 0 {
			gone.Add(n)
		}
	}
	d.claim(gone)
}

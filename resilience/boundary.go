package resilience

import (
	"context"
	"sync"
)

// An Operation says what asks to run within a Boundary.
type Operation struct {
	Type string // chooses rate limit and breaker
	// Priority decides who waits and who has how much of the quotas. Normal, the zero value, is
	// that of the context, if it has one.
	Priority  Priority
	Resources []Amount // held while it runs; not to be changed meanwhile
}

// An Amount is how much of a resource an operation holds.
type Amount struct {
	Resource string
	N        int64 // not negative
}

// check panics before anything is taken.
func (o *Operation) check() {
	for _, a := range o.Resources {
		if a.N < 0 {
			panic("resilience: an Operation with a negative amount of " + a.Resource)
		}
	}
}

// A Boundary isolates a component: what runs within it holds at most so much of each resource, at most so
// much at once, at the rate of its type, and while the breaker of its type is closed; higher
// priorities first. It is safe for concurrent use, and within a world for the processes and handlers of
// one host.
//
// A call asks its parts in this order: a breaker that would reject rejects, without anything being
// taken; then a slot of the bulkhead, waiting by priority; a token of the limiter, waiting if that shapes;
// the quotas, all or none; a permit of the breaker. So whoever waits holds no quota and no probe. If one
// of them rejects, all that was taken before is given back: a rejected call costs no token, quota, slot
// or probe.
//
// Do allocates nothing unless it waits, tries again, or its breaker has a Timeout.
type Boundary struct {
	clock    Clock
	name     string
	shares   [256]uint8 // in percent, by Priority + 128
	bulkhead *Bulkhead  // may be nil
	full     error
	retry    *Retry // may be nil
	kinds    map[string]*kind
	other    *kind // of types that are not in kinds
	mu       sync.Mutex
	quotas   map[string]*quota // the map does not change
}

// A kind is what belongs to one type of operation.
type kind struct {
	limiter *Limiter // may be nil
	breaker *Breaker // may be nil
	counts  kindCounts
}

// A quota is of one resource. Guarded by Boundary.mu.
type quota struct {
	most, used, peak int64
	rejected         error
}

// Name returns the name that the boundary was given.
func (b *Boundary) Name() string { return b.name }

// Breaker returns the breaker of a type of operations, nil if it has none: to force it open, say.
func (b *Boundary) Breaker(operation string) *Breaker { return b.kind(operation).breaker }

// Limiter returns the rate limit of a type of operations, nil if it has none.
func (b *Boundary) Limiter(operation string) *Limiter { return b.kind(operation).limiter }

// Bulkhead returns what holds the slots, nil if there is none.
func (b *Boundary) Bulkhead() *Bulkhead { return b.bulkhead }

func (b *Boundary) kind(name string) *kind {
	if k := b.kinds[name]; k != nil {
		return k
	}
	return b.other
}

// Policy returns the boundary as the policy of an operation.
func (b *Boundary) Policy(operation Operation) Policy {
	return PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
		return b.Do(ctx, operation, op)
	})
}

// Do runs op within the boundary and returns its error; or a *Rejection that names the part that
// rejected it, or the error of a ctx that had ended; then op did not run, and nothing was used up. With a
// Retry an op that failed runs again. What the operation holds is given back when it returns or panics.
func (b *Boundary) Do(ctx context.Context, operation Operation, op func(context.Context) error) error {
	if b.retry == nil {
		return b.once(ctx, operation, op)
	}
	return b.retry.Do(ctx, func(ctx context.Context) error { return b.once(ctx, operation, op) })
}

func (b *Boundary) once(ctx context.Context, operation Operation, op func(context.Context) error) error {
	if operation.Priority == Normal {
		operation.Priority = PriorityOf(ctx)
	}
	operation.check()
	h := held{b: b, kind: b.kind(operation.Type), resources: operation.Resources}
	if err := h.takeWaiting(ctx, operation.Priority); err != nil {
		return err
	}
	if k := h.kind; k.breaker != nil && k.breaker.cfg.Timeout > 0 {
		bounded, cancel := WithTimeout(ctx, k.breaker.cfg.Timeout)
		defer cancel()
		ctx = bounded
	}
	back := false
	defer func() {
		if back {
			return
		}
		r := recover() // see Breaker.Do
		h.unwound(r)
		if r != nil {
			panic(r)
		}
	}()
	err := op(ctx)
	back = true
	h.done(err)
	return err
}

// An Admission is the right to one operation that runs elsewhere, as the request of a node whose reply is
// another event. End it with Done or Cancel; ending it again does nothing.
type Admission struct {
	mu   sync.Mutex
	held held // zero when it has ended
}

// TryAcquire is Do for code that must not block: it never waits, neither for a slot nor for a token, nor
// tries again. An admission that is not ended holds its slot and quotas for ever: end it also on a timeout.
func (b *Boundary) TryAcquire(operation Operation) (*Admission, error) {
	operation.check()
	h := held{b: b, kind: b.kind(operation.Type), resources: operation.Resources}
	if err := h.take(operation.Priority); err != nil {
		return nil, err
	}
	h.resources = append([]Amount(nil), operation.Resources...)
	return &Admission{held: h}, nil
}

// Done says that the operation ran and ended with err, and gives back what it held.
func (a *Admission) Done(err error) {
	if h := a.end(); h.b != nil {
		h.done(err)
	}
}

// Cancel says that the operation did not run, and gives everything back: its token and probe too.
func (a *Admission) Cancel() {
	if h := a.end(); h.b != nil {
		h.kind.counts.executions.Add(^uint64(0))
		h.giveBack()
	}
}

func (a *Admission) end() held {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.held
	a.held = held{}
	return h
}

// reserve takes all of the amounts, or none and returns the rejection.
func (b *Boundary) reserve(amounts []Amount, p Priority) error {
	if len(amounts) == 0 {
		return nil
	}
	share := int64(b.shares[int(p)+128])
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, a := range amounts {
		q := b.quotas[a.Resource]
		if q == nil {
			continue
		}
		if limit := q.most - q.most*(100-share)/100; a.N > limit-q.used {
			b.giveBack(amounts[:i])
			return q.rejected
		}
		q.used += a.N
	}
	for _, a := range amounts {
		if q := b.quotas[a.Resource]; q != nil {
			q.peak = max(q.peak, q.used)
		}
	}
	return nil
}

func (b *Boundary) release(amounts []Amount) {
	if len(amounts) == 0 {
		return
	}
	b.mu.Lock()
	b.giveBack(amounts)
	b.mu.Unlock()
}

// giveBack is release with the lock.
func (b *Boundary) giveBack(amounts []Amount) {
	for _, a := range amounts {
		if q := b.quotas[a.Resource]; q != nil {
			q.used -= a.N
		}
	}
}

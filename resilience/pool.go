package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"phoenix/sim"
)

// A Pool lends resources that are dear to make, such as connections, each to one borrower at a time. At
// most Max exist. Who finds none waits in a bounded queue, higher priorities first, and within a priority in
// the order in which they came; what waits too long is turned away, see PoolConfig.
//
// A borrower that panics or whose process is killed, whose lease is over, or of whom Died says so, loses what it
// has: it is reset or closed, and those who wait are served. What is closed makes room, and the next one who
// waits opens its own.
//
// A Pool starts nothing: call Run or Maintain for health checks and leases. It may be used by many
// goroutines, and by the processes of one host of a world; handlers, which must not block, have TryGet. Borrowing
// what is idle and giving it back takes a lock each and allocates nothing.
type Pool[R any] struct {
	clock Clock
	cfg   PoolConfig[R] // with its defaults
	spill atomic.Pointer[[]*Pool[R]]
	shut  *Rejection           // of a closed pool
	queue *queue[*resource[R]] // its lock is that of all below

	idle     []*resource[R] // the one that was used last is last, and the first to go
	all      []*resource[R] // that exist or will
	labelled []*label[R]    // who has an owner, and waits
	resting  []*waiter      // of Run
	orphans  []*resource[R] // came back when the pool was closed, to be closed
	rounds   uint64         // of Maintain
	closed   bool
	counts   poolCounts
}

type poolCounts struct{ opened, failed, closed, unhealthy, revoked uint64 }

// A resource is a place of the pool and what is in it.
type resource[R any] struct {
	value  R
	state  resourceState
	at     int      // in all
	loans  uint64   // so far
	until  sim.Time // the lease
	owner  any
	dead   bool   // the owner, while it opens
	permit Permit // for Open, of a place that was granted
	round  uint64 // of Maintain that checked it
}

type resourceState uint8

const (
	isOpening resourceState = iota
	isIdle
	isPromised // to one who waited and has not come for it yet
	isLent
	isTended  // checked, reset or closed
	isRevoked // this one was replaced, its borrower is no owner any more
)

// A label is the owner of one who waits.
type label[R any] struct {
	owner any
	entry *queued[*resource[R]]
	dead  bool
}

// errNoneFree says that a pool has nothing to lend at once.
var errNoneFree = errors.New("none free")

// NewPool returns a Pool without resources: Maintain or Run opens the first. It panics if the configuration makes
// no sense.
func NewPool[R any](clock Clock, cfg PoolConfig[R]) *Pool[R] {
	p := &Pool[R]{clock: clock, cfg: cfg.filled(), shut: &Rejection{By: "pool", Name: cfg.Name, Reason: ErrClosed}}
	p.queue = newQueue(queueConfig{
		by: "pool", name: cfg.Name, limit: p.cfg.Queue, maxWait: p.cfg.MaxWait,
		target: p.cfg.Target, interval: p.cfg.Interval,
	}, p.pass)
	return p
}

// SetSpill says from which pools to borrow when this one has nothing to lend at once, in this order. Each may
// have others again, also this one: a request asks each pool once.
func (p *Pool[R]) SetSpill(pools ...*Pool[R]) {
	pools = slices.Clone(pools)
	p.spill.Store(&pools)
}

// Do runs op with a resource, once or not at all, and returns its error; or that of Get. Whatever op
// returned is never tried again elsewhere. If its error is one that leaves the resource dirty, or op
// panics, the resource is reset or closed, see Loan.Fail.
func (p *Pool[R]) Do(ctx context.Context, op func(context.Context, R) error) error {
	loan, err := p.Get(ctx)
	if err != nil {
		return err
	}
	clean := false
	defer func() {
		if clean {
			loan.Return()
		} else {
			loan.Fail()
		}
	}()
	err = op(ctx, loan.Resource())
	clean = err == nil || !loan.pool.cfg.Dirty(err)
	return err
}

// Get borrows a resource; who gets one ends the loan with Return, Fail or Discard. It lends what is idle; if
// there is room it opens one; else it asks the pools of SetSpill to do one of both; else it waits. The one
// deadline of ctx holds for all of it, and MaxWait for the wait.
//
// The error is a *Rejection: ErrFull, ErrWaited, ErrShed, ErrClosed, the error of ctx, or that of an open
// Breaker; or it is the error of Open. While the breaker is open one can still wait for what is out.
func (p *Pool[R]) Get(ctx context.Context) (Loan[R], error) { return p.GetFor(ctx, nil) }

// GetFor is Get for an owner of whose death somebody tells, see Died. It can be anything that can be
// compared: the name of a process, a *sim.Proc; nil is none.
func (p *Pool[R]) GetFor(ctx context.Context, owner any) (Loan[R], error) {
	if ctx.Err() == nil {
		if loan, ok := p.tryFor(ctx, owner); ok {
			return loan, nil
		}
	}
	return p.getSlow(ctx, owner)
}

// TryGet borrows what is idle. It never blocks: it opens nothing and asks no other pool.
func (p *Pool[R]) TryGet(ctx context.Context) (Loan[R], bool) { return p.tryFor(ctx, nil) }

func (p *Pool[R]) tryFor(ctx context.Context, owner any) (Loan[R], bool) {
	p.queue.lock()
	last := len(p.idle) - 1
	if last < 0 {
		p.queue.unlock()
		return Loan[R]{}, false
	}
	loan := p.lend(ctx, p.takeIdle(last), owner)
	p.queue.unlock()
	return loan, true
}

// getSlow is GetFor when nothing is idle, or for a context that has ended.
func (p *Pool[R]) getSlow(ctx context.Context, owner any) (Loan[R], error) {
	if err := ctx.Err(); err != nil {
		return Loan[R]{}, p.queue.ended(err)
	}
	if p.spill.Load() == nil {
		return p.get(ctx, owner, true)
	}
	var own error
	for i, q := range p.reachable() {
		if err := ctx.Err(); err != nil {
			return Loan[R]{}, p.queue.ended(err)
		}
		loan, err := q.get(ctx, owner, false)
		if err == nil {
			return loan, nil
		}
		if i == 0 {
			own = err
		}
		if own == p.shut {
			break
		}
	}
	if own != errNoneFree {
		return Loan[R]{}, own
	}
	return p.get(ctx, owner, true)
}

// reachable returns p and all to which its requests may spill, each once, the nearer first.
func (p *Pool[R]) reachable() []*Pool[R] {
	seen := []*Pool[R]{p}
	for i := 0; i < len(seen); i++ {
		next := seen[i].spill.Load()
		if next == nil {
			continue
		}
		for _, q := range *next {
			if !slices.Contains(seen, q) {
				seen = append(seen, q)
			}
		}
	}
	return seen
}

// get lends from this pool: what is idle, or what it opens, or, if it may, what it waits for. Else the error is
// errNoneFree.
func (p *Pool[R]) get(ctx context.Context, owner any, wait bool) (Loan[R], error) {
	p.reap(ctx)
	var refused error // by the breaker
	for {
		p.queue.lock()
		now, room := p.clock.Monotonic(), len(p.all) < p.cfg.Max
		switch {
		case p.closed:
			p.queue.unlock()
			return Loan[R]{}, p.shut
		case len(p.idle) > 0: // then nobody waits
			loan := p.lend(ctx, p.takeIdle(len(p.idle)-1), owner)
			p.queue.unlock()
			return loan, nil
		case refused == nil && room && p.queue.waiting(now) == 0:
			r := p.reserve(owner)
			p.queue.unlock()
			if refused = p.permit(r); refused == nil {
				return p.openFor(ctx, r, owner)
			}
			continue
		case refused != nil && len(p.all) == 0:
			p.queue.unlock()
			return Loan[R]{}, refused
		case !wait:
			p.queue.unlock()
			return Loan[R]{}, errNoneFree
		}
		return p.wait(ctx, owner, now, room && refused == nil)
	}
}

// wait is the end of get, which has the lock: it joins the queue. If there is room though others wait, the breaker
// was open, and may not be any more.
func (p *Pool[R]) wait(ctx context.Context, owner any, now sim.Time, room bool) (Loan[R], error) {
	e, err := p.queue.join(ctx, now)
	var l *label[R]
	if err == nil && owner != nil {
		l = &label[R]{owner: owner, entry: e}
		p.labelled = append(p.labelled, l)
	}
	p.queue.unlock()
	defer p.leave(ctx, l)
	if room {
		p.offer()
	}
	if err != nil {
		return Loan[R]{}, err
	}
	r, err := p.queue.wait(ctx, e)
	if err != nil {
		return Loan[R]{}, err
	}
	return p.collect(ctx, r, owner, l)
}

// collect takes what was granted.
func (p *Pool[R]) collect(ctx context.Context, r *resource[R], owner any, l *label[R]) (Loan[R], error) {
	p.queue.lock()
	switch {
	case l != nil && l.dead:
		p.pass(r)
		p.queue.unlock()
		return Loan[R]{}, p.queue.reject.canceled
	case r.state == isOpening:
		r.owner = owner
		p.queue.unlock()
		return p.openFor(ctx, r, owner)
	}
	loan := p.lend(ctx, r, owner)
	p.queue.unlock()
	return loan, nil
}

// leave is the end of a wait, however it ended. What was promised to one who left when the pool was closed is
// closed too.
func (p *Pool[R]) leave(ctx context.Context, l *label[R]) {
	p.queue.lock()
	p.labelled = slices.DeleteFunc(p.labelled, func(x *label[R]) bool { return x == l })
	orphans := p.orphans
	p.orphans = nil
	p.queue.unlock()
	forEach(orphans, func(r *resource[R]) { p.scrap(ctx, r) })
}

// lend makes a loan. With the lock.
func (p *Pool[R]) lend(ctx context.Context, r *resource[R], owner any) Loan[R] {
	r.state, r.owner = isLent, owner
	r.loans++
	if p.cfg.Lease > 0 {
		r.until = p.clock.Monotonic().Add(p.cfg.Lease)
	}
	return Loan[R]{pool: p, ctx: ctx, resource: r, number: r.loans}
}

// A Loan is the right to use a resource. End it once, with Return, Fail or Discard: ending it again panics. After
// it was revoked ending it does nothing: the resource is the pool's. The zero Loan, which comes with an error,
// may be ended and does nothing. Loans are values.
type Loan[R any] struct {
	pool     *Pool[R]
	ctx      context.Context // for Reset and Close
	resource *resource[R]
	number   uint64 // of the loans of that resource
}

// Resource returns what was borrowed. It is not to be used after the end of the loan.
func (l Loan[R]) Resource() (r R) {
	if l.pool == nil {
		return r
	}
	return l.resource.value
}

// Return gives the resource back as it was got: to the next who waits, or to be idle.
func (l Loan[R]) Return() {
	if !l.end() {
		return
	}
	p := l.pool
	kept := p.keep(l.resource)
	p.queue.unlock()
	if !kept {
		p.scrap(l.ctx, l.resource)
	}
}

// Fail gives a resource back that may be dirty: it is reset, and closed if that fails or there is no Reset.
func (l Loan[R]) Fail() {
	if l.end() {
		l.pool.queue.unlock()
		l.pool.renew(l.ctx, l.resource)
	}
}

// Discard gives a resource back that is of no use any more: it is closed.
func (l Loan[R]) Discard() {
	if l.end() {
		l.pool.queue.unlock()
		l.pool.scrap(l.ctx, l.resource)
	}
}

// end ends the loan, unless it was revoked. Afterwards the caller has the lock, and the resource is tended.
func (l Loan[R]) end() bool {
	p, r := l.pool, l.resource
	if p == nil {
		return false
	}
	p.queue.lock()
	if r.loans == l.number && r.state == isLent {
		r.state, r.owner = isTended, nil
		return true
	}
	revoked := r.loans == l.number && r.state == isRevoked
	p.queue.unlock()
	if !revoked {
		panic(fmt.Sprintf("resilience: a Loan of the Pool %q was ended twice", p.cfg.Name))
	}
	return false
}

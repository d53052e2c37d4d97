package resilience

import (
	"context"
	"slices"
	"time"

	"phoenix/sim"
)

// Run maintains the pool until ctx ends, whose error it returns, or the pool is closed, then nil: all that
// Maintain does at once and every CheckEvery, and the leases to the instant. Run it in a goroutine, or in a
// process of a world. What Open and Check say does not end it.
func (p *Pool[R]) Run(ctx context.Context) error {
	next := p.clock.Monotonic()
	for ctx.Err() == nil {
		if p.clock.Monotonic() >= next {
			_ = p.Maintain(ctx) // counted, and told to the breaker
			next = p.clock.Monotonic().Add(p.cfg.CheckEvery)
		} else {
			p.reap(ctx)
		}
		w := newWaiter(ctx)
		p.queue.lock()
		if p.closed {
			p.queue.unlock()
			return nil
		}
		p.resting = append(p.resting, w)
		now := p.clock.Monotonic()
		wake := min(next, p.leaseEnds(now))
		p.queue.unlock()
		p.rest(ctx, w, max(wake.Sub(now), 1))
	}
	return ctx.Err()
}

// rest waits for d, or until the pool is closed.
func (p *Pool[R]) rest(ctx context.Context, w *waiter, d time.Duration) {
	defer func() {
		p.queue.lock()
		p.resting = slices.DeleteFunc(p.resting, func(x *waiter) bool { return x == w })
		p.queue.unlock()
	}()
	_ = w.wait(ctx, d) // whatever ended it, the loop of Run looks again
}

// leaseEnds returns when a lease ends at the earliest: of those that are lent now, or will be. With the lock.
func (p *Pool[R]) leaseEnds(now sim.Time) sim.Time {
	if p.cfg.Lease == 0 {
		return sim.Forever
	}
	end := now.Add(p.cfg.Lease)
	for _, r := range p.all {
		if r.state == isLent {
			end = min(end, r.until)
		}
	}
	return end
}

// Maintain does what is due: it closes what is lent beyond its lease; checks what is idle, one after the other,
// and closes what is not healthy; gives room to those who wait; and opens resources until there are Initial. It
// returns the error of Open, or the rejection of the breaker, on which it stops.
func (p *Pool[R]) Maintain(ctx context.Context) error {
	p.reap(ctx)
	if p.cfg.Check != nil {
		p.queue.lock()
		p.rounds++
		round := p.rounds
		p.queue.unlock()
		for p.checkNext(ctx, round) {
		}
	}
	p.offer()
	for {
		p.queue.lock()
		if p.closed || len(p.all) >= p.cfg.Initial {
			p.queue.unlock()
			return nil
		}
		r := p.reserve(nil)
		p.queue.unlock()
		if err := p.permit(r); err != nil {
			return err
		}
		if err := p.open(ctx, r); err != nil {
			return err
		}
		p.putBack(ctx, r, true)
	}
}

// reap closes what is lent beyond its lease: its borrower may use it yet, so it cannot be reset.
func (p *Pool[R]) reap(ctx context.Context) {
	if p.cfg.Lease == 0 {
		return
	}
	now := p.clock.Monotonic()
	over := p.revokeAll(func(r *resource[R]) bool { return r.until <= now })
	forEach(over, func(r *resource[R]) { p.scrap(ctx, r) })
}

// revokeAll revokes the loans of which it is said.
func (p *Pool[R]) revokeAll(which func(*resource[R]) bool) (revoked []*resource[R]) {
	p.queue.lock()
	defer p.queue.unlock()
	for _, r := range p.all {
		if r.state == isLent && which(r) {
			revoked = append(revoked, p.revoke(r))
		}
	}
	return revoked
}

// forEach calls fn with each, also if it panics with one.
func forEach[T any](all []T, fn func(T)) {
	if len(all) > 0 {
		defer forEach(all[1:], fn)
		fn(all[0])
	}
}

// checkNext checks one of those that are idle and were not checked in this round, and reports false if there is
// none.
func (p *Pool[R]) checkNext(ctx context.Context, round uint64) bool {
	p.queue.lock()
	i := slices.IndexFunc(p.idle, func(r *resource[R]) bool { return r.round < round })
	if i < 0 || p.closed || ctx.Err() != nil {
		p.queue.unlock()
		return false
	}
	r := p.takeIdle(i)
	r.round = round
	p.queue.unlock()
	healthy := false
	defer func() {
		if !healthy {
			p.queue.lock()
			p.counts.unhealthy++
			p.queue.unlock()
		}
		p.putBack(ctx, r, healthy)
	}()
	bounded, cancel := WithTimeout(ctx, p.cfg.CheckEvery)
	defer cancel()
	healthy = p.cfg.Check(bounded, r.value) == nil || ctx.Err() != nil // an end of Run says nothing of the resource
	return true
}

// putBack keeps what is fit, and closes the rest.
func (p *Pool[R]) putBack(ctx context.Context, r *resource[R], fit bool) {
	if fit {
		p.queue.lock()
		fit = p.keep(r)
		p.queue.unlock()
	}
	if !fit {
		p.scrap(ctx, r)
	}
}

// Died says that an owner is dead. What was lent to it by GetFor is reset or closed and goes to those who wait;
// whatever of it waits or opens gets a *Rejection with context.Canceled.
func (p *Pool[R]) Died(ctx context.Context, owner any) {
	if owner == nil {
		panic("resilience: Died(nil) of a Pool, expected an owner")
	}
	p.bury(owner)
	left := p.revokeAll(func(r *resource[R]) bool { return r.owner == owner })
	forEach(left, func(r *resource[R]) { p.renew(ctx, r) })
}

// bury takes out what an owner waits for, and marks what it opens.
func (p *Pool[R]) bury(owner any) {
	p.queue.lock()
	defer p.queue.unlock()
	for _, l := range p.labelled {
		if l.owner != owner {
			continue
		}
		l.dead = true
		if l.entry.state == isWaiting {
			p.queue.counts.left++
			p.queue.drop(l.entry, p.queue.reject.canceled)
		}
	}
	for _, r := range p.all {
		if r.state == isOpening && r.owner == owner {
			r.dead = true
		}
	}
}

// Close shuts the pool down. Those who wait get a *Rejection with ErrClosed, as all who come later; what is idle is
// closed now, and what is out when it comes back. It does not wait for that; closing again does nothing.
func (p *Pool[R]) Close(ctx context.Context) {
	p.queue.lock()
	p.closed = true
	p.dropAll(p.shut)
	idle := p.idle
	p.idle = nil
	for _, r := range idle {
		r.state = isTended
	}
	for _, w := range p.resting {
		w.ring()
	}
	p.queue.unlock()
	forEach(idle, func(r *resource[R]) { p.scrap(ctx, r) })
}

// Stats returns numbers. It takes time in proportion to Max.
func (p *Pool[R]) Stats() PoolStats {
	p.queue.lock()
	defer p.queue.unlock()
	waiting, c, n := p.queue.waiting(p.clock.Monotonic()), p.queue.counts, p.counts
	s := PoolStats{
		Max: p.cfg.Max, Idle: len(p.idle), Waiting: waiting,
		Opened: n.opened, Failed: n.failed, Closed: n.closed, Unhealthy: n.unhealthy, Revoked: n.revoked,
		Granted: c.granted, Full: c.full, TimedOut: c.waited, Shed: c.shed, Cancelled: c.left,
	}
	for _, r := range p.all {
		switch r.state {
		case isPromised, isLent:
			s.Out++
		case isOpening:
			s.Opening++
		case isTended:
			s.Upkeep++
		}
	}
	s.Utilisation = int(int64(s.Out) * 100 / int64(s.Max))
	return s
}

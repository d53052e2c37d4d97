package resilience

import (
	"context"
	"slices"

	"phoenix/sim"
)

// takeIdle takes the i-th of those that are idle. With the lock.
func (p *Pool[R]) takeIdle(i int) *resource[R] {
	r := p.idle[i]
	if last := len(p.idle) - 1; i == last {
		p.idle[last] = nil
		p.idle = p.idle[:last]
	} else {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	r.state = isTended
	return r
}

// reserve makes a place for a resource that is to be opened. With the lock.
func (p *Pool[R]) reserve(owner any) *resource[R] {
	r := &resource[R]{owner: owner, at: len(p.all)}
	p.all = append(p.all, r)
	return r
}

// remove gives a place up. With the lock.
func (p *Pool[R]) remove(r *resource[R]) {
	last := len(p.all) - 1
	p.all[r.at], p.all[last].at = p.all[last], r.at
	p.all[last] = nil
	p.all = p.all[:last]
}

// keep gives a resource that is fit for use to the next who waits, or lets it be idle; it reports false if
// the pool was closed, and so must be the resource. With the lock.
func (p *Pool[R]) keep(r *resource[R]) bool {
	if p.closed {
		return false
	}
	if p.queue.length > 0 && p.queue.give(p.clock.Monotonic(), r) {
		r.state = isPromised
		return true
	}
	r.state = isIdle
	p.idle = append(p.idle, r)
	return true
}

// pass takes back what was granted to somebody who is not there any more. The breaker is told when the lock is
// released, for it may call back. With the lock.
func (p *Pool[R]) pass(r *resource[R]) {
	switch {
	case r.state == isOpening:
		if p.closed || !p.queue.give(p.clock.Monotonic(), r) {
			p.remove(r)
			p.queue.calls = append(p.queue.calls, &queued[*resource[R]]{call: func(*resource[R], error) { r.permit.Cancel() }})
		}
	case !p.keep(r):
		r.state = isTended
		p.orphans = append(p.orphans, r)
	}
}

// permit asks the breaker whether r may be opened. If it refuses, the place is given up, and if nothing is left
// that those who wait could wait for, they are refused too.
func (p *Pool[R]) permit(r *resource[R]) (refused error) {
	if p.cfg.Breaker == nil {
		return nil
	}
	asked := false
	defer func() {
		if !asked || refused != nil {
			p.queue.lock()
			p.remove(r)
			if len(p.all) == 0 && refused != nil {
				p.dropAll(refused)
			}
			p.queue.unlock()
		}
	}()
	r.permit, refused = p.cfg.Breaker.Acquire()
	asked = true
	return refused
}

// dropAll turns all away who wait. With the lock.
func (p *Pool[R]) dropAll(err error) {
	p.queue.each(func(e *queued[*resource[R]]) { p.queue.drop(e, err) })
}

// offer gives those who wait the permission to open resources, as far as there is room.
func (p *Pool[R]) offer() {
	for {
		p.queue.lock()
		if p.closed || len(p.all) >= p.cfg.Max || p.queue.waiting(p.clock.Monotonic()) == 0 {
			p.queue.unlock()
			return
		}
		r := p.reserve(nil)
		if p.cfg.Breaker != nil {
			p.queue.unlock()
			if p.permit(r) != nil {
				return
			}
			p.queue.lock()
		}
		p.pass(r)
		p.queue.unlock()
	}
}

// open opens r, for which the breaker has given its permit. If it does not succeed, the place goes to the
// next.
func (p *Pool[R]) open(ctx context.Context, r *resource[R]) (err error) {
	opened, back := false, false
	defer func() {
		if !back {
			unwound := recover()
			r.permit.unwound(unwound)
			if unwound != nil {
				defer panic(unwound)
			}
		}
		p.queue.lock()
		if opened {
			p.counts.opened++
			r.state = isTended
		} else {
			p.counts.failed++
			p.remove(r)
		}
		p.queue.unlock()
		if !opened {
			p.offer()
		}
	}()
	r.value, err = p.cfg.Open(ctx)
	back, opened = true, err == nil
	r.permit.Done(err)
	return err
}

// openFor opens r and lends it.
func (p *Pool[R]) openFor(ctx context.Context, r *resource[R], owner any) (Loan[R], error) {
	if err := p.open(ctx, r); err != nil {
		return Loan[R]{}, err
	}
	p.queue.lock()
	if !p.closed && !r.dead {
		loan := p.lend(ctx, r, owner)
		p.queue.unlock()
		return loan, nil
	}
	r.dead, r.owner = false, nil
	kept := p.keep(r)
	p.queue.unlock()
	if kept {
		return Loan[R]{}, p.queue.reject.canceled
	}
	p.scrap(ctx, r)
	return Loan[R]{}, p.shut
}

// renew resets r, which is tended, or closes it.
func (p *Pool[R]) renew(ctx context.Context, r *resource[R]) {
	fit := false
	defer func() {
		if fit {
			p.queue.lock()
			fit = p.keep(r)
			p.queue.unlock()
		}
		if !fit {
			p.scrap(ctx, r)
		}
	}()
	fit = p.cfg.Reset != nil && p.cfg.Reset(lasting(ctx), r.value) == nil
}

// scrap closes r, which is tended, and gives its place to the next.
func (p *Pool[R]) scrap(ctx context.Context, r *resource[R]) {
	defer func() {
		p.queue.lock()
		p.counts.closed++
		p.remove(r)
		p.queue.unlock()
		p.offer()
	}()
	if p.cfg.Close != nil {
		p.cfg.Close(lasting(ctx), r.value)
	}
}

// revoke takes r, which is lent, away from its borrower, and returns what stands for it from now on, tended. With
// the lock.
func (p *Pool[R]) revoke(r *resource[R]) *resource[R] {
	p.counts.revoked++
	r.state = isRevoked
	fresh := &resource[R]{value: r.value, state: isTended, at: r.at}
	p.all[r.at] = fresh
	return fresh
}

// lasting returns a context with the values of ctx that does not end.
func lasting(ctx context.Context) context.Context {
	kept := context.WithoutCancel(ctx)
	if w := process(ctx); w != nil {
		return &worldContext{Context: kept, proc: w.proc, until: sim.Forever}
	}
	return kept
}

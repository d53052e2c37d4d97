package resilience

import (
	"context"
	"errors"

	"phoenix/sim"
)

// held is what a call has taken so far.
type held struct {
	b         *Boundary
	kind      *kind
	resources []Amount
	slot      bool
	reserved  bool
	token     Reservation
	permit    Permit
	began     sim.Time
	inFlight  int // of the bulkhead, when it began
}

// takeWaiting takes all, or nothing and returns why.
func (h *held) takeWaiting(ctx context.Context, p Priority) (err error) {
	taken := false
	defer func() {
		if !taken { // also when the process is killed while it waits
			h.reject(err)
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := h.kind.refuses(); err != nil {
		return err
	}
	if err := h.takeSlot(ctx, p); err != nil {
		return err
	}
	if l := h.kind.limiter; l != nil {
		if h.token, err = l.reserve(ctx, 1, l.maxWait); err != nil {
			return err
		}
		if err := h.shape(ctx); err != nil {
			return err
		}
	}
	if err := h.takeLast(p); err != nil {
		return err
	}
	taken = true
	return nil
}

// takeSlot waits for a slot.
func (h *held) takeSlot(ctx context.Context, p Priority) error {
	b := h.b.bulkhead
	if b == nil {
		return nil
	}
	if !b.TryAcquire() {
		if PriorityOf(ctx) != p {
			ctx = WithPriority(ctx, p)
		}
		if err := b.Acquire(ctx); err != nil {
			return err
		}
	}
	h.slot = true
	return nil
}

// shape waits until the token may be used.
func (h *held) shape(ctx context.Context) error {
	if h.token.Delay() == 0 {
		return nil
	}
	return h.token.wait(ctx)
}

// take is takeWaiting without waiting.
func (h *held) take(p Priority) error {
	err := h.kind.refuses()
	switch {
	case err != nil:
	case h.b.bulkhead != nil && !h.b.bulkhead.TryAcquire():
		err = h.b.full
	default:
		h.slot = h.b.bulkhead != nil
		if l := h.kind.limiter; l != nil {
			if h.token = l.ReserveWithin(1, 0); !h.token.OK() {
				err = l.rejection()
				break
			}
		}
		err = h.takeLast(p)
	}
	if err != nil {
		h.reject(err)
	}
	return err
}

// takeLast takes what nobody waits for, and begins.
func (h *held) takeLast(p Priority) (err error) {
	if err := h.b.reserve(h.resources, p); err != nil {
		return err
	}
	h.reserved = true
	if k := h.kind; k.breaker != nil {
		if h.permit, err = k.breaker.Acquire(); err != nil {
			return err
		}
	}
	h.kind.counts.executions.Add(1)
	if b := h.b.bulkhead; b != nil && b.gradient != nil {
		h.began, h.inFlight = h.b.clock.Monotonic(), int(b.out())
	}
	return nil
}

func (h *held) reject(err error) {
	h.kind.counts.reject(err)
	h.giveBack()
}

// giveBack gives back all of a call that did not run.
func (h *held) giveBack() {
	h.permit.Cancel()
	h.token.Cancel()
	h.release()
}

// release gives back what is held, not used up.
func (h *held) release() {
	if h.reserved {
		h.b.release(h.resources)
	}
	if h.slot {
		h.b.bulkhead.Release()
	}
}

func (h *held) done(err error) {
	h.permit.Done(err)
	if err == nil {
		h.kind.counts.successes.Add(1)
	} else {
		h.kind.counts.failures.Add(1)
	}
	if h.slot && h.b.bulkhead.gradient != nil && measured(err) {
		h.b.bulkhead.Observe(h.b.clock.Monotonic().Sub(h.began), h.inFlight)
	}
	h.release()
}

// unwound is done for an operation that did not return; r is what recover returned.
func (h *held) unwound(r any) {
	h.permit.unwound(r)
	h.kind.counts.failures.Add(1)
	if failure(r) {
		h.kind.counts.panics.Add(1)
	}
	h.release()
}

// refuses returns the rejection of the breaker if it would reject now, and takes nothing. An open breaker
// whose wait is over does not.
func (k *kind) refuses() error {
	if k.breaker == nil {
		return nil
	}
	return k.breaker.peek()
}

// measured reports whether an operation that ended with err says something about latency: see measure.
func measured(err error) bool { return err == nil || errors.Is(err, context.DeadlineExceeded) }

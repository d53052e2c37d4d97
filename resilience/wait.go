package resilience

import (
	"context"
	"time"

	"phoenix/sim"
)

// InProcess returns the context of a process of a world: what is called with it waits in virtual
// time. Its deadline is set with WithTimeout; nothing else ends a wait. Its Done is nil, as
// nothing in a world may wait for a channel; ask Err. Contexts that package context derives from it
// with values keep all that. Those that it derives to be cancelled do not learn of the deadline, and those
// with deadlines would wait for the wall clock: do not use them.
func InProcess(p *sim.Proc) context.Context {
	return &worldContext{Context: context.Background(), proc: p, until: sim.Forever}
}

// A worldContext is a context of a process. Its deadline is on the monotonic clock of the host.
type worldContext struct {
	context.Context // values
	proc            *sim.Proc
	until           sim.Time
	cancelled       bool
}

type worldKey struct{}

func (c *worldContext) Value(key any) any {
	if key == (worldKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Deadline returns the deadline as if the host's clock had begun with Unix time.
func (c *worldContext) Deadline() (time.Time, bool) {
	return time.Unix(0, int64(c.until)).UTC(), c.until != sim.Forever
}

func (c *worldContext) Done() <-chan struct{} { return nil }

func (c *worldContext) Err() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	if c.cancelled {
		return context.Canceled
	}
	if c.proc.Host().Monotonic() >= c.until {
		return context.DeadlineExceeded
	}
	return nil
}

// process returns the context of the process that ctx belongs to, nil outside of worlds.
func process(ctx context.Context) *worldContext {
	c, _ := ctx.Value(worldKey{}).(*worldContext)
	return c
}

// WithTimeout returns a context that ends after d, or when ctx does. It is context.WithTimeout that
// also works inside a world, and like it must be cancelled when it is not needed any more; in a world that
// does not wake up whoever waits with it.
func WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	w := process(ctx)
	if w == nil {
		return context.WithTimeout(ctx, d)
	}
	until := min(w.until, w.proc.Host().Monotonic().Add(d))
	c := &worldContext{Context: ctx, proc: w.proc, until: until}
	return c, func() { c.cancelled = c.cancelled || c.Err() == nil }
}

// remaining returns how long ctx lasts yet, and whether it ends by itself at all.
func remaining(ctx context.Context) (time.Duration, bool) {
	if w := process(ctx); w != nil {
		return w.until.Sub(w.proc.Host().Monotonic()), w.until != sim.Forever
	}
	end, ok := ctx.Deadline()
	if !ok {
		return 0, false
	}
	return time.Until(end), true
}

// A waiter is one caller that blocks: a goroutine, or a process of a world. It is used once.
type waiter struct {
	world *worldContext
	bell  sim.Signal    // in a world
	woken chan struct{} // outside
	rung  bool          // in a world
}

func newWaiter(ctx context.Context) *waiter {
	w := &waiter{world: process(ctx)}
	if w.world == nil {
		w.woken = make(chan struct{}, 1)
	}
	return w
}

// ring ends the wait, also one that has not begun. It does not block, and may be called under a lock;
// ringing again does nothing.
func (w *waiter) ring() {
	if w.world != nil {
		w.rung = true
		w.bell.Broadcast()
		return
	}
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// wait blocks until ring, at most for d if d is positive, and returns nil if it was rung, the error
// of ctx if that ended, and errWaited after d. A ring that came in time may be reported as an end:
// the caller decides under its lock which was first.
func (w *waiter) wait(ctx context.Context, d time.Duration) error {
	if w.world != nil {
		return w.waitInWorld(ctx, d)
	}
	var late <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-w.woken:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-late:
		return errWaited
	}
}

func (w *waiter) waitInWorld(ctx context.Context, d time.Duration) error {
	if w.rung {
		return nil
	}
	if end, ok := ctx.Deadline(); ok {
		if own, _ := w.world.Deadline(); !end.Equal(own) {
			panic("resilience: a process waits with a deadline of package context: use resilience.WithTimeout")
		}
	}
	p := w.world.proc
	if left, ends := remaining(ctx); ends && (d <= 0 || left <= d) {
		if left > 0 && p.WaitFor(&w.bell, left) || w.rung {
			return nil
		}
		return context.DeadlineExceeded
	}
	if d <= 0 {
		p.Wait(&w.bell)
		return nil
	}
	if p.WaitFor(&w.bell, d) || w.rung {
		return nil
	}
	return errWaited
}

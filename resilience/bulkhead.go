package resilience

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"phoenix/sim"
)

// BulkheadConfig says how many operations may run at once and who may wait. The zero value is the
// bulkhead of PartitionBulkhead without a name.
type BulkheadConfig struct {
	Name     string          // for rejections
	Limit    int             // the most that run at once; 0 is 10. With a Gradient only the first limit
	Queue    int             // the most that wait; 0 is 5, negative is none
	MaxWait  time.Duration   // the longest wait; 0 is as long as the context lasts
	Target   time.Duration   // CoDel: what a wait may last; 0 is 50 ms, negative turns CoDel off
	Interval time.Duration   // CoDel: within this a wait must have been shorter; 0 is 2 s
	Gradient *GradientConfig // if not nil, the limit follows the latency of the operations
}

// PartitionBulkhead is the preset for calls that may run into a partition: 10 at once, 5 that wait.
func PartitionBulkhead() BulkheadConfig {
	return BulkheadConfig{Name: "partition", Limit: 10, Queue: 5}
}

// A Bulkhead keeps what runs at once below a limit, so that one slow dependency cannot take all of the
// program. Those above the limit wait in a bounded queue, higher priorities first, and within a priority
// in the order in which they came; what waits too long is turned away, see BulkheadConfig.
//
// A Bulkhead is a Policy. It may be used by many goroutines, and by the processes and handlers of one host
// of a world. Without contention it takes two atomic operations and allocates nothing.
type Bulkhead struct {
	state    atomic.Uint64 // how many are out, and the flag queueing
	limit    atomic.Uint64
	refused  atomic.Uint64 // turned away for want of a queue
	clock    Clock
	queue    *queue[struct{}]
	gradient *Gradient // of a Bulkhead with a variable limit; with the lock of the queue
}

// queueing is set in the state while somebody waits: then only who holds the lock may change the state.
// Being larger than any limit, it also turns away whoever compares the state with the limit.
const queueing = 1 << 32

// NewBulkhead returns a Bulkhead. It panics if the configuration makes no sense.
func NewBulkhead(clock Clock, cfg BulkheadConfig) *Bulkhead {
	if clock == nil {
		panic("resilience: NewBulkhead needs a Clock")
	}
	if cfg.Limit < 0 || cfg.Limit > math.MaxInt32 {
		panic(fmt.Sprintf("resilience: BulkheadConfig.Limit is %d, expected 0 to 2^31-1", cfg.Limit))
	}
	if cfg.MaxWait < 0 {
		panic(fmt.Sprintf("resilience: BulkheadConfig.MaxWait is %v, expected 0 or more", cfg.MaxWait))
	}
	if cfg.Interval < 0 {
		panic(fmt.Sprintf("resilience: BulkheadConfig.Interval is %v, expected 0 or more", cfg.Interval))
	}
	b := &Bulkhead{clock: clock}
	b.limit.Store(uint64(cmp.Or(cfg.Limit, 10)))
	if cfg.Gradient != nil {
		b.gradient = NewGradient(*cfg.Gradient, cfg.Limit)
		b.limit.Store(uint64(b.gradient.Limit()))
	}
	b.queue = newQueue(queueConfig{
		by: "bulkhead", name: cfg.Name, limit: max(cmp.Or(cfg.Queue, 5), 0), maxWait: cfg.MaxWait,
		target: max(cmp.Or(cfg.Target, codelTarget), 0), interval: cmp.Or(cfg.Interval, codelInterval),
	}, func(struct{}) { b.next(b.clock.Monotonic()) })
	return b
}

// Do runs op in a slot, waiting for one if it must, and returns its error; or a *Rejection, and op does not
// run: ErrFull, ErrWaited, ErrShed, or the error of ctx. A panic of op gives the slot back.
func (b *Bulkhead) Do(ctx context.Context, op func(context.Context) error) error {
	if err := b.Acquire(ctx); err != nil {
		return err
	}
	return b.run(ctx, op)
}

// run runs op in the slot that the caller has.
func (b *Bulkhead) run(ctx context.Context, op func(context.Context) error) error {
	if b.gradient != nil {
		return b.measure(ctx, op)
	}
	defer b.Release()
	return op(ctx)
}

// Acquire takes a slot, waiting for one if it must; who gets nil calls Release. Otherwise it
// returns the *Rejection that Do would. A context that has ended gets no slot.
func (b *Bulkhead) Acquire(ctx context.Context) error {
	if ctx.Err() == nil && b.TryAcquire() {
		return nil
	}
	return b.acquireSlow(ctx)
}

// TryAcquire takes a slot if one is free and nobody waits; then the caller calls Release.
func (b *Bulkhead) TryAcquire() bool {
	for {
		s := b.state.Load()
		if s >= b.limit.Load() {
			return false
		}
		if b.state.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

// acquireSlow is Acquire after TryAcquire, or for a context that has ended.
func (b *Bulkhead) acquireSlow(ctx context.Context) error {
	if b.queue.limit == 0 && ctx.Err() == nil {
		b.refused.Add(1)
		return b.queue.reject.full
	}
	b.queue.lock()
	if ctx.Err() == nil && b.tryOrFlag() {
		b.queue.unlock()
		return nil
	}
	e, err := b.queue.join(ctx, b.clock.Monotonic())
	b.sync()
	b.queue.unlock()
	if err != nil {
		return err
	}
	_, err = b.queue.wait(ctx, e)
	return err
}

// AcquireFunc is Acquire for handlers, which must not block. It calls call once: with nil when there is a
// slot, maybe at once, and who gets it calls Release; or with a *Rejection. The function that it returns
// gives up: it reports true if it did, so that call is not called, and false if that was too late.
//
// Nothing wakes up by itself to notice that MaxWait is over: call Expire when it says.
func (b *Bulkhead) AcquireFunc(p Priority, call func(error)) (cancel func() bool) {
	b.queue.lock()
	if b.tryOrFlag() {
		b.queue.unlock()
		call(nil)
		return func() bool { return false }
	}
	e, err := b.queue.joinFunc(b.clock.Monotonic(), p, sim.Forever, func(_ struct{}, err error) { call(err) })
	b.sync()
	b.queue.unlock()
	if err != nil {
		call(err)
		return func() bool { return false }
	}
	return func() bool {
		b.queue.lock()
		defer b.queue.unlock()
		defer b.sync()
		return b.queue.leave(e)
	}
}

// Expire turns away those whose time is over, and returns when to call it again, sim.Forever if nobody waits
// for a limited time. Only AcquireFunc needs it, for those who block wake up by themselves.
func (b *Bulkhead) Expire() sim.Time {
	b.queue.lock()
	defer b.queue.unlock()
	defer b.sync()
	b.queue.expire(b.clock.Monotonic())
	return b.queue.next()
}

// Release gives a slot back, to the next one who waits if there is one. It panics if none is out.
func (b *Bulkhead) Release() {
	for {
		s := b.state.Load()
		if s == 0 {
			panic(fmt.Sprintf("resilience: Release of Bulkhead %q, of which no slot is out", b.queue.name))
		}
		if s >= queueing {
			b.queue.lock()
			b.next(b.clock.Monotonic())
			b.queue.unlock()
			return
		}
		if b.state.CompareAndSwap(s, s-1) {
			return
		}
	}
}

// next hands a slot that came back to the next one who waits. With the lock.
func (b *Bulkhead) next(now sim.Time) {
	if b.out() > b.limit.Load() || !b.queue.give(now, struct{}{}) {
		b.state.Add(^uint64(0))
	}
	b.sync()
}

// tryOrFlag takes a slot, or sets the flag that somebody waits. With the lock.
func (b *Bulkhead) tryOrFlag() bool {
	for {
		s := b.state.Load()
		if s < b.limit.Load() {
			if b.state.CompareAndSwap(s, s+1) {
				return true
			}
		} else if b.state.CompareAndSwap(s, s|queueing) {
			return false
		}
	}
}

// sync clears the flag if nobody waits. With the lock. After somebody who blocked gave up the flag may stay
// until the next slot returns; none is free until then.
func (b *Bulkhead) sync() {
	if b.queue.length == 0 {
		b.state.And(queueing - 1)
	}
}

func (b *Bulkhead) out() uint64 { return b.state.Load() & (queueing - 1) }

// SetLimit changes the limit to n, at least 1. More slots go to those who wait; of fewer, those that are
// out stay out until they are released. With a Gradient the next window may change it again.
func (b *Bulkhead) SetLimit(n int) {
	if n < 1 || n > math.MaxInt32 {
		panic(fmt.Sprintf("resilience: SetLimit(%d) of a Bulkhead, expected 1 to 2^31-1", n))
	}
	b.queue.lock()
	defer b.queue.unlock()
	b.setLimit(uint64(n))
}

func (b *Bulkhead) setLimit(n uint64) {
	b.limit.Store(n)
	for b.queue.length > 0 && b.out() < n && b.queue.give(b.clock.Monotonic(), struct{}{}) {
		b.state.Add(1)
	}
	b.sync()
}

// BulkheadStats are numbers of one moment, and counts since the beginning of those who had to wait or
// were turned away. Who got a slot at once is not counted: that would cost as much as the slot.
type BulkheadStats struct {
	Limit   int
	Out     int // at most Limit, unless that was lowered
	Waiting int

	Granted   uint64 // got a slot after a wait
	Full      uint64 // turned away by a full queue, or made room for a higher priority
	TimedOut  uint64 // by MaxWait or their deadline
	Shed      uint64 // by CoDel
	Cancelled uint64
}

// Stats returns them.
func (b *Bulkhead) Stats() BulkheadStats {
	b.queue.lock()
	defer b.queue.unlock()
	defer b.sync()
	waiting, c := b.queue.waiting(b.clock.Monotonic()), b.queue.counts
	return BulkheadStats{
		Limit: int(b.limit.Load()), Out: int(b.out()), Waiting: waiting,
		Granted: c.granted, Full: c.full + b.refused.Load(), TimedOut: c.waited, Shed: c.shed, Cancelled: c.left,
	}
}

package resilience

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"phoenix/sim"
)

// A Rate is Count events in each Per. The zero value is no rate: a Limiter refuses it.
type Rate struct {
	Count int64         // 0 is never: what a bucket holds at the beginning is all there is
	Per   time.Duration // more than 0
}

// Unlimited is the rate that permits everything, whatever the burst.
var Unlimited = Rate{Count: math.MaxInt64, Per: 1}

// PerSecond is n events a second.
func PerSecond(n int64) Rate { return Rate{Count: n, Per: time.Second} }

// Every is one event each d; Unlimited if d is not positive.
func Every(d time.Duration) Rate {
	if d <= 0 {
		return Unlimited
	}
	return Rate{Count: 1, Per: d}
}

// LimiterConfig says what a Limiter permits. The zero value is refused: a limit that nobody chose
// is either none or an outage.
type LimiterConfig struct {
	Name string // appears in rejections
	Rate Rate   // required
	// Burst is how many tokens the bucket holds; it begins full. 0 permits nothing, unless the
	// rate is Unlimited. A sliding window has none.
	Burst int64
	// Sliding has the limiter permit at most Rate.Count events in any span of Rate.Per, where
	// a bucket permits Burst more. It remembers the times of the last Count events: 8 bytes each.
	Sliding bool
	// MaxWait is for how long Do waits for its turn: traffic is shaped. 0 rejects at once.
	MaxWait time.Duration
}

// A Limiter permits events at a rate: as a token bucket, or exactly in a sliding window. All its
// arithmetic is in integers, without rounding: a token is whole after exactly Per/Count, and a
// limiter that ran for a year is where it would be after one long step.
//
// A reading of the clock before the one of an earlier call, as of goroutines that overtake one
// another between the reading and the lock, neither adds tokens nor sets the limiter back.
//
// Every method takes O(1) and allocates nothing, except Wait when it must wait, and in a sliding
// window AllowN and Reserve, O(n), and Cancel, O(Rate.Count).
type Limiter struct {
	clock    Clock
	name     string
	maxWait  time.Duration
	mu       sync.Mutex
	free     bool // Unlimited
	bucket   tokenBucket
	window   *eventLog // nil: the bucket decides
	rejected error     // made once: rejecting allocates nothing
}

// NewLimiter panics if the config has no rate, or one that its arithmetic cannot hold.
func NewLimiter(clock Clock, cfg LimiterConfig) *Limiter {
	if clock == nil {
		panic("resilience: NewLimiter needs a Clock")
	}
	cfg.check()
	l := &Limiter{clock: clock, name: cfg.Name, maxWait: cfg.MaxWait, free: cfg.Rate == Unlimited}
	switch {
	case l.free:
	case cfg.Sliding:
		l.window = newEventLog(cfg.Rate)
	default:
		l.bucket = newTokenBucket(cfg.Rate, cfg.Burst, clock.Monotonic())
	}
	l.rejected = l.reject(l.interval(cfg.Rate))
	return l
}

func (cfg LimiterConfig) check() {
	who := "resilience: LimiterConfig"
	if cfg.Name != "" {
		who += " " + cfg.Name
	}
	switch r := cfg.Rate; {
	case r == Rate{}:
		panic(who + ": Rate is missing: PerSecond(n), Every(d), Unlimited, or Rate{0, time.Second} for never")
	case r.Per <= 0 || r.Count < 0:
		panic(fmt.Sprintf("%s: Rate must be a Count >= 0 per a time > 0, not %d per %v", who, r.Count, r.Per))
	case cfg.Burst < 0 || cfg.MaxWait < 0:
		panic(fmt.Sprintf("%s: Burst %d and MaxWait %v must not be negative", who, cfg.Burst, cfg.MaxWait))
	case cfg.Sliding && cfg.Burst != 0:
		panic(who + ": a sliding window has no Burst")
	}
}

// interval is the time in which one event becomes possible at the latest, 0 if that is not known.
func (l *Limiter) interval(r Rate) time.Duration {
	switch {
	case l.free || r.Count == 0:
		return 0
	case l.window != nil:
		return r.Per
	}
	return time.Duration((int64(r.Per)-1)/r.Count + 1)
}

func (l *Limiter) reject(after time.Duration) *Rejection {
	return &Rejection{By: "limiter", Name: l.name, Reason: ErrLimited, After: after}
}

// Allow reports whether an event may happen now, and counts it if so.
func (l *Limiter) Allow() bool { return l.AllowN(1) }

// AllowN reports whether n events may happen now, all or none, and counts them if so. It panics if
// n is negative.
func (l *Limiter) AllowN(n int64) bool {
	_, ok := l.take(n, 0)
	return ok
}

// take counts n events that happen at the time of the reservation, at most wait from now.
func (l *Limiter) take(n int64, wait time.Duration) (r Reservation, ok bool) {
	if n < 0 {
		panic("resilience: a Limiter was asked for fewer than 0 events")
	}
	now := l.clock.Monotonic()
	r = Reservation{l: l, n: n}
	l.mu.Lock()
	switch {
	case l.free:
		r.act, ok = now, true
	case l.window != nil:
		r.act, ok = l.window.take(now, n, wait)
	default:
		r.act, r.draft, ok = l.bucket.take(now, n, wait)
	}
	l.mu.Unlock()
	return r, ok
}

// Tokens returns how many events may happen now, rounded down: negative if reservations have
// taken what is yet to come, math.MaxInt64 if the rate is Unlimited.
func (l *Limiter) Tokens() int64 {
	now := l.clock.Monotonic()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.free:
		return math.MaxInt64
	case l.window != nil:
		return l.window.tokens(now)
	}
	return l.bucket.tokens(now)
}

// Set changes rate and burst of a token bucket, which keeps its tokens up to the new burst. Those who
// hold reservations act when they were told to. It panics for a config that NewLimiter refuses, and
// for a sliding window.
func (l *Limiter) Set(rate Rate, burst int64) {
	LimiterConfig{Name: l.name, Rate: rate, Burst: burst}.check()
	now := l.clock.Monotonic()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.window != nil {
		panic("resilience: the rate of a sliding window is fixed")
	}
	if rate == Unlimited {
		l.free = true
		return
	}
	next := newTokenBucket(rate, burst, now)
	if !l.free {
		next.inherit(&l.bucket, now)
	}
	l.bucket, l.free = next, false
	l.rejected = l.reject(l.interval(rate))
}

// A Reservation is the permission for some events to happen at some time. The zero value is that of
// none. Do not copy one that may be cancelled.
type Reservation struct {
	l     *Limiter
	n     int64
	act   sim.Time
	draft draft // of a bucket
}

// Reserve counts n events that will happen as soon as the limit permits, which is after Delay. It
// returns a reservation that is not OK if n is more than the limit will ever permit at once.
func (l *Limiter) Reserve(n int64) Reservation { return l.ReserveWithin(n, math.MaxInt64) }

// ReserveWithin is Reserve unless that would be later than wait from now: then the reservation is not OK
// and nothing was counted.
func (l *Limiter) ReserveWithin(n int64, wait time.Duration) Reservation {
	if r, ok := l.take(n, wait); ok {
		return r
	}
	return Reservation{}
}

// OK reports whether the events may happen.
func (r *Reservation) OK() bool { return r.l != nil }

// Delay returns how long to wait before the events may happen, 0 if not at all. It panics if the
// reservation is not OK.
func (r *Reservation) Delay() time.Duration {
	if r.l == nil {
		panic("resilience: Delay of a reservation that is not OK")
	}
	return max(0, r.act.Sub(r.l.clock.Monotonic()))
}

// Cancel says that the events did not and will not happen, and gives back what they took, except what
// would have been lost anyhow: see the page of this pattern. Cancelling again, or what is not OK, does
// nothing.
func (r *Reservation) Cancel() {
	l := r.l
	if l == nil {
		return
	}
	now := l.clock.Monotonic()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.free || r.n == 0:
	case l.window != nil:
		l.window.cancel(now, r.n, r.act)
	default:
		l.bucket.cancel(now, r.n, r.act, r.draft)
	}
	r.n = 0
}

// Wait blocks until an event may happen, and counts it. It returns the error of ctx if that ends
// first, or at once a *Rejection if it would end first or nothing will ever happen.
func (l *Limiter) Wait(ctx context.Context) error { return l.WaitN(ctx, 1) }

// WaitN is Wait for n events at once.
func (l *Limiter) WaitN(ctx context.Context, n int64) error {
	return l.waitWithin(ctx, n, math.MaxInt64)
}

// waitWithin waits for at most longest.
func (l *Limiter) waitWithin(ctx context.Context, n int64, longest time.Duration) error {
	r, err := l.reserve(ctx, n, longest)
	if err != nil {
		return err
	}
	waited := false
	defer func() {
		if !waited { // also when the process is killed
			r.Cancel()
		}
	}()
	err = r.wait(ctx)
	waited = err == nil
	return err
}

// reserve is ReserveWithin, and before ctx ends.
func (l *Limiter) reserve(ctx context.Context, n int64, longest time.Duration) (Reservation, error) {
	if err := ctx.Err(); err != nil {
		return Reservation{}, err
	}
	if left, ends := remaining(ctx); ends {
		longest = min(longest, left-1) // to act when ctx ends is too late
	}
	if r := l.ReserveWithin(n, max(0, longest)); r.OK() {
		return r, nil
	}
	return Reservation{}, l.rejection()
}

func (l *Limiter) rejection() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rejected
}

// wait blocks until the events may happen.
func (r *Reservation) wait(ctx context.Context) error {
	delay := r.Delay()
	if delay == 0 {
		return nil
	}
	if err := newWaiter(ctx).wait(ctx, delay); err != errWaited {
		return err
	}
	return nil
}

// Do runs op if an event may happen, after waiting for at most MaxWait. Otherwise it returns a
// *Rejection with ErrLimited; its After is the time in which one event becomes possible at the latest, unless
// reservations have taken what is yet to come: then it is a lower bound.
func (l *Limiter) Do(ctx context.Context, op func(context.Context) error) error {
	if err := l.waitWithin(ctx, 1, l.maxWait); err != nil {
		return err
	}
	return op(ctx)
}

package resilience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Jitter spreads retries, so that those who failed together do not come back together. See Marc Brooker,
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, whose names these are.
type Jitter int

// The kinds of jitter, for the n-th retry.
const (
	NoJitter           Jitter = iota // min(Max, Base * 2^(n-1))
	FullJitter                       // uniform from 0 to that
	DecorrelatedJitter               // min(Max, uniform from Base to 3 times the delay before)
)

// RetryConfig says when to try again. The zero value tries 3 times, after 100 ms and 200 ms.
type RetryConfig struct {
	Name     string
	Attempts int           // in all; 0 is 3, 1 never retries
	Base     time.Duration // before the first retry; 0 is 100 ms
	Max      time.Duration // before any; 0 is 10 s
	Jitter   Jitter        // anything but NoJitter needs Rand
	Rand     *rand.Rand    // drawn from under a lock: do not share it
	// Within is how long after its beginning a call may begin to try again; 0 is for as long as
	// its context lasts.
	Within time.Duration
	// Retry says which errors are worth another attempt. Nil is Retryable.
	Retry func(error) bool
	// Budget is asked before each retry and may be shared by many. Nil: retries are not bounded
	// as a whole, which is what turns a slow dependency into a dead one.
	Budget *RetryBudget
}

// Retryable reports whether err may go away by trying again: not what a policy rejected, whose purpose is
// that less is tried, nor the end of a context, nor what Permanent marks.
func Retryable(err error) bool {
	var rejection *Rejection
	var permanent *permanentError
	return err != nil && !errors.As(err, &rejection) && !errors.As(err, &permanent) &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// Permanent marks an error as one that would come again. It is err for errors.Is and As.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ error }

func (p *permanentError) Unwrap() error { return p.error }

// A Retry runs an operation again when it failed: use it for what may run twice, as reads and what has
// a key that makes it idempotent. Among policies it belongs outside of breaker and bulkhead, so that each
// attempt is counted, and inside of the deadline of the whole.
type Retry struct {
	clock Clock
	cfg   RetryConfig
	mu    sync.Mutex // guards cfg.Rand
}

// NewRetry panics if a number of the config is negative, or if there is jitter and no Rand.
func NewRetry(clock Clock, cfg RetryConfig) *Retry {
	if clock == nil {
		panic("resilience: NewRetry needs a Clock")
	}
	if cfg.Attempts == 0 {
		cfg.Attempts = 3
	}
	if cfg.Base == 0 {
		cfg.Base = 100 * time.Millisecond
	}
	if cfg.Max == 0 {
		cfg.Max = max(10*time.Second, cfg.Base)
	}
	if cfg.Retry == nil {
		cfg.Retry = Retryable
	}
	switch {
	case cfg.Attempts < 0 || cfg.Within < 0:
		panic(fmt.Sprintf("resilience: RetryConfig: Attempts %d and Within %v must not be negative",
			cfg.Attempts, cfg.Within))
	case cfg.Base < 0 || cfg.Max < cfg.Base:
		panic(fmt.Sprintf("resilience: RetryConfig: Max %v must not be less than Base %v, nor that than 0",
			cfg.Max, cfg.Base))
	case cfg.Jitter < NoJitter || cfg.Jitter > DecorrelatedJitter:
		panic(fmt.Sprintf("resilience: RetryConfig: there is no Jitter %d", cfg.Jitter))
	case cfg.Jitter != NoJitter && cfg.Rand == nil:
		panic("resilience: RetryConfig: Jitter needs a Rand")
	}
	return &Retry{clock: clock, cfg: cfg}
}

// Do runs op until it succeeds, fails with an error that is not worth another attempt, or no attempt is
// left; each waits for its delay. It returns the error of the last attempt; with a *Rejection
// joined to it if the budget is spent, and with the context's error if that ended meanwhile. A delay that
// the deadline would cut short is not begun. A context that has ended already is no call at all.
func (r *Retry) Do(ctx context.Context, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.cfg.Budget != nil {
		r.cfg.Budget.Deposit()
	}
	begin := r.clock.Monotonic()
	var delay time.Duration
	for attempt := 1; ; attempt++ {
		err := op(ctx)
		if err == nil || attempt >= r.cfg.Attempts || !r.cfg.Retry(err) {
			return err
		}
		delay = r.Delay(attempt, delay)
		longest := delay
		var rejection *Rejection
		if errors.As(err, &rejection) {
			longest = max(delay, rejection.After)
		}
		if left, ends := remaining(ctx); ends && left <= longest {
			return err
		}
		if r.cfg.Within > 0 && r.clock.Monotonic().Add(longest).Sub(begin) > r.cfg.Within {
			return err
		}
		if ended := r.sleep(ctx, longest); ended != nil {
			return errors.Join(err, ended)
		}
		if r.cfg.Budget != nil && !r.cfg.Budget.TryWithdraw() {
			return errors.Join(err, r.cfg.Budget.err)
		}
	}
}

func (r *Retry) sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	if err := newWaiter(ctx).wait(ctx, d); err != errWaited {
		return err
	}
	return nil
}

// Delay returns how long to wait before the retry after the given attempt, counted from 1, where before is
// the delay before that attempt. It is for code that does not block, as the handler of a node, which
// sets a timer.
func (r *Retry) Delay(attempt int, before time.Duration) time.Duration {
	if attempt < 1 {
		panic("resilience: attempts are counted from 1")
	}
	switch r.cfg.Jitter {
	case FullJitter:
		return r.uniform(0, r.exponential(attempt))
	case DecorrelatedJitter:
		before = max(before, r.cfg.Base)
		high := r.cfg.Max
		if before <= r.cfg.Max/3 {
			high = 3 * before
		}
		return r.uniform(r.cfg.Base, high)
	}
	return r.exponential(attempt)
}

// exponential is min(Max, Base * 2^(attempt-1)).
func (r *Retry) exponential(attempt int) time.Duration {
	d := r.cfg.Base
	for range attempt - 1 {
		if d > r.cfg.Max/2 {
			return r.cfg.Max
		}
		d *= 2
	}
	return d
}

// uniform draws from low to high, both included.
func (r *Retry) uniform(low, high time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return low + time.Duration(r.cfg.Rand.Uint64N(uint64(high-low)+1))
}

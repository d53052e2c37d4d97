package resilience

import (
	"fmt"
	"sync"
	"time"

	"phoenix/sim"
)

// RetryBudgetConfig says how many retries there may be. The zero value is Finagle's default: a fifth of
// the requests of the last 10 s, and 10 a second besides.
type RetryBudgetConfig struct {
	Name      string        // appears in rejections
	Percent   int           // retries per 100 requests; 20 if PerSecond is 0 too
	PerSecond int           // and so many a second whatever the requests; 10 if Percent is 0 too
	Window    time.Duration // for how long a request counts; 0 is 10 s
}

// A RetryBudget keeps retries from multiplying an overload: retries are a fraction of requests, however many
// of those fail, and whoever shares the budget shares the fraction. Without one, three layers that
// each try three times turn one request into 27 exactly when the lowest layer can bear it least.
//
// At each retry, the retries of the window, with it, are at most Percent/100 of its requests plus
// PerSecond for each second of the window. The window is the last Window, in ten steps: it may be shorter by
// less than one. (Finagle, RetryBudget.scala: a deposit for each request, a withdrawal for
// each retry, both forgotten with the window. gRPC's proposal A6 counts failures down and successes up
// instead, without time: after an outage it needs successes before it retries at all.)
//
// Deposit and TryWithdraw are O(1) and allocate nothing.
type RetryBudget struct {
	clock             Clock
	percent           int64
	reserve           int64 // in hundredths of a retry
	step              time.Duration
	mu                sync.Mutex
	slices            [budgetSteps]int64 // deposits less withdrawals, in hundredths of a retry
	balance           int64              // reserve and all slices
	now               int64              // number of the current step
	retries, rejected uint64
	err               error
}

const (
	budgetSteps = 10
	oneRetry    = 100 // hundredths
)

// NewRetryBudget panics if a number of the config is negative, or Window shorter than 10 ns.
func NewRetryBudget(clock Clock, cfg RetryBudgetConfig) *RetryBudget {
	if clock == nil {
		panic("resilience: NewRetryBudget needs a Clock")
	}
	if cfg.Percent == 0 && cfg.PerSecond == 0 {
		cfg.Percent, cfg.PerSecond = 20, 10
	}
	if cfg.Window == 0 {
		cfg.Window = 10 * time.Second
	}
	const most = 1 << 20
	if cfg.Percent < 0 || cfg.Percent > most || cfg.PerSecond < 0 || cfg.PerSecond > most {
		panic(fmt.Sprintf("resilience: RetryBudgetConfig: Percent %d and PerSecond %d must be 0 to %d",
			cfg.Percent, cfg.PerSecond, most))
	}
	if cfg.Window < budgetSteps || cfg.Window > time.Hour {
		panic(fmt.Sprintf("resilience: RetryBudgetConfig: Window must be 10ns to 1h, not %v", cfg.Window))
	}
	perWindow := int64(cfg.PerSecond) * int64(cfg.Window/time.Microsecond) / int64(time.Second/time.Microsecond)
	b := &RetryBudget{
		clock: clock, percent: int64(cfg.Percent), reserve: perWindow * oneRetry, step: cfg.Window / budgetSteps,
		err: &Rejection{By: "retry budget", Name: cfg.Name, Reason: ErrBudget},
	}
	b.balance = b.reserve
	b.now = b.number(clock.Monotonic())
	return b
}

func (b *RetryBudget) number(t sim.Time) int64 { return int64(t) / int64(b.step) }

// advance forgets what has left the window.
func (b *RetryBudget) advance(t sim.Time) {
	number := b.number(t)
	if number <= b.now {
		return
	}
	for range min(number-b.now, budgetSteps) {
		b.now++
		old := &b.slices[b.now%budgetSteps]
		b.balance -= *old
		*old = 0
	}
	b.now = number
}

func (b *RetryBudget) add(amount int64) {
	b.slices[b.now%budgetSteps] += amount
	b.balance += amount
}

// Deposit counts a request. A request counts once, however often it is tried.
func (b *RetryBudget) Deposit() {
	now := b.clock.Monotonic()
	b.mu.Lock()
	b.advance(now)
	b.add(b.percent)
	b.mu.Unlock()
}

// TryWithdraw reports whether there may be a retry, and counts it if so.
func (b *RetryBudget) TryWithdraw() bool {
	now := b.clock.Monotonic()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	if b.balance < oneRetry {
		b.rejected++
		return false
	}
	b.retries++
	b.add(-oneRetry)
	return true
}

// Balance returns how many retries there may be now.
func (b *RetryBudget) Balance() int64 {
	now := b.clock.Monotonic()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now)
	return max(0, b.balance/oneRetry)
}

// Counts returns how often TryWithdraw said yes and no.
func (b *RetryBudget) Counts() (retries, rejected uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.retries, b.rejected
}

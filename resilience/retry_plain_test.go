package resilience

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"phoenix/sim"
)

// A plainBudget is the specification of a RetryBudget: the list of all that happened. A bug makes it the
// mutant of that name.
type plainBudget struct {
	percent, perSecond int64
	window             time.Duration
	bug                string
	now                sim.Time
	requests, retries  []sim.Time
}

// within counts the times that are in one of the last ten steps.
func (p *plainBudget) within(times []sim.Time) (n int64) {
	step := p.window / 10
	for _, t := range times {
		if int64(p.now)/int64(step)-int64(t)/int64(step) < 10 || p.bug == "nothing is forgotten" {
			n++
		}
	}
	return n
}

// may reports whether there may be a retry: in hundredths.
func (p *plainBudget) may() bool {
	if p.bug == "nobody counts" {
		return true
	}
	seconds := int64(p.window / time.Second)
	return 100*p.perSecond*seconds+p.percent*p.within(p.requests)-100*p.within(p.retries) >= 100
}

func (p *plainBudget) apply(op string) string {
	switch op {
	case "request":
		p.requests = append(p.requests, p.now)
	case "retry":
		yes := p.may()
		if yes || p.bug == "a refused retry is charged" {
			p.retries = append(p.retries, p.now)
		}
		if p.bug == "retries are requests" {
			p.requests = append(p.requests, p.now)
		}
		return said(yes)
	case "+1s":
		p.now = p.now.Add(time.Second)
	case "+10s":
		p.now = p.now.Add(10 * time.Second)
	}
	return ""
}

type realBudget struct {
	*RetryBudget
	clock *limiterClock
}

func newRealBudget(cfg RetryBudgetConfig) *realBudget {
	clock := &limiterClock{}
	return &realBudget{NewRetryBudget(clock, cfg), clock}
}

func (r *realBudget) apply(op string) string {
	switch op {
	case "request":
		r.Deposit()
	case "retry":
		return said(r.TryWithdraw())
	case "+1s":
		r.clock.now = r.clock.now.Add(time.Second)
	case "+10s":
		r.clock.now = r.clock.now.Add(10 * time.Second)
	}
	return ""
}

// What an attempt comes to.
var (
	errFlaky    = errors.New("flaky")
	errWrong    = Permanent(errors.New("wrong"))
	errRejected = &Rejection{By: "breaker", Reason: ErrOpen}
)

// plainRetry is the specification of a Retry without jitter: the times of the attempts at an operation that
// takes no time and comes to the given errors, and then goes on to the last of them.
func plainRetry(cfg RetryConfig, deadline sim.Time, outcomes []error, bug string) (at []sim.Time, last error) {
	retryable := []error{errFlaky}
	if bug == "tries again what was rejected" {
		retryable = append(retryable, errRejected)
	}
	if bug == "tries again what is permanent" {
		retryable = append(retryable, errWrong)
	}
	attempts, now, delay := cfg.Attempts, sim.Time(0), cfg.Base
	if bug == "counts retries, not attempts" {
		attempts++
	}
	for n := 1; ; n++ {
		at = append(at, now)
		last = outcomes[min(n, len(outcomes))-1]
		late := now.Add(delay) >= deadline
		if bug == "looks at the deadline only after it" {
			late = now >= deadline
		}
		if n == attempts || late || !slices.Contains(retryable, last) {
			return at, last
		}
		now = now.Add(delay)
		if delay = 2 * delay; delay > cfg.Max {
			delay = cfg.Max
		}
		if bug == "waits the same time always" {
			delay = cfg.Base
		}
	}
}

// outcomeNames are for tables.
func outcomeName(err error) string {
	switch err {
	case nil:
		return "ok"
	case errFlaky:
		return "fails"
	case errWrong:
		return "fails for good"
	case error(errRejected):
		return "rejected"
	}
	return fmt.Sprint(err)
}

package resilience

import (
	"errors"
	"fmt"
	"time"
)

// Why an operation was not run. A *Rejection wraps one of them.
var (
	ErrOpen    = errors.New("circuit open")              // by a Breaker
	ErrProbing = errors.New("half-open, no probe left")  // by a Breaker whose probes are all under way
	ErrFull    = errors.New("no room, and queue full")   // by a Bulkhead, a Pool
	ErrWaited  = errors.New("waited too long")           // by a queue: for as long as was allowed
	ErrShed    = errors.New("shed under overload")       // by a queue that has stood too long, a Shedder
	ErrLimited = errors.New("over the rate")             // by a Limiter
	ErrQuota   = errors.New("quota exceeded")            // by a Boundary
	ErrBudget  = errors.New("retry budget spent")        // by a RetryBudget
	ErrOff     = errors.New("feature off at this level") // by a Degradation
	ErrClosed  = errors.New("shut down")                 // by what was closed
)

// errWaited is returned by a waiter whose own time ended.
var errWaited = errors.New("waited")

// A Rejection is the error of an operation that was not run. Use errors.Is with one of the reasons,
// or errors.As to know who rejected it.
type Rejection struct {
	By     string        // "breaker", "bulkhead", "pool", "limiter", "boundary", …
	Name   string        // of the one that did, from its configuration; may be empty
	Reason error         // one of those above
	After  time.Duration // when to try again, if that is known: 0 is not known
}

// Error says who rejected the operation, and why.
func (r *Rejection) Error() string {
	who := r.By
	if r.Name != "" {
		who = fmt.Sprintf("%s %s", r.By, r.Name)
	}
	if r.After > 0 {
		return fmt.Sprintf("%s: %v, try again in %v", who, r.Reason, r.After)
	}
	return fmt.Sprintf("%s: %v", who, r.Reason)
}

// Unwrap returns the reason.
func (r *Rejection) Unwrap() error { return r.Reason }

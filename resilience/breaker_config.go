package resilience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A BreakerConfig says when a Breaker opens and how it closes again. The zero value opens on 5
// failures among the last 100 calls, waits 30 s, and closes when 3 probes of 3 succeed. Percentages
// are whole numbers.
type BreakerConfig struct {
	Name string // in rejections

	// What is looked at. The window begins anew with each transition.
	Window  int           // the last so many calls; zero is 100. Ignored if Period is set
	Period  time.Duration // or the calls that ended within so long; zero is by calls
	Buckets int           // of a Period: calls are forgotten a bucket at a time; zero is 10
	Minimum int           // calls before anything is decided; zero is 10 (at most Window) if a percentage decides, else 1

	// When to open: as soon as one of them is reached. All three zero is Failures: 5.
	Failures       int           // that many failures; zero does not count them
	FailurePercent int           // failures in a hundred calls; zero does not look at the rate
	SlowPercent    int           // slow calls in a hundred; zero does not look. A slow probe is then a failure
	Slow           time.Duration // a call is slow that takes longer; needed with SlowPercent

	// The number of failures may adapt: once in a full window of a closed breaker it goes down by 1 if
	// more than 30 % failed and up by 1 if less than 10 % did, within these bounds, which must contain
	// Failures. Both zero is off.
	AdaptLow, AdaptHigh int

	// How long it stays open, from the instant it opened.
	Wait    time.Duration // zero is 30 s
	Growth  int           // percent of the wait before, for each opening without a close between; zero is 100
	MaxWait time.Duration // to which it grows; zero is 10 * Wait
	Jitter  int           // up to so many percent of the wait are added at random; needs Rand
	Rand    *rand.Rand    // for Jitter. Used under the breaker's lock: not to be shared between goroutines otherwise

	// How it closes: when Successes of at most Probes calls succeed. It opens again when that cannot be
	// any more.
	Probes    int           // zero is Successes
	Successes int           // zero is 3, or Probes if that is less
	Lease     time.Duration // a probe that is not back by then has failed; zero is Timeout, else Wait

	Timeout time.Duration // of an operation: a success from then on is a failure; zero is no limit

	// NoTimes measures no response times: with a window of calls, a closed breaker then reads the clock only
	// when it opens, which saves most of what a call costs. Goes with no Period, Slow or Timeout.
	NoTimes bool

	Classify     func(error) Outcome // what the error of a call means; nil is DefaultOutcome
	Kind         func(error) string  // under which key a failure is counted; nil is by type, see ErrorKind
	OnTransition func(Transition)    // called in order, without a lock held, by the goroutine that noticed
}

// An Outcome is what the end of a call says of the service.
type Outcome uint8

// The outcomes. What is ignored gives its permit back and counts for nothing.
const (
	Succeeded Outcome = iota
	Failed
	Ignored
)

// DefaultOutcome is how a Breaker judges errors unless told otherwise: nil is Succeeded. Ignored is
// what says nothing of the service: that the caller gave up (context.Canceled), or that a policy inside
// did not run the operation (*Rejection). All else is Failed, a deadline that has passed too, and so is
// what a Retry inside had no budget (ErrBudget) to try again.
func DefaultOutcome(err error) Outcome {
	if err == nil {
		return Succeeded
	}
	if errors.Is(err, context.Canceled) {
		return Ignored
	}
	if r, refused := errors.AsType[*Rejection](err); refused && r.Reason != ErrBudget {
		return Ignored
	}
	return Failed
}

// ServiceBreaker returns the preset for calls to a service: 5 failures among 100 calls, adapting
// between 2 and 20, 30 s open, 3 successes to close.
func ServiceBreaker() BreakerConfig {
	return BreakerConfig{
		Failures: 5, Window: 100, AdaptLow: 2, AdaptHigh: 20,
		Wait: 30 * time.Second, Successes: 3,
	}
}

// PartitionBreaker returns the preset for what may be cut off by a partition of the network: 5
// failures, 60 s open, and one probe that shows whether the other side can be reached.
func PartitionBreaker() BreakerConfig {
	return BreakerConfig{Failures: 5, Wait: 60 * time.Second, Successes: 1}
}

const (
	longest    = 365 * 24 * time.Hour // of a wait, so that growing does not overflow
	mostWindow = 1 << 20
)

// filled returns cfg with its defaults, and panics if it contradicts itself.
func (cfg BreakerConfig) filled() BreakerConfig {
	rates := cfg.FailurePercent > 0 || cfg.SlowPercent > 0
	if cfg.Failures == 0 && !rates {
		cfg.Failures = 5
	}
	orElse(&cfg.Window, 100)
	orElse(&cfg.Buckets, 10)
	if rates {
		orElse(&cfg.Minimum, min(10, cfg.Window))
	}
	orElse(&cfg.Minimum, 1)
	orElse(&cfg.Wait, 30*time.Second)
	orElse(&cfg.Growth, 100)
	orElse(&cfg.MaxWait, min(10*min(cfg.Wait, longest), longest))
	if cfg.Successes == 0 {
		cfg.Successes = 3
		if cfg.Probes > 0 {
			cfg.Successes = min(3, cfg.Probes)
		}
	}
	orElse(&cfg.Probes, cfg.Successes)
	orElse(&cfg.Lease, cfg.Timeout)
	orElse(&cfg.Lease, cfg.Wait)
	if cfg.Classify == nil {
		cfg.Classify = DefaultOutcome
	}
	if cfg.Kind == nil {
		cfg.Kind = ErrorKind
	}
	cfg.check()
	return cfg
}

func orElse[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

func (cfg *BreakerConfig) check() {
	adaptive := cfg.AdaptLow != 0 || cfg.AdaptHigh != 0
	byCalls := cfg.Period == 0
	for _, rule := range []struct {
		holds bool
		says  string
	}{
		{cfg.Window >= 1 && cfg.Window <= mostWindow, "Window is between 1 and 1048576 calls"},
		{cfg.Buckets >= 1 && cfg.Buckets <= mostWindow, "Buckets is between 1 and 1048576"},
		{byCalls || cfg.Period >= time.Duration(cfg.Buckets), "Period is positive and has a nanosecond for each bucket"},
		{cfg.Minimum >= 1 && (!byCalls || cfg.Minimum <= cfg.Window), "Minimum is between 1 and Window"},
		{cfg.Failures >= 0 && (!byCalls || cfg.Failures <= cfg.Window), "Failures is between 0 and Window"},
		{cfg.FailurePercent >= 0 && cfg.FailurePercent <= 100, "FailurePercent is between 0 and 100"},
		{cfg.SlowPercent >= 0 && cfg.SlowPercent <= 100, "SlowPercent is between 0 and 100"},
		{cfg.Slow > 0 || cfg.SlowPercent == 0 && cfg.Slow == 0, "Slow is positive where SlowPercent is"},
		{!adaptive || 1 <= cfg.AdaptLow && cfg.AdaptLow <= cfg.Failures && cfg.Failures <= cfg.AdaptHigh,
			"1 <= AdaptLow <= Failures <= AdaptHigh"},
		{!byCalls || cfg.AdaptHigh <= cfg.Window, "AdaptHigh is at most Window"},
		{cfg.Wait > 0 && cfg.Wait <= cfg.MaxWait && cfg.MaxWait <= longest, "0 < Wait <= MaxWait <= a year"},
		{cfg.Growth >= 100 && cfg.Growth <= 1000, "Growth is between 100 and 1000 percent"},
		{cfg.Jitter >= 0 && cfg.Jitter <= 100, "Jitter is between 0 and 100 percent"},
		{cfg.Jitter == 0 || cfg.Rand != nil, "Jitter needs Rand"},
		{cfg.Successes >= 1 && cfg.Successes <= cfg.Probes, "1 <= Successes <= Probes"},
		{cfg.Lease > 0, "Lease is positive"},
		{cfg.Timeout >= 0, "Timeout is not negative"},
		{!cfg.NoTimes || byCalls && cfg.Slow == 0 && cfg.Timeout == 0, "NoTimes goes with no Period, Slow or Timeout"},
	} {
		if !rule.holds {
			panic(fmt.Sprintf("resilience: BreakerConfig %q: %s", cfg.Name, rule.says))
		}
	}
}

package resilience

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A vector is a fact of another library's tests, as a script. S, F and E are calls that succeed, fail
// and are ignored, S5s one that takes 5 s; b begins a call, e ends the oldest one well, c cancels it; X is a call
// that is rejected; +3s lets time pass; =open is the state; 3/2 is a window of three with two failures.
type vector struct {
	source string
	cfg    BreakerConfig
	script string
}

// of returns a breaker that opens on some failures of a window, for a second, with one probe.
func of(failures, window int) BreakerConfig {
	return BreakerConfig{Failures: failures, Window: window, Wait: time.Second, Successes: 1}
}

// halfOpen returns a breaker that opens on one failure, and closes on some successes of a number of probes.
func halfOpen(successes, probes int) BreakerConfig {
	return BreakerConfig{Failures: 1, Wait: time.Second, Successes: successes, Probes: probes}
}

const toHalfOpen = "F =open +1s =half-open "

// failsafe-go v0.9.8, circuitbreaker/closedstate_test.go, halfopenstate_test.go and openstate_test.go. Where
// it has no success threshold, a failure ratio f of n reads: n-f+1 successes of n.
var failsafeVectors = []vector{
	{"TestClosedStateFailureWithDefaultConfig", of(1, 1), "=closed F =open"},
	{"TestClosedStateFailureWithFailureThreshold", of(3, 3), "F S F F =closed F =open"},
	{"TestClosedStateFailureWithFailureRatio", of(2, 3), "F S =closed F =open"},
	{"TestClosedStateSuccessWithDefaultConfig", of(1, 1), "=closed S =closed"},
	{"TestClosedStateSuccessWithFailureRatio", of(3, 4), strings.Repeat("S F =closed ", 20)},
	{"TestClosedStateSuccessWithFailureThreshold", of(2, 2), strings.Repeat("S F =closed ", 20)},
	{"TestHalfOpenStateFailureWithDefaultConfig", halfOpen(1, 1), toHalfOpen + "F =open"},
	{"TestHalfOpenFailureWithFailureThreshold", halfOpen(1, 3), toHalfOpen + "F =half-open F =half-open F =open"},
	{"TestHalfOpenFailureWithFailureRatio", halfOpen(2, 3), toHalfOpen + "F S =half-open F =open"},
	{"TestHalfOpenFailureWithSuccessAndFailureThresholds", halfOpen(3, 3), toHalfOpen + "S S =half-open F =open"},
	{"TestHalfOpenFailureWithSuccessAndFailureRatios", halfOpen(3, 4), toHalfOpen + "S F S =half-open F =open"},
	{"TestHalfOpenFailureWithSuccessRatio", halfOpen(2, 3), toHalfOpen + "F S =half-open F =open"},
	{"TestHalfOpenFailureWithSuccessRatioAndFailureThreshold", halfOpen(2, 4), toHalfOpen + "S F F =half-open F =open"},
	{"TestHalfOpenFailureWithSuccessThreshold", halfOpen(3, 3), toHalfOpen + "S F =open"},
	{"TestHalfOpenFailureWithSuccessThresholdAndFailureRatio", halfOpen(3, 3), toHalfOpen + "F =open"},
	{"TestHalfOpenSuccessWithDefaultConfig", halfOpen(1, 1), toHalfOpen + "S =closed"},
	{"TestHalfOpenSuccessWithFailureRatio", halfOpen(2, 3), toHalfOpen + "F S =half-open S =closed"},
	{"TestHalfOpenSuccessWithFailureThreshold", halfOpen(1, 3), toHalfOpen + "F S =closed"},
	{"TestHalfOpenSuccessWithSuccessAndFailureRatios", halfOpen(3, 4), toHalfOpen + "S F S =half-open S =closed"},
	{"TestHalfOpenSuccessWithSuccessAndFailureThresholds", halfOpen(3, 3), toHalfOpen + "S S =half-open S =closed"},
	{"TestHalfOpenSuccessWithSuccessRatio", halfOpen(2, 3), toHalfOpen + "F S =half-open S =closed"},
	{"TestHalfOpenSuccessWithSuccessRatioAndFailureThreshold", halfOpen(3, 4), toHalfOpen + "S S F =half-open S =closed"},
	{"TestHalfOpenSuccessWithSuccessThreshold", halfOpen(3, 3), toHalfOpen + "S =half-open S =half-open S =closed"},
	{"TestHalfOpenSuccessWithSuccessThresholdAndFailureRatio", halfOpen(2, 2), toHalfOpen + "S =half-open S =closed"},
	{"TestTryAcquirePermit", of(1, 1).with(func(c *BreakerConfig) { c.Wait = 100 * time.Millisecond }),
		"F =open X +110ms b =half-open"},
}

// sixInARow are gobreaker's defaults; sixty its custom breaker, whose fixed interval is one bucket.
var (
	sixInARow = BreakerConfig{Window: 6, Failures: 6, Wait: time.Minute, Successes: 1}
	sixty     = BreakerConfig{
		Period: 30 * time.Second, Buckets: 1, Minimum: 3, FailurePercent: 60, Wait: 90 * time.Second, Successes: 3,
	}
)

// gobreaker v2.4.0, gobreaker_test.go. Its window resets with a transition too. It lets a probe through
// after the end of the wait, this one at it: the vectors step over it.
var gobreakerVectors = []vector{
	{"TestDefaultCircuitBreaker", sixInARow,
		"F F F F F =closed S =closed F =closed F F F F F =open 0/0 X X +59999ms =open " +
			"+1s =half-open F =open 0/0 +60000000001ns =half-open S =closed 0/0"},
	{"TestCustomCircuitBreaker", sixty,
		strings.Repeat("S F E ", 5) + "=closed 10/5 +29999ms S =closed 11/5 +1s F =closed 1/1 " +
			"S F =open 0/0 +90000000001ns =half-open E E E E =half-open F =open +90000000001ns =half-open " +
			"S S =half-open b X e =closed 0/0"},
	{"TestRollingWindowCircuitBreaker", sixty.with(func(c *BreakerConfig) { c.Buckets = 10 }),
		strings.Repeat("S F E ", 5) + "10/5 +3s S 11/5 +2s S E 12/5 +2s E S 13/5 +2s F 14/6 " +
			"+3s S F 16/7 +3s S F 18/8 +3s S F 20/9 +3s S F 22/10 +3s S F 24/11 +3s S F 26/12 " +
			"+3s F 17/8 F 18/9 F 19/10 F 20/11 F 21/12 F 22/13 =closed F =open " +
			"+90000000001ns =half-open S S =half-open b X e =closed 0/0"},
	// Unlike there, a call counts in the interval in which it ends: there is one epoch for each state only.
	{"TestGeneration", sixty, "+29s S b 1/0 +1s 0/0 e =closed 1/0"},
}

// half are resilience4j's breaker of its tests: 50 % of 5 calls, slow after 4 s, 5 s open, 4 probes of
// which 3 must be good, as less than half may be bad.
var half = BreakerConfig{
	Window: 5, Minimum: 5, FailurePercent: 50, Slow: 4 * time.Second, SlowPercent: 50,
	Wait: 5 * time.Second, Probes: 4, Successes: 3, Lease: time.Minute,
}

// opened goes from closed to half-open; resilience4j has a method for that.
const opened = "F F F F F =open +5s =half-open "

// resilience4j, CircuitBreakerStateMachineTest.java at commit 06b25fbd. It waits for all four probes where fewer
// decide already, so the scripts of half-open end there. Its window is 5 s while its clock stands and calls
// only say how long they took; here the clock moves, so it is 5 calls.
var resilience4jVectors = []vector{
	{"shouldIncreaseCounterOnReleasePermission", half, opened + "b b b b X X c b X"},
	{"shouldOnlyPermitFourCallsInHalfOpenState", half, opened + "b b b b X X"},
	{"shouldOpenAfterFailureRateThresholdExceeded", half,
		"F =closed 1/1 F =closed 2/2 F =closed 3/3 S =closed 4/3 S =open X"},
	{"shouldOpenAfterSlowCallRateThresholdExceeded", half,
		"F5s =closed S5s =closed F100ms =closed S100ms =closed S5s =open"},
	{"shouldTransitionToHalfOpenAfterWaitDuration", half, "F F F F F =open X +3s =open X +3s b =half-open 0/0"},
	{"shouldTransitionToHalfOpenAfterWaitInterval", half.with(func(c *BreakerConfig) { c.Growth = 150 }),
		"F F F F F =open X +3s =open X +3s F =half-open F =open +6s =open X +5s b =half-open"},
	{"shouldTransitionBackToOpenStateWhenFailureRateIsAboveThreshold", half, opened + "F F =open"},
	{"shouldTransitionBackToOpenStateWhenSlowCallRateIsAboveThreshold", half, opened + "S5s S5s =open"},
	{"shouldTransitionBackToClosedStateWhenFailureIsBelowThreshold", half, opened + "F S S S =closed 0/0 S 1/0"},
	{"shouldIgnoreExceptionsAndThenTransitionToClosed", half, opened + "E E E E =half-open S S =half-open S =closed 0/0"},
}

func TestAStateTableOfAnotherLibraryHolds(t *testing.T) {
	for library, vectors := range map[string][]vector{
		"failsafe-go": failsafeVectors, "gobreaker": gobreakerVectors, "resilience4j": resilience4jVectors,
	} {
		for _, v := range vectors {
			t.Run(library+"/"+v.source, func(t *testing.T) { v.run(t) })
		}
	}
}

func (v vector) run(t *testing.T) {
	p := newBreakerPair(v.cfg, "")
	for i, word := range strings.Fields(v.script) {
		at := fmt.Sprintf("word %d, %s", i+1, word)
		how, took := word[:1], time.Duration(0)
		if len(word) > 1 && strings.Contains("SF+", how) {
			var err error
			took, err = time.ParseDuration(word[1:])
			require.NoError(t, err, at)
		}
		switch how {
		case "+":
			p.do(took.String())
		case "b", "S", "F", "E":
			said, _ := p.do("begin")
			require.Equal(t, "admitted", said, at)
			if how != "b" {
				p.do(took.String())
				p.do(map[string]string{"S": "last ok", "F": "last err", "E": "last ignored"}[how])
			}
		case "e":
			p.do("end ok")
		case "c":
			p.do("end ignored")
		case "X":
			_, err := p.real.Acquire()
			var refused *Rejection
			require.True(t, errors.As(err, &refused), at)
		case "=":
			require.Equal(t, word[1:], p.real.State().String(), at)
		default:
			w := p.real.Metrics().Window
			require.Equal(t, word, fmt.Sprintf("%d/%d", w.Total, w.Failures), at)
		}
	}
}

package properties_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/resilience"
	"phoenix/sim"
)

// An ibClock is set by hand.
type ibClock struct{ now sim.Time }

func (c *ibClock) Monotonic() sim.Time { return c.now }

var errIB = errors.New("failed")

func ibSucceed(context.Context) error { return nil }
func ibFail(context.Context) error    { return errIB }

func ibAmount(n int64) []resilience.Amount { return []resilience.Amount{{Resource: "conn", N: n}} }

func TestSeedIB1ABoundaryHasANameAndQuotasRatesAndBreakersOfItsOwn(t *testing.T) {
	clock := &ibClock{}
	b := resilience.NewBoundary(clock, resilience.BoundaryConfig{
		Name: "billing", Quotas: map[string]int64{"conn": 1},
		Types: map[string]resilience.OperationConfig{
			"charge": {Rate: &resilience.LimiterConfig{Rate: resilience.PerSecond(1), Burst: 1}},
			"refund": {Breaker: &resilience.BreakerConfig{Failures: 1}},
		},
	})
	require.Equal(t, "billing", b.Name())
	require.Equal(t, "billing", b.Metrics().Name)
	var rejected *resilience.Rejection
	for by, call := range map[string]func() error{
		"billing/conn": func() error {
			return b.Do(t.Context(), resilience.Operation{Resources: ibAmount(2)}, ibSucceed)
		},
		"billing/charge": func() error {
			_ = b.Do(t.Context(), resilience.Operation{Type: "charge"}, ibSucceed)
			return b.Do(t.Context(), resilience.Operation{Type: "charge"}, ibSucceed)
		},
		"billing/refund": func() error {
			_ = b.Do(t.Context(), resilience.Operation{Type: "refund"}, ibFail)
			return b.Do(t.Context(), resilience.Operation{Type: "refund"}, ibSucceed)
		},
	} {
		require.ErrorAs(t, call(), &rejected)
		require.Equal(t, by, rejected.Name, "every rejection carries the name")
	}
}

func TestSeedIB2CheckAndReserveIsOneStepAndARejectedCallBurnsNothing(t *testing.T) {
	b := resilience.NewBoundary(resilience.System(), resilience.BoundaryConfig{
		Quotas: map[string]int64{"conn": 5},
		Types: map[string]resilience.OperationConfig{"write": {
			Rate:    &resilience.LimiterConfig{Rate: resilience.Every(time.Hour), Burst: 1},
			Breaker: &resilience.BreakerConfig{},
		}},
	})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 500 {
				_ = b.Do(context.Background(), resilience.Operation{Resources: ibAmount(2)}, ibSucceed)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, b.Metrics().Use["conn"].Peak, int64(4), "two at once fit, whatever the interleaving")

	write := resilience.Operation{Type: "write"}
	b.Breaker("write").Force(resilience.ForcedOpen)
	for range 10 {
		require.ErrorIs(t, b.Do(t.Context(), write, ibSucceed), resilience.ErrOpen, "forced-open rejects")
	}
	b.Breaker("write").Auto()
	require.NoError(t, b.Do(t.Context(), write, ibSucceed), "the only token of this hour is still there")
	require.ErrorIs(t, b.Do(t.Context(), write, ibSucceed), resilience.ErrLimited)
}

func TestSeedIB3ReservationsBindWhileTheOperationRunsAndAreGivenBackOnce(t *testing.T) {
	b := resilience.NewBoundary(&ibClock{}, resilience.BoundaryConfig{Quotas: map[string]int64{"conn": 3}})
	op := resilience.Operation{Resources: ibAmount(2)}
	require.NoError(t, b.Do(t.Context(), op, func(ctx context.Context) error {
		require.Equal(t, int64(2), b.Metrics().Use["conn"].Used)
		require.ErrorIs(t, b.Do(ctx, op, ibSucceed), resilience.ErrQuota)
		return nil
	}))
	require.Equal(t, errIB, b.Do(t.Context(), op, ibFail))
	require.Panics(t, func() { _ = b.Do(t.Context(), op, func(context.Context) error { panic(1) }) })
	a, err := b.TryAcquire(op)
	require.NoError(t, err)
	a.Done(nil)
	a.Done(nil)
	a.Cancel()
	require.Zero(t, b.Metrics().Use["conn"].Used)
}

func TestSeedIB4TrafficIsShapedByTypeOfOperation(t *testing.T) {
	clock := &ibClock{}
	b := resilience.NewBoundary(clock, resilience.BoundaryConfig{Types: map[string]resilience.OperationConfig{
		"read":  {Rate: &resilience.LimiterConfig{Rate: resilience.PerSecond(10), Burst: 2}},
		"write": {Rate: &resilience.LimiterConfig{Rate: resilience.Rate{Count: 3, Per: time.Minute}, Sliding: true}},
	}})
	passed := map[string]int{}
	for range 600 { // half a minute, twenty times a second
		for _, kind := range []string{"read", "write", "other"} {
			if b.Do(t.Context(), resilience.Operation{Type: kind}, ibSucceed) == nil {
				passed[kind]++
			}
		}
		clock.now = clock.now.Add(50 * time.Millisecond)
	}
	require.Equal(t, map[string]int{"read": 2 + 299, "write": 3, "other": 600}, passed)
}

func TestSeedIB5WhatIsReservedForCriticalIsNotTakenByOthers(t *testing.T) {
	b := resilience.NewBoundary(&ibClock{}, resilience.BoundaryConfig{
		Quotas: map[string]int64{"conn": 10}, Shares: resilience.ReservedShares()})
	low := 0
	for range 100 {
		if _, err := b.TryAcquire(resilience.Operation{Priority: resilience.Low, Resources: ibAmount(1)}); err == nil {
			low++
		}
	}
	require.Equal(t, 7, low)
	_, err := b.TryAcquire(resilience.Operation{Priority: resilience.Critical, Resources: ibAmount(3)})
	require.NoError(t, err)
}

func TestSeedIB6RetriesDoNotMultiplyAnOutage(t *testing.T) {
	clock := &ibClock{}
	b := resilience.NewBoundary(clock, resilience.BoundaryConfig{Retry: &resilience.RetryConfig{
		Attempts: 5, Base: 1, Budget: resilience.NewRetryBudget(clock, resilience.RetryBudgetConfig{Percent: 10})}})
	for range 200 {
		require.ErrorIs(t, b.Do(t.Context(), resilience.Operation{}, ibFail), errIB)
	}
	require.Equal(t, uint64(220), b.Metrics().Total.Executions, "a tenth more, not four times more")
}

func TestSeedIB7ExecutionsSuccessesFailuresAndRejectionsAreCounted(t *testing.T) {
	b := resilience.NewBoundary(&ibClock{}, resilience.BoundaryConfig{
		Quotas: map[string]int64{"conn": 1},
		Types:  map[string]resilience.OperationConfig{"read": {}},
	})
	read := resilience.Operation{Type: "read"}
	for range 3 {
		require.NoError(t, b.Do(t.Context(), read, ibSucceed))
	}
	require.Error(t, b.Do(t.Context(), read, ibFail))
	require.Panics(t, func() { _ = b.Do(t.Context(), read, func(context.Context) error { panic(1) }) })
	read.Resources = ibAmount(2)
	require.Error(t, b.Do(t.Context(), read, ibSucceed))
	require.Equal(t, resilience.BoundaryCounts{
		Executions: 5, Successes: 3, Failures: 2, Panics: 1, Rejected: resilience.RejectedCounts{Quota: 1},
	}, b.Metrics().Types["read"])
}

func TestSeedPT11AFallbackAnswersByFunctionOrValueAndIsToldWhich(t *testing.T) {
	l := resilience.NewLimiter(&ibClock{}, resilience.LimiterConfig{Rate: resilience.Every(time.Hour), Burst: 1})
	var told []bool
	f := &resilience.Fallback[string]{Func: func(_ context.Context, m resilience.Miss) (string, error) {
		told = append(told, m.Rejected)
		if m.Rejected {
			return "", errors.New("nothing remembered")
		}
		return "remembered", nil
	}}
	answer, err := f.Get(t.Context(), l, func(context.Context) (string, error) { return "", errIB })
	require.NoError(t, err)
	require.Equal(t, "remembered", answer)
	_, err = f.Get(t.Context(), l, func(context.Context) (string, error) { return "fresh", nil })
	require.ErrorIs(t, err, resilience.ErrLimited)
	require.ErrorContains(t, err, "nothing remembered")
	require.Equal(t, []bool{false, true}, told)
	require.Equal(t, resilience.FallbackCounts{Calls: 2, Failed: 1, Rejected: 1, Answered: 1}, f.Counts())
}

// The other half of the row, the timeout, is with those of the breaker.
func TestSeedCB3AFallbackOfABreakerAnswersAndTheRejectionStillCounts(t *testing.T) {
	b := resilience.NewBreaker(&ibClock{}, resilience.BreakerConfig{Failures: 1})
	f := &resilience.Fallback[int]{Value: 42}
	for range 3 {
		answer, err := f.Get(t.Context(), b, func(context.Context) (int, error) { return 0, errIB })
		require.NoError(t, err)
		require.Equal(t, 42, answer)
	}
	require.Equal(t, resilience.FallbackCounts{Calls: 3, Failed: 1, Rejected: 2, Answered: 3}, f.Counts())
	require.Equal(t, uint64(2), b.Metrics().Rejected)
	require.Equal(t, resilience.Open, b.State(), "an error that is returned is a failure, whatever the caller is told")
}

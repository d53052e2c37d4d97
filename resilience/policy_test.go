package resilience

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whichever policy it is, a call whose context had ended before anything ran says so to errors.Is.
func TestAContextThatHadEndedIsTold(t *testing.T) {
	clock := &limiterClock{}
	full := NewBulkhead(clock, BulkheadConfig{Limit: 1})
	require.True(t, full.TryAcquire())
	boundary := NewBoundary(clock, BoundaryConfig{Bulkhead: &BulkheadConfig{Limit: 1, Queue: 1}})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for name, policy := range map[string]Policy{
		"breaker":  NewBreaker(clock, BreakerConfig{}),
		"limiter":  NewLimiter(clock, LimiterConfig{Rate: PerSecond(1), Burst: 1}),
		"empty":    NewLimiter(clock, LimiterConfig{Rate: PerSecond(1)}),
		"bulkhead": NewBulkhead(clock, BulkheadConfig{Limit: 1, Queue: 1}),
		"full":     full,
		"shedder":  NewShedder(clock, ShedderConfig{Bulkhead: full}),
		"retry":    NewRetry(clock, RetryConfig{}),
		"boundary": boundary.Policy(Operation{}),
	} {
		op := func(context.Context) error { panic("it ran") }
		require.ErrorIs(t, policy.Do(cancelled, op), context.Canceled, name)
		require.ErrorIs(t, policy.Do(late, op), context.DeadlineExceeded, name)
	}
	require.EqualValues(t, 2, boundary.Metrics().Total.Rejected.Ended)
}

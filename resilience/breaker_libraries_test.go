package resilience

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"
)

// Defects of libraries, shown by them and not by ours, in the same bubble.

// second is a breaker that opens on one failure for a second, and closes on one success.
var second = BreakerConfig{Failures: 1, Wait: time.Second, Successes: 1, Lease: time.Second}

func sonyBreaker() *gobreaker.TwoStepCircuitBreaker[any] {
	return gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Timeout: time.Second, ReadyToTrip: func(c gobreaker.Counts) bool { return c.TotalFailures >= 1 },
	})
}

func TestAHungProbeWedgesLibrariesButNotThisBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, sony := NewBreaker(System(), second), sonyBreaker()
		safe := circuitbreaker.NewBuilder[any]().WithDelay(time.Second).Build()

		p, err := ours.Acquire()
		require.NoError(t, err)
		p.Done(errBroken)
		done, err := sony.Allow()
		require.NoError(t, err)
		done(errBroken)
		require.True(t, safe.TryAcquirePermit())
		safe.RecordFailure()

		time.Sleep(time.Second + time.Nanosecond)
		_, err = ours.Acquire() // these probes never come back
		require.NoError(t, err)
		_, err = sony.Allow()
		require.NoError(t, err)
		require.True(t, safe.TryAcquirePermit())

		time.Sleep(24 * time.Hour)
		_, err = sony.Allow()
		require.ErrorIs(t, err, gobreaker.ErrTooManyRequests, "gobreaker is wedged")
		require.False(t, safe.TryAcquirePermit(), "failsafe-go is wedged")
		require.Equal(t, circuitbreaker.HalfOpenState, safe.State())
		p, err = ours.Acquire()
		require.NoError(t, err, "the lease of the probe is over")
		p.Success()
		require.Equal(t, Closed, ours.State())
		require.EqualValues(t, 1, ours.Metrics().Expired)
	})
}

func TestALateResultOfAnEarlierEpochClosesFailsafeButNotThisBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, sony := NewBreaker(System(), second), sonyBreaker()
		safe := circuitbreaker.NewBuilder[any]().WithDelay(time.Second).Build()

		late, err := ours.Acquire() // issued while all is well
		require.NoError(t, err)
		p, err := ours.Acquire()
		require.NoError(t, err)
		p.Done(errBroken)
		lateDone, err := sony.Allow()
		require.NoError(t, err)
		done, err := sony.Allow()
		require.NoError(t, err)
		done(errBroken)
		require.True(t, safe.TryAcquirePermit())
		require.True(t, safe.TryAcquirePermit())
		safe.RecordFailure()

		time.Sleep(time.Second + time.Nanosecond)
		probe, err := ours.Acquire()
		require.NoError(t, err)
		_, err = sony.Allow()
		require.NoError(t, err)
		require.True(t, safe.TryAcquirePermit())

		late.Success() // and back only now, while the probe is under way
		lateDone(nil)
		safe.RecordSuccess()
		require.Equal(t, circuitbreaker.ClosedState, safe.State(), "failsafe-go closes")
		require.Equal(t, gobreaker.StateHalfOpen, sony.State(), "gobreaker discards it")
		require.Equal(t, HalfOpen, ours.State())
		require.EqualValues(t, 1, ours.Metrics().Late)

		probe.Success()
		require.Equal(t, Closed, ours.State())
	})
}

// gobreaker compares the end of the wait with Before: at that instant it still rejects.
func TestAtTheEndOfTheWaitGobreakerRejectsAndThisBreakerProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, sony := NewBreaker(System(), second), sonyBreaker()
		p, err := ours.Acquire()
		require.NoError(t, err)
		p.Done(errBroken)
		done, err := sony.Allow()
		require.NoError(t, err)
		done(errBroken)

		time.Sleep(time.Second)
		_, err = sony.Allow()
		require.ErrorIs(t, err, gobreaker.ErrOpenState)
		_, err = ours.Acquire()
		require.NoError(t, err)
	})
}

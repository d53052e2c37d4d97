package properties_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	. "phoenix/resilience"
	"phoenix/sim"
)

var errDown = errors.New("down")

// A circuit is a breaker whose clock is moved by hand.
type circuit struct {
	*Breaker
	now sim.Time
}

func (c *circuit) Monotonic() sim.Time  { return c.now }
func (c *circuit) pass(d time.Duration) { c.now = c.now.Add(d) }
func (c *circuit) call(err error) error {
	return c.Do(context.Background(), func(context.Context) error { return err })
}
func (c *circuit) calls(n int, err error) {
	for range n {
		_ = c.call(err)
	}
}

func newCircuit(cfg BreakerConfig) *circuit {
	c := &circuit{}
	c.Breaker = NewBreaker(c, cfg)
	return c
}

func TestSeedCB1FiveStatesAndOpenBecomesHalfOpenForWhoeverLooks(t *testing.T) {
	c := newCircuit(ServiceBreaker())
	require.Equal(t, Closed, c.State())
	c.calls(5, errDown)
	require.Equal(t, Open, c.State())
	c.pass(30*time.Second - 1)
	require.Equal(t, Open, c.State())
	require.ErrorIs(t, c.call(nil), ErrOpen)
	c.pass(1)
	require.Equal(t, HalfOpen, c.State(), "by reading it")
	c.calls(3, nil)
	require.Equal(t, Closed, c.State())
	c.Force(ForcedOpen)
	require.Equal(t, ForcedOpen, c.State())
	c.Force(ForcedClosed)
	require.Equal(t, ForcedClosed, c.State())
}

func TestSeedCB2FiveFailuresOfAHundredOpenAndThreeSuccessesClose(t *testing.T) {
	c := newCircuit(ServiceBreaker())
	for range 20 { // 20 failures for life, but never five in the window
		c.calls(25, nil)
		c.calls(1, errDown)
	}
	require.Equal(t, Closed, c.State(), "the window decides")

	c = newCircuit(ServiceBreaker())
	c.calls(50, nil) // successes of before count for nothing later
	c.calls(5, errDown)
	require.Equal(t, Open, c.State())
	c.pass(30 * time.Second)
	c.calls(2, nil)
	require.Equal(t, HalfOpen, c.State())
	c.calls(1, nil)
	require.Equal(t, Closed, c.State())
	require.Zero(t, c.Metrics().Window.Total, "the window begins anew")
}

func TestSeedCB3CallWithTimeoutAndFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := ServiceBreaker()
		cfg.Timeout = 5 * time.Second
		cfg.Failures, cfg.AdaptHigh, cfg.AdaptLow = 2, 0, 0
		b := NewBreaker(System(), cfg)
		value := &Fallback[string]{Value: "cached"}
		function := &Fallback[string]{Func: func(_ context.Context, miss Miss) (string, error) {
			return fmt.Sprintf("rejected %v: %v", miss.Rejected, miss.Err), nil
		}}
		slow := func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}
		began := time.Now()
		got, err := value.Get(context.Background(), b, slow)
		require.NoError(t, err)
		require.Equal(t, "cached", got)
		require.Equal(t, 5*time.Second, time.Since(began), "the timeout bounds the operation")

		got, err = function.Get(context.Background(), b, func(context.Context) (string, error) { return "", errDown })
		require.NoError(t, err)
		require.Equal(t, "rejected false: down", got)
		require.Equal(t, Open, b.State(), "an error that is returned is a failure, and so is a timeout")

		got, err = function.Get(context.Background(), b, slow)
		require.NoError(t, err)
		require.Equal(t, "rejected true: breaker: circuit open, try again in 30s", got)
		_, err = Get(context.Background(), b, slow)
		require.ErrorIs(t, err, ErrOpen, "without a fallback")
	})
}

func TestSeedCB4ForceAutoAndResetToWhatWasConfigured(t *testing.T) {
	cfg := ServiceBreaker()
	cfg.Window = 10
	cfg.Failures, cfg.AdaptLow, cfg.AdaptHigh = 5, 2, 10
	c := newCircuit(cfg)
	c.calls(20, nil)
	require.Equal(t, 7, c.Metrics().Threshold)
	c.Force(ForcedOpen)
	c.pass(time.Hour)
	require.ErrorIs(t, c.call(nil), ErrOpen)
	c.Auto()
	require.NoError(t, c.call(nil), "a way back")
	c.Force(ForcedClosed)
	c.calls(100, errDown)
	require.Equal(t, ForcedClosed, c.State())
	require.EqualValues(t, 100, c.Metrics().Failures, "recorded all the same")
	c.Reset()
	require.Equal(t, Closed, c.State())
	require.Equal(t, 5, c.Metrics().Threshold, "as configured")
}

func TestSeedCB5HalfOpenIsALimitedTrial(t *testing.T) {
	c := newCircuit(BreakerConfig{Failures: 1, Lease: 5 * time.Second})
	late, err := c.Acquire()
	require.NoError(t, err)
	c.calls(1, errDown)
	c.pass(30 * time.Second)
	for range 3 {
		_, err := c.Acquire() // hung
		require.NoError(t, err)
	}
	require.ErrorIs(t, c.call(nil), ErrProbing, "limited")
	late.Failure("down")
	late.Success()
	require.Equal(t, HalfOpen, c.State(), "of an earlier epoch")
	c.pass(5 * time.Second)
	require.Equal(t, Open, c.State(), "the leases are over")
	c.pass(30 * time.Second)
	require.NoError(t, c.call(nil), "and it tries again")
}

func TestSeedCB6TheThresholdAdaptsOnceAWindowWithinItsBounds(t *testing.T) {
	c := newCircuit(ServiceBreaker())
	c.calls(99, nil)
	require.Equal(t, 5, c.Metrics().Threshold)
	c.calls(1, nil)
	require.Equal(t, 6, c.Metrics().Threshold)
	c.calls(10_000, nil)
	require.Equal(t, 20, c.Metrics().Threshold)

	// In a window in which 5 failures may be 50 %, more than 30 % lower it, and that is looked at at once.
	c = newCircuit(BreakerConfig{Window: 10, Failures: 5, AdaptLow: 2, AdaptHigh: 10})
	for i := range 10 {
		require.Equal(t, Closed, c.State())
		err := errDown
		if i%5 > 1 {
			err = nil
		}
		c.calls(1, err)
	}
	require.Equal(t, 4, c.Metrics().Threshold)
	require.Equal(t, Open, c.State(), "4 failures are enough now")
	cfg := ServiceBreaker()
	cfg.Failures = 25
	require.Panics(t, func() { newCircuit(cfg) }, "not within 2..20")
}

func TestSeedCB7MetricsAreExact(t *testing.T) {
	c := newCircuit(BreakerConfig{FailurePercent: 100, Minimum: 100})
	m := c.Metrics()
	_, ok := m.Percentile(95)
	require.False(t, ok, "an empty sample has no percentile")
	_, ok = m.Mean()
	require.False(t, ok)
	for i := range 1100 {
		p, err := c.Acquire()
		require.NoError(t, err)
		c.pass(time.Duration(i) * time.Millisecond)
		if i%10 == 0 {
			p.Failure(fmt.Sprintf("kind %03d", i))
		} else {
			p.Success()
		}
	}
	m = c.Metrics()
	require.EqualValues(t, 990, m.Successes)
	require.EqualValues(t, 110, m.Failures)
	require.Equal(t, Counts{Total: 100, Failures: 10}, m.Recent)
	require.Equal(t, 1000, m.Samples())
	require.Len(t, m.Errors, 33, "32 kinds, and all others")
	require.EqualValues(t, 110-32, m.Errors[32].Count)
	for percent, want := range map[int]time.Duration{95: 1049, 99: 1089, 100: 1099, 1: 109} {
		got, ok := m.Percentile(percent)
		require.True(t, ok)
		require.Equal(t, want*time.Millisecond, got, "the nearest rank of 100 .. 1099 ms, p%d", percent)
	}
	mean, _ := m.Mean()
	require.Equal(t, 599500*time.Microsecond, mean)
	c.Force(Open)
	require.EqualValues(t, 1, c.Metrics().Transitions)
	require.Equal(t, ForcedOpen, c.Metrics().History[0].To)
}

func TestSeedCB8StateAndSummaryAreOfThisInstant(t *testing.T) {
	c := newCircuit(PartitionBreaker())
	c.calls(5, errDown)
	c.pass(time.Hour)
	m := c.Metrics()
	due := Transition{From: Open, To: HalfOpen, At: sim.Time(time.Minute)}
	require.Equal(t, due, m.History[1], "as of when it was due")
	require.Equal(t, HalfOpen, c.State())
}

func TestSeedCB9BreakersByName(t *testing.T) {
	r := NewBreakers(&circuit{}, func(name string) BreakerConfig {
		if name == "remote" {
			return PartitionBreaker()
		}
		return ServiceBreaker()
	})
	require.Same(t, r.Get("orders"), r.Get("orders"))
	_, there := r.Find("remote")
	require.False(t, there)
	r.Get("remote").Force(Open)
	r.Get("mail")
	var seen []string
	for name, b := range r.All() {
		seen = append(seen, fmt.Sprint(name, " ", b.State()))
	}
	require.Equal(t, []string{"mail closed", "orders closed", "remote forced-open"}, seen)
	_, err := r.Get("remote").Acquire()
	require.EqualError(t, err, "breaker remote: circuit open")
}

func TestSeedPT9FiveFailuresAndSixtySeconds(t *testing.T) {
	c := newCircuit(PartitionBreaker())
	c.calls(4, errDown)
	require.Equal(t, Closed, c.State())
	c.calls(1, errDown)
	c.pass(60*time.Second - 1)
	require.Equal(t, Open, c.State())
	c.pass(1)
	require.NoError(t, c.call(nil))
	require.Equal(t, Closed, c.State())
}

package resilience

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One call fails, and so many succeed after it: whether it is still among the last ones is exact.
func TestMetricsCountTheLastHundredAndTimeTheLastThousand(t *testing.T) {
	for _, c := range []struct{ before, after, recent, longest int }{
		{0, 99, 1, 1}, {0, 100, 0, 1}, {950, 99, 1, 1}, {950, 100, 0, 1}, // the ring has gone round
		{0, 999, 0, 1}, {0, 1000, 0, 0}, {1700, 999, 0, 1}, {1700, 1000, 0, 0},
	} {
		clock := &breakerClock{}
		b := NewBreaker(clock, BreakerConfig{Failures: 100})
		call := func(took time.Duration, end func(p Permit)) {
			p, err := b.Acquire()
			require.NoError(t, err)
			clock.now = clock.now.Add(took)
			end(p)
		}
		for range c.before {
			call(0, Permit.Success)
		}
		call(time.Second, func(p Permit) { p.Failure("one") })
		for range c.after {
			call(0, Permit.Success)
		}
		m := b.Metrics()
		require.Equal(t, c.recent, m.Recent.Failures, c)
		longest, ok := m.Percentile(100)
		require.True(t, ok)
		require.Equal(t, time.Duration(c.longest)*time.Second, longest, c)
	}
}

func TestTheMeanOfLongTimesDoesNotOverflow(t *testing.T) {
	const long = 1 << 62
	m := Metrics{times: []time.Duration{long, long, long, long + 4}}
	mean, ok := m.Mean()
	require.True(t, ok)
	require.EqualValues(t, long+1, mean)
	require.Panics(t, func() { m.Percentile(0) })
	require.Panics(t, func() { m.Percentile(101) })
}

// At the instant at which a lease or a timeout ends, it is over; a nanosecond before it is not.
func TestTheEndsOfALeaseAndATimeoutAreOver(t *testing.T) {
	for _, early := range []time.Duration{0, 1} {
		clock := &breakerClock{}
		b := NewBreaker(clock, BreakerConfig{Failures: 1, Timeout: time.Second, Lease: 2 * time.Second, Successes: 1})
		p, _ := b.Acquire()
		clock.now = clock.now.Add(time.Second - early)
		p.Success()
		require.Equal(t, early == 0, b.State() == Open)
		b.Reset()
		p, _ = b.Acquire()
		p.Failure("down")
		clock.now = clock.now.Add(30 * time.Second)
		_, err := b.Acquire()
		require.NoError(t, err)
		clock.now = clock.now.Add(2*time.Second - early)
		require.Equal(t, early == 0, b.State() == Open)
	}
}

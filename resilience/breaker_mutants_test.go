package resilience

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// smallBreaker opens on 2 failures of 3 calls, for 2 s, and closes on 2 probes of 2 with leases of 1 s.
var smallBreaker = BreakerConfig{Window: 3, Failures: 2, Wait: 2 * time.Second, Successes: 2, Lease: time.Second}

// with changes a small breaker.
func (cfg BreakerConfig) with(change func(*BreakerConfig)) BreakerConfig {
	change(&cfg)
	return cfg
}

var oneProbe = smallBreaker.with(func(c *BreakerConfig) { c.Failures, c.Successes = 1, 1 })

// breakerMutants are the defects of the seeds' breaker and of libraries, and the shortest way in which each shows.
var breakerMutants = []struct {
	row, bug string
	cfg      BreakerConfig
	alphabet string
	shortest string
}{
	{"CB-1", "open until a call, which is rejected", oneProbe, "call ok|call err|2s|reset",
		"call err; 2s; call ok"},
	{"CB-2", "failures add up for life", smallBreaker, "call ok|call err|reset",
		"call err; reset; call err; call ok"},
	{"CB-2", "the window decides nothing", smallBreaker, "call ok|call err|state",
		"call err; call ok; call ok; call err; call ok"},
	{"CB-2", "successes are never zeroed",
		oneProbe.with(func(c *BreakerConfig) { c.Successes = 2 }), "call ok|call err|2s|state",
		"call ok; call err; 2s; call ok; state"},
	{"CB-3", "the timeout does not bound the operation",
		oneProbe.with(func(c *BreakerConfig) { c.Timeout = time.Second }), "begin|1s|end ok|state",
		"begin; 1s; end ok; begin"},
	{"CB-3", "an error that is returned is a success", oneProbe, "call ok|call err|state",
		"call err; call ok"},
	{"CB-4", "reset keeps the threshold", smallBreaker.with(func(c *BreakerConfig) {
		c.Window, c.Failures, c.AdaptLow, c.AdaptHigh = 2, 1, 1, 2
	}), "call ok|call err|reset|state",
		"call ok; call ok; reset; call err; call ok"},
	{"CB-4", "no way back from a forced state", oneProbe, "call ok|force open|auto|reset",
		"force open; auto; call ok"},
	{"CB-5", "half-open lets all calls through", oneProbe, "call err|begin|2s",
		"call err; 2s; begin; call err"},
	{"CB-5, failsafe-go", "a late result decides", oneProbe, "begin|call err|end ok|2s|state",
		"begin; call err; 2s; end ok; state"},
	{"CB-5, gobreaker, failsafe-go", "a hung probe is waited for without end", oneProbe, "call err|begin|2s|1s|state",
		"call err; 2s; begin; 2s; call err"},
	{"CB-6", "the threshold moves with each result", smallBreaker.with(func(c *BreakerConfig) {
		c.Failures, c.AdaptLow, c.AdaptHigh = 1, 1, 3
	}), "call ok|call err|state",
		"call ok; call ok; call err; call ok"},
	{"CB-6", "the threshold moves on too few calls", smallBreaker.with(func(c *BreakerConfig) {
		c.Period, c.Buckets, c.Failures, c.Minimum, c.AdaptLow, c.AdaptHigh = 2*time.Second, 1, 2, 2, 1, 3
	}), "call ok|call err|2s|state",
		"2s; call ok; call err; call ok"},
	{"CB-8", "the state shown is the one of the last call", oneProbe, "call ok|call err|2s|state",
		"call err; 2s; state"},
	{"S0:453", "a late failure begins the wait anew", oneProbe, "begin|call err|end err|2s|1s|state",
		"begin; call err; 1s; end err; begin"},
	{"gobreaker", "the end of the wait still rejects", oneProbe, "call err|2s|begin",
		"call err; 2s; call err"},
	{"none known", "an ignored error keeps its permit", oneProbe, "call err|call ignored|begin|2s",
		"call err; 2s; call ignored; call err"},
}

func TestEachDefectOfABreakerIsFound(t *testing.T) {
	var found []mutant
	for _, m := range breakerMutants {
		shortest, why := simtest.Shortest(strings.Split(m.alphabet, "|"), 8, func(ops []string) string {
			p := newBreakerPair(m.cfg, m.bug)
			for _, op := range ops {
				if right, wrong := p.do(op); right != wrong {
					return fmt.Sprintf("%s, right is %s", wrong, right)
				}
			}
			return ""
		})
		require.Equal(t, m.shortest, strings.Join(shortest, "; "), m.bug)
		found = append(found, mutant{m.row, m.bug, shortest, why})
	}
	found = append(found, overwrittenBound(t))
	requireMutants(t, "breaker", append(found, metricsMutants(t)...))
}

// overwrittenBound is of the seed, whose max(2, threshold - 1) raises a configured 1: it cannot be configured.
func overwrittenBound(t *testing.T) mutant {
	cfg := BreakerConfig{Failures: 1, AdaptLow: 2, AdaptHigh: 20}
	wrong := max(cfg.AdaptLow, cfg.Failures-1)
	require.Greater(t, wrong, cfg.Failures)
	var why any
	func() {
		defer func() { why = recover() }()
		NewBreaker(&breakerClock{}, cfg)
	}()
	require.NotNil(t, why)
	return mutant{"CB-6", "a step overwrites the configured threshold", []string{"NewBreaker with Failures 1, AdaptLow 2"},
		fmt.Sprintf("threshold %d, right is a panic: %v", wrong, why)}
}

// metricsMutants are what the seed's metrics get wrong, found by as many calls as it takes. The n-th
// call takes n milliseconds and fails with the n-th kind of error.
func metricsMutants(t *testing.T) (found []mutant) {
	for _, m := range []struct {
		bug      string
		limit    int
		shortest int
		broken   func(calls int, m *Metrics) string
	}{
		{"an empty sample has percentile 0", 1, 0, func(calls int, m *Metrics) string {
			if _, ok := m.Percentile(95); calls == 0 && !ok {
				return "0s, right is none"
			}
			return ""
		}},
		{"the percentile is the rounded rank", 20, 11, func(calls int, m *Metrics) string {
			rank := int(math.Round(float64(calls) * 95 / 100)) // round(n * p / 100) - 1, the seed's index
			right, ok := m.Percentile(95)
			if wrong := time.Duration(rank) * time.Millisecond; ok && right != wrong {
				return fmt.Sprintf("p95 %v, right is %v", wrong, right)
			}
			return ""
		}},
		{"each kind of error has a key", 60, 34, func(calls int, m *Metrics) string {
			if calls > errorKinds+1 && len(m.Errors) != calls {
				return fmt.Sprintf("%d keys, right is %d", calls, len(m.Errors))
			}
			return ""
		}},
	} {
		calls, why := 0, ""
		for ; calls <= m.limit && why == ""; calls++ {
			metrics := breakerMetricsAfter(calls)
			why = m.broken(calls, &metrics)
		}
		require.NotEmpty(t, why, m.bug)
		require.Equal(t, m.shortest, calls-1, m.bug)
		found = append(found, mutant{"CB-7", m.bug, []string{fmt.Sprintf("%d calls", calls-1)}, why})
	}
	return found
}

// breakerMetricsAfter returns the metrics after so many failed calls.
func breakerMetricsAfter(calls int) Metrics {
	clock := &breakerClock{}
	kinds := 0
	b := NewBreaker(clock, BreakerConfig{
		FailurePercent: 100, Minimum: 100,
		Kind: func(error) string { kinds++; return fmt.Sprintf("kind %02d", kinds) },
	})
	for i := range calls {
		p, _ := b.Acquire()
		clock.now = clock.now.Add(time.Duration(i+1) * time.Millisecond)
		p.Done(errors.New("of its kind"))
	}
	return b.Metrics()
}

package resilience

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

func TestALimiterDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := LimiterConfig{
			Rate: Rate{
				Count: rapid.Int64Range(1, 7).Draw(t, "count"),
				Per:   time.Duration(rapid.SampledFrom([]int{7, 30, 1000, 1e9 + 7}).Draw(t, "per")),
			},
			Sliding: rapid.Bool().Draw(t, "sliding"),
		}
		if !cfg.Sliding {
			cfg.Burst = rapid.Int64Range(0, 5).Draw(t, "burst")
		}
		step := max(1, cfg.Rate.Per/time.Duration(rapid.SampledFrom([]int{1, 3, 10}).Draw(t, "step")))
		plain, real := newPlainLimiter(cfg, ""), newRealLimiter(cfg)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			op := limiterOp{do: rapid.SampledFrom([]string{"tick", "tick", "allow", "allow", "reserve", "cancel"}).Draw(t, "do")}
			switch op.do {
			case "tick":
				op.n = rapid.Int64Range(-2, 12).Draw(t, "n")
			case "cancel":
				op.n = rapid.Int64Range(0, int64(max(0, len(real.grants)-1))).Draw(t, "n")
			default:
				op.n = rapid.Int64Range(0, 4).Draw(t, "n")
			}
			require.Equal(t, plain.apply(op, step), real.apply(op, step), "%v", op)
		}
		require.Empty(t, overrun(cfg, real.acts))
	})
}

// In any span no more events happen than the burst and what the rate earns in it, whatever is cancelled when; if any
// reservation waited, its time was rounded up to the nanosecond, and what is earned in one more may happen.
func TestNoOrderOfCancellingExceedsTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := LimiterConfig{
			Rate: Rate{
				Count: rapid.Int64Range(1, 5).Draw(t, "count"),
				Per:   time.Duration(rapid.Int64Range(1, 40).Draw(t, "per")),
			},
			Sliding: rapid.Bool().Draw(t, "sliding"),
		}
		if !cfg.Sliding {
			cfg.Burst = rapid.Int64Range(1, 6).Draw(t, "burst")
		}
		l := newRealLimiter(cfg)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"reserve", "reserve", "cancel", "cancel", "tick", "drain"}).Draw(t, "do") {
			case "reserve":
				n := rapid.SampledFrom([]int64{0, 1, 1, 2, 3, cfg.Burst}).Draw(t, "n")
				wait := time.Duration(rapid.SampledFrom([]int64{0, 20, math.MaxInt64, math.MaxInt64}).Draw(t, "wait"))
				if r := l.ReserveWithin(n, wait); r.OK() {
					l.keep(&r, wait > 0)
				}
			case "cancel":
				back := rapid.SampledFrom([]int{1, 2, 3, 4, 5, 6, 8, 12}).Draw(t, "back")
				l.apply(limiterOp{"cancel", int64(max(0, len(l.grants)-back))}, 1)
			case "tick":
				l.apply(limiterOp{"tick", rapid.Int64Range(-9, 14).Draw(t, "ns")}, 1)
			case "drain":
				l.drain()
			}
		}
		l.drain()
		require.Empty(t, overrun(cfg, l.acts), "%+v", cfg)
	})
}

// drain takes whatever there is when the last reservation acts.
func (r *realLimiter) drain() {
	for _, g := range r.acts {
		if !g.cancelled {
			r.clock.now = max(r.clock.now, g.act)
		}
	}
	for r.apply(limiterOp{"allow", 1}, 1) == "yes" { // a bucket holds few
	}
}

// The one at 4 s is cancelled in the middle of others: what the bucket owes sinks, the last promise stays.
func TestWhatTheBucketOwesDoesNotTellTheLastPromise(t *testing.T) {
	cfg := LimiterConfig{Rate: PerSecond(1), Burst: 3}
	l := newRealLimiter(cfg)
	do := func(ops ...limiterOp) {
		for _, op := range ops {
			l.apply(op, time.Second)
		}
	}
	do(limiterOp{"allow", 1}, limiterOp{"reserve", 3}, limiterOp{"reserve", 3}, limiterOp{"reserve", 1}) // at 0, 1, 4, 5
	do(limiterOp{"cancel", 2}, limiterOp{"cancel", 1})
	require.EqualValues(t, -3, l.Tokens(), "of the first of them 2 come back, of the second nothing")
	do(limiterOp{"tick", 5}, limiterOp{"reserve", 3}, limiterOp{"allow", 1})
	require.Empty(t, overrun(cfg, l.acts))
}

func TestCancellingTheLastPromisesInReverseGivesAllBack(t *testing.T) {
	l := newRealLimiter(LimiterConfig{Rate: PerSecond(1), Burst: 3})
	for range 8 {
		l.apply(limiterOp{"reserve", 1}, time.Second)
	}
	for i := int64(7); i >= 0; i-- {
		l.apply(limiterOp{"cancel", i}, time.Second)
	}
	require.EqualValues(t, 3, l.Tokens())
}

// limiterMutants are token buckets with one defect, and the operations that show it.
var limiterMutants = []struct {
	from, bug string
	alphabet  []limiterOp
}{
	{"x/time/rate v0.16.0, golang/go#71360", "an event before the latest sets the clock back",
		[]limiterOp{{"tick", 1}, {"tick", -1}, {"allow", 1}}},
	{"x/time/rate v0.16.0", "nothing comes back once its time has passed",
		[]limiterOp{{"tick", 1}, {"allow", 2}, {"cancel", 0}}},
	{"x/time/rate v0.16.0", "cancelling twice gives twice",
		[]limiterOp{{"tick", 1}, {"allow", 1}, {"reserve", 2}, {"cancel", 1}}},
	{"buckets that forget", "all comes back whatever was reserved after",
		[]limiterOp{{"tick", 1}, {"reserve", 2}, {"cancel", 1}, {"allow", 1}}},
	{"buckets of whole tokens", "part of a token is lost at each reading",
		[]limiterOp{{"tick", 1}, {"allow", 2}}},
	{"IB-4", "the bucket has no brim",
		[]limiterOp{{"tick", 1}, {"allow", 1}}},
}

// limiterStep is 100 ms; the mutants hold 2 tokens and earn one in 200 ms, but the first in 100 ms.
const limiterStep = 100 * time.Millisecond

func mutantConfig(bug string) LimiterConfig {
	cfg := LimiterConfig{Rate: Every(2 * limiterStep), Burst: 2}
	if bug == limiterMutants[0].bug {
		cfg.Rate, cfg.Burst = Every(limiterStep), 1
	}
	return cfg
}

func TestEveryMutantOfALimiterIsFound(t *testing.T) {
	var rows []mutant
	for _, m := range limiterMutants {
		cfg := mutantConfig(m.bug)
		shortest, why := simtest.Shortest(m.alphabet, 7, func(ops []limiterOp) string {
			wrong, real := newPlainLimiter(cfg, m.bug), newRealLimiter(cfg)
			for _, op := range ops {
				if got, want := wrong.apply(op, limiterStep), real.apply(op, limiterStep); got != want {
					return fmt.Sprintf("it says %s instead of %s", got, want)
				}
			}
			return ""
		})
		require.NotEmpty(t, shortest, m.bug)
		rows = append(rows, mutant{m.from, m.bug, opStrings(shortest), why})
	}
	requireMutants(t, "limiter", rows)
}

func opStrings[O fmt.Stringer](ops []O) []string {
	var words []string
	for _, o := range ops {
		words = append(words, o.String())
	}
	return words
}

// golang.org/x/time/rate v0.16.0 really does what three of the mutants do; ours, in the same
// situations, does not.
func TestDefectsOfXTimeRate(t *testing.T) {
	begin := time.Unix(1e9, 0)
	at := func(steps int) time.Time { return begin.Add(time.Duration(steps) * limiterStep) }

	t.Run("readings out of order make tokens", func(t *testing.T) {
		theirs, clock := rate.NewLimiter(10, 2), &limiterClock{}
		ours := NewLimiter(clock, LimiterConfig{Rate: PerSecond(10), Burst: 2})
		them, us := 0, 0
		for i := range 100 { // goroutines that read the clock at 0 and at 2, alternately
			reading := i % 2 * 2
			if theirs.AllowN(at(reading), 1) {
				them++
			}
			clock.now = sim.Time(reading) * sim.Time(limiterStep)
			if ours.Allow() {
				us++
			}
		}
		require.Equal(t, 100, them, "in 200 ms, at 10 a second with a burst of 2")
		require.Equal(t, 3, us)
	})
	t.Run("an event called off a moment later costs its token", func(t *testing.T) {
		theirs, clock := rate.NewLimiter(10, 1), &limiterClock{}
		ours := NewLimiter(clock, LimiterConfig{Rate: PerSecond(10), Burst: 1})
		reservation := theirs.ReserveN(begin, 1)
		reservation.CancelAt(begin.Add(time.Microsecond))
		require.False(t, theirs.AllowN(begin.Add(time.Microsecond), 1))
		r := ours.Reserve(1)
		clock.now = sim.Time(time.Microsecond)
		r.Cancel()
		require.True(t, ours.Allow())
	})
	t.Run("cancelling twice makes tokens", func(t *testing.T) {
		theirs, ours := rate.NewLimiter(10, 2), NewLimiter(&limiterClock{}, LimiterConfig{Rate: PerSecond(10), Burst: 2})
		require.True(t, theirs.AllowN(begin, 2) && ours.AllowN(2))
		theirsFirst, first := theirs.ReserveN(begin, 1), ours.Reserve(1)
		for range 2 {
			theirsFirst.CancelAt(begin)
			first.Cancel()
		}
		require.True(t, theirs.AllowN(begin, 2), "four events at once, with a burst of 2")
		require.False(t, ours.AllowN(1))
	})
}

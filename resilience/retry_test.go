package resilience

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

func TestARetryBudgetDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := RetryBudgetConfig{
			Percent:   rapid.SampledFrom([]int{10, 50, 200}).Draw(t, "percent"),
			PerSecond: rapid.IntRange(0, 1).Draw(t, "perSecond"),
			Window:    10 * time.Second,
		}
		plain := &plainBudget{percent: int64(cfg.Percent), perSecond: int64(cfg.PerSecond), window: cfg.Window}
		real := newRealBudget(cfg)
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			op := rapid.SampledFrom([]string{
				"request", "request", "retry", "retry", "retry", "+1s", "+1s", "+10s"}).Draw(t, "op")
			want := plain.apply(op)
			require.Equal(t, want, real.apply(op), "%v", op)
			require.Equal(t, plain.may(), real.Balance() > 0)
			if want == "yes" {
				most := 100*plain.perSecond*10 + plain.percent*plain.within(plain.requests)
				require.LessOrEqual(t, 100*plain.within(plain.retries), most, "the claim of the type")
			}
		}
		retries, _ := real.Counts()
		require.Equal(t, uint64(len(plain.retries)), retries)
	})
}

// Of each mutant, the shortest story that shows it. A budget of 50 %, and a retry policy of 3 attempts from 1 s.
func TestEveryMutantOfARetryIsFound(t *testing.T) {
	var rows []mutant
	for _, m := range [][2]string{
		{"IB-6", "nobody counts"}, {"budgets without time", "nothing is forgotten"},
		{"IB-6", "a refused retry is charged"}, {"IB-6", "retries are requests"},
	} {
		ops, why := simtest.Shortest([]string{"request", "retry", "+10s"}, 6, func(ops []string) string {
			wrong := &plainBudget{percent: 50, window: 10 * time.Second, bug: m[1]}
			real := newRealBudget(RetryBudgetConfig{Percent: 50})
			for _, op := range ops {
				if got, want := wrong.apply(op), real.apply(op); got != want {
					return fmt.Sprintf("it says %s instead of %s", got, want)
				}
			}
			return ""
		})
		require.NotEmpty(t, ops, m[1])
		rows = append(rows, mutant{m[0], m[1], ops, why})
	}
	for _, bug := range []string{
		"counts retries, not attempts", "tries again what was rejected", "tries again what is permanent",
		"looks at the deadline only after it", "waits the same time always",
	} {
		cfg := RetryConfig{Attempts: 3, Base: time.Second, Max: 10 * time.Second}
		outcomes, why := simtest.Shortest([]error{nil, errFlaky, errWrong, errRejected}, 3, func(outcomes []error) string {
			for _, deadline := range []time.Duration{500 * time.Millisecond, time.Minute} {
				wrong, _ := plainRetry(cfg, sim.Time(deadline), outcomes, bug)
				if right := retryInWorld(cfg, deadline, outcomes).at; !slices.Equal(wrong, right) {
					return fmt.Sprintf("attempts at %v instead of %v, with a deadline at %v", wrong, right, deadline)
				}
			}
			return ""
		})
		require.NotEmpty(t, outcomes, bug)
		var words []string
		for _, o := range outcomes {
			words = append(words, outcomeName(o))
		}
		rows = append(rows, mutant{"IB-6", bug, words, why})
	}
	requireMutants(t, "retry", rows)
}

type retried struct {
	at  []sim.Time
	err error
}

// retryInWorld runs a Retry in a process of a world and returns when it tried.
func retryInWorld(cfg RetryConfig, deadline time.Duration, outcomes []error) (r retried) {
	w := sim.New(sim.Config{})
	defer w.Close()
	w.AddHost("a", func(h *sim.Host) {
		h.Go("client", func(p *sim.Proc) {
			ctx, _ := WithTimeout(InProcess(p), deadline)
			r.err = NewRetry(h, cfg).Do(ctx, func(context.Context) error {
				r.at = append(r.at, h.Monotonic())
				return outcomes[min(len(r.at), len(outcomes))-1]
			})
		})
	})
	w.Run(sim.Limit{})
	return r
}

func TestARetryDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := RetryConfig{
			Attempts: rapid.IntRange(1, 8).Draw(t, "attempts"),
			Base:     time.Duration(rapid.IntRange(1, 50).Draw(t, "base")),
			Jitter:   rapid.SampledFrom([]Jitter{NoJitter, FullJitter, DecorrelatedJitter}).Draw(t, "jitter"),
			Rand:     rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)),
		}
		cfg.Max = cfg.Base * time.Duration(rapid.IntRange(1, 20).Draw(t, "max"))
		deadline := time.Duration(rapid.IntRange(1, 1000).Draw(t, "deadline"))
		outcome := rapid.SampledFrom([]error{nil, errFlaky, errFlaky, errFlaky, errWrong, errRejected})
		outcomes := rapid.SliceOfN(outcome, 1, 8).Draw(t, "outcomes")
		got := retryInWorld(cfg, deadline, outcomes)
		if cfg.Jitter == NoJitter {
			at, last := plainRetry(cfg, sim.Time(deadline), outcomes, "")
			require.Equal(t, at, got.at)
			require.Equal(t, last, got.err)
		}
		require.LessOrEqual(t, len(got.at), cfg.Attempts)
		require.Less(t, got.at[len(got.at)-1], sim.Time(deadline))
		before := cfg.Base
		for i := 1; i < len(got.at); i++ {
			require.Equal(t, errFlaky, outcomes[min(i, len(outcomes))-1], "only what may succeed is tried again")
			delay := got.at[i].Sub(got.at[i-1])
			low, high := time.Duration(0), min(cfg.Max, cfg.Base<<(i-1))
			switch cfg.Jitter {
			case NoJitter:
				low = high
			case DecorrelatedJitter:
				low, high = cfg.Base, min(cfg.Max, 3*before)
			}
			require.GreaterOrEqual(t, delay, low)
			require.LessOrEqual(t, delay, high)
			before = delay
		}
	})
}

// Finagle, RetryBudgetTest.scala, percentages that are whole numbers.
func TestVectorsOfFinagle(t *testing.T) {
	for _, v := range []struct{ seconds, perSecond, percent int }{
		{60, 0, 10}, {60, 0, 50}, {60, 0, 25}, {60, 0, 75}, {60, 0, 99}, {60, 0, 1},
		{1, 10, 0}, {2, 5, 0}, {1, 10, 10}, {2, 5, 50},
	} {
		b := NewRetryBudget(&limiterClock{}, RetryBudgetConfig{
			Percent: v.percent, PerSecond: v.perSecond, Window: time.Duration(v.seconds) * time.Second})
		least := int64(v.seconds * v.perSecond)
		require.Equal(t, least, b.Balance())
		retried := 0
		for range 10000 {
			b.Deposit()
			if b.TryWithdraw() {
				retried++
			} else {
				require.Zero(t, b.Balance())
			}
		}
		require.Equal(t, 10000*v.percent/100+int(least), retried, "%+v: exactly, where theirs may be 1 off", v)
	}
	b := NewRetryBudget(&limiterClock{}, RetryBudgetConfig{Percent: 200, Window: time.Minute})
	for range 10000 {
		b.Deposit()
	}
	require.Equal(t, int64(20000), b.Balance())
}

func TestABudgetBoundsTheAttemptsOfAnOutage(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 5}}, func(w *sim.World) {
		w.AddHost("a", func(h *sim.Host) {
			attempts := map[bool]int{}
			for _, bounded := range []bool{false, true} {
				cfg := RetryConfig{Attempts: 4, Base: 10 * time.Millisecond, Jitter: FullJitter, Rand: h.Rand(fmt.Sprint(bounded))}
				if bounded {
					cfg.Budget = NewRetryBudget(h, RetryBudgetConfig{Percent: 20})
				}
				r := NewRetry(h, cfg)
				for i := range 200 {
					h.Go("client", func(p *sim.Proc) {
						p.Sleep(time.Duration(i) * 20 * time.Millisecond)
						err := r.Do(InProcess(p), func(context.Context) error { attempts[bounded]++; return errFlaky })
						require.ErrorIs(t, err, errFlaky)
						require.Equal(t, bounded && errors.Is(err, ErrBudget), errors.Is(err, ErrBudget))
						h.Note("%v %v", bounded, err)
					})
				}
			}
			w.At(sim.Time(time.Minute), func() {
				require.Equal(t, 800, attempts[false], "four times the load, when it can be borne least")
				require.Equal(t, 240, attempts[true], "a fifth more")
			})
		})
		w.Run(sim.Limit{})
	})
}

func TestRetryStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		fail := func(context.Context) error { runs++; return errFlaky }
		r := NewRetry(System(), RetryConfig{})
		require.Equal(t, errFlaky, r.Do(t.Context(), fail), "after three attempts")
		require.Equal(t, 3, runs)

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		err := r.Do(ctx, fail)
		require.ErrorIs(t, err, errFlaky)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 4, runs)
		err = r.Do(ctx, fail)
		require.Equal(t, context.Canceled, err, "a context that had ended is no call")
		require.Equal(t, 4, runs)

		begin := time.Now()
		within := NewRetry(System(), RetryConfig{Attempts: 9, Base: time.Second, Within: 4 * time.Second})
		require.Equal(t, errFlaky, within.Do(t.Context(), fail))
		require.Equal(t, 3*time.Second, time.Since(begin), "the third retry would begin after 7 s")

		begin = time.Now()
		patient := NewRetry(System(), RetryConfig{Attempts: 2, Retry: func(error) bool { return true }})
		busy := &Rejection{By: "limiter", Reason: ErrLimited, After: 3 * time.Second}
		require.Equal(t, error(busy), patient.Do(t.Context(), func(context.Context) error { return busy }))
		require.Equal(t, 3*time.Second, time.Since(begin), "who says when to come back is listened to")
	})
}

func TestWhatMayGoAway(t *testing.T) {
	require.True(t, Retryable(errFlaky))
	for _, err := range []error{nil, errRejected, fmt.Errorf("no: %w", Permanent(errFlaky)), context.Canceled,
		errors.Join(errFlaky, context.DeadlineExceeded)} {
		require.False(t, Retryable(err), "%v", err)
	}
	require.ErrorIs(t, Permanent(errFlaky), errFlaky)
	require.NoError(t, Permanent(nil))
}

func TestARetryThatMakesNoSensePanics(t *testing.T) {
	for says, cfg := range map[string]RetryConfig{
		"Attempts -1":         {Attempts: -1},
		"Within -1s":          {Within: -time.Second},
		"Max 1s must not be":  {Base: time.Minute, Max: time.Second},
		"nor that than 0":     {Base: -1},
		"there is no Jitter":  {Jitter: 9},
		"Jitter needs a Rand": {Jitter: FullJitter},
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), says) }()
			NewRetry(&limiterClock{}, cfg)
		}()
	}
	require.Panics(t, func() { NewRetry(nil, RetryConfig{}) })
	require.Panics(t, func() { NewRetryBudget(nil, RetryBudgetConfig{}) })
	require.Panics(t, func() { NewRetryBudget(&limiterClock{}, RetryBudgetConfig{Percent: -1}) })
	require.Panics(t, func() { NewRetryBudget(&limiterClock{}, RetryBudgetConfig{Window: 3}) })
	require.Panics(t, func() { NewRetry(&limiterClock{}, RetryConfig{}).Delay(0, 0) })
	long := NewRetry(&limiterClock{}, RetryConfig{Max: 1<<63 - 1})
	require.Equal(t, time.Duration(1<<63-1), long.Delay(1000, 0))
}

func TestARetryBudgetHoldsUnderLoad(t *testing.T) {
	b := NewRetryBudget(System(), RetryBudgetConfig{Percent: 20, Window: time.Hour})
	var retried atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				b.Deposit()
				for b.TryWithdraw() {
					retried.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(1600), retried.Load())
}

func TestASuccessAtOnceAllocatesNothing(t *testing.T) {
	ctx, op := t.Context(), func(context.Context) error { return nil }
	r := NewRetry(System(), RetryConfig{Budget: NewRetryBudget(System(), RetryBudgetConfig{})})
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = r.Do(ctx, op) }))
	spent := NewRetryBudget(System(), RetryBudgetConfig{Percent: 1})
	require.Zero(t, testing.AllocsPerRun(10, func() { spent.Deposit(); spent.TryWithdraw() }))
}

func TestTheLongestDelayMayBeTheLongestDuration(t *testing.T) {
	for _, jitter := range []Jitter{NoJitter, FullJitter, DecorrelatedJitter} {
		r := NewRetry(&limiterClock{}, RetryConfig{
			Base: 1, Max: math.MaxInt64, Jitter: jitter, Rand: rand.New(rand.NewPCG(1, 2)),
		})
		require.Positive(t, r.Delay(100, math.MaxInt64))
	}
}

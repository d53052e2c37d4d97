package resilience

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

func fails(context.Context) error    { return errBroken }
func succeeds(context.Context) error { return nil }

func TestNoPathOfABreakerAllocates(t *testing.T) {
	ctx := context.Background()
	clock := &breakerClock{}
	b := NewBreaker(clock, BreakerConfig{Failures: 5, Lease: time.Hour, Name: "store"})
	for range 2 * sampledCalls { // the sample is full
		require.NoError(t, b.Do(ctx, succeeds))
	}
	none := func(what string, f func()) {
		t.Helper()
		require.Zero(t, testing.AllocsPerRun(200, f), what)
	}
	none("closed", func() { _ = b.Do(ctx, succeeds) })
	b.Force(ForcedClosed)
	none("forced closed, failing", func() { _ = b.Do(ctx, fails) })
	b.Force(ForcedOpen)
	none("forced open", func() { _ = b.Do(ctx, succeeds) })
	b.Reset()
	for range 5 {
		require.ErrorIs(t, b.Do(ctx, fails), errBroken)
	}
	none("open", func() { _ = b.Do(ctx, succeeds) })
	clock.now = clock.now.Add(time.Minute)
	none("a probe that is cancelled", func() {
		p, _ := b.Acquire()
		p.Cancel()
	})
	for range 3 {
		_, err := b.Acquire()
		require.NoError(t, err)
	}
	none("no probe left", func() { _ = b.Do(ctx, succeeds) })
}

// A rejection says how long the breaker rejects yet, never too short, and is made a hundred times at most.
func TestARejectionSaysWhenToTryAgain(t *testing.T) {
	clock := &breakerClock{}
	b := NewBreaker(clock, BreakerConfig{Failures: 1, Wait: 10 * time.Second, Name: "store"})
	require.Error(t, b.Do(context.Background(), fails))
	made := map[*Rejection]bool{}
	for ; clock.now < sim.Time(10*time.Second); clock.now = clock.now.Add(time.Millisecond) {
		_, err := b.Acquire()
		r, ok := errors.AsType[*Rejection](err)
		require.True(t, ok)
		left := sim.Time(10 * time.Second).Sub(clock.now)
		require.GreaterOrEqual(t, r.After, left)
		require.Less(t, r.After, left+100*time.Millisecond)
		made[r] = true
	}
	require.Len(t, made, 100)
	require.Equal(t, HalfOpen, b.State())
	b.Force(Open)
	_, err := b.Acquire()
	require.EqualError(t, err, "breaker store: circuit open")
	require.ErrorIs(t, err, ErrOpen)
}

func TestAPanicIsAFailureAndPassesThrough(t *testing.T) {
	b := NewBreaker(&breakerClock{}, BreakerConfig{Failures: 1})
	require.PanicsWithValue(t, "oops", func() {
		_ = b.Do(context.Background(), func(context.Context) error { panic("oops") })
	})
	require.Equal(t, Open, b.State())
	require.Equal(t, []ErrorCount{{"panic", 1}}, b.Metrics().Errors)
}

// Five workers of a supervisor that are ended while they call, and a goroutine that ends, say nothing of what they
// called: neither the breaker nor that of a boundary opens.
func TestWhoIsEndedWhileItCallsSaysNothingOfTheService(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	h := w.AddHost("a", nil)
	b := NewBreaker(h, BreakerConfig{Failures: 1})
	boundary := NewBoundary(h, BoundaryConfig{
		Default: OperationConfig{Breaker: &BreakerConfig{Failures: 1}}, Quotas: map[string]int64{"a": 10}})
	var workers []*sim.Proc
	for range 5 {
		workers = append(workers, h.Go("worker", func(p *sim.Proc) {
			op := Operation{Resources: []Amount{{"a", 1}}}
			_ = boundary.Do(InProcess(p), op, func(ctx context.Context) error {
				return b.Do(ctx, func(context.Context) error { p.Sleep(time.Hour); return nil })
			})
		}))
	}
	w.RunFor(time.Millisecond)
	for _, p := range workers {
		p.Kill()
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		_ = boundary.Do(context.Background(), Operation{}, func(ctx context.Context) error {
			return b.Do(ctx, func(context.Context) error { runtime.Goexit(); return nil })
		})
	}()
	<-done
	require.Empty(t, w.Findings())
	for _, b := range []*Breaker{b, boundary.Breaker("")} {
		require.Equal(t, Closed, b.State())
		require.EqualValues(t, 6, b.Metrics().Ignored)
		require.Zero(t, b.Metrics().Failures)
	}
	require.Equal(t, BoundaryCounts{Executions: 6, Failures: 6}, boundary.Metrics().Total)
	require.Zero(t, boundary.Metrics().Use["a"].Used)
}

func TestAProbeWhoseProcessIsKilledIsThereForTheNext(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	h := w.AddHost("a", nil)
	b := NewBreaker(h, BreakerConfig{Failures: 1, Probes: 1, Wait: time.Second})
	require.Error(t, b.Do(context.Background(), fails))
	w.RunFor(time.Second)
	p := h.Go("prober", func(p *sim.Proc) {
		_ = b.Do(InProcess(p), func(context.Context) error { p.Sleep(time.Minute); return nil })
	})
	w.RunFor(time.Millisecond)
	require.ErrorIs(t, b.peek(), ErrProbing)
	p.Kill()
	require.Equal(t, HalfOpen, b.State())
	require.NoError(t, b.peek())
	require.NoError(t, b.peek(), "looking takes nothing")
	require.NoError(t, b.Do(context.Background(), succeeds))
	require.Equal(t, Closed, b.State())
	require.EqualValues(t, 1, b.Metrics().Ignored)
	require.EqualValues(t, 1, b.Metrics().Rejected)
}

func explodes(context.Context) error { panic("oops") }

// Who recovers a panic that came through sees where it began.
func TestAPanicKeepsItsStack(t *testing.T) {
	b := NewBreaker(&breakerClock{}, BreakerConfig{})
	boundary := NewBoundary(&breakerClock{}, BoundaryConfig{})
	defer func() {
		stack := string(debug.Stack())
		require.Equal(t, "oops", recover())
		require.Contains(t, stack, "resilience.explodes(")
		require.EqualValues(t, 1, b.Metrics().Failures)
	}()
	_ = boundary.Do(context.Background(), Operation{}, func(ctx context.Context) error { return b.Do(ctx, explodes) })
}

func TestAContextThatHasEndedIsNoCall(t *testing.T) {
	b := NewBreaker(&breakerClock{}, BreakerConfig{Failures: 1})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, b.Do(ctx, fails), context.Canceled)
	require.Equal(t, Closed, b.State())
	require.Zero(t, b.Metrics().Failures)
}

// Each jitter is of the seed, and at least the wait itself.
func TestTheWaitGrowsWithJitterFromTheSeed(t *testing.T) {
	waits := func(seed uint64) (all []time.Duration) {
		clock := &breakerClock{}
		b := NewBreaker(clock, BreakerConfig{
			Failures: 1, Successes: 1, Wait: 10 * time.Second, Growth: 200, MaxWait: 40 * time.Second, Jitter: 50,
			Rand: rand.New(rand.NewPCG(seed, 0)),
		})
		for range 5 {
			opened := clock.now
			require.ErrorIs(t, b.Do(context.Background(), fails), errBroken)
			for b.State() == Open {
				clock.now = clock.now.Add(time.Millisecond)
			}
			all = append(all, clock.now.Sub(opened))
		}
		return all
	}
	one := waits(1)
	require.Equal(t, one, waits(1))
	require.NotEqual(t, one, waits(2))
	for i, least := range []time.Duration{10, 20, 40, 40, 40} {
		require.GreaterOrEqual(t, one[i], least*time.Second)
		require.LessOrEqual(t, one[i], least*time.Second*3/2)
	}
}

// OnTransition may use the breaker, and hears of what that does after the transition it was told of.
func TestTransitionsAreToldInOrderWithoutALock(t *testing.T) {
	clock := &breakerClock{}
	var b *Breaker
	var told []string
	b = NewBreaker(clock, BreakerConfig{
		Failures: 1, Wait: time.Second, Successes: 1,
		OnTransition: func(c Transition) {
			told = append(told, fmt.Sprintf("%v %v -> %v", c.At, c.From, c.To))
			if len(told) == 1 {
				b.Force(ForcedClosed)
				require.Equal(t, ForcedClosed, b.State())
				b.Auto()
			}
		},
	})
	require.Error(t, b.Do(context.Background(), fails))
	clock.now = sim.Time(5 * time.Second)
	require.Equal(t, HalfOpen, b.State())
	require.Equal(t, []string{
		"0s closed -> open", "0s open -> forced-closed", "0s forced-closed -> open", "1s open -> half-open",
	}, told)
}

func TestAConfigurationThatContradictsItselfPanics(t *testing.T) {
	for want, cfg := range map[string]BreakerConfig{
		"Window is between 1 and 1048576 calls":                   {Window: -1},
		"Minimum is between 1 and Window":                         {Window: 10, Minimum: 11},
		"Failures is between 0 and Window":                        {Window: 3, Failures: 4},
		"FailurePercent is between 0 and 100":                     {FailurePercent: 101},
		"Slow is positive where SlowPercent is":                   {SlowPercent: 50},
		"1 <= AdaptLow <= Failures <= AdaptHigh":                  {Failures: 25, AdaptLow: 2, AdaptHigh: 20},
		"AdaptHigh is at most Window":                             {Window: 10, AdaptLow: 1, AdaptHigh: 11},
		"0 < Wait <= MaxWait <= a year":                           {Wait: time.Minute, MaxWait: time.Second},
		"Growth is between 100 and 1000 percent":                  {Growth: 50},
		"Jitter needs Rand":                                       {Jitter: 10},
		"1 <= Successes <= Probes":                                {Probes: 1, Successes: 2},
		"Period is positive and has a nanosecond for each bucket": {Period: 5},
	} {
		require.PanicsWithValue(t, `resilience: BreakerConfig "x": `+want, func() {
			cfg.Name = "x"
			NewBreaker(&breakerClock{}, cfg)
		})
	}
	require.Panics(t, func() { NewBreaker(&breakerClock{}, BreakerConfig{}).Force(HalfOpen) })
}

func TestAnErrorHasTheKindOfWhatItWraps(t *testing.T) {
	require.Equal(t, "*errors.errorString", ErrorKind(fmt.Errorf("get: %w", io.EOF)))
	require.Equal(t, "timeout", ErrorKind(fmt.Errorf("get: %w", context.DeadlineExceeded)))
	require.Equal(t, Ignored, DefaultOutcome(fmt.Errorf("get: %w", context.Canceled)))
	require.Equal(t, Ignored, DefaultOutcome(&Rejection{By: "bulkhead", Reason: ErrFull}))
	require.Equal(t, Failed, DefaultOutcome(context.DeadlineExceeded))
	require.Equal(t, Succeeded, DefaultOutcome(nil))
}

// Goroutines call, force, reset and look all at once; the race detector watches.
func TestABreakerIsSafeForManyGoroutines(t *testing.T) {
	var last Transition
	var told int
	b := NewBreaker(System(), BreakerConfig{
		Failures: 3, Window: 10, Wait: time.Microsecond, Lease: 50 * time.Microsecond, Successes: 2, Probes: 3,
		OnTransition: func(c Transition) {
			if told > 0 && c.From != last.To {
				t.Errorf("told %v after %v", c, last)
			}
			last, told = c, told+1
		},
	})
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(g)))
			for range 2000 {
				switch n := random.IntN(100); {
				case n < 50:
					_ = b.Do(context.Background(), succeeds)
				case n < 90:
					_ = b.Do(context.Background(), fails)
				case n < 94:
					_, _ = b.Acquire() // and lost
				case n < 96:
					b.Force(ForcedClosed)
				case n < 98:
					b.Auto()
				case n < 99:
					b.Reset()
				default:
					_, _ = b.Metrics(), b.State()
				}
			}
		})
	}
	group.Wait()
	m := b.Metrics()
	require.EqualValues(t, told, m.Transitions)
	require.Positive(t, m.Rejected)
	require.Positive(t, m.Successes)
}

// The timeout bounds the operation itself, also one that ends well, but too late.
func TestATimeoutBoundsTheOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBreaker(System(), BreakerConfig{Failures: 2, Timeout: 5 * time.Second})
		err := b.Do(context.Background(), func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, b.Do(context.Background(), func(context.Context) error {
			time.Sleep(6 * time.Second) // it does not listen
			return nil
		}))
		require.Equal(t, Open, b.State())
		require.Equal(t, []ErrorCount{{"timeout", 2}}, b.Metrics().Errors)
	})
}

// Processes of a world call a service that is down from 10 s to 20 s, through one breaker.
func TestProcessesOfAWorldShareABreaker(t *testing.T) {
	judged := 0
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 20}, Interleave: true}, func(w *sim.World) {
		w.AddHost("client", func(h *sim.Host) {
			b := NewBreaker(h, BreakerConfig{
				Failures: 3, Wait: 2 * time.Second, Jitter: 20, Rand: h.Rand("breaker"), Timeout: time.Second, Successes: 2,
				OnTransition: func(c Transition) { h.Note("%v -> %v at %v", c.From, c.To, c.At) },
			})
			for i := range 4 {
				h.Go(fmt.Sprint("caller ", i), func(p *sim.Proc) {
					for p.Now() < sim.Time(40*time.Second) {
						ctx := InProcess(p)
						_ = b.Do(ctx, func(ctx context.Context) error {
							p.Sleep(time.Duration(h.Rand("service").Int64N(int64(200 * time.Millisecond))))
							if now := p.Now(); now > sim.Time(10*time.Second) && now < sim.Time(20*time.Second) {
								p.Sleep(1500 * time.Millisecond) // longer than the timeout
							}
							return ctx.Err()
						})
						p.Sleep(100 * time.Millisecond)
					}
				})
			}
			h.After(45*time.Second, func() {
				m := b.Metrics()
				h.Note("%v, %d rejected, %d failures, %d late", b.State(), m.Rejected, m.Failures, m.Late)
				require.Equal(t, Closed, b.State())
				require.Positive(t, m.Rejected)
				require.Greater(t, m.Transitions, uint64(2))
				judged++
			})
		})
		w.Run(sim.Limit{Until: sim.Time(time.Minute)})
	})
	require.Equal(t, 2*20, judged)
}

// What ends a call in a crash is the crash: its breaker is lost with the host, and nothing else comes of it.
func TestACrashInTheMiddleOfACallHarmsNobody(t *testing.T) {
	w := sim.New(sim.Config{})
	defer w.Close()
	boots := 0
	h := w.AddHost("client", func(h *sim.Host) {
		boots++
		b := NewBreaker(h, BreakerConfig{
			Failures: 1, OnTransition: func(c Transition) { h.Note("%v -> %v", c.From, c.To) },
		})
		require.Equal(t, Closed, b.State())
		h.Go("call", func(p *sim.Proc) {
			_ = b.Do(InProcess(p), func(context.Context) error { p.Sleep(time.Hour); return nil })
		})
	})
	w.At(sim.Time(time.Second), h.Crash)
	w.At(sim.Time(2*time.Second), h.Restart)
	w.Run(sim.Limit{Until: sim.Time(time.Minute)})
	require.Equal(t, 2, boots)
	require.Empty(t, w.Findings())
}

// From 10 % to 30 % of failures, both included, the threshold stays.
func TestTheDeadBandOfTheThresholdIsExact(t *testing.T) {
	for failures, want := range []int{6, 5, 5, 5, 4} {
		b := NewBreaker(&breakerClock{}, BreakerConfig{Window: 10, Failures: 5, AdaptLow: 2, AdaptHigh: 10})
		for i := range 10 {
			op := succeeds
			if i < failures {
				op = fails
			}
			_ = b.Do(context.Background(), op)
		}
		require.Equal(t, want, b.Metrics().Threshold, "%d failures of 10", failures)
	}
}

func TestWithoutTimesABreakerReadsTheClockOnlyWhenItOpens(t *testing.T) {
	clock := &countedClock{}
	b := NewBreaker(clock, BreakerConfig{Failures: 2, Wait: time.Second, NoTimes: true})
	read := clock.readings
	for range 100 {
		require.NoError(t, b.Do(context.Background(), func(context.Context) error { return nil }))
	}
	m := b.Metrics()
	_, measured := m.Percentile(50)
	require.False(t, measured)
	require.EqualValues(t, 100, m.Successes)
	require.Equal(t, read+1, clock.readings, "that of Metrics")
	clock.now = 5
	broken := errors.New("broken")
	for range 2 {
		require.ErrorIs(t, b.Do(context.Background(), func(context.Context) error { return broken }), broken)
	}
	require.Equal(t, Open, b.State())
	require.Equal(t, sim.Time(5), b.Metrics().History[0].At)
	require.Contains(t, panicOf(func() { NewBreaker(clock, BreakerConfig{NoTimes: true, Timeout: 1}) }), "NoTimes goes with")
}

type countedClock struct {
	now      sim.Time
	readings int
}

func (c *countedClock) Monotonic() sim.Time {
	c.readings++
	return c.now
}

func TestWhatARetryHadNoBudgetToTryAgainIsAFailure(t *testing.T) {
	clock := &limiterClock{}
	b := NewBreaker(clock, BreakerConfig{Failures: 2})
	budget := NewRetryBudget(clock, RetryBudgetConfig{Percent: 1})
	policy := Compose(b, NewRetry(clock, RetryConfig{Base: 1, Budget: budget}))
	down := errors.New("down")
	for range 2 {
		err := policy.Do(t.Context(), func(context.Context) error { return down })
		require.ErrorIs(t, err, down)
		require.ErrorIs(t, err, ErrBudget)
	}
	require.Equal(t, Open, b.State())
	require.Equal(t, Ignored, DefaultOutcome(&Rejection{By: "bulkhead", Reason: ErrFull}))
}

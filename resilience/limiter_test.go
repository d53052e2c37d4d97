package resilience

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

func TestALimiterWithoutAChosenRateIsRefused(t *testing.T) {
	for says, cfg := range map[string]LimiterConfig{
		"Rate is missing":        {},
		"x: Rate is missing":     {Name: "x", Burst: 3},
		"per a time > 0":         {Rate: Rate{Count: 3}},
		"not -1 per 1s":          {Rate: PerSecond(-1)},
		"must not be negative":   {Rate: PerSecond(1), Burst: -1},
		"MaxWait -1s must not":   {Rate: PerSecond(1), MaxWait: -time.Second},
		"has no Burst":           {Rate: PerSecond(1), Burst: 1, Sliding: true},
		"1 to 16777216 events":   {Rate: PerSecond(1e9), Sliding: true},
		"take a smaller Burst":   {Rate: Every(time.Hour), Burst: 1e9},
		"events, not 0: a token": {Rate: Rate{0, time.Second}, Sliding: true},
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), says) }()
			NewLimiter(&limiterClock{}, cfg)
		}()
	}
	require.Panics(t, func() { NewLimiter(nil, LimiterConfig{Rate: PerSecond(1)}) })
	require.Panics(t, func() { NewLimiter(&limiterClock{}, LimiterConfig{Rate: PerSecond(1)}).AllowN(-1) })
	require.Panics(t, func() { new(Reservation).Delay() })
}

func TestABurstOfNothingPermitsNothing(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: PerSecond(10)})
	clock.now = sim.Time(time.Hour)
	require.False(t, l.Allow())
	r := l.Reserve(1)
	require.False(t, r.OK())
	require.ErrorIs(t, l.Wait(t.Context()), ErrLimited)
}

// A million readings, each a token less a billionth after the one before: a step that rounds would drift.
func TestALimiterDoesNotDrift(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: Rate{3, time.Second}, Burst: 2})
	require.True(t, l.AllowN(2))
	passed := int64(0)
	for range 1_000_000 {
		clock.now = clock.now.Add(333_333_333)
		if l.Allow() {
			passed++
		}
	}
	require.Equal(t, int64(clock.now)*3/int64(time.Second), passed)
}

func TestALimiterHoldsAtTheEndsOfItsRange(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: Rate{1, time.Second}, Burst: mostCredit / 1_000_000_000})
	require.True(t, l.AllowN(mostCredit/1_000_000_000))
	clock.now = math.MaxInt64 - 1
	require.Equal(t, int64(mostCredit/1_000_000_000), l.Tokens())
	owed := int64(0)
	for {
		r := l.Reserve(mostCredit / 1_000_000_000)
		if !r.OK() {
			break
		}
		owed++
	}
	require.Equal(t, int64(2), owed, "one of its tokens, one of what is to come; then nobody could wait so long")

	fast := NewLimiter(clock, LimiterConfig{Rate: Rate{mostCredit, 1}, Burst: mostCredit})
	require.True(t, fast.AllowN(mostCredit))
	require.False(t, fast.Allow())
	require.Panics(t, func() { NewLimiter(clock, LimiterConfig{Rate: Rate{mostCredit + 1, 1}, Burst: 1}) })
}

func TestSettingARateKeepsTheTokens(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Name: "l", Rate: Rate{3, time.Second}, Burst: 10})
	require.True(t, l.AllowN(4))
	l.Set(Rate{7, time.Minute}, 10)
	require.Equal(t, int64(6), l.Tokens())
	l.Set(Rate{7, time.Minute}, 5)
	require.Equal(t, int64(5), l.Tokens(), "up to the new burst")
	l.Reserve(5)
	l.Reserve(3)
	l.Set(Every(11), 5)
	require.Equal(t, int64(-3), l.Tokens())
	l.Set(Rate{1 << 50, 3}, 1<<50)
	require.Equal(t, int64(-3), l.Tokens())
	l.Set(Unlimited, 0)
	require.Equal(t, int64(math.MaxInt64), l.Tokens())
	l.Set(PerSecond(1), 2)
	require.Equal(t, int64(2), l.Tokens())

	l = NewLimiter(clock, LimiterConfig{Rate: Rate{3, time.Second}, Burst: 5})
	l.Reserve(5)
	l.Reserve(2)
	clock.now = clock.now.Add(time.Second / 6)
	require.Equal(t, int64(-2), l.Tokens(), "-1.5, rounded down")
	l.Set(Rate{1, 11}, 5)
	require.Equal(t, int64(-2), l.Tokens(), "a debt is rounded up")
	slow := NewLimiter(clock, LimiterConfig{Rate: Every(1), Burst: 1 << 60})
	slow.Reserve(1 << 60)
	slow.Reserve(1 << 60)
	slow.Set(Every(time.Hour), 1)
	require.Equal(t, int64(mostCredit/time.Hour), -slow.Tokens()-1, "or bounded")
	require.Panics(t, func() { l.Set(Rate{}, 1) })
	require.Panics(t, func() { NewLimiter(clock, LimiterConfig{Rate: PerSecond(1), Sliding: true}).Set(PerSecond(1), 0) })
}

func TestCancellingAcrossALongTimeOrAChangeOfRate(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: Every(time.Hour), Burst: 2})
	require.True(t, l.AllowN(2))
	soon, late := l.Reserve(1), l.Reserve(1)
	l.Set(PerSecond(1e9), 2)
	late.Cancel()
	require.Equal(t, int64(-1), l.Tokens())
	clock.now = math.MaxInt64 / 2
	soon.Cancel()
	require.Equal(t, int64(2), l.Tokens(), "full, not more")
}

// A counter of two buckets, as some gateways have, permits up to twice the rate around its border.
func TestASlidingWindowIsExactAcrossBorders(t *testing.T) {
	clock := &limiterClock{now: sim.Time(990 * time.Millisecond)}
	l := NewLimiter(clock, LimiterConfig{Rate: Rate{5, time.Second}, Sliding: true})
	require.True(t, l.AllowN(5))
	clock.now = sim.Time(1010 * time.Millisecond)
	require.False(t, l.Allow())
	require.Zero(t, l.Tokens())
	clock.now = sim.Time(1989999999)
	require.False(t, l.Allow())
	clock.now = sim.Time(1990 * time.Millisecond)
	require.Equal(t, int64(5), l.Tokens())
	require.True(t, l.AllowN(5))
	r := l.Reserve(1)
	require.Equal(t, time.Second, r.Delay())
	r.Cancel()
	r.Cancel()
	clock.now = clock.now.Add(time.Second)
	require.True(t, l.AllowN(5), "nothing is missing")
	require.False(t, l.AllowN(6))
}

func TestDoOfALimiterRunsOrSaysWhen(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Name: "writes", Rate: PerSecond(4), Burst: 1})
	ran := 0
	op := func(context.Context) error { ran++; return nil }
	require.NoError(t, l.Do(t.Context(), op))
	err := l.Do(t.Context(), op)
	require.Equal(t, &Rejection{By: "limiter", Name: "writes", Reason: ErrLimited, After: 250 * time.Millisecond}, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Do(ended, op), context.Canceled)
	require.Equal(t, 1, ran)
	clock.now = clock.now.Add(250 * time.Millisecond)
	require.NoError(t, l.Do(t.Context(), op), "the context that had ended took nothing")
}

// rate_test.go: TestWaitSimple, TestWaitCancel, TestWaitTimeout of golang.org/x/time v0.16.0.
func TestWaitingForALimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := System()
		l := NewLimiter(clock, LimiterConfig{Rate: PerSecond(10), Burst: 3})
		takes := func(ctx context.Context, n int64) (time.Duration, error) {
			before := clock.Monotonic()
			err := l.WaitN(ctx, n)
			return clock.Monotonic().Sub(before), err
		}
		require.ErrorIs(t, l.WaitN(t.Context(), 4), ErrLimited, "more than the burst")
		d, err := takes(t.Context(), 2)
		require.NoError(t, err)
		require.Zero(t, d)
		d, err = takes(t.Context(), 3)
		require.NoError(t, err)
		require.Equal(t, 200*time.Millisecond, d)

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		d, err = takes(ctx, 3)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 100*time.Millisecond, d)
		require.Equal(t, int64(1), l.Tokens(), "what was taken came back")

		short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		d, err = takes(short, 3)
		require.ErrorIs(t, err, ErrLimited, "it would end first")
		require.Zero(t, d)
		d, err = takes(short, 2)
		require.NoError(t, err)
		require.Equal(t, 100*time.Millisecond, d)
	})
}

func TestTrafficIsShapedUpToMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := System()
		l := NewLimiter(clock, LimiterConfig{Rate: PerSecond(10), Burst: 1, MaxWait: 250 * time.Millisecond})
		var at []time.Duration
		var mu sync.Mutex
		var wg sync.WaitGroup
		var rejected atomic.Int64
		for range 5 {
			wg.Go(func() {
				if l.Do(t.Context(), func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					at = append(at, time.Duration(clock.Monotonic()))
					return nil
				}) != nil {
					rejected.Add(1)
				}
			})
		}
		wg.Wait()
		require.Equal(t, []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond}, at)
		require.Equal(t, int64(2), rejected.Load())
	})
}

// Under load no more pass than burst and rate permit, whatever the order of the readings.
func TestALimiterHoldsUnderLoad(t *testing.T) {
	for _, cfg := range []LimiterConfig{
		{Rate: PerSecond(1e6), Burst: 100},
		{Rate: Rate{Count: 1000, Per: 10 * time.Millisecond}, Sliding: true},
	} {
		clock := System()
		l := NewLimiter(clock, cfg)
		var passed atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range 20000 {
					if r := l.ReserveWithin(1, 0); r.OK() {
						if i%8 == 0 {
							r.Cancel()
						} else {
							passed.Add(1)
						}
					}
				}
			})
		}
		wg.Wait()
		elapsed := int64(clock.Monotonic())
		most := cfg.Burst + elapsed*cfg.Rate.Count/int64(cfg.Rate.Per) + 1
		if cfg.Sliding {
			most = (elapsed/int64(cfg.Rate.Per) + 1) * cfg.Rate.Count
		}
		require.Positive(t, passed.Load())
		require.LessOrEqual(t, passed.Load(), most)
	}
}

func TestProcessesWaitForALimiterTheSameWayEachTime(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 20}}, func(w *sim.World) {
		w.AddHost("a", func(h *sim.Host) {
			cfg := LimiterConfig{Rate: PerSecond(5), Burst: 2, MaxWait: time.Second}
			l := NewLimiter(h, cfg)
			r := h.Rand("arrivals")
			var acts []plainGrant
			for i := range 20 {
				at, patience := time.Duration(r.IntN(2000))*time.Millisecond, time.Duration(r.IntN(1500))*time.Millisecond
				h.Go(fmt.Sprint("client", i), func(p *sim.Proc) {
					p.Sleep(at)
					ctx, _ := WithTimeout(InProcess(p), patience)
					err := l.Do(ctx, func(context.Context) error {
						acts = append(acts, plainGrant{n: 1, act: h.Monotonic(), delayed: true})
						return nil
					})
					h.Note("%d: %v", i, err)
				})
			}
			w.At(sim.Time(10*time.Second), func() {
				require.NotEmpty(t, acts)
				require.Empty(t, overrun(cfg, acts))
				require.Equal(t, int64(2), l.Tokens())
			})
		})
		w.Run(sim.Limit{})
	})
}

func TestALimiterAllocatesNothing(t *testing.T) {
	ctx, op := t.Context(), func(context.Context) error { return nil }
	for name, cfg := range map[string]LimiterConfig{
		"yes":     {Rate: PerSecond(1e9), Burst: 1e6},
		"no":      {Rate: Rate{0, 1}},
		"sliding": {Rate: PerSecond(50), Sliding: true},
	} {
		l := NewLimiter(System(), cfg)
		require.Zero(t, testing.AllocsPerRun(100, func() { l.Allow() }), name)
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = l.Do(ctx, op) }), name)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if r := l.ReserveWithin(1, 0); r.OK() {
				r.Cancel()
			}
		}), name)
	}
}

func TestAProcessThatIsKilledWhileItWaitsTakesNoToken(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	h := w.AddHost("a", nil)
	l := NewLimiter(h, LimiterConfig{Rate: PerSecond(1), Burst: 1})
	require.True(t, l.Allow())
	p := h.Go("waiter", func(p *sim.Proc) { _ = l.Wait(InProcess(p)) })
	w.RunFor(time.Millisecond)
	require.EqualValues(t, -1, l.Tokens())
	p.Kill()
	require.Zero(t, l.Tokens())
}

func TestASlidingWindowMayBeLongerThanTheClockHasRun(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: Rate{Count: 2, Per: math.MaxInt64}, Sliding: true})
	require.EqualValues(t, 2, l.Tokens())
	r := l.Reserve(2)
	require.Zero(t, r.Delay())
	require.False(t, l.Allow())
	r.Cancel()
	require.True(t, l.AllowN(2))
	require.False(t, l.Allow())
}

func TestCancelGivesBackWhatCouldNotRunOver(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: PerSecond(10), Burst: 100})
	require.True(t, l.AllowN(50))
	var taken [10]Reservation
	for i := range taken {
		taken[i] = l.Reserve(1)
	}
	clock.now = clock.now.Add(time.Second)
	for i := range taken {
		taken[i].Cancel()
	}
	require.EqualValues(t, 60, l.Tokens(), "as if nobody had taken them")
}

// movingClock goes on with each reading.
type movingClock struct{ limiterClock }

func (c *movingClock) Monotonic() sim.Time {
	c.now = c.now.Add(100 * time.Microsecond)
	return c.now
}

func TestAStormOfRejectedCallsLeavesTheRateToOthers(t *testing.T) {
	clock := &movingClock{}
	b := NewBoundary(clock, BoundaryConfig{
		Quotas:  map[string]int64{"a": 1},
		Default: OperationConfig{Rate: &LimiterConfig{Rate: PerSecond(10), Burst: 100}},
	})
	l := b.Limiter("")
	require.True(t, l.AllowN(100))
	begin := clock.now
	for clock.now.Sub(begin) < 9*time.Second {
		_, err := b.TryAcquire(Operation{Resources: []Amount{{"a", 2}}})
		require.Error(t, err)
	}
	require.GreaterOrEqual(t, l.Tokens(), int64(89))
}

// A boundary takes a token and cancels it at once when a quota rejects. That is not of others: what was
// reserved before gives as much back as without it.
func TestWhatIsTakenAndGivenBackAtOnceLeavesNoTrace(t *testing.T) {
	clock := &limiterClock{}
	l := NewLimiter(clock, LimiterConfig{Rate: PerSecond(1), Burst: 3})
	require.True(t, l.Allow())
	first := l.Reserve(2)
	clock.now = clock.now.Add(time.Second)
	for range 3 {
		r := l.Reserve(1)
		r.Cancel()
	}
	require.EqualValues(t, 1, l.Tokens())
	first.Cancel()
	require.EqualValues(t, 3, l.Tokens())
}

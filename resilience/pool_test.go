package resilience

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// numbered opens 1, 2, 3, …
func numbered() PoolConfig[int] {
	var n atomic.Int64
	return PoolConfig[int]{Target: -1, Open: func(context.Context) (int, error) { return int(n.Add(1)), nil }}
}

func borrow[R any](t *testing.T, p *Pool[R]) Loan[R] {
	t.Helper()
	loan, err := p.Get(t.Context())
	require.NoError(t, err)
	return loan
}

func TestTheDefaultsOfAPoolAreThoseOfTheSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(System(), numbered())
		require.Zero(t, p.Stats().Idle, "NewPool calls nothing")
		require.NoError(t, p.Maintain(t.Context()))
		require.Equal(t, PoolStats{Max: 10, Idle: 3, Opened: 3}, p.Stats())
		for range 10 {
			borrow(t, p)
		}
		start := time.Now()
		_, err := p.Get(t.Context())
		require.ErrorIs(t, err, ErrWaited)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.Equal(t, PoolStats{Max: 10, Out: 10, Utilisation: 100, Opened: 10, TimedOut: 1}, p.Stats())
	})
}

func TestAPoolThatMakesNoSensePanics(t *testing.T) {
	open := func(context.Context) (int, error) { return 0, nil }
	for says, cfg := range map[string]PoolConfig[int]{
		"Open is missing":         {},
		"Max is 0 to 2^31-1":      {Open: open, Max: -1},
		"Initial is at most Max":  {Open: open, Max: 2, Initial: 3},
		"Interval is 0 or more":   {Open: open, Interval: -1},
		"CheckEvery is 0 or more": {Open: open, CheckEvery: -1},
		"Lease is 0 or more":      {Open: open, Lease: -1},
	} {
		require.PanicsWithValue(t, `resilience: PoolConfig "": `+says, func() { NewPool(System(), cfg) })
	}
	p := NewPool(System(), numbered())
	require.Panics(t, func() { p.Died(t.Context(), nil) })
}

func TestALoanEndsOnce(t *testing.T) {
	p := NewPool(System(), numbered())
	first := borrow(t, p)
	first.Return()
	require.PanicsWithValue(t, `resilience: a Loan of the Pool "" was ended twice`, first.Return)
	second := borrow(t, p)
	require.Equal(t, first.Resource(), second.Resource())
	require.Panics(t, first.Discard, "the loan of somebody else")
	require.Equal(t, 1, p.Stats().Out)
	second.Fail()
	require.Panics(t, second.Return)
	var none Loan[int]
	none.Return()
	none.Fail()
	none.Discard()
	require.Zero(t, none.Resource())
}

func TestTheOneUsedLastIsLentFirst(t *testing.T) {
	p := NewPool(System(), numbered())
	a, b := borrow(t, p), borrow(t, p)
	b.Return()
	a.Return()
	require.Equal(t, a.Resource(), borrow(t, p).Resource())
	loan, ok := p.TryGet(t.Context())
	require.True(t, ok)
	require.Equal(t, b.Resource(), loan.Resource())
	_, ok = p.TryGet(t.Context())
	require.False(t, ok, "it opens nothing")
}

func TestWhatAnOperationLeavesDirtyIsResetOrClosed(t *testing.T) {
	harmless := errors.New("harmless")
	for _, broken := range []bool{false, true} {
		var log []string
		cfg := numbered()
		cfg.Dirty = func(err error) bool { return err != harmless }
		cfg.Close = func(_ context.Context, n int) { log = append(log, fmt.Sprint("close ", n)) }
		cfg.Reset = func(_ context.Context, n int) error {
			log = append(log, fmt.Sprint("reset ", n))
			if broken {
				return errors.New("broken")
			}
			return nil
		}
		p := NewPool(System(), cfg)
		call := func(op func() error) error {
			return p.Do(t.Context(), func(context.Context, int) error { return op() })
		}
		require.NoError(t, call(func() error { return nil }))
		require.ErrorIs(t, call(func() error { return harmless }), harmless)
		require.Empty(t, log)
		require.ErrorIs(t, call(func() error { return context.DeadlineExceeded }), context.DeadlineExceeded)
		require.Panics(t, func() { _ = call(func() error { panic("boom") }) })
		var all sync.WaitGroup
		all.Go(func() { _ = call(func() error { runtime.Goexit(); return nil }) })
		all.Wait()
		if broken {
			require.Equal(t, []string{"reset 1", "close 1", "reset 2", "close 2", "reset 3", "close 3"}, log)
			require.Equal(t, PoolStats{Max: 10, Opened: 3, Closed: 3}, p.Stats())
		} else {
			require.Equal(t, []string{"reset 1", "reset 1", "reset 1"}, log)
			require.Equal(t, PoolStats{Max: 10, Idle: 1, Opened: 1}, p.Stats())
		}
	}
}

func TestAHookThatPanicsLosesNoPlace(t *testing.T) {
	cfg := numbered()
	cfg.Max, cfg.Initial = 1, -1
	panics, open := "", cfg.Open
	may := func(name string) {
		if panics == name {
			panic(name)
		}
	}
	cfg.Open = func(ctx context.Context) (int, error) { may("open"); return open(ctx) }
	cfg.Close = func(context.Context, int) { may("close") }
	cfg.Reset = func(context.Context, int) error { may("reset"); return nil }
	cfg.Check = func(context.Context, int) error { may("check"); return nil }
	cfg.Breaker = NewBreaker(System(), BreakerConfig{})
	for _, panics = range []string{"open", "close", "reset", "check"} {
		p := NewPool(System(), cfg)
		require.PanicsWithValue(t, panics, func() {
			switch loan := borrow(t, p); panics {
			case "close":
				loan.Discard()
			case "reset":
				loan.Fail()
			default:
				loan.Return()
				_ = p.Maintain(t.Context())
			}
		})
		s := p.Stats()
		require.Zero(t, s.Idle+s.Out+s.Opening+s.Upkeep, panics)
	}
	require.EqualValues(t, 1, cfg.Breaker.Metrics().Failures, "the panic of Open")
}

func TestWhoWaitsIsServedByPriorityThenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max = 1
		p := NewPool(System(), cfg)
		first := borrow(t, p)
		var served []string
		for i, priority := range []Priority{Low, Normal, High, Normal} {
			go func() {
				_ = p.Do(WithPriority(t.Context(), priority), func(_ context.Context, n int) error {
					served = append(served, fmt.Sprint(i, " gets ", n))
					return errors.New("dirty") // there is no Reset: the next one opens its own
				})
			}()
			synctest.Wait()
		}
		first.Return()
		synctest.Wait()
		require.Equal(t, []string{"2 gets 1", "1 gets 2", "3 gets 3", "0 gets 4"}, served)
	})
}

func TestTheFailureOfOneOpeningIsTheTurnOfTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max = 1
		open, fails := cfg.Open, 2
		cfg.Open = func(ctx context.Context) (int, error) {
			time.Sleep(time.Second)
			if fails > 0 {
				fails--
				return 0, errPoolDown
			}
			return open(ctx)
		}
		p := NewPool(System(), cfg)
		errs := make([]error, 4)
		for i := range errs {
			go func() { _, errs[i] = p.Get(t.Context()) }()
			synctest.Wait()
		}
		require.Equal(t, PoolStats{Max: 1, Opening: 1, Waiting: 3}, p.Stats())
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, errPoolDown, errs[0], "it came first")
		require.Equal(t, errPoolDown, errs[1])
		require.NoError(t, errs[2])
		require.ErrorIs(t, errs[3], ErrWaited)
	})
}

// A resource and the end of the context of who gets it fall in one instant: whoever wins, it is not lost.
func TestAResourceForOneWhoLeavesGoesToTheNext(t *testing.T) {
	for i := range 200 {
		synctest.Test(t, func(t *testing.T) {
			cfg := numbered()
			cfg.Max = 1
			p := NewPool(System(), cfg)
			held := borrow(t, p)
			ctx, cancel := context.WithCancel(t.Context())
			first, second := errors.New("none"), errors.New("none")
			var loan Loan[int]
			go func() { loan, first = p.Get(ctx) }()
			synctest.Wait()
			go func() { _, second = p.Get(t.Context()) }()
			synctest.Wait()
			if i%2 == 0 {
				held.Return()
			} else {
				held.Discard() // a permission to open, then
			}
			cancel()
			synctest.Wait()
			if first == nil {
				loan.Return()
				synctest.Wait()
			}
			require.NoError(t, second)
			require.Equal(t, 1, p.Stats().Out)
		})
	}
}

func TestRunChecksAndReplacesEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		sick := map[int]bool{2: true}
		var checks atomic.Int64
		cfg.Check = func(ctx context.Context, n int) error {
			checks.Add(1)
			if n == 3 { // it hangs
				<-ctx.Done()
				return ctx.Err()
			}
			if sick[n] {
				return errPoolSick
			}
			return nil
		}
		p := NewPool(System(), cfg)
		go func() { require.NoError(t, p.Run(t.Context())) }()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, PoolStats{Max: 10, Idle: 3, Opened: 3}, p.Stats())
		require.Zero(t, checks.Load())
		time.Sleep(10 * time.Second)
		require.Equal(t, 1, p.Stats().Upkeep, "3 is being checked")
		time.Sleep(10 * time.Second)
		require.Equal(t, PoolStats{Max: 10, Idle: 3, Opened: 5, Closed: 2, Unhealthy: 2}, p.Stats())
		p.Close(t.Context())
		p.Close(t.Context())
		synctest.Wait() // Run is over, else the bubble would not end
	})
}

func TestAContextThatHasEndedBorrowsNothing(t *testing.T) {
	p := NewPool(System(), numbered())
	borrow(t, p).Return()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, p.Stats().Idle)
}

func TestBorrowingWhatIsIdleAllocatesNothing(t *testing.T) {
	p := NewPool(System(), numbered())
	ctx, cancel := context.WithCancel(WithPriority(context.Background(), High))
	defer cancel()
	op := func(context.Context, int) error { return nil }
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = p.Do(ctx, op) }))
	one := numbered()
	one.Max, one.Queue = 1, -1
	full := NewPool(System(), one)
	borrow(t, full)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = full.Get(ctx) }), "nor does being turned away")
}

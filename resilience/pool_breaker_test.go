package resilience

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheOpenBreakerOfAPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		down, opens := true, 0
		open := cfg.Open
		cfg.Open = func(ctx context.Context) (int, error) {
			opens++
			if down {
				return 0, errPoolDown
			}
			return open(ctx)
		}
		cfg.Max = 2
		cfg.Breaker = NewBreaker(System(), BreakerConfig{Failures: 1, Wait: 3 * time.Second, Successes: 1})
		p := NewPool(System(), cfg)
		_, err := p.Get(t.Context())
		require.Equal(t, errPoolDown, err)
		_, err = p.Get(t.Context())
		require.ErrorIs(t, err, ErrOpen, "nothing is there to wait for")
		require.Equal(t, 1, opens)
		require.ErrorIs(t, p.Maintain(t.Context()), ErrOpen)

		down = false
		cfg.Breaker.Force(ForcedClosed)
		held := borrow(t, p)
		cfg.Breaker.Force(ForcedOpen)
		errs := make([]error, 2)
		for i := range errs {
			go func() {
				var loan Loan[int]
				if loan, errs[i] = p.Get(t.Context()); errs[i] == nil {
					loan.Discard()
				}
			}()
			synctest.Wait()
		}
		require.Equal(t, 2, p.Stats().Waiting, "for what is out, though there is room")
		held.Return()
		synctest.Wait()
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], ErrOpen, "nothing is left to wait for")
	})
}

func TestWhoComesFindsThatTheBreakerHasClosedAndServesThoseBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max = 3
		cfg.Breaker = NewBreaker(System(), BreakerConfig{})
		p := NewPool(System(), cfg)
		borrow(t, p)
		cfg.Breaker.Force(ForcedOpen)
		var served atomic.Int64
		get := func() {
			if _, err := p.Get(t.Context()); err == nil {
				served.Add(1)
			}
		}
		go get()
		synctest.Wait()
		cfg.Breaker.Force(ForcedClosed)
		require.Equal(t, 1, p.Stats().Waiting)
		go get()
		synctest.Wait()
		require.EqualValues(t, 2, served.Load())
	})
}

func TestOnlyProbesOpenWhileTheBreakerIsHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		opening, most, down, open := 0, 0, true, cfg.Open
		cfg.Open = func(ctx context.Context) (int, error) {
			opening++
			most = max(most, opening)
			defer func() { opening-- }()
			time.Sleep(100 * time.Millisecond)
			if down {
				return 0, errPoolDown
			}
			return open(ctx)
		}
		cfg.Breaker = NewBreaker(System(), BreakerConfig{Failures: 1, Wait: 3 * time.Second, Successes: 1})
		p := NewPool(System(), cfg)
		_, err := p.Get(t.Context())
		require.Equal(t, errPoolDown, err)
		time.Sleep(4 * time.Second)
		down, most = false, 0
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { require.NoError(t, p.Do(t.Context(), func(context.Context, int) error { return nil })) })
		}
		all.Wait()
		require.Equal(t, 1, most, "one probe; the others waited for what it opened")
	})
}

func TestAnOpenThatIsCutShortSaysNothingToTheBreakerAndAPanicDoes(t *testing.T) {
	cfg := numbered()
	end := runtime.Goexit
	cfg.Open = func(context.Context) (int, error) { end(); return 0, nil }
	cfg.Breaker = NewBreaker(System(), BreakerConfig{Failures: 1})
	p := NewPool(System(), cfg)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = p.Get(t.Context())
	}()
	<-gone
	require.Equal(t, Closed, cfg.Breaker.State())
	require.Zero(t, p.Stats().Opening)
	end = func() { panic("open") }
	require.PanicsWithValue(t, "open", func() { _, _ = p.Get(t.Context()) })
	require.Equal(t, Open, cfg.Breaker.State())
	require.Zero(t, p.Stats().Opening)
}

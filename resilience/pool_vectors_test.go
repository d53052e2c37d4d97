package resilience

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The cases of jackc/puddle, pool_test.go at commit 021a5cc, by their names there, as far as they are about
// what both pools do.
func TestAPoolPassesTheCasesOfPuddle(t *testing.T) {
	cases := map[string]func(t *testing.T){
		"PoolAcquireDoesNotCreatesResourceWhenItWouldExceedMaxSize": func(t *testing.T) {
			cfg := numbered()
			cfg.Max, cfg.Queue = 1, 100
			p := NewPool(System(), cfg)
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					for range 100 {
						require.NoError(t, p.Do(t.Context(), func(_ context.Context, n int) error {
							require.Equal(t, 1, n)
							return nil
						}))
					}
				})
			}
			all.Wait()
			require.EqualValues(t, 1, p.Stats().Opened)
		},
		"PoolAcquireReturnsErrorFromFailedResourceCreate": func(t *testing.T) {
			p := NewPool(System(), PoolConfig[int]{Open: func(context.Context) (int, error) { return 0, errPoolDown }})
			_, err := p.Get(t.Context())
			require.Equal(t, errPoolDown, err)
			require.Equal(t, errPoolDown, p.Maintain(t.Context()), "PoolCreateResourceReturnsErrorFromFailedResourceCreate")
		},
		"PoolAcquireReusesResources": func(t *testing.T) {
			p := NewPool(System(), numbered())
			borrow(t, p).Return()
			borrow(t, p).Return()
			require.EqualValues(t, 1, p.Stats().Opened)
		},
		"PoolAcquireContextAlreadyCanceled": func(t *testing.T) {
			p := NewPool(System(), PoolConfig[int]{Open: func(context.Context) (int, error) { panic("called") }})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := p.Get(ctx)
			require.ErrorIs(t, err, context.Canceled)
		},
		"PoolAcquireContextCanceledDuringCreate": func(t *testing.T) {
			p := NewPool(System(), PoolConfig[int]{Open: func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			}})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := p.Get(ctx)
			require.Equal(t, context.DeadlineExceeded, err)
			require.Zero(t, p.Stats().Opening)
		},
	}
	for name, check := range cases {
		t.Run(name, func(t *testing.T) { synctest.Test(t, check) })
	}
}

// More of them: about what is made ahead, closed, counted and discarded.
func TestAPoolPassesTheOtherCasesOfPuddle(t *testing.T) {
	cases := map[string]func(t *testing.T){
		"PoolCreateResource": func(t *testing.T) {
			p := NewPool(System(), numbered())
			require.NoError(t, p.Maintain(t.Context()))
			require.Equal(t, 3, borrow(t, p).Resource(), "it was there already")
			require.EqualValues(t, 3, p.Stats().Opened)
		},
		"PoolCreateResourceReturnsErrorWhenClosedWhileCreatingResource": func(t *testing.T) {
			cfg, closed := numbered(), 0
			cfg.Initial = 1
			open := cfg.Open
			cfg.Open = func(ctx context.Context) (int, error) { time.Sleep(time.Second); return open(ctx) }
			cfg.Close = func(context.Context, int) { closed++ }
			p := NewPool(System(), cfg)
			go func() { _ = p.Maintain(t.Context()) }()
			time.Sleep(500 * time.Millisecond)
			p.Close(t.Context())
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, 1, closed)
			require.Zero(t, p.Stats().Idle)
		},
		"PoolCloseClosesAllIdleResources": func(t *testing.T) {
			cfg, closed := numbered(), 0
			cfg.Initial = 4
			cfg.Close = func(context.Context, int) { closed++ }
			p := NewPool(System(), cfg)
			require.NoError(t, p.Maintain(t.Context()))
			p.Close(t.Context())
			require.Equal(t, 4, closed)
		},
		"PoolStatResources": func(t *testing.T) {
			cfg := numbered()
			p := NewPool(System(), cfg)
			loan := borrow(t, p)
			p.cfg.Open = func(context.Context) (int, error) { time.Sleep(time.Second); return 2, nil }
			go borrow(t, p)
			synctest.Wait()
			s := p.Stats()
			require.Equal(t, []int{1, 1, 0, 10}, []int{s.Opening, s.Out, s.Idle, s.Max})
			loan.Return()
			s = p.Stats()
			require.Equal(t, []int{1, 0, 1, 10}, []int{s.Opening, s.Out, s.Idle, s.Max})
			time.Sleep(2 * time.Second)
		},
		"ResourceDestroyRemovesResourceFromPool": func(t *testing.T) {
			p := NewPool(System(), numbered())
			borrow(t, p).Discard()
			require.Equal(t, PoolStats{Max: 10, Opened: 1, Closed: 1}, p.Stats(), "at once, there a while later")
		},
		"SignalIsSentWhenResourceFailedToCreate": func(t *testing.T) {
			opens := 0
			p := NewPool(System(), PoolConfig[int]{Max: 1, Open: func(context.Context) (int, error) {
				if opens++; opens == 2 {
					return 0, errPoolDown
				}
				return opens, nil
			}})
			first := borrow(t, p)
			errs := make([]error, 2)
			for i := range errs {
				go func() { _, errs[i] = p.Get(t.Context()) }()
				synctest.Wait()
			}
			first.Discard()
			synctest.Wait()
			require.Equal(t, errPoolDown, errs[0])
			require.NoError(t, errs[1])
		},
	}
	for name, check := range cases {
		t.Run(name, func(t *testing.T) { synctest.Test(t, check) })
	}
}

// What puddle does otherwise: those who wait when it is closed go on waiting until something is released, its Close
// waits for that too, and a Destroy runs in a goroutine of its own.
func TestClosingAPoolTellsThoseWhoWaitAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max = 1
		p := NewPool(System(), cfg)
		borrow(t, p)
		err := errors.New("waits")
		go func() { _, err = p.Get(t.Context()) }()
		synctest.Wait()
		p.Close(t.Context())
		synctest.Wait()
		require.ErrorIs(t, err, ErrClosed)
	})
}

package resilience

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPoolUnderLoadLosesNothing(t *testing.T) {
	const most = 4
	var alive, opened, closed, ran, refused atomic.Int64
	fail := errors.New("failed")
	cfg := PoolConfig[*atomic.Int64]{
		Max: most, Queue: 16, MaxWait: 2 * time.Millisecond, Lease: 3 * time.Millisecond, CheckEvery: time.Millisecond,
		Open: func(context.Context) (*atomic.Int64, error) {
			if n := opened.Add(1); n%7 == 0 {
				closed.Add(1)
				return nil, fail
			}
			if alive.Add(1) > most {
				t.Error("more than Max")
			}
			return &atomic.Int64{}, nil
		},
		Close: func(_ context.Context, x *atomic.Int64) {
			if x.Swap(-1000) < 0 {
				t.Error("closed twice")
			}
			alive.Add(-1)
			closed.Add(1)
		},
		Check: func(_ context.Context, x *atomic.Int64) error {
			if x.Load() != 0 {
				t.Error("checked while lent")
			}
			return nil
		},
		Reset: func(context.Context, *atomic.Int64) error { return nil },
	}
	p := NewPool(System(), cfg)
	run, stop := context.WithCancel(t.Context())
	var all, running sync.WaitGroup
	running.Go(func() { _ = p.Run(run) })
	for i := range 24 {
		all.Go(func() {
			for j := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if (i+j)%5 == 0 {
					go cancel()
				}
				loan, err := p.GetFor(ctx, i)
				if err != nil {
					refused.Add(1)
					cancel()
					continue
				}
				ran.Add(1)
				x := loan.Resource()
				if n := x.Add(1); n != 1 && n > 0 {
					t.Error("two owners")
				}
				if j%50 == 0 {
					time.Sleep(4 * time.Millisecond) // beyond the lease
				}
				x.Add(-1)
				switch j % 9 {
				case 0:
					loan.Fail()
				case 1:
					loan.Discard()
				case 2:
					p.Died(ctx, i)
					loan.Return()
				default:
					loan.Return()
				}
				cancel()
			}
		})
	}
	all.Wait()
	stop()
	running.Wait()
	p.Close(t.Context())
	s := p.Stats()
	require.Zero(t, s.Idle+s.Out+s.Opening+s.Upkeep+s.Waiting)
	require.EqualValues(t, 24*200, ran.Load()+refused.Load())
	require.Positive(t, ran.Load())
	require.Positive(t, s.Revoked)
	require.Equal(t, opened.Load(), closed.Load(), "each is closed once")
	require.Zero(t, alive.Load())
}

package resilience

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
)

// What two do at one instant, and what ends in the middle.

func TestAProbeThatNobodyWantsIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Breaker = NewBreaker(System(), BreakerConfig{Failures: 1, Wait: time.Second, Successes: 1, Lease: time.Hour})
		p := NewPool(System(), cfg)
		probe, err := cfg.Breaker.Acquire()
		require.NoError(t, err)
		probe.Failure("down")
		time.Sleep(time.Second)

		p.queue.lock()
		r := p.reserve(nil)
		p.queue.unlock()
		require.NoError(t, p.permit(r))
		require.ErrorIs(t, p.Maintain(t.Context()), ErrProbing)
		p.queue.lock()
		p.pass(r) // it was granted to one who has left, and nobody else waits
		p.queue.unlock()
		require.Equal(t, PoolStats{Max: 10}, p.Stats())
		require.NoError(t, p.Maintain(t.Context()), "there is a probe again")
	})
}

func TestAGrantToOneWhoDiesAtThatInstantGoesToTheNext(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			cfg := numbered()
			cfg.Max = 1
			p := NewPool(System(), cfg)
			held := borrow(t, p)
			next := errors.New("waits")
			go func() { _, _ = p.GetFor(t.Context(), "dead") }()
			synctest.Wait()
			go func() { _, next = p.Get(t.Context()) }()
			synctest.Wait()
			held.Return()
			p.Died(t.Context(), "dead")
			synctest.Wait()
			require.NoError(t, next)
			require.Equal(t, 1, p.Stats().Out)
		})
	}
}

func TestAGrantToOneWhoLeavesWhileThePoolClosesIsClosed(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			cfg := numbered()
			cfg.Max = 1
			p := NewPool(System(), cfg)
			held := borrow(t, p)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				loan, _ := p.Get(ctx)
				loan.Return()
			}()
			synctest.Wait()
			held.Return()
			cancel()
			p.Close(t.Context())
			synctest.Wait()
			s := p.Stats()
			require.EqualValues(t, 1, s.Closed)
			require.Zero(t, s.Out+s.Idle+s.Upkeep)
		})
	}
}

func TestTheEndOfRunSaysNothingOfWhatIsBeingChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Check = func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }
		p := NewPool(System(), cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 11*time.Second)
		defer cancel()
		require.ErrorIs(t, p.Run(ctx), context.DeadlineExceeded)
		require.Equal(t, PoolStats{Max: 10, Idle: 3, Opened: 3}, p.Stats())
	})
}

func TestWhoseTimeIsOverIsNotSentOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	slow := NewPool(System(), PoolConfig[int]{Open: func(context.Context) (int, error) {
		cancel()
		return 0, errPoolDown
	}})
	other := NewPool(System(), numbered())
	borrow(t, other).Return()
	slow.SetSpill(other)
	_, err := slow.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, other.Stats().Idle)
}

func TestMaintainFindsThatTheBreakerHasClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max, cfg.Initial = 2, -1
		cfg.Breaker = NewBreaker(System(), BreakerConfig{})
		p := NewPool(System(), cfg)
		borrow(t, p)
		cfg.Breaker.Force(ForcedOpen)
		err := errors.New("waits")
		go func() { _, err = p.Get(t.Context()) }()
		synctest.Wait()
		require.NoError(t, p.Maintain(t.Context()))
		require.Equal(t, 1, p.Stats().Waiting)
		cfg.Breaker.Force(ForcedClosed)
		require.NoError(t, p.Maintain(t.Context()))
		synctest.Wait()
		require.NoError(t, err)
	})
}

type poolKey struct{}

func TestClosingGoesOnWhenTheTimeOfTheBorrowerIsOver(t *testing.T) {
	waitingWorld(t, func(p *sim.Proc) {
		closed := false
		cfg := numbered()
		cfg.Close = func(ctx context.Context, _ int) {
			require.NoError(t, ctx.Err())
			require.Equal(t, "kept", ctx.Value(poolKey{}))
			limited, cancel := WithTimeout(ctx, 3*time.Second)
			defer cancel()
			left, _ := remaining(limited)
			require.Equal(t, 3*time.Second, left)
			p.Sleep(time.Second)
			closed = true
		}
		pool := NewPool(p.Host(), cfg)
		ctx, cancel := WithTimeout(context.WithValue(InProcess(p), poolKey{}, "kept"), time.Second)
		defer cancel()
		require.ErrorIs(t, pool.Do(ctx, func(ctx context.Context, _ int) error {
			p.Sleep(2 * time.Second)
			return ctx.Err()
		}), context.DeadlineExceeded)
		require.True(t, closed)
	})
}

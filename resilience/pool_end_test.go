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

func TestALeaseEndsToTheInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		closed := map[int]time.Duration{}
		start := time.Now()
		cfg.Max, cfg.Initial, cfg.Lease = 1, -1, 3*time.Second
		cfg.Close = func(_ context.Context, n int) { closed[n] = time.Since(start) }
		p := NewPool(System(), cfg)
		ctx, cancel := context.WithCancel(t.Context())
		over := errors.New("not over")
		go func() { over = p.Run(ctx) }()
		time.Sleep(time.Second + 1)
		late := borrow(t, p)
		next := borrow(t, p) // waits for the end of the lease
		synctest.Wait()
		require.Equal(t, 4*time.Second+1, time.Since(start))
		require.Equal(t, map[int]time.Duration{1: 4*time.Second + 1}, closed)
		late.Return()
		late.Fail()
		require.Equal(t, PoolStats{Max: 1, Out: 1, Utilisation: 100, Opened: 2, Closed: 1, Revoked: 1, Granted: 1}, p.Stats())
		next.Return()
		time.Sleep(time.Minute)
		require.Equal(t, 1, p.Stats().Idle, "what is not lent has no lease")
		cancel()
		synctest.Wait()
		require.Equal(t, context.Canceled, over)
	})
}

func TestAPoolThatIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max = 2
		closed := 0
		cfg.Close = func(ctx context.Context, _ int) { require.NoError(t, ctx.Err()); closed++ }
		open := cfg.Open
		cfg.Open = func(ctx context.Context) (int, error) { time.Sleep(time.Second); return open(ctx) }
		p := NewPool(System(), cfg)
		ctx, cancel := context.WithCancel(t.Context())
		held, err := p.Get(ctx)
		require.NoError(t, err)
		var opens, waits error
		go func() { _, opens = p.Get(t.Context()) }()
		synctest.Wait()
		go func() { _, waits = p.Get(t.Context()) }()
		synctest.Wait()
		p.Close(t.Context())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.ErrorIs(t, opens, ErrClosed)
		require.ErrorIs(t, waits, ErrClosed)
		require.Equal(t, 1, closed, "that which was opened too late")
		cancel()
		held.Return()
		require.Equal(t, 2, closed)
		_, err = p.Get(t.Context())
		require.EqualError(t, err, "pool: shut down")
	})
}

func TestTheDeathOfAnOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max = 2
		p := NewPool(System(), cfg)
		lost, err := p.GetFor(t.Context(), "dead")
		require.NoError(t, err)
		other, err := p.GetFor(t.Context(), "other")
		require.NoError(t, err)
		var waits, next error
		go func() { _, waits = p.GetFor(t.Context(), "dead") }()
		synctest.Wait()
		go func() { _, next = p.GetFor(t.Context(), "next") }()
		synctest.Wait()
		p.Died(t.Context(), "dead")
		synctest.Wait()
		require.ErrorIs(t, waits, context.Canceled)
		require.NoError(t, next)
		lost.Return()
		other.Return()
		require.Equal(t, PoolStats{Max: 2, Idle: 1, Out: 1, Utilisation: 50,
			Opened: 3, Closed: 1, Revoked: 1, Granted: 1, Cancelled: 1}, p.Stats())
	})
}

// What was granted, or is being opened, when the owner dies goes to the next.
func TestTheDeathOfAnOwnerThatIsAboutToGetOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := numbered()
		cfg.Max = 1
		open := cfg.Open
		cfg.Open = func(ctx context.Context) (int, error) { time.Sleep(time.Second); return open(ctx) }
		cfg.Reset = func(context.Context, int) error { return nil }
		p := NewPool(System(), cfg)
		results := map[string]error{}
		var lock sync.Mutex
		get := func(owner string) {
			loan, err := p.GetFor(t.Context(), owner)
			lock.Lock()
			results[owner] = err
			lock.Unlock()
			if err == nil && owner != "third" {
				time.Sleep(time.Second)
				loan.Return()
			}
		}
		for _, owner := range []string{"first", "second", "third"} {
			go get(owner)
			synctest.Wait()
		}
		p.Died(t.Context(), "first") // while it opens
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		lock.Lock()
		require.ErrorIs(t, results["first"], context.Canceled)
		require.NoError(t, results["second"], "it got what the dead one has opened")
		lock.Unlock()
		time.Sleep(500 * time.Millisecond)
		p.Died(t.Context(), "third") // at the instant of the grant, whichever is first
		synctest.Wait()
		s := p.Stats()
		require.Equal(t, 1, s.Idle+s.Out+s.Opening)
		require.Equal(t, 0, s.Waiting)
	})
}

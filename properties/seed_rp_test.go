package properties_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/nodes/service"
	. "phoenix/resilience"
	"phoenix/sim"
)

// conns are numbered from 1 as they are opened.
func conns(cfg PoolConfig[int]) PoolConfig[int] {
	n := 0
	cfg.Open = func(context.Context) (int, error) { n++; return n, nil }
	return cfg
}

func take(t *testing.T, p *Pool[int], owner any) Loan[int] {
	t.Helper()
	loan, err := p.GetFor(t.Context(), owner)
	require.NoError(t, err)
	return loan
}

func TestSeedRP1CheckoutWaitsForFiveSecondsAndWithResourceAlwaysGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(System(), conns(PoolConfig[int]{Max: 1, Target: -1}))
		require.NoError(t, p.Do(t.Context(), func(_ context.Context, n int) error { require.Equal(t, 1, n); return nil }))
		require.Equal(t, 1, p.Stats().Idle)
		take(t, p, nil)
		start := time.Now()
		ran := false
		require.ErrorIs(t, p.Do(t.Context(), func(context.Context, int) error { ran = true; return nil }), ErrWaited)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.False(t, ran)
	})
}

func TestSeedRP1ADeathAfterTheReturnAddsNothing(t *testing.T) {
	p := NewPool(System(), conns(PoolConfig[int]{Max: 2}))
	take(t, p, "a").Return()
	p.Died(t.Context(), "a")
	require.Equal(t, 1, p.Stats().Idle)
	first, second := take(t, p, "b"), take(t, p, "c")
	require.NotEqual(t, first.Resource(), second.Resource(), "one owner each")
	first.Return()
	require.Panics(t, first.Return, "nor does a second return")
}

func TestSeedRP2SizesAreTenAndThreeUnlessToldOtherwise(t *testing.T) {
	for _, c := range []struct{ max, initial, wantMax, wantIdle int }{
		{0, 0, 10, 3}, {2, 0, 2, 2}, {20, 5, 20, 5}, {5, -1, 5, 0},
	} {
		p := NewPool(System(), conns(PoolConfig[int]{Max: c.max, Initial: c.initial}))
		require.NoError(t, p.Maintain(t.Context()))
		s := p.Stats()
		require.Equal(t, []int{c.wantMax, c.wantIdle, 0}, []int{s.Max, s.Idle, s.Utilisation}, "%+v", c)
	}
}

func TestSeedRP3NoResourceGoesToOneWhoTimedOutOrDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(System(), conns(PoolConfig[int]{Max: 1, Queue: 3, Target: -1}))
		held := take(t, p, nil)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		errs := make([]error, 4)
		for i, c := range []struct {
			ctx   context.Context
			owner any
		}{{short, nil}, {t.Context(), "dead"}, {t.Context(), nil}, {t.Context(), nil}} {
			go func() { _, errs[i] = p.GetFor(c.ctx, c.owner) }()
			synctest.Wait()
		}
		require.ErrorIs(t, errs[3], ErrFull, "the queue has a bound")
		p.Died(t.Context(), "dead")
		time.Sleep(2 * time.Second)
		held.Return()
		synctest.Wait()
		require.ErrorIs(t, errs[0], context.DeadlineExceeded)
		require.ErrorIs(t, errs[1], context.Canceled)
		require.NoError(t, errs[2])
		require.Equal(t, 1, p.Stats().Out)
	})
}

func TestSeedRP4TheDeathOfABorrowerCleansAndServes(t *testing.T) {
	for _, resets := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			cleaned := 0
			cfg := conns(PoolConfig[int]{Max: 1})
			if resets {
				cfg.Reset = func(context.Context, int) error { cleaned++; return nil }
			} else {
				cfg.Close = func(context.Context, int) { cleaned++ }
			}
			p := NewPool(System(), cfg)
			deaths := []func(){
				func() { take(t, p, "a"); p.Died(t.Context(), "a") },
				func() {
					defer func() { _ = recover() }()
					_ = p.Do(t.Context(), func(context.Context, int) error { time.Sleep(time.Second); panic("dies") })
				},
			}
			for _, die := range deaths {
				cleaned = 0
				var next error
				go die()
				synctest.Wait()
				go func() {
					next = p.Do(t.Context(), func(context.Context, int) error { require.Equal(t, 1, cleaned); return nil })
				}()
				time.Sleep(time.Second)
				synctest.Wait()
				require.NoError(t, next)
			}
		})
	}
}

func TestSeedRP5TheSickAreReplacedEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := conns(PoolConfig[int]{Check: func(_ context.Context, n int) error {
			if n <= 2 {
				return errDown
			}
			return nil
		}})
		p := NewPool(System(), cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 11*time.Second)
		defer cancel()
		require.ErrorIs(t, p.Run(ctx), context.DeadlineExceeded)
		s := p.Stats()
		require.Equal(t, []uint64{2, 5}, []uint64{s.Unhealthy, s.Opened})
		require.Equal(t, 3, s.Idle)
	})
}

func TestSeedRP6SpilloverIsReachedAsksEachPoolOnceAndRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewPool(System(), conns(PoolConfig[int]{Max: 1, Target: -1}))
		b := NewPool(System(), conns(PoolConfig[int]{Max: 1, Target: -1}))
		a.SetSpill(b)
		b.SetSpill(a)
		take(t, a, nil)
		runs := 0
		err := a.Do(t.Context(), func(context.Context, int) error {
			runs++
			require.Equal(t, 1, b.Stats().Out)
			return context.DeadlineExceeded // of the operation, not of the pool
		})
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, 1, runs)
		take(t, b, nil)
		start := time.Now()
		_, err = a.Get(t.Context())
		require.ErrorIs(t, err, ErrWaited)
		require.Equal(t, 5*time.Second, time.Since(start), "one deadline for all")
	})
}

func TestSeedRP7AnOpenBreakerOpensNothing(t *testing.T) {
	opens := 0
	breaker := NewBreaker(System(), BreakerConfig{Failures: 2})
	p := NewPool(System(), PoolConfig[int]{Breaker: breaker, Open: func(context.Context) (int, error) {
		opens++
		if opens > 1 {
			return 0, errDown
		}
		return 1, nil
	}})
	held := take(t, p, nil)
	for range 2 {
		_, err := p.Get(t.Context())
		require.Equal(t, errDown, err)
	}
	require.Equal(t, Open, breaker.State())
	held.Return()
	require.NoError(t, p.Do(t.Context(), func(context.Context, int) error { return nil }), "what is there is lent")
	take(t, p, nil).Discard()
	_, err := p.Get(t.Context())
	require.ErrorIs(t, err, ErrOpen)
	require.Equal(t, 3, opens)
}

func TestSeedRP8UtilisationIsNeverAboveAHundred(t *testing.T) {
	p := NewPool(System(), conns(PoolConfig[int]{Max: 3, Queue: -1}))
	for want, loans := range []int{33, 66, 100, 100} {
		_, err := p.GetFor(t.Context(), want)
		require.Equal(t, want < 3, err == nil)
		require.Equal(t, loans, p.Stats().Utilisation)
	}
	for i := range 3 {
		p.Died(t.Context(), i)
	}
	require.Zero(t, p.Stats().Utilisation)
}

// Thirty clients share a pool of the connections of a service. The service would tell if two used one at a time, if one
// came dirty, or if there were more than it has; in the outage all connections break.
func TestSeedRP9APoolOfDatabaseConnectionsHTTPClientsAndWorkers(t *testing.T) {
	for name, kind := range map[string]struct {
		cfg service.Config
		max int
	}{"database": {service.Database(), 20}, "http": {service.HTTP(), 10}, "worker": {service.Worker(), 8}} {
		t.Run(name, func(t *testing.T) {
			cfg := kind.cfg
			cfg.Phases = []service.Phase{{From: 10 * time.Second, Until: 12 * time.Second, Break: sim.Certain}}
			w := sim.New(sim.Config{Seed: 4})
			defer w.Close()
			n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
			c := &clientOfPool{t: t, server: n.Add("server", service.Server(cfg)), max: kind.max}
			n.Add("client", c.boot)
			w.RunFor(40 * time.Second)
			require.Empty(t, w.Findings())
			require.Positive(t, c.broke, "the outage was felt")
			if name != "worker" { // which break at other times too
				require.Zero(t, c.brokeLate, "and is over when it is over")
			}
			require.Positive(t, c.late)
			s := c.pool.Stats()
			require.Positive(t, s.Closed)
			if name == "worker" {
				require.Zero(t, s.Idle, "all were busy: the queue was used")
				require.Positive(t, s.Granted)
			}
		})
	}
}

type clientOfPool struct {
	t                      *testing.T
	server                 network.ID
	max                    int
	pool                   *Pool[*service.Conn]
	broke, late, brokeLate int
}

func (c *clientOfPool) boot(ep *network.Endpoint) network.Handler {
	c.pool = NewPool(ep, PoolConfig[*service.Conn]{
		Max: c.max, Queue: 30, MaxWait: -1, Target: -1, CheckEvery: 2 * time.Second,
		Open: func(ctx context.Context) (*service.Conn, error) {
			conn, err := service.Dial(ctx, c.server)
			require.NoError(c.t, err, "never more than the service has")
			return conn, err
		},
		Close: func(ctx context.Context, conn *service.Conn) { _ = conn.Do(ctx, service.Close) },
		Check: func(ctx context.Context, conn *service.Conn) error { return conn.Do(ctx, service.Ping) },
		Reset: func(ctx context.Context, conn *service.Conn) error { return conn.Do(ctx, service.Reset) },
	})
	ep.Go("maintains", func(p *network.Proc) { _ = c.pool.Run(service.In(p)) })
	r := ep.Rand("clients")
	for i := range 30 {
		ep.Go(fmt.Sprint("client", i), func(p *network.Proc) {
			for {
				p.Sleep(time.Duration(r.IntN(100)) * time.Millisecond)
				ctx, _ := WithTimeout(service.In(p), 10*time.Second)
				c.transact(ctx, p, r.IntN(10))
			}
		})
	}
	return silent{}
}

// transact runs a transaction, which one time in ten is left unfinished, or its operation panics.
func (c *clientOfPool) transact(ctx context.Context, p *network.Proc, dice int) {
	unfinished := errors.New("unfinished")
	defer func() {
		if dice == 1 {
			_ = recover()
		}
	}()
	err := c.pool.Do(ctx, func(ctx context.Context, conn *service.Conn) error {
		if err := conn.Do(ctx, service.Begin); err != nil {
			return err
		}
		switch dice {
		case 0:
			return unfinished
		case 1:
			panic(unfinished)
		}
		if err := conn.Do(ctx, service.Work); err != nil {
			return err
		}
		return conn.Do(ctx, service.Commit)
	})
	require.NotErrorIs(c.t, err, service.ErrShared)
	require.NotErrorIs(c.t, err, service.ErrDirty)
	require.NotErrorIs(c.t, err, service.ErrBusy)
	inTime := p.Host().Monotonic() < sim.Time(15*time.Second)
	switch {
	case errors.Is(err, service.ErrGone) && inTime:
		c.broke++
	case errors.Is(err, service.ErrGone):
		c.brokeLate++
	case err == nil && !inTime:
		c.late++
	}
}

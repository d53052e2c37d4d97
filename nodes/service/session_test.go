package service_test

import (
	"context"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/service"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// over plays one user with a connection.
func over(t *testing.T, cfg service.Config, do func(ctx context.Context, p *network.Proc, c *service.Conn)) {
	t.Helper()
	used := false
	w := play(cfg, func(ctx context.Context, p *network.Proc, server network.ID) {
		c, err := service.Dial(ctx, server)
		require.NoError(t, err)
		do(ctx, p, c)
		used = true
	})
	defer w.Close()
	require.Empty(t, w.Findings())
	require.True(t, used)
}

func TestAConnectionKeepsTheStateOfATransactionUntilCommitOrReset(t *testing.T) {
	for _, end := range []service.Verb{service.Commit, service.Reset} {
		over(t, service.Database(), func(ctx context.Context, _ *network.Proc, c *service.Conn) {
			require.NoError(t, c.Do(ctx, service.Begin))
			require.NoError(t, c.Do(ctx, service.Work))
			require.ErrorIs(t, c.Do(ctx, service.Begin), service.ErrDirty)
			require.NoError(t, c.Do(ctx, end))
			require.NoError(t, c.Do(ctx, service.Begin))
			require.NoError(t, c.Do(ctx, service.Close))
			require.ErrorIs(t, c.Do(ctx, service.Ping), service.ErrGone)
		})
	}
}

func TestTheServerFindsTwoUsersOfAConnection(t *testing.T) {
	over(t, service.Config{}, func(ctx context.Context, p *network.Proc, c *service.Conn) {
		require.ErrorIs(t, c.Ask(ctx, service.Ask{}, 2*ms), service.ErrSilent, "given up, and still under way")
		require.ErrorIs(t, c.Do(ctx, service.Work), service.ErrShared)
		p.Sleep(20 * ms)
		require.NoError(t, c.Do(ctx, service.Work))
	})
}

func TestAnIdleConnectionOfHTTPIsClosedByTheServer(t *testing.T) {
	over(t, service.HTTP(), func(ctx context.Context, p *network.Proc, c *service.Conn) {
		p.Sleep(4 * time.Second)
		require.NoError(t, c.Do(ctx, service.Ping))
		p.Sleep(4 * time.Second)
		require.NoError(t, c.Do(ctx, service.Work))
		p.Sleep(5 * time.Second)
		require.ErrorIs(t, c.Do(ctx, service.Work), service.ErrGone)
	})
}

func TestAWorkerDiesNowAndThenAndIsSlowToStart(t *testing.T) {
	w := play(service.Worker(), func(ctx context.Context, p *network.Proc, server network.ID) {
		done := 0
		for range 4 { // workers, one after the other
			began := p.Host().Monotonic()
			c, err := service.Dial(ctx, server)
			require.NoError(t, err)
			require.Greater(t, p.Host().Monotonic().Sub(began), 200*ms)
			for err = c.Do(ctx, service.Work); err == nil; err = c.Do(ctx, service.Work) {
				done++
			}
			require.ErrorIs(t, err, service.ErrGone)
		}
		require.Equal(t, 112, done, "with this seed; the mean is 4 * 49")
	})
	defer w.Close()
	require.Empty(t, w.Findings())
}

func TestConnectionsAreBoundedAndLostWhenTheServerGoesDown(t *testing.T) {
	cfg := service.Config{Conns: 1, Phases: []service.Phase{{From: 50 * ms, Until: 60 * ms, Down: true}}}
	over(t, cfg, func(ctx context.Context, p *network.Proc, c *service.Conn) {
		_, err := service.Dial(ctx, 0)
		require.ErrorIs(t, err, service.ErrBusy)
		p.Sleep(60 * ms)
		require.ErrorIs(t, c.Do(ctx, service.Work), service.ErrGone)
		_, err = service.Dial(ctx, 0)
		require.NoError(t, err)
	})
}

func TestAPhaseBreaksConnections(t *testing.T) {
	cfg := service.Config{Phases: []service.Phase{{From: 50 * ms, Until: 60 * ms, Break: sim.Certain}}}
	over(t, cfg, func(ctx context.Context, p *network.Proc, c *service.Conn) {
		require.NoError(t, c.Do(ctx, service.Work))
		p.Sleep(45 * ms)
		require.ErrorIs(t, c.Do(ctx, service.Work), service.ErrGone)
	})
}

package properties_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/nodes/service"
	"phoenix/sim"
)

// resource plays a process that opens a connection to a service, and returns what it did with it.
func resource(t *testing.T, cfg service.Config, use func(ctx context.Context, p *network.Proc, server network.ID)) {
	t.Helper()
	w := sim.New(sim.Config{Seed: 9})
	defer w.Close()
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Constant(time.Millisecond)}})
	server := n.Add("server", service.Server(cfg))
	used := false
	n.Add("client", func(ep *network.Endpoint) network.Handler {
		ep.Go("use", func(p *network.Proc) { use(service.In(p), p, server); used = true })
		return silent{}
	})
	w.Run(sim.Limit{})
	require.Empty(t, w.Findings())
	require.True(t, used)
}

func TestSeedRP9DatabaseHTTPClientAndWorkerCanBeCreatedCheckedUsedCleanedAndClosed(t *testing.T) {
	kinds := []struct {
		name       string
		cfg        service.Config
		atLeast    time.Duration // that it takes to connect
		most       int           // connections at a time; 0 is no bound
		idleCloses bool
	}{
		{"database connection", service.Database(), 10 * time.Millisecond, 20, false},
		{"HTTP client", service.HTTP(), 2 * time.Millisecond, 0, true},
		{"worker", service.Worker(), 200 * time.Millisecond, 8, false},
	}
	for _, k := range kinds {
		resource(t, k.cfg, func(ctx context.Context, p *network.Proc, server network.ID) {
			began := p.Host().Monotonic()
			c, err := service.Dial(ctx, server)
			require.NoError(t, err, k.name)
			require.GreaterOrEqual(t, p.Host().Monotonic().Sub(began), k.atLeast, k.name)
			for _, v := range []service.Verb{
				service.Ping, service.Work, service.Begin, service.Reset, service.Begin, service.Commit,
			} {
				require.NoError(t, c.Do(ctx, v), "%s: %v", k.name, v)
			}
			open := 1
			for range 21 {
				if _, err = service.Dial(ctx, server); err != nil {
					break
				}
				open++
			}
			if k.most > 0 {
				require.ErrorIs(t, err, service.ErrBusy, k.name)
				require.Equal(t, k.most, open, k.name)
			}
			p.Sleep(10 * time.Second)
			require.Equal(t, k.idleCloses, errors.Is(c.Do(ctx, service.Ping), service.ErrGone), k.name)
			if !k.idleCloses {
				require.NoError(t, c.Do(ctx, service.Close))
				require.ErrorIs(t, c.Do(ctx, service.Ping), service.ErrGone, "a closed one is gone")
			}
		})
	}
}

func TestSeedRP9AResourceCanBeDirtyInUseAndBroken(t *testing.T) {
	cfg := service.Database()
	cfg.Phases = []service.Phase{{From: time.Second, Until: 2 * time.Second, Break: sim.Certain}}
	resource(t, cfg, func(ctx context.Context, p *network.Proc, server network.ID) {
		c, err := service.Dial(ctx, server)
		require.NoError(t, err)
		require.NoError(t, c.Do(ctx, service.Begin))
		require.ErrorIs(t, c.Do(ctx, service.Begin), service.ErrDirty, "the transaction of an earlier owner")
		require.NoError(t, c.Do(ctx, service.Reset))
		require.ErrorIs(t, c.Ask(ctx, service.Ask{}, 2500*time.Microsecond), service.ErrSilent, "an owner that gave up")
		require.ErrorIs(t, c.Do(ctx, service.Work), service.ErrShared, "its work is still under way")
		p.Sleep(time.Second)
		require.ErrorIs(t, c.Do(ctx, service.Work), service.ErrGone, "it broke")
		p.Sleep(time.Second)
		c, err = service.Dial(ctx, server)
		require.NoError(t, err)
		require.NoError(t, c.Do(ctx, service.Work), "a new one works")
	})
}

package properties_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/resilience/supervisor"
	"phoenix/sim"
)

func TestSeedCI2TheFourthRestartEndsTheSupervisorAndItsParentDecides(t *testing.T) {
	require.Equal(t, supervisor.OneForOne, supervisor.City.Strategy)
	require.Equal(t, 3, supervisor.City.Intensity)
	require.Equal(t, 5*time.Second, supervisor.City.Period)
	for _, c := range []struct {
		parent supervisor.Restart
		every  time.Duration
		lives  int // of the city, in a minute
		state  supervisor.State
	}{
		{supervisor.Transient, time.Second, 4, supervisor.Stopped},              // it gave up, and the parent leaves it
		{supervisor.Transient, 1700 * time.Millisecond, 36, supervisor.Running}, // never four in 5 s
		{supervisor.Permanent, 3 * time.Second, 20, supervisor.Running},
		{supervisor.Permanent, time.Second, 60, supervisor.Running}, // the parent restarts it all, every fourth time
	} {
		w := sim.New(sim.Config{Seed: 1})
		defer w.Close()
		lives, neighbour := 0, 0
		var top *supervisor.Supervisor
		network.New(w, network.Config{}).Add("rome", func(ep *network.Endpoint) network.Handler {
			city := supervisor.Process(func(p *supervisor.Proc) error {
				lives++
				p.Sleep(c.every)
				panic("bombed")
			})
			quiet := supervisor.Process(func(p *supervisor.Proc) error {
				neighbour++
				for p.Idle(time.Hour) {
					continue
				}
				return nil
			})
			cities := supervisor.Tree(supervisor.City,
				supervisor.Child{ID: "city", Worker: city}, supervisor.Child{ID: "quiet", Worker: quiet})
			top = supervisor.NewNode(ep, supervisor.Config{Name: "top"},
				supervisor.Child{ID: "cities", Worker: cities, Restart: c.parent})
			top.Start()
			return nil
		})
		w.RunFor(time.Minute - time.Millisecond)
		require.Equal(t, c.lives, lives)
		require.Equal(t, c.state, top.Children()[0].State)
		if c.state == supervisor.Running && c.every > time.Second {
			require.Equal(t, 1, neighbour, "one for one: nobody else is concerned")
		}
		require.Empty(t, w.Findings())
	}
}

func TestSeedPC8TreesRestartAndShutdownPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		worker := func(id string, end time.Duration) supervisor.Child {
			return supervisor.Child{ID: id, Shutdown: 2 * time.Second, Worker: supervisor.Go(func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(end)
				return nil
			})}
		}
		cfg := supervisor.Config{Strategy: supervisor.RestForOne, OnReport: func(r supervisor.Report) {
			if r.Action != supervisor.Start {
				log = append(log, r.Child+" "+r.Action.String())
			}
		}}
		crash := make(chan error)
		store := supervisor.Child{ID: "store", Worker: supervisor.Go(func(ctx context.Context) error {
			select {
			case err := <-crash:
				return err
			case <-ctx.Done():
				return nil
			}
		})}
		leaf := supervisor.Tree(cfg, worker("first", 0), store, worker("web", time.Second), worker("stuck", time.Hour))
		s := supervisor.New(resilience.System(), supervisor.Config{}, supervisor.Child{ID: "leaf", Worker: leaf})
		require.NoError(t, s.Start().Wait(t.Context()))
		require.Equal(t, supervisor.Counts{Specs: 1, Active: 1, Supervisors: 1}, s.Count())
		crash <- errors.New("disk full")
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"store exited", "stuck is asked to end", "stuck is killed", "web is asked to end"}, log)
		log = nil
		begun := time.Now()
		require.NoError(t, s.Shutdown().Wait(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(begun), "two for the one that is stuck, one for web")
		require.Equal(t, []string{"stuck is asked to end", "stuck is killed", "web is asked to end", "store is asked to end",
			"first is asked to end", " ended"}, log)
		time.Sleep(2 * time.Hour) // what was abandoned ends too
	})
}

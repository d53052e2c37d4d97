package service_test

import (
	"context"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/service"
	"phoenix/resilience"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// A user is what a process of a node does with a server. What it has to say it says by now, the time of the world.
type user func(ctx context.Context, p *network.Proc, server network.ID)

// play runs one world without delays: a server, and one process for each user.
func play(cfg service.Config, users ...user) *sim.World {
	w := sim.New(sim.Config{Seed: 1})
	n := network.New(w, network.Config{})
	server := n.Add("server", service.Server(cfg))
	n.Add("users", func(ep *network.Endpoint) network.Handler {
		for _, u := range users {
			ep.Go("user", func(p *network.Proc) { u(service.In(p), p, server) })
		}
		return nobody{}
	})
	w.Run(sim.Limit{})
	return w
}

type nobody struct{}

func (nobody) Receive(network.ID, any) {}

// An ending is how and when a call ended.
type ending struct {
	at  time.Duration
	err error
}

// asks returns a user that asks at a time, and where its ending will be.
func asks(at time.Duration, limit time.Duration, prepare func(context.Context) context.Context) (user, *ending) {
	e := &ending{}
	return func(ctx context.Context, p *network.Proc, server network.ID) {
		p.Sleep(at)
		if prepare != nil {
			ctx = prepare(ctx)
		}
		e.err = service.Call(ctx, server, service.Ask{Op: 7, Attempt: 1}, limit)
		e.at = time.Duration(p.Host().Monotonic())
	}, e
}

// endings plays users who ask at those times.
func endings(t *testing.T, cfg service.Config, limit time.Duration, at ...time.Duration) []ending {
	t.Helper()
	var users []user
	var all []*ending
	for _, a := range at {
		u, e := asks(a, limit, nil)
		users, all = append(users, u), append(all, e)
	}
	w := play(cfg, users...)
	defer w.Close()
	require.Empty(t, w.Findings())
	out := make([]ending, len(all))
	for i, e := range all {
		out[i] = *e
	}
	return out
}

func TestRequestsWaitForAWorkerFirstInFirstOut(t *testing.T) {
	require.Equal(t, []ending{{10 * ms, nil}, {11 * ms, nil}, {20 * ms, nil}, {21 * ms, nil}},
		endings(t, service.Config{Workers: 2}, 0, 0, 1*ms, 2*ms, 3*ms))
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	require.Equal(t, []ending{{10 * ms, nil}, {20 * ms, nil}, {2 * ms, service.ErrBusy}, {30 * ms, nil}},
		endings(t, service.Config{Queue: 1}, 0, 0, 1*ms, 2*ms, 11*ms))
}

func TestAPhaseIsInForceFromItsBeginningUntilItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		phase service.Phase
		want  []ending // of requests at 0, 100 ms, 101 ms and 200 ms
	}{
		"slow": {service.Phase{Slow: 3}, []ending{{10 * ms, nil}, {130 * ms, nil}, {131 * ms, nil}, {210 * ms, nil}}},
		"failing": {service.Phase{Fail: sim.Certain},
			[]ending{{10 * ms, nil}, {110 * ms, service.ErrFailed}, {111 * ms, service.ErrFailed}, {210 * ms, nil}}},
		"hanging": {service.Phase{Hang: sim.Certain},
			[]ending{{10 * ms, nil}, {150 * ms, service.ErrSilent}, {151 * ms, service.ErrSilent}, {210 * ms, nil}}},
		"down": {service.Phase{Down: true},
			[]ending{{10 * ms, nil}, {150 * ms, service.ErrSilent}, {151 * ms, service.ErrSilent}, {210 * ms, nil}}},
		"short": {service.Phase{Workers: 1}, []ending{{10 * ms, nil}, {110 * ms, nil}, {120 * ms, nil}, {210 * ms, nil}}},
	} {
		c.phase.From, c.phase.Until = 100*ms, 200*ms
		cfg := service.Config{Workers: 2, HangFor: 60 * ms, Phases: []service.Phase{c.phase}}
		require.Equal(t, c.want, endings(t, cfg, 50*ms, 0, 100*ms, 101*ms, 200*ms), name)
	}
}

func TestAServerThatGoesDownLosesWhatWaitsAndWhatIsUnderWay(t *testing.T) {
	cfg := service.Config{Phases: []service.Phase{{From: 5 * ms, Until: 6 * ms, Down: true}}}
	require.Equal(t, []ending{{50 * ms, service.ErrSilent}, {51 * ms, service.ErrSilent}, {16 * ms, nil}},
		endings(t, cfg, 50*ms, 0, 1*ms, 6*ms))
}

func TestAHangingRequestKeepsItsWorkerForATime(t *testing.T) {
	cfg := service.Config{HangFor: 80 * ms, Phases: []service.Phase{{Until: 1 * ms, Hang: sim.Certain}}}
	require.Equal(t, []ending{{20 * ms, service.ErrSilent}, {90 * ms, nil}}, append(
		endings(t, cfg, 20*ms, 0, 1*ms)[:1], endings(t, cfg, 200*ms, 0, 1*ms)[1:]...))
}

// one is a guard of one at a time and some who wait by priority.
func one(ep *network.Endpoint) resilience.Policy {
	return resilience.NewBulkhead(ep, resilience.BulkheadConfig{Limit: 1, Queue: 2, Target: -1})
}

// begun counts the attempts of operation 7 that a server began.
func begun(w *sim.World, run func()) int {
	n := 0
	w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Note && e.Name == "service: runs 7/1" {
			n++
		}
	})
	run()
	return n
}

func TestWorkWhoseClientGaveUpIsDoneUnlessAGuardKnowsTheDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		guard service.Protection
		runs  int
	}{"none": {nil, 2}, "bulkhead": {one, 1}} {
		w := sim.New(sim.Config{Seed: 1})
		n := network.New(w, network.Config{})
		server := n.Add("server", service.Server(service.Config{Guard: c.guard}))
		var second error
		n.Add("users", func(ep *network.Endpoint) network.Handler {
			for i := range 2 {
				ep.Go("user", func(p *network.Proc) {
					ctx, cancel := resilience.WithTimeout(service.In(p), time.Duration(12-4*i)*ms)
					defer cancel()
					if err := service.Call(ctx, server, service.Ask{Op: 7, Attempt: 1}, 0); i == 1 {
						second = err
					}
				})
			}
			return nobody{}
		})
		require.Equal(t, c.runs, begun(w, func() { w.Run(sim.Limit{}) }), name)
		require.ErrorIs(t, second, context.DeadlineExceeded, name)
		w.Close()
	}
}

func TestAGuardLetsTheHigherPriorityGoFirstAndRefusesTheRest(t *testing.T) {
	priority := func(p resilience.Priority) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return resilience.WithPriority(ctx, p) }
	}
	var users []user
	var all []*ending
	for i, p := range []resilience.Priority{resilience.Normal, resilience.Low, resilience.Normal, resilience.Critical} {
		u, e := asks(time.Duration(i)*ms, 0, priority(p))
		users, all = append(users, u), append(all, e)
	}
	w := play(service.Config{Guard: one}, users...)
	defer w.Close()
	require.Equal(t, ending{10 * ms, nil}, *all[0])
	require.Equal(t, ending{3 * ms, service.ErrBusy}, *all[1], "made room for the critical one")
	require.Equal(t, ending{30 * ms, nil}, *all[2])
	require.Equal(t, ending{20 * ms, nil}, *all[3])
}

func TestAServerThatCrashedStartsAnew(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	n := network.New(w, network.Config{})
	server := n.Add("server", service.Server(service.Config{}))
	var got []error
	n.Add("user", func(ep *network.Endpoint) network.Handler {
		ep.Go("user", func(p *network.Proc) {
			c, err := service.Dial(service.In(p), server)
			got = append(got, err)
			for range 2 {
				p.Sleep(10 * ms)
				got = append(got, c.Do(service.In(p), service.Ping))
			}
			got = append(got, service.Call(service.In(p), server, service.Ask{}, 0))
		})
		return nobody{}
	})
	w.At(sim.Time(15*ms), func() { w.Host(server).Crash(); w.Host(server).Restart() })
	w.Run(sim.Limit{})
	require.Equal(t, []error{nil, nil, service.ErrGone, nil}, got)
}

func TestAConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	for says, cfg := range map[string]service.Config{
		"service: Workers -1, Queue 0, Conns 0, HangFor 0s, Idle 0s: expected none below 0": {Workers: -1},
		"service: Phases[0] from 1s until 1s, Slow 0, Workers 0: expected an end after its beginning, and nothing below 0": {
			Phases: []service.Phase{{From: time.Second, Until: time.Second}}},
	} {
		require.PanicsWithValue(t, says, func() { service.Server(cfg) })
	}
	require.PanicsWithValue(t, "service: Clients -1, Every 0s, Until 0s, Attempt 0s: expected none below 0",
		func() { service.Clients(service.Load{Clients: -1}) })
	require.Panics(t, func() { service.Clients(service.Load{Mix: []service.Traffic{{Name: "x"}}}) })
	require.PanicsWithValue(t, "service: the context of a call is not made by In",
		func() { _ = service.Call(context.Background(), 0, service.Ask{}, 0) })
}

package service_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/service"
	"phoenix/resilience"
	"phoenix/sim"
	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

// small puts a server and clients of two kinds into a world.
func small(w *sim.World, cfg service.Config, policy service.Protection) *service.Log {
	log := service.Watch(w)
	n := network.New(w, network.Config{})
	server := n.Add("server", service.Server(cfg))
	n.Add("clients", service.Clients(service.Load{
		Server: server, Clients: 20, Every: 100 * ms, Until: 3 * time.Second, Policy: policy,
		Mix: []service.Traffic{{Name: "a", Weight: 3, Deadline: 200 * ms}, {Name: "b", Weight: 1, Priority: resilience.High}},
	}))
	w.Run(sim.Limit{})
	return log
}

func TestClientsAskAtTheirRateAndMixWhateverHappensToThem(t *testing.T) {
	when := func(cfg service.Config) (begins []sim.Time, log *service.Log) {
		w := sim.New(sim.Config{Seed: 5})
		defer w.Close()
		w.Observe(func(e *sim.Event) {
			if e.Kind == sim.Invoke {
				begins = append(begins, e.At)
			}
		})
		log = small(w, cfg, nil)
		return begins, log
	}
	well, log := when(service.Config{Workers: 8})
	bad, _ := when(service.Config{Phases: []service.Phase{{Until: time.Second, Down: true}}})
	require.Equal(t, well, bad, "the load is open, and other servers do not re-roll it")
	require.Equal(t, []string{"a", "b"}, log.Kinds())
	require.Equal(t, service.Count{Asked: 442, OK: 442}, log.Total("a"), "of 600 expected in all, three in four")
	require.Equal(t, service.Count{Asked: 158, OK: 158}, log.Total("b"))
}

func TestTheLogCountsEachOutcomeInTheSecondInWhichARequestBegan(t *testing.T) {
	w := sim.New(sim.Config{Seed: 5})
	defer w.Close()
	log := small(w, service.Config{Workers: 8, Phases: []service.Phase{
		{From: time.Second, Until: 2 * time.Second, Fail: sim.Certain},
		{From: 2 * time.Second, Until: 5 * time.Second, Hang: sim.Certain},
	}}, nil)
	for s, c := range log.Seconds("a") {
		wrong := []int{c.TimedOut, c.OK, c.OK + c.Failed}[s] // what cannot be in this second
		require.Zero(t, wrong+c.Late+c.Rejected, "%d: %+v", s, c)
		require.Equal(t, c.Asked, c.OK+c.Failed+c.TimedOut)
		require.Positive(t, c.Asked)
		require.Equal(t, c, log.Between("a", time.Duration(s)*time.Second, time.Duration(s+1)*time.Second))
	}
	require.Equal(t, 100.0, service.Count{}.Percent())
	p50, ok := log.Latency("a", 50)
	require.True(t, ok)
	require.GreaterOrEqual(t, p50, 10*ms)
	_, ok = log.Latency("c", 50)
	require.False(t, ok)
}

func TestWhatAPolicyRejectsIsNotSent(t *testing.T) {
	w := sim.New(sim.Config{Seed: 5})
	defer w.Close()
	log := small(w, service.Config{Workers: 8}, func(ep *network.Endpoint) resilience.Policy {
		return resilience.NewLimiter(ep, resilience.LimiterConfig{Rate: resilience.PerSecond(100), Burst: 1})
	})
	a, b := log.Total("a"), log.Total("b")
	require.Equal(t, a.Asked+b.Asked, a.OK+a.Rejected+b.OK+b.Rejected)
	require.Positive(t, a.Rejected)
	sent := sum(log)
	require.Equal(t, service.Runs{Sent: a.OK + b.OK, Begun: a.OK + b.OK}, sent)
}

func TestARequestThatIsDeliveredTwiceRunsOnce(t *testing.T) {
	for bug, says := range map[service.Bug]string{
		service.NoBug: "", service.RunsDoubles: "attempt 1 of operation 1 was run twice",
	} {
		w := sim.New(sim.Config{Seed: 1})
		log := service.Watch(w)
		n := network.New(w, network.Config{Link: network.Link{Duplicate: sim.Certain}})
		server := n.Add("server", service.Server(service.Config{Bug: bug}))
		n.Add("clients", service.Clients(service.Load{Server: server, Until: time.Second, Every: 300 * ms}))
		w.Run(sim.Limit{})
		require.NotZero(t, sum(log).Begun)
		if says == "" {
			require.NoError(t, log.AtMostOnce())
		} else {
			require.EqualError(t, log.AtMostOnce(), says, bug)
		}
		w.Close()
	}
}

func TestALogSaysWhenAServiceHasRecovered(t *testing.T) {
	w := sim.New(sim.Config{Seed: 5})
	defer w.Close()
	log := service.Watch(w)
	n := network.New(w, network.Config{})
	server := n.Add("server", service.Server(service.Config{Workers: 8, Phases: []service.Phase{
		{From: time.Second, Until: 2 * time.Second, Fail: sim.Certain}}}))
	n.Add("clients", service.Clients(service.Load{Server: server, Clients: 20, Every: 100 * ms}))
	at := func(end time.Duration) error {
		w.Run(sim.Limit{Until: sim.Time(end)})
		return log.Recovered()
	}
	require.EqualError(t, at(50*ms), "6 requests have ended, expected 20 at least")
	require.NoError(t, at(900*ms))
	require.EqualError(t, at(1500*ms), "20 of the last 20 requests were not answered")
	require.NoError(t, at(2500*ms))
}

// What the network still has when the server crashes may run again: nobody could know. The log says so
// only without a crash.
func TestACrashMayHaveAnAttemptRunAgain(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	log := service.Watch(w)
	n := network.New(w, network.Config{Link: network.Link{Duplicate: sim.Certain, Delay: network.Uniform(ms, 300*ms)}})
	server := n.Add("server", service.Server(service.Config{}))
	n.Add("clients", service.Clients(service.Load{Server: server, Clients: 50, Until: time.Second}))
	runs := map[string]int{}
	w.Observe(func(e *sim.Event) {
		if e.Kind == sim.Note {
			runs[e.Name]++
		}
	})
	w.At(sim.Time(500*ms), func() { w.Host(server).Crash(); w.Host(server).Restart() })
	w.Run(sim.Limit{})
	again := 0
	for _, times := range runs {
		again += times - 1
	}
	require.NotZero(t, again, "nothing ran again")
	require.NoError(t, log.AtMostOnce())
}

func TestServicesAreDeterministic(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 4}}, func(w *sim.World) {
		small(w, service.Config{Workers: 2, Fail: sim.Certain / 10, Service: network.LogNormal(10*ms, 0.5), Guard: bulkhead},
			clientBoundary(nil))
	})
}

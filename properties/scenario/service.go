package scenario

import (
	"errors"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/nodes/service"
	"phoenix/properties"
	"phoenix/resilience"
	"phoenix/resilience/chaos"
)

// Service returns the scenario of a service behind a boundary, whose clients have boundaries of their own.
func Service() *Scenario {
	cfg := base()
	cfg.Servers, cfg.Clients = 1, 3
	cfg.Workload.Operations = 0
	cfg.Nemesis = chaos.Nemesis{Faults: 6, Within: 2 * time.Second}
	return &Scenario{
		Name:       "service/boundary",
		Doc:        "a service and its clients behind boundaries: nothing runs twice, and it is well again after every outage",
		Defaults:   cfg,
		Survives:   []chaos.Class{chaos.Crashes, chaos.Partitions, chaos.Pauses, chaos.Clocks, chaos.Noise},
		Bugs:       names(service.Bugs()),
		MaxServers: 1,
		NoStore:    true,
		Unscripted: true,
		Test:       "./nodes/service",
		Server: func(cfg *Config, _ []network.ID) network.Boot {
			return service.Server(service.Config{Workers: 4, Guard: serverBoundary, Bug: service.Bug(cfg.Bug)})
		},
		Client: func(c *Cluster, _ int, _ []nodes.Op) network.Boot {
			return service.Clients(service.Load{
				Server: c.Servers[0], Clients: 5, Every: 250 * time.Millisecond, Until: 10 * time.Second,
				Attempt: 100 * time.Millisecond, Policy: clientBoundary,
				Mix: []service.Traffic{{Name: "request", Weight: 1, Deadline: c.Config.Workload.Timeout}},
			})
		},
		Declare: func(s *properties.Set, c *Cluster) {
			log := service.Watch(c.World)
			s.Always("an attempt runs at most once", log.AtMostOnce)
			s.Sometimes("a request was answered", func() bool { return log.Total("request").OK > 0 })
			s.Eventually("requests are answered", log.Recovered)
		},
	}
}

func serverBoundary(ep *network.Endpoint) resilience.Policy {
	return resilience.NewBoundary(ep, resilience.BoundaryConfig{
		Name: "server", Bulkhead: &resilience.BulkheadConfig{Limit: 4, Queue: 8, MaxWait: 50 * time.Millisecond},
	}).Policy(resilience.Operation{})
}

func clientBoundary(ep *network.Endpoint) resilience.Policy {
	return resilience.NewBoundary(ep, resilience.BoundaryConfig{
		Name: "client",
		Default: resilience.OperationConfig{Breaker: &resilience.BreakerConfig{
			Period: time.Second, Minimum: 10, FailurePercent: 50, Wait: 200 * time.Millisecond}},
		Retry: &resilience.RetryConfig{
			Attempts: 3, Base: 10 * time.Millisecond, Jitter: resilience.FullJitter, Rand: ep.Rand("retries"),
			Retry:  func(err error) bool { return resilience.Retryable(err) && !errors.Is(err, service.ErrBusy) },
			Budget: resilience.NewRetryBudget(ep, resilience.RetryBudgetConfig{}),
		},
	}).Policy(resilience.Operation{})
}

func serviceBugs() []Planted {
	return []Planted{
		plant(Service(), "runs-doubles", 50, "a request that the network delivers twice runs twice", nil),
	}
}

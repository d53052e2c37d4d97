package service_test

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/nodes/service"
	"phoenix/resilience"
	"phoenix/sim"
)

// A service is down for two seconds. A breaker has most requests fail at once meanwhile instead of waiting
// in vain.
func Example() {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	log := service.Watch(w)
	n := network.New(w, network.Config{})
	server := n.Add("server", service.Server(service.Config{
		Workers: 4,
		Phases:  []service.Phase{{Name: "down", From: 2 * time.Second, Until: 4 * time.Second, Down: true}},
	}))
	n.Add("clients", service.Clients(service.Load{
		Server: server, Clients: 100, Until: 7 * time.Second,
		Policy: func(ep *network.Endpoint) resilience.Policy {
			return resilience.NewBreaker(ep, resilience.BreakerConfig{Wait: 500 * time.Millisecond})
		},
	}))
	w.Run(sim.Limit{})
	for second, c := range log.Seconds("request") {
		fmt.Printf("%d s: %d asked, %d in time, %d timed out, %d rejected\n", second, c.Asked, c.OK, c.TimedOut, c.Rejected)
	}
	// Output:
	// 0 s: 102 asked, 102 in time, 0 timed out, 0 rejected
	// 1 s: 97 asked, 96 in time, 1 timed out, 0 rejected
	// 2 s: 97 asked, 0 in time, 97 timed out, 0 rejected
	// 3 s: 102 asked, 0 in time, 11 timed out, 91 rejected
	// 4 s: 90 asked, 34 in time, 0 timed out, 56 rejected
	// 5 s: 112 asked, 112 in time, 0 timed out, 0 rejected
	// 6 s: 94 asked, 94 in time, 0 timed out, 0 rejected
}

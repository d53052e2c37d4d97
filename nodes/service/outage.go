package service

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/sim"
)

// The outage. It begins at OutageFrom and ends at OutageUntil; nobody asks any more from OutageEnd on.
const (
	OutageFrom  = 5 * time.Second
	OutageUntil = 15 * time.Second
	OutageEnd   = 30 * time.Second
)

// The kinds of requests in an Outage.
const (
	Priority = "priority" // one in ten, resilience.Critical
	Ordinary = "ordinary" // resilience.Normal
)

// An Outage is a scenario: a thousand clients, on ten nodes, of a service that is slow for ten seconds
// and fails and hangs now and then meanwhile. Each client asks every two seconds on average, for an
// answer within a second; one request in ten is of critical priority.
//
// The service has 12 workers that take 20 ms for a request: 600 requests a second for the 500 that
// come. In the outage it takes seven times as long, which leaves 85: too few for all, enough for the
// 50 of priority. One request in ten fails then, and one in a hundred is never answered and keeps its
// worker busy for a second.
type Outage struct {
	Guard  Protection // of the server; nil is none
	Policy Protection // of each node of clients; nil is none
}

// What an Outage is made of.
const (
	outageNodes   = 10
	outageClients = 100 // of a node
	// OutageWorkers is how many requests the server of an Outage serves at a time.
	OutageWorkers = 12
)

// Start puts the scenario into a world and returns its log. The caller runs the world, to its end.
func (o Outage) Start(w *sim.World) *Log {
	log := Watch(w)
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Uniform(time.Millisecond, 3*time.Millisecond)}})
	server := n.Add("server", Server(Config{
		Workers: OutageWorkers,
		Service: network.Normal(20*time.Millisecond, 5*time.Millisecond),
		HangFor: time.Second,
		Phases: []Phase{{Name: "slow", From: OutageFrom, Until: OutageUntil,
			Slow: 7, Fail: sim.Certain / 10, Hang: sim.Certain / 100}},
		Guard: o.Guard,
	}))
	for i := range outageNodes {
		n.Add(fmt.Sprintf("clients-%d", i), Clients(Load{
			Server: server, Clients: outageClients, Every: 2 * time.Second, Until: OutageEnd,
			Attempt: 400 * time.Millisecond,
			Mix: []Traffic{{Name: Priority, Weight: 1, Priority: resilience.Critical},
				{Name: Ordinary, Weight: 9}},
			Policy: o.Policy,
		}))
	}
	return log
}

package models

import (
	"errors"
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// The bugs of ExactlyOnce.
const exactlyOnceNoTable = "no-table"

// ExactlyOnceBugs returns what can be wrong with ExactlyOnce.
func ExactlyOnceBugs() []Bug {
	return []Bug{{exactlyOnceNoTable, "the server does not remember which requests it has executed"}}
}

// retries is how often a client of ExactlyOnce may ask again in all.
const retries = 2

// The messages of ExactlyOnce, which number the requests of each client from 1 on.
type (
	addOne struct{ Number int }
	added  struct{ Number int }
)

// String returns the message as in "add one, request 2".
func (m addOne) String() string { return fmt.Sprintf("add one, request %d", m.Number) }

// String returns the message as in "added, request 2".
func (m added) String() string { return fmt.Sprintf("added, request %d", m.Number) }

// ExactlyOnce is a counter on a server. Each client adds to it twice and asks again when it
// gets no answer, which it cannot tell from a slow one. The server executes a request once all
// the same, because it remembers the last one of each client (Birrell and Nelson,
// "Implementing remote procedure calls", ACM TOCS 2(1), 1984, section 3.2). It takes at least
// one client and panics for a bug that it does not have.
func ExactlyOnce(clients int, bug string) explore.Model {
	atLeast("exactly-once", "clients", clients, 1)
	demand("exactly-once", bug, ExactlyOnceBugs())
	m := explore.Model{
		Name: "exactly-once",
		Nodes: []explore.Node{{Name: "server", Boot: func(ep *network.Endpoint) network.Handler {
			return &counterServer{ep: ep, bug: bug, last: map[network.ID]int{}}
		}}},
		Symmetric: []explore.Group{{Nodes: ids(1, clients)}},
		Properties: []explore.Property{
			explore.Always("exactly once", func(s *explore.State) error {
				return onceEach(s.Node(0).(*counterServer), handlers[*adder](s, 1+clients))
			}),
			explore.Sometimes("all added", func(s *explore.State) bool {
				return s.Node(0).(*counterServer).total == clients*requestsEach
			}),
		},
	}
	for i := range clients {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("c%d", i), Boot: bootAdder})
	}
	return m
}

// requestsEach is how many requests a client has.
const requestsEach = 2

// adder is a client.
type adder struct {
	ep       *network.Endpoint
	number   int // of the request under way; beyond requestsEach it is done
	answered int
	retries  int // left

	again *sim.Timer
}

func bootAdder(ep *network.Endpoint) network.Handler {
	a := &adder{ep: ep, retries: retries}
	a.again = ep.Timer("again", func() {
		a.retries--
		a.ask()
	})
	a.next()
	return a
}

// next goes on with the next request, if there is one.
func (a *adder) next() {
	a.again.Stop()
	if a.number++; a.number <= requestsEach {
		a.ask()
	}
}

func (a *adder) ask() {
	a.ep.Send(0, addOne{a.number})
	arm(a.again, a.retries > 0, 5*time.Millisecond)
}

// Receive takes the answer that it waits for.
func (a *adder) Receive(_ network.ID, msg any) {
	if m, ok := msg.(added); ok && m.Number == a.number {
		a.answered++
		a.next()
	}
}

// counterServer has the counter.
type counterServer struct {
	ep    *network.Endpoint
	bug   string
	total int
	last  map[network.ID]int // the table: the last request of each client that it executed
}

// Receive executes a request unless it has, and answers it.
func (s *counterServer) Receive(from network.ID, msg any) {
	m, ok := msg.(addOne)
	if !ok {
		return
	}
	if m.Number > s.last[from] || s.bug == exactlyOnceNoTable {
		s.total++
		s.last[from] = m.Number
	}
	s.ep.Send(from, added(m))
}

// onceEach returns an error unless each request that was answered has been executed, and none
// more often than once.
func onceEach(s *counterServer, clients []*adder) error {
	answered, asked := 0, 0
	for _, c := range clients {
		answered += c.answered
		asked += min(c.number, requestsEach)
	}
	if s.total < answered {
		return errors.New("an answered request was not executed")
	}
	if s.total > asked {
		return fmt.Errorf("the counter is at %d after %d requests", s.total, asked)
	}
	return nil
}

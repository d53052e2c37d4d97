package models

import (
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/properties/explore"
)

// Harness is a bounded cluster of registers and their clients. Servers must be at least 1.
//
// Servers are the nodes 0 to Servers-1, clients the ones after them. A client writes at
// boot, at the server of its own number modulo Servers: the first client the value 'A', the
// next one 'B', and so on. Once that is answered it reads, at the next server, and then it
// is done. Nobody sends anything again.
type Harness struct {
	Clients, Servers int

	Network explore.Semantics
	Lossy   bool
	// Faults may crash clients too, unless it says who. One that crashed does nothing more.
	Faults explore.Budget

	// Bug is the mistake that servers make, "" for none. Which there are depends on the
	// protocol.
	Bug string

	// NoHistory leaves out what clients saw, which is part of the state otherwise, and the
	// claim that it is linearizable.
	NoHistory bool
}

// Bug is a mistake that can be planted in a model.
type Bug struct {
	Name string
	// Wrong says in a phrase what is wrong.
	Wrong string
}

// The properties of all models of a Harness.
const (
	// Linearizable claims that what clients saw is linearizable.
	Linearizable = "linearizable"
	// ValueChosen claims that some read of a value is answered sometimes.
	ValueChosen = "value chosen"
)

// model returns the model of a protocol. It panics if h makes no sense.
func (h Harness) model(name string, bugs []Bug, server network.Boot) explore.Model {
	atLeast(name, "servers", h.Servers, 1)
	atLeast(name, "clients", h.Clients, 0)
	demand(name, h.Bug, bugs)
	m := explore.Model{Name: name, Network: h.Network, Lossy: h.Lossy, Faults: h.Faults}
	for i := range h.Servers {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("s%d", i), Boot: server})
	}
	for i := range h.Clients {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("c%d", h.Servers+i), Boot: h.client})
	}
	m.Properties = []explore.Property{
		explore.Sometimes(ValueChosen, valueChosen).Reads(ids(h.Servers, h.Clients)...), // what is sent to them
	}
	if !h.NoHistory {
		m.Observe = explore.NewHistory
		m.Properties = append(m.Properties, explore.Linearizable(Linearizable))
	}
	return m
}

// valueChosen reports whether the answer to a read is under way that has a value: every
// answer is under way in the state after it was sent.
func valueChosen(s *explore.State) bool {
	return slices.ContainsFunc(s.Messages(), func(e explore.Envelope) bool {
		m, ok := e.Msg.(getOK)
		return ok && m.Value != 0
	})
}

// request numbers what clients ask for. The numbers are unique with few clients only:
// operation n of a client is n times its node number, and so client 4 asks for 8 with its
// second operation, and client 8 with its first. Servers know requests by number.
type request uint64

func (r request) String() string { return fmt.Sprintf("#%d", uint64(r)) }

// value is the content of a register, a letter; 0 is what nobody has written.
type value rune

func (v value) String() string {
	if v == 0 {
		return "nothing"
	}
	return string(rune(v))
}

// The messages between clients and servers.
type (
	put struct {
		Request request
		Value   value
	}
	putOK struct{ Request request }
	get   struct{ Request request }
	getOK struct {
		Request request
		Value   value
	}
)

func (m put) String() string   { return fmt.Sprintf("%v put %v", m.Request, m.Value) }
func (m putOK) String() string { return fmt.Sprintf("%v put ok", m.Request) }
func (m get) String() string   { return fmt.Sprintf("%v get", m.Request) }
func (m getOK) String() string { return fmt.Sprintf("%v get ok: %v", m.Request, m.Value) }

// client writes once and reads once. What it told of its operation under way is numbered
// by how many it began.
type client struct {
	ep       *network.Endpoint
	servers  int
	awaiting request // 0 when it is done
	begun    int     // how many operations it began
	number   uint64  // of the one under way, in the event stream
}

func (h Harness) client(ep *network.Endpoint) network.Handler {
	c := &client{ep: ep, servers: h.Servers}
	if ep.Boots() == 0 {
		v := c.value()
		c.begin(nodes.Write, v)
		ep.Send(c.server(0), put{c.awaiting, v})
	}
	return c
}

// value returns what c writes.
func (c *client) value() value { return 'A' + value(int(c.ep.ID())-c.servers) }

// server returns whom c asks after some operations.
func (c *client) server(operations int) network.ID {
	return network.ID((int(c.ep.ID()) + operations) % c.servers)
}

// key is the only key there is.
const key = "x"

func (c *client) begin(kind nodes.Kind, v value) {
	c.begun++
	c.awaiting = request(c.begun * int(c.ep.ID()))
	c.number = c.ep.Invoke(nodes.Invocation{Kind: kind, Key: key, Value: int64(v)})
}

func (c *client) end(v value) {
	c.ep.Return(c.number, nodes.OutcomeOK, nodes.Result{Value: int64(v), OK: true})
}

// Receive takes the answer that c waits for, and ignores all else.
func (c *client) Receive(_ network.ID, msg any) {
	switch m := msg.(type) {
	case putOK:
		if m.Request == c.awaiting {
			c.end(c.value())
			to := c.server(c.begun)
			c.begin(nodes.Read, 0)
			c.ep.Send(to, get{c.awaiting})
		}
	case getOK:
		if m.Request == c.awaiting {
			c.end(m.Value)
			c.awaiting, c.number = 0, 0
		}
	}
}

// majority returns how many of n servers are more than half of them.
func majority(n int) int { return n/2 + 1 }

// broadcast sends msg to all servers but the sender, in the order of their numbers.
func broadcast(ep *network.Endpoint, servers int, msg any) {
	for to := range network.ID(servers) {
		if to != ep.ID() {
			ep.Send(to, msg)
		}
	}
}

// again notes that a server was counted once more. On a network that duplicates that is a
// step, though it changes nothing: Stateright takes whatever code reaches to change a state
// for a change, and the counts are compared.
func again(ep *network.Endpoint, from network.ID) { ep.Note("counts %s again", ep.NameOf(from)) }

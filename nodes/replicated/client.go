package replicated

import (
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// ClientConfig says what a client does. Servers is required.
type ClientConfig struct {
	// Servers are the nodes to talk to, at least one.
	Servers []network.ID
	// Home is the number of the client: it begins with Servers[Home mod len(Servers)].
	Home int
	// Script is what it does, in order.
	Script []nodes.Op
	// Timeout is how long after its invocation an operation is given up; Retransmit is
	// how often a request is sent to its server again; 0 is never.
	Timeout, Retransmit time.Duration
}

// Client returns the boot function of a client that issues the operations of its script
// one at a time. Any server will do: each operation goes to the next one.
//
// An operation ends as nodes.OutcomeOK when it is acknowledged, as nodes.OutcomeFail if
// it was refused, and as nodes.OutcomeInfo, of unknown outcome, if there was no answer
// or the server has restarted. A client that crashed does not come back.
func Client(cfg ClientConfig) network.Boot {
	if len(cfg.Servers) == 0 || cfg.Home < 0 {
		panic("replicated: a client needs a server, and a home that is not negative")
	}
	return func(ep *network.Endpoint) network.Handler {
		if ep.Boots() > 0 {
			return nil
		}
		c := &client{cfg: cfg, ep: ep, boots: make([]uint32, len(cfg.Servers))}
		c.think = ep.Timer("think", c.invoke)
		c.timeout = ep.Timer("timeout", c.giveUp)
		c.again = ep.Timer("again", c.send)
		c.rest()
		return c
	}
}

type client struct {
	cfg    ClientConfig
	ep     *network.Endpoint
	at     int      // the server of the operation
	boots  []uint32 // of each server, as far as known
	next   int      // in the script
	call   uint64   // the number of the running operation in the event stream, 0 between two
	asking request

	think, timeout, again *sim.Timer
}

func (c *client) rest() {
	if c.next < len(c.cfg.Script) {
		c.think.Reset(c.cfg.Script[c.next].Wait)
	}
}

func (c *client) invoke() {
	op := c.cfg.Script[c.next]
	c.at = (c.cfg.Home + c.next) % len(c.cfg.Servers)
	c.asking.Number++
	c.asking.Op = nodes.Invocation{Kind: op.Kind, Key: op.Key, Value: op.Value}
	c.call = c.ep.Invoke(c.asking.Op)
	if c.cfg.Timeout > 0 {
		c.timeout.Reset(c.cfg.Timeout)
	}
	c.send()
}

func (c *client) send() {
	c.asking.Boot = c.boots[c.at]
	c.ep.Send(c.cfg.Servers[c.at], c.asking)
	if c.cfg.Retransmit > 0 {
		c.again.Reset(c.cfg.Retransmit)
	}
}

// Receive takes the answer to the running request. A server that has restarted is asked
// again for a read; whether it has carried out an update before nobody knows.
func (c *client) Receive(from network.ID, msg any) {
	if from != c.cfg.Servers[c.at] || c.call == 0 {
		return
	}
	switch m := msg.(type) {
	case answer:
		if m.Number == c.asking.Number {
			c.answered(m)
		}
	case restarted:
		if m.Number != c.asking.Number || m.Boot <= c.boots[c.at] {
			return
		}
		c.boots[c.at] = m.Boot
		if c.asking.Op.Kind == nodes.Read {
			c.send()
			return
		}
		c.end(nodes.OutcomeInfo, nodes.Result{})
	}
}

func (c *client) answered(m answer) {
	switch {
	case m.Code == refused:
		c.end(nodes.OutcomeFail, nodes.Result{})
	case c.asking.Op.Kind == nodes.Read:
		c.end(nodes.OutcomeOK, nodes.Result{Value: m.Value, OK: true})
	default:
		c.end(nodes.OutcomeOK, nodes.Result{Value: c.asking.Op.Value, OK: true})
	}
}

// giveUp ends an operation of which nothing was heard.
func (c *client) giveUp() { c.end(nodes.OutcomeInfo, nodes.Result{}) }

func (c *client) end(outcome string, r nodes.Result) {
	c.timeout.Stop()
	c.again.Stop()
	c.ep.Return(c.call, outcome, r)
	c.call = 0
	c.next++
	c.rest()
}

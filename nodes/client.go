package nodes

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// DefaultTimeout is how long a client waits for the end of an operation, and
// DefaultBackoff how long it waits before it asks all servers once more, where
// its configuration does not say.
const (
	DefaultTimeout = time.Second
	DefaultBackoff = 10 * time.Millisecond
)

// ClientConfig says what a client does. Servers is required, the rest has
// defaults.
type ClientConfig struct {
	// Servers are the nodes to talk to, at least one.
	Servers []network.ID
	// Home is the number of the client: it first talks to Servers[Home mod
	// len(Servers)]. It is not negative.
	Home int
	// Script is what the client does, in order.
	Script []Op
	// Timeout is how long after its invocation an operation is given up; 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// Backoff is how long the client waits before it asks again once as many
	// servers as there are have sent one operation on; 0 means DefaultBackoff.
	Backoff time.Duration
	// Retransmit is how often a request without an answer is sent to its server
	// again; 0 means never. A server that remembers its requests does not mind.
	// One that forgot them in a crash carries the same request out again: for a
	// write that means twice, with operations of others in between, which no
	// linearizable history allows.
	Retransmit time.Duration
	// Start is the time before which nothing is invoked, on the client's monotonic
	// clock, which begins with the world; 0 means from the beginning.
	Start time.Duration
	// Persist has the client invoke an operation that ended with an unknown outcome
	// once more, Backoff later, as a new operation and at the next server, and so on
	// until there is an answer: the probe that shows that a cluster answers again. A
	// write is then invoked several times with one value, and each may have its effect.
	Persist bool
}

// Client returns the boot function of a client that issues the operations of its
// script one at a time.
//
// It talks to one server until that one answers NotLeader (then the same
// operation goes to the server that it names, else to the next one) or leaves an
// operation unanswered or Unknown (then the following operation goes to the next
// one). Each attempt is a request with an ID of its own, so late answers to
// earlier ones are told from those awaited, and ignored.
//
// An operation ends as OutcomeOK; as OutcomeFail if the server says that it did
// not and will not happen; as OutcomeInfo, of unknown outcome, if it timed out,
// reads too. The client goes on with the next one all the same: a history has
// to take it for another process from then on, as the former may still act.
//
// A client that crashes does not come back: it has lost its place in the script.
// The operation that it was in stays without an end. Client panics without
// servers, and if Home is negative.
func Client(cfg ClientConfig) network.Boot {
	if len(cfg.Servers) == 0 || cfg.Home < 0 {
		panic("nodes: a client needs a server, and a home that is not negative")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Backoff == 0 {
		cfg.Backoff = DefaultBackoff
	}
	return func(ep *network.Endpoint) network.Handler {
		if ep.Boots() > 0 {
			return nil
		}
		c := &client{ep: ep, cfg: cfg, server: cfg.Home % len(cfg.Servers), seen: map[string]int64{}}
		c.think = ep.Timer("think", c.invoke)
		c.timeout = ep.Timer("timeout", c.giveUp)
		c.backoff = ep.Timer("backoff", c.send)
		c.retransmit = ep.Timer("retransmit", c.send)
		c.rest()
		return c
	}
}

type client struct {
	ep  *network.Endpoint
	cfg ClientConfig

	server  int // index of the server it talks to
	next    int // index of the operation that is running, or the next one
	running bool
	number  uint64 // of the running operation, in the event stream
	request Request
	moves   int              // how often the running operation was sent on
	seen    map[string]int64 // the last value it knows of each key

	think, timeout, backoff, retransmit *sim.Timer
}

// rest waits for the time of the next operation, if there is one.
func (c *client) rest() {
	if c.next == len(c.cfg.Script) {
		return
	}
	wait := c.cfg.Script[c.next].Wait
	if c.cfg.Start > 0 { // only then does the client need a clock
		wait = max(wait, sim.Time(c.cfg.Start).Sub(c.ep.Monotonic()))
	}
	c.think.Reset(wait)
}

// invoke begins the next operation.
func (c *client) invoke() {
	op := c.cfg.Script[c.next]
	c.request.Invocation = Invocation{Kind: op.Kind, Key: op.Key, Value: op.Value}
	if op.Kind == CAS {
		c.request.Old = c.seen[op.Key]
	}
	c.running, c.moves = true, 0
	c.number = c.ep.Invoke(c.request.Invocation)
	c.timeout.Reset(c.cfg.Timeout)
	c.request.ID++
	c.send()
}

// send asks the current server.
func (c *client) send() {
	c.ep.Send(c.cfg.Servers[c.server], c.request)
	if c.cfg.Retransmit > 0 {
		c.retransmit.Reset(c.cfg.Retransmit)
	}
}

// Receive takes the answer to the current attempt; all else it ignores.
func (c *client) Receive(from network.ID, msg any) {
	r, ok := msg.(Reply)
	if !ok || !c.running || r.ID != c.request.ID || from != c.cfg.Servers[c.server] {
		return
	}
	switch r.Code {
	case OK:
		value := c.request.Value
		if c.request.Kind == Read {
			value = r.Value
		}
		c.finish(OutcomeOK, Result{value, true})
	case CASFailed:
		c.finish(OutcomeFail, Result{r.Value, true})
	case Unsupported:
		c.finish(OutcomeFail, Result{})
	case NotLeader:
		c.move(r.Leader)
	default:
		c.giveUp()
	}
}

// move tries the same operation at another server: the one that is said to be
// responsible, or else the next one. Servers that send it to and fro are not
// asked without end in one instant.
func (c *client) move(leader network.ID) {
	c.retransmit.Stop()
	c.server = (c.server + 1) % len(c.cfg.Servers)
	if i := slices.Index(c.cfg.Servers, leader); i >= 0 {
		c.server = i
	}
	c.request.ID++ // a second copy of this answer must not count
	if c.moves++; c.moves%len(c.cfg.Servers) == 0 {
		c.backoff.Reset(c.cfg.Backoff)
		return
	}
	c.send()
}

// giveUp ends an operation without knowing its outcome; the next one goes to
// another server.
func (c *client) giveUp() {
	c.server = (c.server + 1) % len(c.cfg.Servers)
	c.finish(OutcomeInfo, Result{})
}

func (c *client) finish(outcome string, r Result) {
	c.timeout.Stop()
	c.backoff.Stop()
	c.retransmit.Stop()
	c.ep.Return(c.number, outcome, r)
	if r.OK {
		c.seen[c.request.Key] = r.Value
	}
	c.running = false
	if outcome == OutcomeInfo && c.cfg.Persist {
		c.think.Reset(c.cfg.Backoff)
		return
	}
	c.next++
	c.rest()
}

package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/sim"
)

// Traffic is one kind of requests.
type Traffic struct {
	Name     string
	Weight   int // its share of all requests is Weight divided by the sum of all weights
	Priority resilience.Priority
	Deadline time.Duration // of a request, with all its attempts: 1 s if 0
}

// Load says what the clients of one node ask for. Server is required; the zero value of the rest is
// one client that asks once a second.
type Load struct {
	Server  network.ID
	Clients int           // 1 if 0
	Every   time.Duration // mean time between two requests of a client: 1 s if 0
	Until   time.Duration // from when on nobody asks any more: 0 is never
	// Mix are the kinds of requests; none is one kind, "request", of normal priority.
	Mix []Traffic
	// Attempt is how long an attempt waits for its answer: 0 is as long as the deadline allows.
	Attempt time.Duration
	// Policy returns the policy that the requests of the node run under, nil for none. It is called
	// at boot.
	Policy Protection
}

// check fills in the defaults.
func (l Load) check() Load {
	if l.Clients < 0 || l.Every < 0 || l.Until < 0 || l.Attempt < 0 {
		panic(fmt.Sprintf("service: Clients %d, Every %v, Until %v, Attempt %v: expected none below 0",
			l.Clients, l.Every, l.Until, l.Attempt))
	}
	l.Clients = max(1, l.Clients)
	if l.Every == 0 {
		l.Every = time.Second
	}
	if len(l.Mix) == 0 {
		l.Mix = []Traffic{{Name: "request", Weight: 1}}
	}
	l.Mix = append([]Traffic(nil), l.Mix...)
	for i := range l.Mix {
		t := &l.Mix[i]
		if t.Name == "" || t.Weight <= 0 || t.Deadline < 0 {
			panic(fmt.Sprintf("service: Mix[%d] %+v: expected a name, a positive weight, no negative deadline", i, *t))
		}
		if t.Deadline == 0 {
			t.Deadline = time.Second
		}
	}
	return l
}

// Operation is what the event stream says of a request when it begins.
type Operation struct {
	Kind     string
	Client   int // of the node
	Deadline time.Duration
}

// String returns the operation as in "critical of client 7, within 1s".
func (o Operation) String() string {
	return fmt.Sprintf("%s of client %d, within %v", o.Kind, o.Client, o.Deadline)
}

// Outcome is how a request ended, the name of its Return event.
type Outcome string

// The outcomes.
const (
	OK       Outcome = "ok"
	Failed   Outcome = "failed"    // with an error of the service
	TimedOut Outcome = "timed out" // no answer in time
	Rejected Outcome = "rejected"  // by a policy of the client: it was never sent
)

func outcomeOf(err error, attempts uint32) Outcome {
	switch {
	case err == nil:
		return OK
	case attempts == 0:
		return Rejected
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrSilent):
		return TimedOut
	}
	return Failed
}

// clients is a node that stands for many.
type clients struct {
	load   Load
	ep     *network.Endpoint
	policy resilience.Policy
	gap    network.Delay
	total  int // of the weights
}

// Clients returns the boot function of a node that stands for some clients.
func Clients(l Load) network.Boot {
	l = l.check()
	return func(ep *network.Endpoint) network.Handler {
		c := &clients{load: l, ep: ep, policy: resilience.Compose(), gap: network.Exponential(l.Every)}
		if l.Policy != nil {
			c.policy = l.Policy(ep)
		}
		for _, t := range l.Mix {
			c.total += t.Weight
		}
		key := ep.Key("clients").Num(uint64(ep.Boots()))
		for i := range l.Clients {
			one := &client{of: c, number: i, key: key.Num(uint64(i))}
			one.next()
		}
		return c
	}
}

// Receive is not called: answers go to the processes that wait for them.
func (c *clients) Receive(network.ID, any) {}

// client is one of many.
type client struct {
	of     *clients
	number int
	key    sim.Key
	asked  uint64
}

// next sets the time of the next request, which does not depend on what becomes of this one.
func (c *client) next() {
	c.asked++
	l := &c.of.load
	wait := c.of.gap.Sample(c.key.Num(2 * c.asked).Uint64())
	if l.Until > 0 && c.of.ep.Monotonic().Add(wait) >= sim.Time(l.Until) {
		return
	}
	c.of.ep.After(wait, func() {
		c.of.request(c.number, c.kind())
		c.next()
	})
}

func (c *client) kind() Traffic {
	u := c.key.Num(2*c.asked + 1).Below(c.of.total)
	for _, t := range c.of.load.Mix {
		if u -= t.Weight; u < 0 {
			return t
		}
	}
	panic("service: the weights do not add up")
}

// request is one operation from its beginning to its end.
func (c *clients) request(number int, t Traffic) {
	op := c.ep.Invoke(Operation{t.Name, number, t.Deadline})
	c.ep.Go("request", func(p *network.Proc) {
		ctx, cancel := resilience.WithTimeout(resilience.WithPriority(In(p), t.Priority), t.Deadline)
		defer cancel()
		attempt := uint32(0)
		err := c.policy.Do(ctx, func(ctx context.Context) error {
			attempt++
			return Call(ctx, c.load.Server, Ask{Op: op, Attempt: attempt}, c.load.Attempt)
		})
		c.ep.Return(op, string(outcomeOf(err, attempt)), nil)
	})
}

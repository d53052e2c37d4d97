package lease

import (
	"phoenix/network"
	"phoenix/sim"
)

// Client returns the boot function of a client that takes the lock of that name in
// rounds: it asks until it is granted the lock, does its writes while its lease
// lasts, gives the lock back and rests. A round in which the lease ran out, or a
// write was refused, counts too.
//
// Before each write it checks its lease, and works between the check and the write,
// as no program can help doing.
func Client(cfg Config, lock string) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		c := &client{cfg: cfg, ep: ep, lock: lock, first: uint64(ep.Boots())<<32 + 1}
		c.rest = ep.Timer("rest", c.ask)
		c.retry = ep.Timer("retry", c.ask)
		c.work = ep.Timer("work", c.write)
		c.rest.Reset(cfg.Rest)
		return c
	}
}

// client is waiting for the lock while retry runs, holds it while it has a token,
// and rests else.
type client struct {
	cfg  Config
	ep   *network.Endpoint
	lock string

	first  uint64     // number of the first acquire of this round, unique over all boots
	asked  []sim.Time // when it was sent, and each after it
	token  uint64     // of the lock it holds, 0 if it does not
	until  sim.Time   // when its lease ends
	writes int        // in this round
	rounds int        // that are over

	rest, retry, work *sim.Timer
}

// clock is what leases are measured on.
func (c *client) clock() sim.Time {
	if c.cfg.Bug == WallClock {
		return c.ep.Now()
	}
	return c.ep.Monotonic()
}

// ask asks for the lock. Each request has a number of its own, so that the answer to
// an earlier one is not counted from a later one.
func (c *client) ask() {
	c.ep.Send(c.cfg.Server, acquire{c.lock, c.first + uint64(len(c.asked))})
	c.asked = append(c.asked, c.clock())
	c.retry.Reset(c.cfg.Retry)
}

// Receive takes the lock if it is still wanted, and else gives it back at once.
func (c *client) Receive(from network.ID, msg any) {
	switch m := msg.(type) {
	case granted:
		if from != c.cfg.Server || m.Token == c.token {
			return
		}
		until, asked := c.end(m.Request)
		if !c.retry.Running() || !asked || until <= c.clock() {
			c.ep.Send(from, release{m.Lock, m.Token})
			return
		}
		c.hold(m.Token, until)
	case refused:
		if from == c.cfg.Resource && m.Token == c.token {
			c.finish()
		}
	}
}

// end returns when a lease ends that was asked for by that request, counted from when
// it was, and whether it was in this round.
func (c *client) end(request uint64) (until sim.Time, asked bool) {
	if request < c.first || request >= c.first+uint64(len(c.asked)) {
		return 0, false
	}
	return c.asked[request-c.first].Add(c.cfg.Lease - c.cfg.margin()), true
}

// hold begins to work under a token.
func (c *client) hold(token uint64, until sim.Time) {
	c.retry.Stop()
	c.token, c.until, c.writes = token, until, 0
	name := monotonic
	if c.cfg.Bug == WallClock {
		name = wall
	}
	c.ep.Note("lease: holds %q token %d until %s on the %s clock", c.lock, token, until, name)
	c.check()
}

// check works for the next write if the lease lasts.
func (c *client) check() {
	if c.until <= c.clock() {
		c.finish()
		return
	}
	c.work.Reset(c.cfg.Work)
}

// write is the end of the work that a check allowed.
func (c *client) write() {
	c.ep.Send(c.cfg.Resource, write{c.lock, c.token})
	if c.writes++; c.writes < c.cfg.Writes {
		c.check()
		return
	}
	c.ep.Send(c.cfg.Server, release{c.lock, c.token})
	c.finish()
}

// finish ends a round.
func (c *client) finish() {
	c.ep.Note("lease: lets go of %q token %d", c.lock, c.token)
	c.work.Stop()
	c.first += uint64(len(c.asked))
	c.token, c.asked = 0, nil
	if c.rounds++; c.rounds < c.cfg.Rounds {
		c.rest.Reset(c.cfg.Rest)
		return
	}
	c.ep.Note("lease: has had its rounds of %q", c.lock)
}

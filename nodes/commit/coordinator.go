package commit

import (
	"slices"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

type coordinator struct {
	cfg     Config
	ep      *network.Endpoint
	journal *nodes.Journal[record]
	txns    map[Txn]*transaction
	open    []*transaction // those with something unanswered, in order of their beginning
	again   *sim.Timer     // runs while there are any
}

// transaction is what the coordinator knows of one. Sets of participants are bits by
// place in cfg.Participants.
type transaction struct {
	txn      Txn
	state    state    // unknown while being begun
	deciding bool     // the decision is on its way to the disk
	since    sim.Time // when votes were first asked for
	heard    uint64   // who voted yes; once it is decided, who acknowledged
}

// Coordinator returns the boot function of the node that clients ask. It takes each
// write for a transaction and answers OK once that is committed. One that is aborted
// it answers with Unsupported, which ends the operation as OutcomeFail: it did not
// happen, and never will. Reads and compare and set are Unsupported.
func Coordinator(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		c := &coordinator{cfg: cfg, ep: ep, txns: map[Txn]*transaction{}}
		c.again = ep.Timer("again", c.repeat)
		c.journal = nodes.OpenJournal(ep, "transactions", c.recover)
		return c
	}
}

// recover goes on with what a crash interrupted.
func (c *coordinator) recover(records []record) {
	for _, r := range records {
		if c.txns[r.txn()] == nil {
			c.add(r.txn())
		}
		c.txns[r.txn()].state = r.State
	}
	for _, t := range slices.Clone(c.open) {
		if t.state == begun {
			c.decide(t, c.cfg.Bug == PresumedCommit)
		}
	}
	if len(c.open) > 0 {
		c.again.Reset(0)
	}
}

func (c *coordinator) add(txn Txn) *transaction {
	t := &transaction{txn: txn}
	c.txns[txn] = t
	c.open = append(c.open, t)
	return t
}

// Receive is the part of the coordinator. What it does not know it has not begun.
func (c *coordinator) Receive(from network.ID, msg any) {
	if !c.journal.Ready() {
		return
	}
	if r, ok := msg.(nodes.Request); ok {
		c.request(from, r)
		return
	}
	place := slices.Index(c.cfg.Participants, from)
	if place < 0 {
		return
	}
	switch m := msg.(type) {
	case vote:
		c.vote(place, m)
	case inquiry:
		if t := c.txns[m.Txn]; t != nil && t.state > begun {
			c.ep.Send(from, decision{m.Txn, t.state == committed})
		}
	case acknowledged:
		c.acknowledge(place, m.Txn)
	}
}

func (c *coordinator) request(from network.ID, r nodes.Request) {
	txn := Txn{from, r.ID}
	t := c.txns[txn]
	switch {
	case r.Kind != nodes.Write || !r.Valid():
		c.ep.Send(from, nodes.Reply{ID: r.ID, Code: nodes.Unsupported})
	case t == nil:
		c.begin(txn)
	case t.state > begun:
		c.reply(t)
	}
}

// begin asks for votes once it is on the disk that it did.
func (c *coordinator) begin(txn Txn) {
	t := c.add(txn)
	c.journal.Append(record{txn.Client, txn.Request, begun}, func() {
		t.state, t.since = begun, c.ep.Monotonic()
		c.ask(t)
		if !c.again.Running() {
			c.again.Reset(c.cfg.Retransmit)
		}
	})
}

// ask sends what t waits for to those that have not answered.
func (c *coordinator) ask(t *transaction) {
	var msg any = prepare{t.txn}
	if t.state > begun {
		msg = decision{t.txn, t.state == committed}
	}
	for i, id := range c.cfg.Participants {
		if t.heard&(1<<i) == 0 {
			c.ep.Send(id, msg)
		}
	}
}

// repeat sends again what was not answered, and aborts what waited too long.
func (c *coordinator) repeat() {
	if !c.journal.Ready() {
		return
	}
	for _, t := range slices.Clone(c.open) {
		switch {
		case t.state == unknown || t.deciding:
		case t.state == begun && c.ep.Monotonic().Sub(t.since) >= c.cfg.Patience:
			c.decide(t, false)
		default:
			c.ask(t)
		}
	}
	if len(c.open) > 0 {
		c.again.Reset(c.cfg.Retransmit)
	}
}

// vote counts a vote; the last yes commits, the first no aborts.
func (c *coordinator) vote(place int, m vote) {
	t := c.txns[m.Txn]
	if t == nil || t.state != begun || t.deciding {
		return
	}
	if !m.Yes {
		c.decide(t, false)
		return
	}
	if t.heard |= 1 << place; t.heard == c.everybody() {
		c.decide(t, true)
	}
}

func (c *coordinator) everybody() uint64 { return ^uint64(0) >> (64 - len(c.cfg.Participants)) }

// decide has the decision on the disk, then tells it.
func (c *coordinator) decide(t *transaction, commit bool) {
	t.deciding = true
	tell := func() {
		t.deciding, t.state, t.heard = false, ended(commit), 0
		c.ep.Note("commit: decides to %s %s", act(commit), t.txn)
		c.ask(t)
		c.reply(t)
	}
	if c.cfg.Bug == LostDecision {
		tell()
		tell = func() {}
	}
	c.journal.Append(record{t.txn.Client, t.txn.Request, ended(commit)}, tell)
}

func (c *coordinator) reply(t *transaction) {
	code := nodes.OK
	if t.state == aborted {
		code = nodes.Unsupported
	}
	c.ep.Send(t.txn.Client, nodes.Reply{ID: t.txn.Request, Code: code})
}

// acknowledge is done with a transaction when all have its decision.
func (c *coordinator) acknowledge(place int, txn Txn) {
	t := c.txns[txn]
	if t == nil || t.state <= begun {
		return
	}
	if t.heard |= 1 << place; t.heard != c.everybody() {
		return
	}
	c.open = slices.DeleteFunc(c.open, func(other *transaction) bool { return other == t })
	if len(c.open) == 0 {
		c.again.Stop()
	}
}

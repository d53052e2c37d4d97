package commit

import (
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

type participant struct {
	cfg     Config
	ep      *network.Endpoint
	journal *nodes.Journal[record]
	states  map[Txn]state // what its disk says; changes count once they are durable
	pending map[Txn]state // what is on its way to the disk
	doubt   []doubt       // those it is prepared for, in order
	ask     *sim.Timer    // runs while there are any
}

// doubt is a transaction whose decision a participant waits for.
type doubt struct {
	txn   Txn
	since sim.Time
}

// Participant returns the boot function of the nodes that vote.
func Participant(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		if !slices.Contains(cfg.Participants, ep.ID()) {
			panic(fmt.Sprintf("commit: node %s is not among the participants", ep.Name()))
		}
		p := &participant{cfg: cfg, ep: ep, states: map[Txn]state{}, pending: map[Txn]state{}}
		p.ask = ep.Timer("ask", p.inquire)
		p.journal = nodes.OpenJournal(ep, "states", p.recover)
		return p
	}
}

// recover takes up what it is still bound by.
func (p *participant) recover(records []record) {
	for _, r := range records {
		p.states[r.txn()] = r.State
	}
	for _, r := range records {
		if p.states[r.txn()] == prepared {
			p.wait(r.txn())
		}
	}
}

// Receive is the part of a participant.
func (p *participant) Receive(from network.ID, msg any) {
	if !p.journal.Ready() || from != p.cfg.Coordinator {
		return
	}
	switch m := msg.(type) {
	case prepare:
		p.prepare(m.Txn)
	case decision:
		p.obey(m)
	}
}

// prepare votes, and votes the same again if asked again.
func (p *participant) prepare(txn Txn) {
	switch p.states[txn] {
	case prepared, committed:
		p.vote(txn, true)
		return
	case aborted:
		p.vote(txn, false)
		return
	}
	if p.refuses(txn) {
		p.enter(txn, aborted, func() { p.vote(txn, false) })
		return
	}
	if p.cfg.Bug == ForgetsPrepare {
		p.vote(txn, true)
	}
	p.enter(txn, prepared, func() {
		p.vote(txn, true)
		p.wait(txn)
	})
}

// refuses draws the vote on a transaction.
func (p *participant) refuses(txn Txn) bool {
	key := p.ep.Key("refuse").Num(uint64(txn.Client)).Num(txn.Request)
	return p.cfg.Refuse.Hit(uint32(key.Uint64()))
}

func (p *participant) vote(txn Txn, yes bool) {
	p.ep.Send(p.cfg.Coordinator, vote{txn, yes})
}

// enter goes over to a state once that is durable, and then does more. While another
// is on its way to the disk it does nothing: the message will come again.
func (p *participant) enter(txn Txn, next state, then func()) {
	if p.pending[txn] != unknown {
		return
	}
	p.pending[txn] = next
	p.journal.Append(record{txn.Client, txn.Request, next}, func() {
		delete(p.pending, txn)
		p.states[txn] = next
		if next != prepared {
			p.ep.Note("commit: %ss %s", act(next == committed), txn)
			p.doubt = slices.DeleteFunc(p.doubt, func(d doubt) bool { return d.txn == txn })
		}
		then()
	})
}

// obey takes over a decision. What it is not prepared for it has aborted.
func (p *participant) obey(m decision) {
	acknowledge := func() {
		p.ep.Send(p.cfg.Coordinator, acknowledged{m.Txn, p.states[m.Txn] == committed})
	}
	switch p.states[m.Txn] {
	case committed, aborted:
		acknowledge()
	case prepared:
		p.enter(m.Txn, ended(m.Commit), acknowledge)
	default:
		p.enter(m.Txn, aborted, acknowledge)
	}
}

// wait asks for the decision on txn until it comes.
func (p *participant) wait(txn Txn) {
	p.doubt = append(p.doubt, doubt{txn, p.ep.Monotonic()})
	if !p.ask.Running() {
		p.ask.Reset(p.cfg.Retransmit)
	}
}

// inquire asks for the decisions that did not come.
func (p *participant) inquire() {
	if !p.journal.Ready() {
		return
	}
	for _, d := range slices.Clone(p.doubt) {
		if p.cfg.Bug == UnilateralAbort && p.ep.Monotonic().Sub(d.since) >= p.cfg.Patience {
			p.enter(d.txn, aborted, func() {})
			continue
		}
		p.ep.Send(p.cfg.Coordinator, inquiry{d.txn})
	}
	if len(p.doubt) > 0 {
		p.ask.Reset(p.cfg.Retransmit)
	}
}

package models

import (
	"cmp"
	"fmt"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// The bugs of Paxos.
const (
	paxosIgnoresPrepared = "ignores-prepared"
	paxosAcceptAny       = "accept-any-ballot"
	paxosPromiseLower    = "promise-lower"
	paxosLowestVote      = "lowest-vote"
	paxosStaleAccepted   = "stale-accepted"
)

// PaxosBugs returns what can be wrong with Paxos. Breadth-first search with 2 clients and 3
// servers finds the first three in 17 steps. With 2 clients there is no second vote to
// choose from, so lowest-vote needs 3, and stale-accepted does no harm.
func PaxosBugs() []Bug {
	return []Bug{
		{paxosIgnoresPrepared, "a leader proposes its own value, whatever the promises report as accepted"},
		{paxosAcceptAny, "a server accepts a proposal without comparing ballots"},
		{paxosPromiseLower, "a server promises a ballot that is lower than one that it promised before"},
		{paxosLowestVote, "a leader takes over the accepted value with the lowest ballot instead of the greatest"},
		{paxosStaleAccepted, "a leader counts answers to its proposals of earlier ballots"},
	}
}

// Paxos returns the model of a register that is written once, by single-decree Paxos
// (Lamport, "Paxos made simple", SIGACT News 32(4), 2001, section 2): a server that is
// asked to write becomes a leader and proposes that write, until one is decided. It answers
// the client whose write it decided, and reads once it knows the decision; all others wait
// for ever. It has no answers with one server. It panics if h makes no sense.
func Paxos(h Harness) explore.Model {
	return h.model("paxos", PaxosBugs(), func(ep *network.Endpoint) network.Handler {
		return &paxos{ep: ep, servers: h.Servers, bug: h.Bug, ballot: ballot{0, sim.NoHost},
			prepares: map[network.ID]*vote{}, accepts: map[network.ID]bool{}}
	})
}

// ballot is a round of one leader; ballots are ordered by round first.
type ballot struct {
	Round  int
	Leader network.ID
}

func (b ballot) compare(c ballot) int {
	return cmp.Or(cmp.Compare(b.Round, c.Round), cmp.Compare(b.Leader, c.Leader))
}

func (b ballot) String() string { return fmt.Sprintf("%d.%d", b.Round, b.Leader) }

// proposal is a write to be decided.
type proposal struct {
	Request request
	Client  network.ID
	Value   value
}

func (p proposal) String() string { return fmt.Sprintf("%v (%v)", p.Value, p.Request) }

// vote is what a server accepted, nil for nothing.
type vote struct {
	Ballot   ballot
	Proposal proposal
}

func (v *vote) same(w *vote) bool { return v == w || v != nil && w != nil && *v == *w }

func (v *vote) String() string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprintf("%v in %v", v.Proposal, v.Ballot)
}

// The messages between servers.
type (
	prepare  struct{ Ballot ballot }
	prepared struct {
		Ballot   ballot
		Accepted *vote
	}
	accept struct {
		Ballot   ballot
		Proposal proposal
	}
	accepted struct{ Ballot ballot }
	decided  struct {
		Ballot   ballot
		Proposal proposal
	}
)

func (m prepare) String() string { return fmt.Sprintf("prepare %v", m.Ballot) }
func (m prepared) String() string {
	return fmt.Sprintf("prepared %v, accepted %v", m.Ballot, m.Accepted)
}
func (m accept) String() string   { return fmt.Sprintf("accept %v in %v", m.Proposal, m.Ballot) }
func (m accepted) String() string { return fmt.Sprintf("accepted %v", m.Ballot) }
func (m decided) String() string  { return fmt.Sprintf("decided %v in %v", m.Proposal, m.Ballot) }

// paxos is proposer, acceptor and learner in one. Votes and proposals are never changed.
type paxos struct {
	ep      *network.Endpoint
	servers int
	bug     string

	ballot   ballot               // the greatest that it promised
	proposal *proposal            // what it proposes as a leader, from the first write on
	prepares map[network.ID]*vote // the promises for its own ballot, with what they report
	accepts  map[network.ID]bool  // who accepted its proposal
	accepted *vote
	decided  bool
}

// Receive is the whole protocol. A server that knows the decision answers reads only.
func (s *paxos) Receive(from network.ID, msg any) {
	if s.decided {
		if m, ok := msg.(get); ok {
			s.ep.Send(from, getOK{m.Request, s.accepted.Proposal.Value})
		}
		return
	}
	switch m := msg.(type) {
	case put:
		if s.proposal == nil {
			s.lead(proposal{m.Request, from, m.Value})
		}
	case prepare:
		if m.Ballot.compare(s.ballot) > 0 || s.bug == paxosPromiseLower && m.Ballot != s.ballot {
			s.ballot = m.Ballot
			s.ep.Send(from, prepared{m.Ballot, s.accepted})
		}
	case prepared:
		if m.Ballot == s.ballot {
			s.promised(from, m.Accepted)
		}
	case accept:
		if m.Ballot.compare(s.ballot) >= 0 || s.bug == paxosAcceptAny {
			s.ballot, s.accepted = m.Ballot, &vote{m.Ballot, m.Proposal}
			s.ep.Send(from, accepted{m.Ballot})
		}
	case accepted:
		if m.Ballot == s.ballot || s.bug == paxosStaleAccepted {
			s.counted(from)
		}
	case decided:
		s.ballot, s.accepted, s.decided = m.Ballot, &vote{m.Ballot, m.Proposal}, true
	}
}

// lead begins a ballot for p. The leader promises it at once.
func (s *paxos) lead(p proposal) {
	s.proposal = &p
	clear(s.prepares)
	clear(s.accepts)
	s.ballot = ballot{s.ballot.Round + 1, s.ep.ID()}
	s.prepares[s.ep.ID()] = s.accepted
	broadcast(s.ep, s.servers, prepare{s.ballot})
}

// promised counts a promise. With a majority the leader proposes what may have been decided
// already: the vote of the greatest ballot that it was told of; its own write if there is
// none. It accepts that at once.
func (s *paxos) promised(from network.ID, v *vote) {
	if old, ok := s.prepares[from]; ok && old.same(v) {
		again(s.ep, from)
	}
	s.prepares[from] = v
	if len(s.prepares) != majority(s.servers) {
		return
	}
	if v := s.handover(); v != nil {
		s.proposal = &v.Proposal
	}
	s.accepted = &vote{s.ballot, *s.proposal}
	s.accepts[s.ep.ID()] = true
	broadcast(s.ep, s.servers, accept{s.ballot, *s.proposal})
}

// handover returns the vote that a leader has to take over, nil if there is none.
func (s *paxos) handover() (best *vote) {
	if s.bug == paxosIgnoresPrepared {
		return nil
	}
	for id := range network.ID(s.servers) {
		v := s.prepares[id]
		if v == nil {
			continue
		}
		if best == nil || (v.Ballot.compare(best.Ballot) > 0) != (s.bug == paxosLowestVote) {
			best = v
		}
	}
	return best
}

// counted counts a server that accepted the proposal. With a majority it is decided.
func (s *paxos) counted(from network.ID) {
	if s.accepts[from] {
		again(s.ep, from)
	}
	s.accepts[from] = true
	if len(s.accepts) == majority(s.servers) {
		s.decided = true
		broadcast(s.ep, s.servers, decided{s.ballot, *s.proposal})
		s.ep.Send(s.proposal.Client, putOK{s.proposal.Request})
	}
}

package election

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// The messages between servers, each with the term it belongs to.
type (
	askVote   struct{ Term uint64 } // a candidate asks for the vote
	vote      struct{ Term uint64 } // it is given
	heartbeat struct{ Term uint64 } // the leader of the term says so
	newer     struct{ Term uint64 } // an answer to whoever is behind that term
)

// String returns the message as in "ask vote (term 3)".
func (m askVote) String() string { return fmt.Sprintf("ask vote (term %d)", m.Term) }

// String returns the message as in "vote (term 3)".
func (m vote) String() string { return fmt.Sprintf("vote (term %d)", m.Term) }

// String returns the message as in "heartbeat (term 3)".
func (m heartbeat) String() string { return fmt.Sprintf("heartbeat (term %d)", m.Term) }

// String returns the message as in "newer (term 3)".
func (m newer) String() string { return fmt.Sprintf("newer (term %d)", m.Term) }

// role is what a server is in its term.
type role uint8

const (
	follower role = iota
	candidate
	leader
)

// ballot is what a server has to remember: for whom it voted last, and when. The
// last record of its journal counts.
type ballot struct {
	Term uint64
	For  network.ID
}

// server is one that votes, and may be elected.
type server struct {
	cfg     Config
	ep      *network.Endpoint
	journal *nodes.Journal[ballot]

	term    uint64
	role    role
	vote    network.ID // in this term, sim.NoHost if it has none
	leader  network.ID // of this term, sim.NoHost if it knows none
	voters  uint64     // who voted for it in this term: bits by place in cfg.Servers
	answers int        // how many messages said so

	patience *sim.Timer // runs unless it leads
	pulse    *sim.Timer // runs while it leads or asks for votes
}

// Server returns the boot function of the servers.
func Server(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		if !slices.Contains(cfg.Servers, ep.ID()) {
			panic(fmt.Sprintf("election: node %s is not among the servers", ep.Name()))
		}
		s := &server{cfg: cfg, ep: ep, vote: sim.NoHost, leader: sim.NoHost}
		s.patience = ep.Timer("patience", s.campaign)
		s.pulse = ep.Timer("pulse", s.beat)
		s.journal = nodes.OpenJournal(ep, "ballots", func(cast []ballot) {
			if len(cast) > 0 {
				s.term, s.vote = cast[len(cast)-1].Term, cast[len(cast)-1].For
			}
			s.watch()
		})
		return s
	}
}

// Receive is the whole protocol. Whoever writes from an earlier term is told so.
func (s *server) Receive(from network.ID, msg any) {
	if !s.journal.Ready() || !slices.Contains(s.cfg.Servers, from) {
		return
	}
	switch m := msg.(type) {
	case askVote:
		if s.enter(from, m.Term) {
			s.consider(from)
		}
	case vote:
		if s.role == candidate && (m.Term == s.term || s.cfg.Bug == StaleTerm) {
			s.count(from)
		}
	case heartbeat:
		if s.enter(from, m.Term) && s.role != leader {
			s.follow(from)
		}
	case newer:
		s.enter(from, m.Term)
	}
}

// enter goes over to a term that is later, and reports false if it is over.
func (s *server) enter(from network.ID, term uint64) bool {
	if term < s.term {
		s.ep.Send(from, newer{s.term})
		return false
	}
	if term > s.term {
		s.begin(term, follower, sim.NoHost)
		if !s.patience.Running() {
			s.watch()
		}
	}
	return true
}

// begin starts a term with nothing but an own vote, if any.
func (s *server) begin(term uint64, role role, vote network.ID) {
	s.pulse.Stop()
	s.term, s.role, s.vote = term, role, vote
	s.leader, s.voters, s.answers = sim.NoHost, 0, 0
	s.ep.Note("election: enters term %d", term)
}

// watch waits for the leader to fall silent. How long depends on the term: servers
// that stood in one another's way are not likely to do so in the next.
func (s *server) watch() {
	key := s.ep.Key("patience").Num(uint64(s.ep.Boots())).Num(s.term)
	s.patience.Reset(s.cfg.Timeout + time.Duration(key.Below(int(s.cfg.Timeout))))
}

// campaign stands for election in the next term.
func (s *server) campaign() {
	if !s.journal.Ready() {
		return
	}
	s.begin(s.term+1, candidate, s.ep.ID())
	s.watch()
	s.remember(func(b ballot) {
		if b.Term == s.term && s.role == candidate {
			s.pulse.Reset(0)
			s.count(s.ep.ID())
		}
	})
}

// remember has the vote durable before it is told.
func (s *server) remember(then func(ballot)) {
	b := ballot{s.term, s.vote}
	if s.cfg.Bug == ForgetsVote {
		then(b)
		return
	}
	s.journal.Append(b, func() { then(b) })
}

// consider gives the vote to whoever asks first, and again if the answer was lost.
func (s *server) consider(from network.ID) {
	if s.vote != sim.NoHost && s.vote != from {
		return
	}
	s.vote = from
	s.watch()
	s.remember(func(b ballot) { s.ep.Send(from, vote{b.Term}) })
}

// count takes a vote, and leads once it has a majority.
func (s *server) count(from network.ID) {
	s.voters |= 1 << slices.Index(s.cfg.Servers, from)
	s.answers++
	votes := bits.OnesCount64(s.voters)
	if s.cfg.Bug == VotesByMessage {
		votes = s.answers
	}
	if votes < s.cfg.majority() {
		return
	}
	s.role, s.leader = leader, s.ep.ID()
	s.ep.Note("election: leads term %d", s.term)
	s.patience.Stop()
	s.beat()
}

// beat tells the others that this server leads, or would like to.
func (s *server) beat() {
	if !s.journal.Ready() {
		return
	}
	var msg any = heartbeat{s.term}
	if s.role == candidate {
		msg = askVote{s.term}
	}
	for i, id := range s.cfg.Servers {
		if id != s.ep.ID() && (s.role == leader || s.voters&(1<<i) == 0) {
			s.ep.Send(id, msg)
		}
	}
	s.pulse.Reset(s.cfg.Heartbeat)
}

// follow takes from for the leader of the term.
func (s *server) follow(from network.ID) {
	if s.role == candidate {
		s.role = follower
		s.pulse.Stop()
	}
	if s.leader != from {
		s.leader = from
		s.ep.Note("election: follows %d in term %d", from, s.term)
	}
	s.watch()
}

package models

import (
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// The messages between servers, each with its sender's term.
type (
	askVote struct{ Term, Last, LastTerm int } // how many entries the candidate has, and the term of the last
	granted struct{ Term int }                 // the vote
	extend  struct {                           // AppendEntries of the paper: what comes after Prev
		Term, Prev, PrevTerm, Commit int
		Entries                      []entry
	}
	extended struct{ Term, Match int } // so many entries are as the leader's
	refused  struct{ Term, Prev int }  // no entry Prev of that term is there
)

// String returns the message as in "ask vote in term 2 with 1 entries, last of term 1".
func (m askVote) String() string {
	return fmt.Sprintf("ask vote in term %d with %d entries, last of term %d", m.Term, m.Last, m.LastTerm)
}

// String returns the message as in "vote in term 2".
func (m granted) String() string { return fmt.Sprintf("vote in term %d", m.Term) }

// String returns the message as in "extend in term 2 after 0 of term 0 by [1 by 0], committed 0".
func (m extend) String() string {
	return fmt.Sprintf("extend in term %d after %d of term %d by %v, committed %d",
		m.Term, m.Prev, m.PrevTerm, m.Entries, m.Commit)
}

// String returns the message as in "extended to 1 in term 2".
func (m extended) String() string { return fmt.Sprintf("extended to %d in term %d", m.Match, m.Term) }

// String returns the message as in "refused after 1 in term 2".
func (m refused) String() string { return fmt.Sprintf("refused after %d in term %d", m.Prev, m.Term) }

// Receive takes a message of this term or a later one; what is behind is ignored.
func (r *raft) Receive(from network.ID, msg any) {
	switch m := msg.(type) {
	case askVote:
		if r.enter(m.Term) {
			r.consider(from, m)
		}
	case granted:
		if r.enter(m.Term) && r.role == raftCandidate {
			r.count(from)
		}
	case extend:
		if r.enter(m.Term) && r.role != raftLeader {
			r.follow(from, m)
		}
	case extended:
		if r.enter(m.Term) && r.role == raftLeader {
			r.match[from] = max(r.match[from], m.Match)
			r.next[from] = max(r.next[from], m.Match)
			r.advance()
			r.retire()
		}
	case refused:
		if r.enter(m.Term) && r.role == raftLeader && m.Prev == r.next[from] {
			r.next[from]--
			r.replicate(from)
		}
	}
}

// stand begins an election (section 5.2).
func (r *raft) stand() {
	r.term, r.vote = r.term+1, r.ep.ID()
	r.turn(raftCandidate)
	ask := askVote{r.term, len(r.log), r.termOf(len(r.log))}
	r.save(func() {
		for _, to := range r.others() {
			r.ep.Send(to, ask)
		}
		if r.term == ask.Term && r.role == raftCandidate {
			r.count(r.ep.ID())
		}
	})
}

// consider gives the vote to the first that asks, if its log is not behind (section 5.4.1).
func (r *raft) consider(from network.ID, m askVote) {
	free := r.vote == sim.NoHost || r.vote == from || r.cfg.Bug == raftDoubleVote
	last := r.termOf(len(r.log))
	behind := m.LastTerm < last || m.LastTerm == last && m.Last < len(r.log)
	if free && (!behind || r.cfg.Bug == raftBlindVote) {
		r.vote = from
		r.arm()
		r.answer(from, granted{r.term})
	}
}

// count takes a vote, and leads with those of a majority.
func (r *raft) count(from network.ID) {
	r.votes[from] = true
	if !r.agree(func(id network.ID) bool { return r.votes[id] }) {
		return
	}
	r.turn(raftLeader)
	r.ep.Note("raft: leads term %d", r.term)
	for to := range network.ID(r.cfg.Servers + r.cfg.Spares) {
		r.next[to] = len(r.log)
	}
	r.match[r.ep.ID()] = len(r.log)
	r.replicateAll()
}

// extend appends a command.
func (r *raft) extend() { r.append(r.command()) }

// command returns an entry that leaves the members as they are.
func (r *raft) command() entry { return entry{r.term, r.ep.ID(), sim.NoHost, sim.NoHost} }

// append appends an entry, and has the others do so once it is durable.
func (r *raft) append(e entry) {
	r.log = append(r.log, e)
	r.arm()
	term, length := r.term, len(r.log)
	r.save(func() {
		if r.term == term {
			r.match[r.ep.ID()] = length
			r.advance()
			r.replicateAll()
			r.retire()
		}
	})
}

// beat repeats what there is.
func (r *raft) beat() {
	r.beats--
	r.arm()
	r.replicateAll()
}

func (r *raft) replicateAll() {
	for _, to := range r.others() {
		r.replicate(to)
	}
}

// replicate sends what the other is not thought to have (section 5.3).
func (r *raft) replicate(to network.ID) {
	prev := r.next[to]
	r.ep.Send(to, extend{r.term, prev, r.termOf(prev), r.commit, slices.Clone(r.log[prev:])})
}

// follow takes the leader's entries for its own, from where they differ on.
func (r *raft) follow(from network.ID, m extend) {
	r.turn(raftFollower)
	if m.Prev > len(r.log) || r.termOf(m.Prev) != m.PrevTerm {
		r.answer(from, refused{r.term, m.Prev})
		return
	}
	for i, e := range m.Entries {
		at := m.Prev + i
		if at < len(r.log) && r.log[at].Term != e.Term {
			r.log = r.log[:at]
		}
		if at == len(r.log) {
			r.log = append(r.log, e)
		}
	}
	r.arm() // who is removed, or new, may stand or not
	match := m.Prev + len(m.Entries)
	r.commit = max(r.commit, min(m.Commit, match))
	r.answer(from, extended{r.term, match})
}

// advance commits what a majority has, if the last of it is of this term: an earlier one may
// still be overwritten (section 5.4.2 and figure 8).
func (r *raft) advance() {
	for n := len(r.log); n > r.commit; n-- {
		stored := r.agree(func(id network.ID) bool { return r.match[id] >= n })
		if stored && (r.termOf(n) == r.term || r.cfg.Bug == raftFigure8) {
			r.commit = n
		}
	}
	r.arm() // it may change the members now
}

package models

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// The bugs of Raft.
const (
	raftVoteNotPersisted = "vote-not-persisted"
	raftDoubleVote       = "double-vote"
	raftBlindVote        = "blind-vote"
	raftEarlyChange      = "early-change"
	raftFigure8          = "figure-8"
)

// RaftBugs returns what can be wrong with Raft, beginning with what is found in the fewest
// steps. The second needs a crash and a restart, the third two terms, the fourth three and
// changes of the members, of which there are four at first, and the last four terms.
func RaftBugs() []Bug {
	return []Bug{
		{raftDoubleVote, "a server votes for every candidate of a term"},
		{raftVoteNotPersisted, "a server forgets in a crash whom it voted for"},
		{raftBlindVote, "a server votes for candidates whose logs are behind its own"},
		{raftEarlyChange, "a leader changes the members before it has committed an entry of its term"},
		{raftFigure8, "a leader commits entries of earlier terms once a majority has them"},
	}
}

// RaftConfig bounds Raft. The zero value of a field is its default.
type RaftConfig struct {
	Servers int // 3
	MaxTerm int // no server stands for a term beyond it; 2
	MaxLog  int // leaders append until their logs are so long; 1, and 32 at most
	// Heartbeats is how often a leader repeats to all what it has, in each term. Without
	// crashes and losses nothing depends on it; 0.
	Heartbeats int
	// UnderWay, if not 0, lets messages be lost, and bounds how many are under way: with 2 of
	// them a search gets through four terms, which figure-8 needs.
	UnderWay int
	// Changes is how many changes of the members there may be in a log. A leader adds or
	// removes any one server, after an entry of its term: logs need room for both.
	Changes int
	Spares  int    // further servers, which are no members at first
	Bug     string // one of RaftBugs

	// Volatile servers keep nothing on a disk. Raft sets it if no server restarts.
	Volatile bool
}

// maxRaftLog is how many entries fit the disk.
const maxRaftLog = 32

// check fills in defaults. It panics if cfg makes no sense.
func (cfg RaftConfig) check() RaftConfig {
	for _, f := range []struct {
		of    *int
		value int
	}{{&cfg.Servers, 3}, {&cfg.MaxTerm, 2}, {&cfg.MaxLog, 1}} {
		if *f.of == 0 {
			*f.of = f.value
		}
	}
	atLeast("raft", "servers", cfg.Servers, 1)
	atLeast("raft", "spares", cfg.Spares, 0)
	demand("raft", cfg.Bug, RaftBugs())
	if cfg.MaxLog > maxRaftLog {
		panic(fmt.Sprintf("models: raft with a log of %d entries, expected at most %d", cfg.MaxLog, maxRaftLog))
	}
	return cfg
}

// Raft is the consensus of Ongaro and Ousterhout ("In search of an understandable consensus
// algorithm", USENIX ATC 2014, extended version): elections and log replication, in the terms
// and with the log lengths that cfg allows, and changes of one member at a time. There are no
// snapshots. A server that is behind is not answered with a refusal of its term: what others
// send tells it as well. Timers fire at any time. It panics if cfg makes no sense.
func Raft(cfg RaftConfig, faults explore.Budget) explore.Model {
	cfg = cfg.check()
	cfg.Volatile = cfg.Volatile || faults.Restarts == 0
	m := explore.Model{Name: "raft", Faults: faults}
	if cfg.UnderWay > 0 {
		m.Lossy = true
		m.Within = func(s *explore.State) bool { return len(s.Messages()) <= cfg.UnderWay }
	}
	all := cfg.Servers + cfg.Spares
	for i := range all {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("s%d", i), Boot: bootRaft(cfg)})
	}
	if cfg.Volatile && len(faults.Crashable) == 0 && len(faults.Cuts) == 0 { // no member in bytes on a disk
		m.Symmetric = []explore.Group{{Nodes: ids(0, cfg.Servers)}}
		if cfg.Spares > 1 {
			m.Symmetric = append(m.Symmetric, explore.Group{Nodes: ids(cfg.Servers, cfg.Spares)})
		}
	}
	always := func(name string, holds func([]*raft) error) explore.Property {
		return explore.Always(name, func(s *explore.State) error { return holds(handlers[*raft](s, all)) })
	}
	m.Properties = []explore.Property{
		always("election safety", electionSafety),
		always("log matching", logMatching),
		always("leader completeness", leaderCompleteness),
		always("state machine safety", stateMachineSafety),
		explore.Sometimes("entry committed", func(s *explore.State) bool {
			return slices.ContainsFunc(handlers[*raft](s, all), func(r *raft) bool { return r.commit > 0 })
		}),
	}
	if cfg.Changes > 0 {
		m.Properties = append(m.Properties, explore.Sometimes("change committed", func(s *explore.State) bool {
			return slices.ContainsFunc(handlers[*raft](s, all), func(r *raft) bool {
				return slices.ContainsFunc(r.log[:r.commit], entry.changes)
			})
		}))
	}
	return m
}

// entry of a log: what the leader of a term was asked to append. The paper has a command in
// it, of which only its leader is of interest here, unless it changes the members.
type entry struct {
	Term          int
	By            network.ID
	Adds, Removes network.ID // the one that it adds or removes, sim.NoHost for none
}

// String returns the entry as in "1 by 0" or "1 by 0 removes 3".
func (e entry) String() string {
	text := fmt.Sprintf("%d by %d", e.Term, e.By)
	switch {
	case e.Adds != sim.NoHost:
		text += fmt.Sprintf(" adds %d", e.Adds)
	case e.Removes != sim.NoHost:
		text += fmt.Sprintf(" removes %d", e.Removes)
	}
	return text
}

// changes reports whether the entry changes the members.
func (e entry) changes() bool { return e.Adds != sim.NoHost || e.Removes != sim.NoHost }

// raftRole is what a server is in its term.
type raftRole string

const (
	raftFollower  raftRole = "follower"
	raftCandidate raftRole = "candidate"
	raftLeader    raftRole = "leader"
)

// raft is a server. Entries are numbered from 1 on; 0 stands for the place before them.
type raft struct {
	cfg RaftConfig
	ep  *network.Endpoint

	term int        // on disk, as are the next two
	vote network.ID // in this term, sim.NoHost if it has given none
	log  []entry

	role   raftRole
	commit int                 // so many entries are known to be committed
	votes  map[network.ID]bool // of a candidate: who voted for it
	next   map[network.ID]int  // of a leader: so many entries the other is thought to have
	match  map[network.ID]int  // of a leader: so many it is known to have
	beats  int                 // of a leader: how often it repeats itself

	election, propose, heartbeat, changing *sim.Timer
}

func bootRaft(cfg RaftConfig) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		r := &raft{cfg: cfg, ep: ep, vote: sim.NoHost}
		r.election = ep.Timer("election", r.stand)
		r.propose = ep.Timer("propose", r.extend)
		r.heartbeat = ep.Timer("heartbeat", r.beat)
		r.changing = ep.Timer("change", r.change)
		if !cfg.Volatile {
			r.load()
		}
		r.turn(raftFollower)
		return r
	}
}

// turn begins a role afresh.
func (r *raft) turn(to raftRole) {
	r.role, r.votes, r.next, r.match, r.beats = to, nil, nil, nil, 0
	switch to {
	case raftCandidate:
		r.votes = map[network.ID]bool{}
	case raftLeader:
		r.next, r.match, r.beats = map[network.ID]int{}, map[network.ID]int{}, r.cfg.Heartbeats
	}
	r.arm()
}

// arm has the timers run whose steps are possible: those of a follower that hears from its
// leader start anew.
func (r *raft) arm() {
	leads := r.role == raftLeader
	r.election.Stop()
	arm(r.election, !leads && r.stands(), r.patience())
	arm(r.propose, leads && len(r.log) < r.cfg.MaxLog, pace(r.ep, "propose"))
	arm(r.changing, leads && r.mayChange(), pace(r.ep, "change"))
	arm(r.heartbeat, leads && r.beats > 0, 50*time.Millisecond)
}

// patience is how long a server waits for a leader in a world: 150 to 300 ms, different in
// each term so that candidates do not stand in one another's way for ever (section 5.2).
func (r *raft) patience() time.Duration {
	return time.Duration(150+r.ep.Key("patience").Num(uint64(r.term)).Below(150)) * time.Millisecond
}

// enter goes over to a later term, in which it has not voted, and reports whether a message
// of a term is still of interest.
func (r *raft) enter(term int) bool {
	if term > r.term {
		r.term, r.vote = term, sim.NoHost
		r.turn(raftFollower)
	}
	return term == r.term
}

// termOf returns the term of an entry, 0 of that before the first.
func (r *raft) termOf(index int) int {
	if index == 0 {
		return 0
	}
	return r.log[index-1].Term
}

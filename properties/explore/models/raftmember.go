package models

import (
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// The change of members one at a time of Ongaro's dissertation ("Consensus: Bridging theory
// and practice", 2014, section 4.1), with what he added to it a year later ("bug in
// single-server membership changes", raft-dev, 2015): a leader changes nothing before it has
// committed an entry of its own term. New members are sent the whole log from the beginning,
// without being caught up before (section 4.2.1), which is of no account to safety.

// members returns who votes by the latest configuration in the log, committed or not: one
// takes effect when it is appended.
func (r *raft) members() []network.ID {
	all := ids(0, r.cfg.Servers)
	for _, e := range r.log {
		switch {
		case e.Adds != sim.NoHost:
			all = append(all, e.Adds)
		case e.Removes != sim.NoHost:
			all = slices.DeleteFunc(all, func(id network.ID) bool { return id == e.Removes })
		}
	}
	return all
}

// others returns the members but for r itself, in the order of their numbers.
func (r *raft) others() []network.ID {
	all := slices.DeleteFunc(r.members(), func(id network.ID) bool { return id == r.ep.ID() })
	slices.Sort(all)
	return all
}

// agree reports whether has is true of more than half of the members. A leader that is
// removing itself does not count (section 4.2.2).
func (r *raft) agree(has func(network.ID) bool) bool {
	members := r.members()
	have := 0
	for _, id := range members {
		if has(id) {
			have++
		}
	}
	return have >= majority(len(members))
}

// changes returns how many changes of members are in the log, and the number of the last, 0
// for none.
func (r *raft) changes() (n, last int) {
	for i, e := range r.log {
		if e.changes() {
			n, last = n+1, i+1
		}
	}
	return n, last
}

// mayChange reports whether a leader may begin a change: the one before is committed, and so
// is an entry of its term. Without the latter, two leaders may each have taken a step from
// the same configuration, of which one does not know, and the majorities of an even number
// of servers with one more or one less need not overlap.
func (r *raft) mayChange() bool {
	n, last := r.changes()
	return n < r.cfg.Changes && len(r.log) < r.cfg.MaxLog && last <= r.commit &&
		(r.termOf(r.commit) == r.term || r.cfg.Bug == raftEarlyChange)
}

// change adds or removes a server, any but the only one that is left.
func (r *raft) change() {
	members := r.members()
	var possible []entry
	for _, id := range ids(0, r.cfg.Servers+r.cfg.Spares) {
		e := r.command()
		switch {
		case !slices.Contains(members, id):
			e.Adds = id
		case len(members) > 1:
			e.Removes = id
		default:
			continue
		}
		possible = append(possible, e)
	}
	r.append(possible[r.ep.Choose("change", len(possible))])
}

// stands reports whether a server stands for election. One that the latest configuration does
// not have goes on to, because it may be needed until that is committed (section 4.2.2), but
// one that was never told of anything does not.
func (r *raft) stands() bool {
	return r.term < r.cfg.MaxTerm && (len(r.log) > 0 || slices.Contains(r.members(), r.ep.ID()))
}

// retire has a leader step down that has removed itself, once that is committed.
func (r *raft) retire() {
	if _, last := r.changes(); r.role == raftLeader && last <= r.commit && !slices.Contains(r.members(), r.ep.ID()) {
		r.turn(raftFollower)
	}
}

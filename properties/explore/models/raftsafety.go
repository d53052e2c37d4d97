package models

import (
	"fmt"
	"slices"
)

// The claims of figure 3 of the paper, of the servers that are up. They hold for any two.

// electionSafety returns an error if two lead one term.
func electionSafety(all []*raft) error {
	return pairs(all, func(a, b *raft) error {
		if a.role == raftLeader && b.role == raftLeader && a.term == b.term {
			return fmt.Errorf("%s and %s lead term %d", a.ep.Name(), b.ep.Name(), a.term)
		}
		return nil
	})
}

// logMatching returns an error if two logs agree in the term of an entry, and differ in it or
// one before.
func logMatching(all []*raft) error {
	return pairs(all, func(a, b *raft) error {
		same := true
		for i := range min(len(a.log), len(b.log)) {
			same = same && a.log[i] == b.log[i]
			if !same && a.log[i].Term == b.log[i].Term {
				return fmt.Errorf("the logs of %s and %s have an entry %d of term %d and differ up to it",
					a.ep.Name(), b.ep.Name(), i+1, a.log[i].Term)
			}
		}
		return nil
	})
}

// leaderCompleteness returns an error if a leader lacks an entry that another one knows to be
// committed, in the leader's term or before.
func leaderCompleteness(all []*raft) error {
	return pairs(all, func(a, b *raft) error {
		if b.role == raftLeader && b.term >= a.term &&
			(len(b.log) < a.commit || !slices.Equal(a.log[:a.commit], b.log[:a.commit])) {
			return fmt.Errorf("%s leads term %d without what %s has committed", b.ep.Name(), b.term, a.ep.Name())
		}
		return nil
	})
}

// stateMachineSafety returns an error if two have committed different entries at one place.
func stateMachineSafety(all []*raft) error {
	return pairs(all, func(a, b *raft) error {
		if n := min(a.commit, b.commit); !slices.Equal(a.log[:n], b.log[:n]) {
			return fmt.Errorf("%s and %s have committed different entries", a.ep.Name(), b.ep.Name())
		}
		return nil
	})
}

// pairs returns the first error of all ordered pairs of servers.
func pairs(all []*raft, check func(a, b *raft) error) error {
	for _, a := range all {
		for _, b := range all {
			if a == b {
				continue
			}
			if err := check(a, b); err != nil {
				return err
			}
		}
	}
	return nil
}

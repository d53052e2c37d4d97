package commit

import (
	"fmt"

	"phoenix/network"
)

// Txn names a transaction: the request of a client. It prints as in "3#7".
type Txn struct {
	Client  network.ID
	Request uint64
}

// String returns the number of the client and of its request, as in "3#7".
func (t Txn) String() string { return fmt.Sprintf("%d#%d", t.Client, t.Request) }

// The messages between coordinator and participants.
type (
	prepare struct{ Txn Txn } // asks for the vote
	vote    struct {          // answers a prepare
		Txn Txn
		Yes bool
	}
	decision struct { // tells what was decided
		Txn    Txn
		Commit bool
	}
	acknowledged struct { // answers a decision: what was done
		Txn    Txn
		Commit bool
	}
	inquiry struct{ Txn Txn } // asks for the decision
)

// String returns the message as in "prepare 3#7".
func (m prepare) String() string { return fmt.Sprintf("prepare %s", m.Txn) }

// String returns the message as in "vote yes on 3#7".
func (m vote) String() string { return fmt.Sprintf("vote %s on %s", answer(m.Yes), m.Txn) }

// String returns the message as in "decision to commit 3#7".
func (m decision) String() string { return fmt.Sprintf("decision to %s %s", act(m.Commit), m.Txn) }

// String returns the message as in "acknowledged commit of 3#7".
func (m acknowledged) String() string {
	return fmt.Sprintf("acknowledged %s of %s", act(m.Commit), m.Txn)
}

// String returns the message as in "inquiry about 3#7".
func (m inquiry) String() string { return fmt.Sprintf("inquiry about %s", m.Txn) }

func answer(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func act(commit bool) string {
	if commit {
		return "commit"
	}
	return "abort"
}

// state is how far a node has come with a transaction.
type state uint8

const (
	unknown   state = iota
	begun           // at the coordinator: asked for votes
	prepared        // at a participant: voted yes, and bound by that
	committed       // the end
	aborted         // the end
)

var stateNames = [...]string{"unknown", "begun", "prepared", "committed", "aborted"}

// String returns the name of s, such as "committed".
func (s state) String() string { return stateNames[s] }

func ended(commit bool) state {
	if commit {
		return committed
	}
	return aborted
}

// record is an entry of a node's journal: it came to that state.
type record struct {
	Client  network.ID
	Request uint64
	State   state
}

func (r record) txn() Txn { return Txn{r.Client, r.Request} }

package commit

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// The durations of a Config that does not give them.
const (
	DefaultRetransmit = 30 * time.Millisecond
	DefaultPatience   = 200 * time.Millisecond
)

// Config says what coordinator and participants have in common. Coordinator and
// Participants are required; every other zero value stands for the default. Nobody
// may change Participants once a world runs.
type Config struct {
	// Coordinator is the node that clients ask.
	Coordinator network.ID
	// Participants are the nodes that vote, at most 64; the coordinator is none.
	Participants []network.ID
	// Refuse is the probability that a participant votes against a transaction. It is
	// drawn for each pair of them: the same whenever it is asked.
	Refuse sim.Prob
	// Retransmit is how often what was not answered is sent again; 0 means
	// DefaultRetransmit.
	Retransmit time.Duration
	// Patience is how long the coordinator waits for votes before it aborts; 0 means
	// DefaultPatience.
	Patience time.Duration
	// Bug names a mistake to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if the nodes cannot do a commit.
func (cfg Config) check() Config {
	cfg.Bug.check()
	for i, id := range cfg.Participants {
		if id == cfg.Coordinator || slices.Contains(cfg.Participants[:i], id) {
			panic(fmt.Sprintf("commit: node %d is listed twice", id))
		}
	}
	if n := len(cfg.Participants); n == 0 || n > 64 {
		panic(fmt.Sprintf("commit: %d participants, expected 1 to 64", n))
	}
	if cfg.Retransmit == 0 {
		cfg.Retransmit = DefaultRetransmit
	}
	if cfg.Patience == 0 {
		cfg.Patience = DefaultPatience
	}
	return cfg
}

// Bug names a mistake planted in the protocol, for tests and demonstrations only.
type Bug string

// The planted bugs.
const (
	// NoBug is the protocol as it should be.
	NoBug Bug = ""
	// LostDecision has the coordinator tell its decision before that is on its disk:
	// after a crash it aborts what it told some to commit.
	LostDecision Bug = "lost-decision"
	// UnilateralAbort has a participant that voted yes abort when it has waited for
	// the decision as long as the coordinator waits for votes.
	UnilateralAbort Bug = "unilateral-abort"
	// PresumedCommit has a coordinator that comes back commit what it had begun and
	// not decided.
	PresumedCommit Bug = "presumed-commit"
	// ForgetsPrepare has a participant vote yes before that is on its disk: after a
	// crash it has never heard of what it promised to commit.
	ForgetsPrepare Bug = "forgets-prepare"
)

// Bugs returns the planted bugs.
func Bugs() []Bug {
	return []Bug{LostDecision, UnilateralAbort, PresumedCommit, ForgetsPrepare}
}

// check panics if there is no such bug.
func (b Bug) check() {
	if b != NoBug && !slices.Contains(Bugs(), b) {
		panic(fmt.Sprintf("commit: bug %.60q, expected one of %q", b, Bugs()))
	}
}

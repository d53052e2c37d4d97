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
	// Bug is a mistake to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if the nodes cannot do a commit.
func (cfg Config) check() Config {
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

// Bug is a mistake planted in the protocol, for tests and demonstrations only.
type Bug uint8

// The planted bugs.
const (
	// NoBug is the protocol as it should be.
	NoBug Bug = iota
	// LostDecision has the coordinator tell its decision before that is on its disk:
	// after a crash it aborts what it told some to commit.
	LostDecision
	// UnilateralAbort has a participant that voted yes abort when it has waited for
	// the decision as long as the coordinator waits for votes.
	UnilateralAbort
	// PresumedCommit has a coordinator that comes back commit what it had begun and
	// not decided.
	PresumedCommit
	// ForgetsPrepare has a participant vote yes before that is on its disk: after a
	// crash it has never heard of what it promised to commit.
	ForgetsPrepare
)

var bugNames = [...]string{"none", "lost-decision", "unilateral-abort", "presumed-commit", "forgets-prepare"}

// String returns a name such as "lost-decision", "none" for NoBug.
func (b Bug) String() string {
	if int(b) < len(bugNames) {
		return bugNames[b]
	}
	return fmt.Sprintf("bug(%d)", uint8(b))
}

// Bugs returns the planted bugs.
func Bugs() []Bug { return []Bug{LostDecision, UnilateralAbort, PresumedCommit, ForgetsPrepare} }

// ParseBug returns the bug that String names so.
func ParseBug(name string) (Bug, error) {
	if i := slices.Index(bugNames[:], name); i >= 0 {
		return Bug(i), nil
	}
	return NoBug, fmt.Errorf("bug %.60q: expected one of %q", name, bugNames)
}

// MarshalText returns String, so that documents hold bugs by name.
func (b Bug) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText is ParseBug. On an error b is left as it was.
func (b *Bug) UnmarshalText(text []byte) error {
	parsed, err := ParseBug(string(text))
	if err != nil {
		return err
	}
	*b = parsed
	return nil
}

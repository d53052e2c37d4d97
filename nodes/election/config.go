package election

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
)

// The durations of a Config that does not give them.
const (
	DefaultHeartbeat = 20 * time.Millisecond
	DefaultTimeout   = 100 * time.Millisecond
)

// Config says what the servers have in common. Servers is required; every other
// zero value stands for the default. Nobody may change Servers once a world runs.
type Config struct {
	// Servers are those that vote, at most 64, in an order that all agree on.
	Servers []network.ID
	// Heartbeat is how often a leader tells that it leads, and how often a candidate
	// asks again; 0 means DefaultHeartbeat.
	Heartbeat time.Duration
	// Timeout is how long at least a server does without a leader before it stands
	// for election; each draws up to twice as long for each term. It should be
	// several times Heartbeat and the delay of messages. 0 means DefaultTimeout.
	Timeout time.Duration
	// Bug is a mistake to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if the servers cannot vote.
func (cfg Config) check() Config {
	for i, id := range cfg.Servers {
		if slices.Contains(cfg.Servers[:i], id) {
			panic(fmt.Sprintf("election: server %d is listed twice", id))
		}
	}
	if n := len(cfg.Servers); n == 0 || n > 64 {
		panic(fmt.Sprintf("election: %d servers, expected 1 to 64", n))
	}
	if cfg.Heartbeat == 0 {
		cfg.Heartbeat = DefaultHeartbeat
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	return cfg
}

// majority returns how many votes make a leader.
func (cfg Config) majority() int {
	if cfg.Bug == HalfIsEnough {
		return max(len(cfg.Servers)/2, 1)
	}
	return len(cfg.Servers)/2 + 1
}

// Bug is a mistake planted in the election, for tests and demonstrations only.
type Bug uint8

// The planted bugs.
const (
	// NoBug is the election as it should be.
	NoBug Bug = iota
	// ForgetsVote has a server keep its vote in memory: after a crash it votes a
	// second time in the same term.
	ForgetsVote
	// VotesByMessage has a candidate count answers instead of voters: an answer that
	// arrives twice is two votes. It needs at least four servers to show.
	VotesByMessage
	// HalfIsEnough has half of the servers elect, rounded down.
	HalfIsEnough
	// StaleTerm has a candidate count votes that it was given in an earlier term.
	StaleTerm
)

var bugNames = [...]string{"none", "forgets-vote", "votes-by-message", "half-is-enough", "stale-term"}

// String returns a name such as "forgets-vote", "none" for NoBug.
func (b Bug) String() string {
	if int(b) < len(bugNames) {
		return bugNames[b]
	}
	return fmt.Sprintf("bug(%d)", uint8(b))
}

// Bugs returns the planted bugs.
func Bugs() []Bug { return []Bug{ForgetsVote, VotesByMessage, HalfIsEnough, StaleTerm} }

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

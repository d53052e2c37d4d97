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
	// Bug names a mistake to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if the servers cannot vote.
func (cfg Config) check() Config {
	cfg.Bug.check()
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

// Bug names a mistake planted in the election, for tests and demonstrations only.
type Bug string

// The planted bugs.
const (
	// NoBug is the election as it should be.
	NoBug Bug = ""
	// ForgetsVote has a server keep its vote in memory: after a crash it votes a
	// second time in the same term.
	ForgetsVote Bug = "forgets-vote"
	// VotesByMessage has a candidate count answers instead of voters: an answer that
	// arrives twice is two votes. It needs at least four servers to show.
	VotesByMessage Bug = "votes-by-message"
	// HalfIsEnough has half of the servers elect, rounded down.
	HalfIsEnough Bug = "half-is-enough"
	// StaleTerm has a candidate count votes that it was given in an earlier term.
	StaleTerm Bug = "stale-term"
)

// Bugs returns the planted bugs.
func Bugs() []Bug {
	return []Bug{ForgetsVote, VotesByMessage, HalfIsEnough, StaleTerm}
}

// check panics if there is no such bug.
func (b Bug) check() {
	if b != NoBug && !slices.Contains(Bugs(), b) {
		panic(fmt.Sprintf("election: bug %.60q, expected one of %q", b, Bugs()))
	}
}

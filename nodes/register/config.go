package register

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
)

// The durations of a Config that does not give them.
const (
	DefaultRetransmit = 50 * time.Millisecond
	DefaultHeartbeat  = 20 * time.Millisecond
	DefaultFailover   = 100 * time.Millisecond
)

// Config says what the servers of a store have in common. Servers is required;
// every other zero value stands for the default. Nobody may change Servers once
// a world runs.
type Config struct {
	// Servers are the nodes of the cluster, at most 64, in an order that all
	// agree on. They are the numbers that network.Network.Add returns: 0, 1, 2
	// and so on for the first nodes of a world.
	Servers []network.ID
	// Retransmit is how often ABD sends again what was not answered; 0 means
	// DefaultRetransmit.
	Retransmit time.Duration
	// Heartbeat is how often a primary tells its backups its state, and so how
	// late they know of a write; 0 means DefaultHeartbeat.
	Heartbeat time.Duration
	// Failover is how long the first backup in line does without a heartbeat
	// before it takes over; the second waits twice as long, and so on. It should
	// be several times Heartbeat. 0 means DefaultFailover.
	Failover time.Duration
	// Durable has the servers of ABD keep on their disks what they acknowledge, and
	// vote again after a crash.
	Durable bool
	// LogLimit is how long the log of such a server may get, in bytes, before a
	// snapshot replaces it; 0 means nodes.DefaultLogLimit.
	LogLimit int
	// Bug names a mistake for ABD to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if the servers cannot be a cluster.
func (cfg Config) check() Config {
	cfg.Bug.check()
	for i, id := range cfg.Servers {
		if slices.Contains(cfg.Servers[:i], id) {
			panic(fmt.Sprintf("register: server %d is listed twice", id))
		}
	}
	if n := len(cfg.Servers); n == 0 || n > 64 {
		panic(fmt.Sprintf("register: %d servers, expected 1 to 64", n))
	}
	if cfg.Retransmit == 0 {
		cfg.Retransmit = DefaultRetransmit
	}
	if cfg.Heartbeat == 0 {
		cfg.Heartbeat = DefaultHeartbeat
	}
	if cfg.Failover == 0 {
		cfg.Failover = DefaultFailover
	}
	return cfg
}

// index returns the place of a server in the cluster. It panics if ep is none.
func (cfg Config) index(ep *network.Endpoint) int {
	i := slices.Index(cfg.Servers, ep.ID())
	if i < 0 {
		panic(fmt.Sprintf("register: node %s is not among the servers", ep.Name()))
	}
	return i
}

// Bug names a mistake planted in ABD, for tests and demonstrations only. Each
// needs at least three servers to show.
type Bug string

// The planted bugs.
const (
	// NoBug is ABD as it should be.
	NoBug Bug = ""
	// NoWriteBack has a read return what it found without telling a majority. A
	// later read may then find something older ("new/old inversion").
	NoWriteBack Bug = "no-write-back"
	// RecordOverwrites has a server take every value it is told, without
	// comparing tags: a late message puts an old value back.
	RecordOverwrites Bug = "record-overwrites"
	// LocalSequence has a writer take the tag after the greatest it knows itself,
	// without asking a majority: a write may end up before one that was
	// acknowledged, and be lost.
	LocalSequence Bug = "local-sequence"
	// AmnesiacVotes has a server that crashed count in majorities as if it had
	// never known anything: an acknowledged write may be forgotten.
	// With Durable it shows if the disk was wiped only.
	AmnesiacVotes Bug = "amnesiac-votes"
	// AckBeforeSync has a durable server acknowledge a store that is not on its disk
	// yet, and vote for it: after a crash it does not know of what a majority was to
	// remember. Without Durable it changes nothing.
	AckBeforeSync Bug = "ack-before-sync"
)

// Bugs returns the planted bugs.
func Bugs() []Bug {
	return []Bug{NoWriteBack, RecordOverwrites, LocalSequence, AmnesiacVotes, AckBeforeSync}
}

// check panics if there is no such bug.
func (b Bug) check() {
	if b != NoBug && !slices.Contains(Bugs(), b) {
		panic(fmt.Sprintf("register: bug %.60q, expected one of %q", b, Bugs()))
	}
}

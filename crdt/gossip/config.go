package gossip

import (
	"fmt"
	"slices"
	"time"

	"phoenix/network"
)

// Protocol names a way to bring a peer up to date.
type Protocol string

// The protocols. All of them are acknowledged.
const (
	// FullState sends the whole state to each peer that has not acknowledged it.
	FullState Protocol = "full-state"
	// DeltaIntervals sends the join of all deltas that the peer has not acknowledged,
	// its own included, and passes on what it gets as it came (Almeida, Shoker, Baquero,
	// "Delta state replicated data types", JPDC 2018, Algorithm 2).
	DeltaIntervals Protocol = "delta-intervals"
	// BP is DeltaIntervals that does not send back to a peer what came from it
	// (Enes et al., "Efficient synchronization of state-based CRDTs", ICDE 2019, section IV).
	BP Protocol = "bp"
	// RR is DeltaIntervals that passes on only what was new. The type must be a crdt.Splitter.
	RR Protocol = "rr"
	// BPRR is both.
	BPRR Protocol = "bp+rr"
	// CatchUp exchanges contexts and sends the events that are lacking. The type must be crdt.Causal.
	CatchUp Protocol = "catch-up"
	// Trie compares tries of the hashes of the pieces of both states, level by level, and
	// sends the pieces that are lacking. The type must be a crdt.Splitter.
	Trie Protocol = "trie"
	// Sketch does so with a rateless code, about as long as the difference (Yang, Gilad,
	// Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024). The type must be a
	// crdt.Splitter.
	Sketch Protocol = "sketch"
	// Adaptive, the default, takes whichever of BPRR, CatchUp, Sketch, Trie and FullState
	// needs the fewest bytes, by an estimate of the difference, and that the type allows.
	Adaptive Protocol = "adaptive"
)

// Protocols returns all protocols.
func Protocols() []Protocol {
	return []Protocol{FullState, DeltaIntervals, BP, RR, BPRR, CatchUp, Trie, Sketch, Adaptive}
}

// The values of a Config that does not give them.
const (
	DefaultEvery       = 100 * time.Millisecond
	DefaultBackoff     = 8
	DefaultBufferCount = 4096
	DefaultBufferBytes = 1 << 20
)

// Config says how replicas keep each other up to date. The zero value stands for the
// defaults. Those that talk need the same Topic, not the same Protocol.
type Config struct {
	// Peers are those that the replica tells what it knows; they must have it among
	// their peers. The graph of all must be connected. Nil means all other nodes.
	Peers []network.ID
	// Every is the time from a change, or from the last round, to the next round. No
	// rounds take place while all peers have acknowledged all. 0 means DefaultEvery.
	Every time.Duration
	// Protocol is how; "" means Adaptive.
	Protocol Protocol
	// Fanout is how many peers a round speaks to, in turn; 0 means all.
	Fanout int
	// Backoff is the most rounds between two tries to reach a peer that does not
	// answer: 1, 2, 4 and so on up to this; 0 means DefaultBackoff, 1 none.
	Backoff int
	// BufferCount and BufferBytes bound the deltas that are kept for peers that have
	// not acknowledged them, and so what a dead peer costs. A peer that is behind
	// what is kept gets the whole state. 0 stands for the defaults.
	BufferCount, BufferBytes int
	// Topic tells the replicas of several states on one node apart.
	Topic uint32
	// Bug names a mistake to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if a replica cannot be made.
func (cfg Config) check() Config {
	if cfg.Bug != NoBug && !slices.Contains(Bugs(), cfg.Bug) {
		panic(fmt.Sprintf("gossip: bug %.60q, expected one of %q", cfg.Bug, Bugs()))
	}
	if cfg.Protocol != "" && !slices.Contains(Protocols(), cfg.Protocol) {
		panic(fmt.Sprintf("gossip: protocol %.60q, expected one of %q", cfg.Protocol, Protocols()))
	}
	if cfg.Every < 0 || cfg.Fanout < 0 || cfg.Backoff < 0 || cfg.BufferCount < 0 || cfg.BufferBytes < 0 {
		panic("gossip: a duration or number below 0")
	}
	if cfg.Protocol == "" {
		cfg.Protocol = Adaptive
	}
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	if cfg.Backoff == 0 {
		cfg.Backoff = DefaultBackoff
	}
	if cfg.BufferCount == 0 {
		cfg.BufferCount = DefaultBufferCount
	}
	if cfg.BufferBytes == 0 {
		cfg.BufferBytes = DefaultBufferBytes
	}
	return cfg
}

// Bug names a planted mistake, for tests and demonstrations only.
type Bug string

// The planted bugs.
const (
	// NoBug is gossip as it should be.
	NoBug Bug = ""
	// Unacknowledged has a replica forget its deltas once they were sent, as BP+RR was
	// published (Enes et al. 2019, Algorithm 1): what the network loses is lost.
	Unacknowledged Bug = "unacknowledged"
	// TakesForEarlierBoot has a replica take deltas that were put together for an earlier
	// boot of its node. They leave out what came from that boot, and it has forgotten.
	TakesForEarlierBoot Bug = "takes-for-earlier-boot"
)

// Bugs returns the planted bugs.
func Bugs() []Bug { return []Bug{Unacknowledged, TakesForEarlierBoot} }

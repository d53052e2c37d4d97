package replicated

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"phoenix/network"
)

// What a Config means that does not say otherwise.
const (
	DefaultRetry  = 40 * time.Millisecond
	DefaultReport = 100 * time.Millisecond
	DefaultEvery  = 50 * time.Millisecond
	DefaultBound  = time.Second
)

// Config says how servers keep their state. Servers is required; every other zero
// value stands for the default.
type Config struct {
	// Servers are all that hold the state.
	Servers []network.ID
	// Durable has a server write each update to its disk before it carries it out and
	// before anybody hears of it. Else a crash takes all that the server knows.
	Durable bool
	// Acks is how many other servers must hold an update before it is acknowledged. So
	// many crashes, of whatever servers, lose nothing that was. 0 is right for servers
	// that are Durable; it promises nothing for others.
	Acks int
	// Every is how often servers compare notes: a round of gossip.
	Every time.Duration
	// Retry is after how long without an answer a server asks others again to hold an
	// update, Report how often it tells them what it has on its disk, where that
	// matters to the type.
	Retry, Report time.Duration
	// Bound is how far ahead of its own clock a server lets stamps be that it goes by.
	Bound time.Duration
	// Bug names a mistake to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if there are no servers or fewer others than
// Acks.
func (cfg Config) check() Config {
	cfg.Bug.check()
	if n := len(cfg.Servers) - 1; n < 0 || cfg.Acks < 0 || cfg.Acks > n {
		panic(fmt.Sprintf("replicated: %d acknowledgements of %d other servers", cfg.Acks, n))
	}
	cfg.Every = cmp.Or(cfg.Every, DefaultEvery)
	cfg.Retry = cmp.Or(cfg.Retry, DefaultRetry)
	cfg.Report = cmp.Or(cfg.Report, DefaultReport)
	cfg.Bound = cmp.Or(cfg.Bound, DefaultBound)
	return cfg
}

// Bug names a mistake planted in the servers, for tests and demonstrations only.
type Bug string

// The planted bugs. Some belong to one type: see [Counter], [Set], [Map] and [Heroes].
const (
	// NoBug is the service as it should be.
	NoBug Bug = ""
	// AcknowledgesEarly has a server answer before the update is safe.
	AcknowledgesEarly Bug = "acknowledges-early"
	// ReusesIdentifier has a server that lost its state go on under the identifier that
	// it had: it counts anew from what others take for the past (riak_kv issue 679).
	ReusesIdentifier Bug = "reuses-identifier"
	// ForgetsUnacknowledged has servers drop what they have sent, arrived or not, and
	// say nothing more of it: the algorithm as published, on links that lose.
	ForgetsUnacknowledged Bug = "forgets-unacknowledged"
	// TieByArrival stamps in whole seconds, and keeps of two writes of one second that
	// which was there first.
	TieByArrival Bug = "tie-by-arrival"
	// HealthLastWrite keeps health as a number that the last write wins: of two blows
	// at once one is lost.
	HealthLastWrite Bug = "health-last-write"
	// AbsentIsUnknown keeps nothing of what was deleted: who has it still brings it back.
	AbsentIsUnknown Bug = "absent-is-unknown"
	// CollectsEarly forgets a deletion once all those have it that were heard of lately.
	CollectsEarly Bug = "collects-early"
)

// Bugs returns the planted bugs.
func Bugs() []Bug {
	return []Bug{AcknowledgesEarly, ReusesIdentifier, ForgetsUnacknowledged, TieByArrival, HealthLastWrite,
		AbsentIsUnknown, CollectsEarly}
}

// check panics if there is no such bug.
func (b Bug) check() {
	if b != NoBug && !slices.Contains(Bugs(), b) {
		panic(fmt.Sprintf("replicated: bug %.60q, expected one of %q", b, Bugs()))
	}
}

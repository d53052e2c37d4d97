package lease

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"phoenix/network"
)

// What a Config means that does not say otherwise.
const (
	DefaultLease  = 300 * time.Millisecond
	DefaultDrift  = 50_000_000 // parts per billion: 5%
	DefaultWork   = 20 * time.Millisecond
	DefaultRest   = 20 * time.Millisecond
	DefaultRetry  = 50 * time.Millisecond
	DefaultWrites = 3
	DefaultRounds = 5
)

// Config says what server, resource and clients have in common. Server and Resource
// are required; every other zero value stands for the default.
type Config struct {
	// Server grants the locks.
	Server network.ID
	// Resource is what the holders of locks write to.
	Resource network.ID
	// Lease is how long the server keeps a lock for a client. At most an hour; it
	// should be several times the delay of messages.
	Lease time.Duration
	// Drift is how far the speed of a clock may be from true, in parts per billion:
	// below 5e8.
	Drift int64
	// Work is how long a holder works for each write, Rest how long a client does
	// without the lock between two rounds, Retry after how long without an answer it
	// asks again: longer than a message there and back takes, with a sync.
	Work, Rest, Retry time.Duration
	// Writes is how many writes make a round, Rounds how many rounds a client wants.
	// A client that crashed starts over.
	Writes, Rounds int
	// Bug names a mistake to make; NoBug is the zero value.
	Bug Bug
}

// check fills in the defaults. It panics if leases or drift are out of range.
func (cfg Config) check() Config {
	cfg.Bug.check()
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{{&cfg.Lease, DefaultLease}, {&cfg.Work, DefaultWork}, {&cfg.Rest, DefaultRest}, {&cfg.Retry, DefaultRetry}} {
		if *d.value == 0 {
			*d.value = d.or
		}
	}
	if cfg.Drift == 0 {
		cfg.Drift = DefaultDrift
	}
	if cfg.Writes == 0 {
		cfg.Writes = DefaultWrites
	}
	if cfg.Rounds == 0 {
		cfg.Rounds = DefaultRounds
	}
	if cfg.Lease < 0 || cfg.Lease > time.Hour || cfg.Drift < 0 || cfg.Drift >= 5e8 {
		panic(fmt.Sprintf("lease: leases of %v under a drift of %d ppb, expected at most 1h and below 500000000",
			cfg.Lease, cfg.Drift))
	}
	return cfg
}

// margin is how much less than Lease a holder may count. With drifts of at most r,
// what lasts h on the slowest clock, h/(1-r) of true time, must be over when Lease
// is on the fastest, after Lease/(1+r): h is at most Lease*(1-r)/(1+r), of which
// Lease*(1-2r) is a lower bound.
func (cfg Config) margin() time.Duration {
	if cfg.Bug == NoDriftMargin {
		return 0
	}
	hi, lo := bits.Mul64(uint64(cfg.Lease), 2*uint64(cfg.Drift))
	q, rest := bits.Div64(hi, lo, 1e9)
	if rest > 0 {
		q++
	}
	return time.Duration(q)
}

// Bug names a mistake planted in the service, for tests and demonstrations only.
type Bug string

// The planted bugs.
const (
	// NoBug is the service as it should be.
	NoBug Bug = ""
	// NoDriftMargin has a holder count as long as the server, as if all clocks ran
	// equally fast.
	NoDriftMargin Bug = "no-drift-margin"
	// WallClock has a holder measure its lease on the wall clock: it lasts longer if
	// that is set back.
	WallClock Bug = "wall-clock"
	// NoFencing has the resource accept any token: a write that is late comes after
	// those of the next holder.
	NoFencing Bug = "no-fencing"
	// StaleRelease has the server free a lock whatever token the release names: that
	// of an earlier holder, late or doubled, takes the lock from the present one.
	StaleRelease Bug = "stale-release"
	// ForgetsGrant has a server that restarts grant at once.
	ForgetsGrant Bug = "forgets-grant"
)

// Bugs returns the planted bugs.
func Bugs() []Bug {
	return []Bug{NoDriftMargin, WallClock, NoFencing, StaleRelease, ForgetsGrant}
}

// check panics if there is no such bug.
func (b Bug) check() {
	if b != NoBug && !slices.Contains(Bugs(), b) {
		panic(fmt.Sprintf("lease: bug %.60q, expected one of %q", b, Bugs()))
	}
}

package logstore

import (
	"fmt"
	"slices"
	"time"

	"phoenix/nodes"
)

// Config says how a Server is to be. The zero value stands for the defaults.
type Config struct {
	// LogLimit is how long the log may get, in bytes, before a snapshot replaces it;
	// 0 means nodes.DefaultLogLimit.
	LogLimit int
	// Reopen is how long after a failure of its disk the store reads it again; 0
	// means nodes.DefaultReopen.
	Reopen time.Duration
	// Bug names a mistake to make; NoBug is the zero value.
	Bug Bug
}

// wal returns the configuration of the write-ahead log.
func (cfg Config) wal() nodes.WALConfig {
	return nodes.WALConfig{LogLimit: cfg.LogLimit, Reopen: cfg.Reopen, Flaw: flaws[cfg.Bug]}
}

// Bug names a mistake planted in the store, for tests and demonstrations only.
type Bug string

// The planted bugs.
const (
	// NoBug is the store as it should be.
	NoBug Bug = ""
	// AckBeforeSync has it answer once a record is written: a crash before the sync
	// takes back what was acknowledged.
	AckBeforeSync Bug = "ack-before-sync"
	// RenameBeforeSync has it give a snapshot its name without a sync of the content:
	// a crash leaves neither the new snapshot nor the old one, and the store refuses
	// to start. The disk model disk.Ext4 forgives it, but for the first snapshot.
	RenameBeforeSync Bug = "rename-before-sync"
	// NoChecksum has it believe what it finds in the log: garbage in a torn record, or
	// a flipped bit, becomes data.
	NoChecksum Bug = "no-checksum"
	// ReplayPastTorn has it go on behind a record that does not check: a damaged
	// record is skipped, and what was acknowledged is gone.
	ReplayPastTorn Bug = "replay-past-torn"
	// RetryTwice has it carry out every request that arrives, also a second copy.
	RetryTwice Bug = "retry-twice"
	// ForgetsClients has it forget in a crash which requests it has carried out, but
	// not what they did.
	ForgetsClients Bug = "forgets-clients"
)

// flaws are the planted bugs that are mistakes of the write-ahead log.
var flaws = map[Bug]nodes.WALFlaw{
	AckBeforeSync: nodes.FlawAckBeforeSync, RenameBeforeSync: nodes.FlawRenameBeforeSync,
	NoChecksum: nodes.FlawNoChecksum, ReplayPastTorn: nodes.FlawReplayPastTorn,
}

// Bugs returns the planted bugs.
func Bugs() []Bug {
	return []Bug{AckBeforeSync, RenameBeforeSync, NoChecksum, ReplayPastTorn, RetryTwice, ForgetsClients}
}

// check panics if there is no such bug.
func (b Bug) check() {
	if b != NoBug && !slices.Contains(Bugs(), b) {
		panic(fmt.Sprintf("logstore: bug %.60q, expected one of %q", b, Bugs()))
	}
}

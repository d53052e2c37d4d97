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
	// Bug is a mistake to make; NoBug is the zero value.
	Bug Bug
}

// wal returns the configuration of the write-ahead log.
func (cfg Config) wal() nodes.WALConfig {
	return nodes.WALConfig{LogLimit: cfg.LogLimit, Reopen: cfg.Reopen, Flaw: flaws[cfg.Bug]}
}

// Bug is a mistake planted in the store, for tests and demonstrations only.
type Bug uint8

// The planted bugs.
const (
	// NoBug is the store as it should be.
	NoBug Bug = iota
	// AckBeforeSync has it answer once a record is written: a crash before the sync
	// takes back what was acknowledged.
	AckBeforeSync
	// RenameBeforeSync has it give a snapshot its name without a sync of the content:
	// a crash leaves neither the new snapshot nor the old one, and the store refuses
	// to start. The disk model disk.Ext4 forgives it, but for the first snapshot.
	RenameBeforeSync
	// NoChecksum has it believe what it finds in the log: garbage in a torn record, or
	// a flipped bit, becomes data.
	NoChecksum
	// ReplayPastTorn has it go on behind a record that does not check: a damaged
	// record is skipped, and what was acknowledged is gone.
	ReplayPastTorn
	// RetryTwice has it carry out every request that arrives, also a second copy.
	RetryTwice
	// ForgetsClients has it forget in a crash which requests it has carried out, but
	// not what they did.
	ForgetsClients
)

var bugNames = [...]string{
	"none", "ack-before-sync", "rename-before-sync", "no-checksum", "replay-past-torn", "retry-twice", "forgets-clients",
}

// flaws are the planted bugs that are mistakes of the write-ahead log.
var flaws = [len(bugNames)]nodes.WALFlaw{
	AckBeforeSync: nodes.FlawAckBeforeSync, RenameBeforeSync: nodes.FlawRenameBeforeSync,
	NoChecksum: nodes.FlawNoChecksum, ReplayPastTorn: nodes.FlawReplayPastTorn,
}

// Bugs returns the planted bugs.
func Bugs() []Bug {
	var all []Bug
	for i := range bugNames[1:] {
		all = append(all, Bug(i+1))
	}
	return all
}

// String returns a name such as "ack-before-sync", "none" for NoBug.
func (b Bug) String() string {
	if int(b) < len(bugNames) {
		return bugNames[b]
	}
	return fmt.Sprintf("bug(%d)", uint8(b))
}

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

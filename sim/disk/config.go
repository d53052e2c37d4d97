package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// The errors of a disk. Operations wrap them in an *fs.PathError; what is not there
// is [fs.ErrNotExist].
var (
	// ErrFull: the disk has no room for what the operation adds. Nothing was written.
	ErrFull = errors.New("no space left on device")
	// ErrIO: the disk failed to read, write or sync.
	ErrIO = errors.New("input/output error")
	// ErrClosed: the handle belongs to a boot that has ended. Nothing was done.
	ErrClosed = fs.ErrClosed
)

// A Model says what a file system promises of what nobody has synced.
type Model uint8

const (
	// Strict is POSIX at its worst: nothing is durable or in order that was not
	// synced. The name of a file is durable only after SyncDir.
	Strict Model = iota
	// Ext4 is like ext4 with data=ordered, delayed allocation and auto_da_alloc:
	// directory operations persist in order, a sync of a file makes the earlier ones
	// durable, and what an append adds shows no garbage.
	Ext4
)

var modelNames = [...]string{Strict: "strict", Ext4: "ext4"}

// String returns "strict" or "ext4".
func (m Model) String() string {
	if int(m) < len(modelNames) {
		return modelNames[m]
	}
	return fmt.Sprintf("model(%d)", uint8(m))
}

// MarshalText returns String.
func (m Model) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String returns. On an error m is left as it was.
func (m *Model) UnmarshalText(text []byte) error {
	for i, name := range modelNames {
		if name == string(text) {
			*m = Model(i)
			return nil
		}
	}
	return fmt.Errorf("file system %.40q: expected strict or ext4", text)
}

// Config says what the disks of a world are like. The zero value is a strict disk
// of any size that never fails and takes no time.
type Config struct {
	// Model is the file system.
	Model Model `json:"model,omitempty"`
	// Sector is the number of bytes that are written whole or not at all; 0 is 512.
	Sector int `json:"sector,omitempty"`
	// Capacity is how many bytes a disk holds, each file rounded up to sectors; 0 is
	// no limit.
	Capacity int64 `json:"capacity,omitempty"`
	// Sync is how long a sync takes, beyond its writes.
	Sync Latency `json:"sync,omitzero"`
	// Write is how long each sector takes that a sync writes, a hundred years in all at
	// most. Writing itself, into the page cache, takes no time.
	Write Latency `json:"write,omitzero"`
	// Budget bounds how many copies faults may damage.
	Budget Budget `json:"budget,omitzero"`
}

// IsZero reports whether c is the zero value.
func (c Config) IsZero() bool {
	return c.Model == Strict && c.Sector == 0 && c.Capacity == 0 && c.Sync == (Latency{}) && c.Write == (Latency{}) &&
		c.Budget.Groups == nil && c.Budget.Good == 0 && c.Budget.Scope == WholeDisk
}

// Latency is a duration drawn uniformly from Min to Max, both included. The zero
// value is no time. A Max below Min counts as Min.
type Latency struct {
	Min time.Duration `json:"min,omitempty"`
	Max time.Duration `json:"max,omitempty"`
}

// Check returns an error that names the first field of c that makes no sense.
func (c Config) Check() error {
	switch {
	case int(c.Model) >= len(modelNames):
		return fmt.Errorf("disk: %v, expected strict or ext4", c.Model)
	case c.Sector < 0 || c.Sector > maxSector:
		return fmt.Errorf("disk: sector of %d bytes, expected 0 (that is %d) to %d", c.Sector, defaultSector, maxSector)
	case c.Capacity < 0:
		return fmt.Errorf("disk: capacity of %d bytes, expected 0 (no limit) or more", c.Capacity)
	case !c.Sync.ok():
		return fmt.Errorf("disk: sync takes %v to %v, expected 0 to %v", c.Sync.Min, c.Sync.Max, maxLatency)
	case !c.Write.ok():
		return fmt.Errorf("disk: a write takes %v to %v, expected 0 to %v", c.Write.Min, c.Write.Max, maxLatency)
	}
	return c.Budget.check()
}

const (
	defaultSector = 512
	maxSector     = 1 << 20
	maxLatency    = time.Hour
	maxSync       = 100 * 365 * 24 * time.Hour // of the writes of one sync: longer than any run
)

func (l Latency) ok() bool {
	return l.Min >= 0 && l.Min <= maxLatency && l.Max >= 0 && l.Max <= maxLatency
}

// sample returns a duration for 64 random bits.
func (l Latency) sample(r uint64) time.Duration {
	if l.Max <= l.Min {
		return l.Min
	}
	return l.Min + time.Duration(r%uint64(l.Max-l.Min+1))
}

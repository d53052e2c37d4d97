package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

// A counter counts in a write-ahead log, with a snapshot now and then. The fields
// plant bugs. Sectors are as long as half a record, so records tear.
type counter struct {
	ackBeforeSync    bool
	renameBeforeSync bool
	noChecksum       bool
	noSyncDir        bool
	snapshots        int // how often it makes one

	tried, acked uint32
}

func record(n uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, n)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// number returns the number of a record, and whether it is whole.
func (c *counter) number(b []byte) (uint32, bool) {
	n := binary.BigEndian.Uint32(b)
	return n, c.noChecksum && n > 0 || binary.BigEndian.Uint32(b[4:]) == crc32.ChecksumIEEE(b[:4])
}

// run counts to two, and once more after each snapshot. Nothing fails: there are no faults.
func (c *counter) run(p *sim.Proc, d *Disk) {
	must(d.Create("log"))
	if !c.noSyncDir {
		must(d.SyncDirWait(p))
	}
	c.count(p, d)
	c.count(p, d)
	for range c.snapshots {
		c.snapshot(p, d)
		c.count(p, d)
	}
}

func (c *counter) count(p *sim.Proc, d *Disk) {
	c.tried++
	must(d.Append("log", record(c.tried)))
	if c.ackBeforeSync {
		c.acked = c.tried
	}
	must(d.SyncWait(p, "log"))
	c.acked = c.tried
}

func (c *counter) snapshot(p *sim.Proc, d *Disk) {
	must(d.Append("tmp", record(c.tried)))
	if !c.renameBeforeSync {
		must(d.SyncWait(p, "tmp"))
	}
	must(d.Rename("tmp", "snapshot"))
	must(d.SyncDirWait(p))
	must(d.Truncate("log", 0))
	must(d.SyncWait(p, "log"))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// recovered returns what the counter is after a crash.
func (c *counter) recovered(im Image) (uint32, error) {
	n := uint32(0)
	if s, ok := im.Read("snapshot"); ok {
		if len(s) != 8 {
			return 0, fmt.Errorf("the snapshot has %d bytes", len(s))
		}
		if n, ok = c.number(s); !ok {
			return 0, errors.New("the snapshot is not whole")
		}
	}
	log, _ := im.Read("log")
	for ; len(log) >= 8; log = log[8:] {
		next, ok := c.number(log)
		if !ok {
			break
		}
		if next > n+1 {
			return 0, errors.New("garbage")
		}
		n = max(n, next)
	}
	return n, nil
}

// check runs the counter and returns how many states there are, and the first that
// recovers wrongly.
func (c *counter) check(t *testing.T, m Model) (Count, string) {
	t.Helper()
	wrong := ""
	count, err := Enumerate(Config{Model: m, Sector: 4}, 0, c.run, func(crash Crash) bool {
		n, err := c.recovered(crash.Image)
		switch {
		case err != nil:
			wrong = err.Error()
		case n < c.acked:
			wrong = fmt.Sprintf("%d was acknowledged, %d is left", c.acked, n)
		case n > c.tried:
			wrong = fmt.Sprintf("%d was never counted", n)
		}
		return wrong == ""
	})
	require.NoError(t, err)
	return count, wrong
}

func TestALogThatIsRightSurvivesEveryCrash(t *testing.T) {
	for m, want := range map[Model]string{
		Strict: "198 states in 34 moments, 79 distinct images",
		Ext4:   "72 states in 34 moments, 20 distinct images",
	} {
		c := counter{snapshots: 2}
		count, wrong := c.check(t, m)
		require.Empty(t, wrong, m)
		require.Equal(t, want, count.String(), m)
		require.Equal(t, uint32(4), c.acked)
	}
}

func TestBugsOfALogAreFoundByEnumeration(t *testing.T) {
	for _, bug := range []struct {
		c            counter
		strict, ext4 string
	}{
		{counter{ackBeforeSync: true}, "1 was acknowledged, 0 is left", "1 was acknowledged, 0 is left"},
		{counter{renameBeforeSync: true, snapshots: 1}, "the snapshot has 0 bytes", "the snapshot has 0 bytes"},
		{counter{noChecksum: true}, "garbage", ""},                      // appends show none with ext4
		{counter{noSyncDir: true}, "1 was acknowledged, 0 is left", ""}, // a sync makes the name durable with ext4
	} {
		for m, want := range map[Model]string{Strict: bug.strict, Ext4: bug.ext4} {
			c := bug.c
			_, wrong := c.check(t, m)
			require.Equal(t, want, wrong, "%v %+v", m, bug.c)
		}
	}
}

// Only where the rename replaces a file does ext4 flush the new one first: a bug that
// the first snapshot shows and no later one.
func TestExt4HidesARenameBeforeSyncWhereItReplacesAFile(t *testing.T) {
	for m, want := range map[Model]string{Strict: "the snapshot has 0 bytes", Ext4: ""} {
		wrong, begun := "", false
		c := counter{}
		_, err := Enumerate(Config{Model: m, Sector: 4}, 0, func(p *sim.Proc, d *Disk) {
			must(d.Append("snapshot", record(0)))
			must(d.SyncWait(p, "snapshot"))
			must(d.SyncDirWait(p))
			begun = true
			must(d.Append("tmp", record(1)))
			must(d.Rename("tmp", "snapshot"))
			must(d.SyncDirWait(p))
		}, func(crash Crash) bool {
			if _, err := c.recovered(crash.Image); err != nil && begun {
				wrong = err.Error()
			}
			return wrong == ""
		})
		require.NoError(t, err)
		require.Equal(t, want, wrong, m)
	}
}

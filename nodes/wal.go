package nodes

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// The values of a WALConfig that does not give them.
const (
	DefaultLogLimit = 4096 // bytes
	DefaultReopen   = 250 * time.Millisecond
)

// WALConfig says how a WAL goes about it. The zero value stands for the defaults.
type WALConfig struct {
	// LogLimit is how long the log may get, in bytes, before a snapshot replaces it;
	// 0 means DefaultLogLimit.
	LogLimit int
	// Reopen is how long after a failure it reads the disk again, as a node that
	// starts anew would; 0 means DefaultReopen.
	Reopen time.Duration
	// MustExist has the WAL refuse a blank disk, instead of beginning on it. One that
	// it has recovered from in this boot must not be blank later anyway. See FormatWAL.
	MustExist bool
	// Flaw is a planted mistake; FlawNone is the zero value.
	Flaw WALFlaw
}

// WALFlaw is a mistake planted in a WAL, for tests and demonstrations only.
type WALFlaw uint8

// The planted flaws.
const (
	// FlawNone is a WAL as it should be.
	FlawNone WALFlaw = iota
	// FlawAckBeforeSync says that a record is durable once it is written.
	FlawAckBeforeSync
	// FlawRenameBeforeSync gives a snapshot its name without a sync of its content.
	// On a disk of model disk.Ext4 a rename over an older snapshot writes the content
	// out: there it harms the first one only.
	FlawRenameBeforeSync
	// FlawNoChecksum believes every snapshot, mark and record of a plausible form.
	FlawNoChecksum
	// FlawReplayPastTorn looks for further records behind one that does not check,
	// and does not mind which are missing.
	FlawReplayPastTorn
)

// WALState is the state of a node that a WAL keeps.
type WALState interface {
	// Reset makes it that of the beginning.
	Reset()
	// Replay carries out a record after all those before. An error tells that it is
	// none; then the disk is not taken for one of this node.
	Replay(record []byte) error
	// Snapshot returns records whose replay after Reset makes the state as it is
	// now: in an order that depends on the state only.
	Snapshot() [][]byte
}

// WAL keeps the state of a node on its disk: a snapshot, and behind it a log of what
// was done since (write-ahead logging: Mohan et al., "ARIES", TODS 17(1), 1992, here
// with nothing to undo). The node changes its state, appends a record of the change,
// and tells nobody before the record is durable.
//
// Files. "snapshot" holds a generation g, the number of records it stands for, and
// records that make the state, under one checksum. "log.g" begins with two marks, one
// in each of its first two sectors, and goes on with the records after the snapshot,
// each with its number and a checksum that also covers the generation.
//
// Commit. What is appended while the disk is busy is one batch (group commit). The
// batch is written and synced, then a mark that tells the number of its last record
// is written in the place of the older mark, and synced; then it is durable. So a
// torn tail can be told from damage: records up to the mark were confirmed, those
// after it were not. That an entry needs an identifier stored apart for this is from
// Alagappan et al., "Protocol-aware recovery for consensus-based storage", FAST 2018,
// section 3.3.
//
// Compaction. A batch that makes the log too long goes into a new snapshot instead:
// it is written as "snapshot.tmp", with an empty log of the next generation whose marks
// are 0; both are synced, and the directory; the rename gives it its name; a sync of the
// directory makes that durable. Then a mark says that the log is in use, and when that
// is durable the batch is; older logs are removed.
//
// Recovery, at boot: the snapshot and the records after it are replayed, up to the
// first that does not check, and the result is compacted: what a torn tail was is
// gone. The WAL refuses to go on, with ErrCorrupt, if the snapshot or its log is
// missing or does not check, if a record up to the mark does not, if a tail does not
// although a mark does not check either (a crash spoils one of them only), or if
// there is a later log in use (a lost rename).
//
// Failure. Any error of the disk, a failed sync above all, and any refusal stop the
// WAL: it says so in a Note, nothing becomes durable, and after WALConfig.Reopen it
// recovers anew. What it then reads may be in the page cache only (Rebello et al.,
// "Can applications recover from fsync failures?", USENIX ATC 2020): the compaction
// writes all of it anew.
//
// It loses nothing that was confirmed in any crash on any disk that keeps what it
// synced, torn sectors included, and notices one damaged sector, misdirected or lost
// write, or lost rename. Not noticed are a disk that was wiped or gone back to an
// earlier state as a whole, unless WALConfig.MustExist asks for one; and several
// damages that hide each other, such as lost writes of both a record and its mark.
// It repairs nothing.
type WAL struct {
	ep     *network.Endpoint
	disk   *disk.Disk
	cfg    WALConfig
	state  WALState `explore:"-"` // what is behind it is the node's own, and looked at there
	opened func()   `explore:"-"` // the same in all states of a boot
	reopen *sim.Timer

	life  uint64 // recoveries so far; what an earlier one began is void
	ready bool
	busy  bool   // something is on its way to the disk
	why   string // it is not ready, "" if it was not refused

	generation uint64
	newest     uint64 // the greatest generation on the disk
	count      uint64 // records so far
	marked     uint64 // marks written to the log
	size       int    // of the log

	batch   [][]byte // appended, and not on their way
	waiting []func() // to be called when the batch is durable
}

// The names of the files, and where a log's records begin. Nothing in the layout
// depends on the size of a sector but that a torn one spoils one mark only.
const (
	walSnapshot  = "snapshot"
	walTemporary = "snapshot.tmp"
	walLog       = "log."
	walHeader    = 2 * walMark
	walMark      = 512 // bytes from one mark to the other: a sector
)

// NewWAL returns the WAL of a node, which begins to recover state: to be called at
// boot. opened is called when it is Ready, in a later task, and again after a failure
// was overcome: the state is then the one that is durable, not the one that it was.
func NewWAL(ep *network.Endpoint, cfg WALConfig, state WALState, opened func()) *WAL {
	if cfg.LogLimit == 0 {
		cfg.LogLimit = DefaultLogLimit
	}
	if cfg.Reopen == 0 {
		cfg.Reopen = DefaultReopen
	}
	w := &WAL{ep: ep, disk: ep.Disk(), cfg: cfg, state: state, opened: opened}
	w.reopen = ep.Timer("reopen", w.open)
	w.open()
	return w
}

// FormatWAL returns a disk on which nothing has happened yet, to be given to a node
// before its first boot (see [disk.Disk.Load]), as an operator formats a disk. A disk
// that holds this is new; one that is blank may have been wiped. Without it a node
// that crashes before its first boot has prepared the disk cannot tell which it was.
func FormatWAL() disk.Image {
	return disk.Image{Files: []disk.File{
		{Name: logName(1), Data: encodeHeader(1)},
		{Name: walSnapshot, Data: encodeSnapshot(1, 0, nil)},
	}}
}

// Ready reports whether the state has been recovered, and nothing has failed since.
// A node whose WAL is not ready must not change the state.
func (w *WAL) Ready() bool { return w.ready }

// Failed reports whether recovery has failed, or something since.
func (w *WAL) Failed() bool { return w.why != "" }

// Append adds a record of a change that the node has just made, for the state may be
// written instead of the record, and calls done once it is durable: in a later task,
// in the order of the records, never after a crash or a failure. A WAL that is not
// Ready ignores it. The record must not be changed.
func (w *WAL) Append(record []byte, done func()) {
	if !w.ready {
		return
	}
	w.count++
	w.batch = append(w.batch, record)
	if w.cfg.Flaw == FlawAckBeforeSync {
		done()
		done = func() {}
	}
	w.waiting = append(w.waiting, done)
	w.commit()
}

// Barrier calls done once all that was appended is durable, at once if it is.
func (w *WAL) Barrier(done func()) {
	switch {
	case !w.ready:
	case !w.busy && len(w.batch) == 0 || w.cfg.Flaw == FlawAckBeforeSync:
		done()
	default:
		w.waiting = append(w.waiting, done)
	}
}

// commit puts what waits on its way, unless something is.
func (w *WAL) commit() {
	if w.busy || len(w.waiting) == 0 {
		return
	}
	w.busy = true
	done := w.waiting
	w.waiting = nil
	confirm := func() {
		for _, fn := range done {
			fn()
		}
		w.busy = false
		w.commit()
	}
	if len(w.batch) == 0 {
		confirm()
		return
	}
	first := w.count - uint64(len(w.batch)) + 1
	var data []byte
	for i, record := range w.batch {
		data = w.appendRecord(data, first+uint64(i), record)
	}
	if w.size+len(data) > walHeader+w.cfg.LogLimit {
		w.compact(confirm)
		return
	}
	w.batch = nil
	w.extend(data, confirm)
}

// open recovers the state and makes it durable.
func (w *WAL) open() {
	w.life++
	w.ready, w.busy = false, true
	if err := w.recover(); err != nil {
		w.fail(err)
		return
	}
	w.compact(func() {
		w.ready, w.busy, w.cfg.MustExist = true, false, true
		if w.why != "" {
			w.why = ""
			w.ep.Note(WALGoesOn)
		}
		w.opened()
	})
}

// fail stops, and tries again later.
func (w *WAL) fail(err error) {
	w.life++
	w.ready, w.batch, w.waiting = false, nil, nil
	if why := fmt.Sprint(err); why != w.why {
		w.why = why
		w.ep.Note("%s%s", WALStops, why)
	}
	w.reopen.Reset(w.cfg.Reopen)
}

// The Notes of a WAL that stops, behind which the error follows, and of one that has
// recovered after that.
const (
	WALStops  = "wal: stops: "
	WALGoesOn = "wal: goes on"
)

package nodes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// ErrCorrupt is wrapped by what a WAL says in its Note when the disk does not hold
// what was confirmed, or WALConfig.MustExist finds it blank.
var ErrCorrupt = errors.New("disk corrupt")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// The lengths in bytes of what stands around content.
const (
	recordHead   = 4 + 8 + 8 // length, number, checksum
	markLength   = 8 + 8     // number, checksum
	snapshotHead = 8 + 8     // generation, count
)

// sum is a checksum that differs between generations.
func sum(data []byte, generation uint64) uint64 { return xxh3.HashSeed(data, generation+1) }

// recordSum is that of a record: it covers the length and the number too.
func recordSum(head, record []byte, generation uint64) uint64 {
	return sum(record, generation^sum(head, generation))
}

// generationOf returns the generation of a log, by its name.
func generationOf(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, walLog)
	g, err := strconv.ParseUint(digits, 10, 64)
	return g, ok && err == nil
}

// recover reads the state off the disk.
func (w *WAL) recover() error {
	w.generation, w.newest, w.count = 0, 0, 0
	w.state.Reset()
	if err := w.readSnapshot(); err != nil {
		return err
	}
	for _, name := range w.disk.List() {
		g, ok := generationOf(name)
		if ok && g > w.generation {
			if err := w.unused(name, g); err != nil {
				return err
			}
		}
		w.newest = max(w.newest, g)
	}
	if w.generation == 0 {
		if w.cfg.MustExist {
			return corrupt("there is no %s", walSnapshot)
		}
		return nil
	}
	w.newest = max(w.newest, w.generation)
	return w.readLog()
}

// checked reports whether checksums count, but for a planted flaw.
func (w *WAL) checked() bool { return w.cfg.Flaw != FlawNoChecksum }

// readSnapshot replays the snapshot; the generation stays 0 if there is none.
func (w *WAL) readSnapshot() error {
	data, err := w.disk.ReadFile(walSnapshot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	end := len(data) - 8
	if end < snapshotHead || w.checked() && binary.LittleEndian.Uint64(data[end:]) != sum(data[:end], 0) {
		return corrupt("the %s of %d bytes does not check", walSnapshot, len(data))
	}
	w.generation = binary.LittleEndian.Uint64(data)
	w.count = binary.LittleEndian.Uint64(data[8:])
	for rest := data[snapshotHead:end]; len(rest) > 0; {
		if len(rest) < 4 || int64(len(rest)-4) < int64(binary.LittleEndian.Uint32(rest)) {
			return corrupt("%s: %d bytes at its end are no record", walSnapshot, len(rest))
		}
		length := binary.LittleEndian.Uint32(rest)
		if err := w.state.Replay(rest[4 : 4+length]); err != nil {
			return corrupt("%s: %v", walSnapshot, err)
		}
		rest = rest[4+length:]
	}
	return nil
}

// unused returns an error if a log later than the snapshot is in use: then the snapshot
// that belongs to it is missing. A crash before its rename leaves such a log with marks
// of 0, or a part of one.
func (w *WAL) unused(name string, generation uint64) error {
	data, err := w.disk.ReadFile(name)
	if err != nil {
		return err
	}
	if len(data) < walHeader {
		return nil
	}
	for at := 0; at < walHeader; at += walMark {
		if upto, ok := readMark(data[at:], generation); ok && upto > 0 {
			return corrupt("%s is in use, and the %s is of generation %d", name, walSnapshot, w.generation)
		}
	}
	return nil
}

// readMark returns the number in a mark, and whether it checks.
func readMark(data []byte, generation uint64) (uint64, bool) {
	upto := binary.LittleEndian.Uint64(data)
	return upto, binary.LittleEndian.Uint64(data[8:]) == sum(data[:8], generation)
}

// readRecord returns the record at the beginning of data with its number, and whether
// there is one: of a plausible length, and checked if that is asked for.
func readRecord(data []byte, generation uint64, checked bool) (record []byte, number uint64, ok bool) {
	if len(data) < recordHead {
		return nil, 0, false
	}
	length := int64(binary.LittleEndian.Uint32(data))
	if length > int64(len(data)-recordHead) {
		return nil, 0, false
	}
	record = data[recordHead : recordHead+length]
	ok = !checked || binary.LittleEndian.Uint64(data[12:]) == recordSum(data[:12], record, generation)
	return record, binary.LittleEndian.Uint64(data[4:]), ok
}

// readLog replays the log of the snapshot.
func (w *WAL) readLog() error {
	name := logName(w.generation)
	data, err := w.disk.ReadFile(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return corrupt("there is no %s", name)
		}
		return err
	}
	if len(data) < walHeader {
		return corrupt("%s has %d bytes and no header", name, len(data))
	}
	confirmed, marks := uint64(0), 0
	for at := 0; at < walHeader; at += walMark {
		if upto, ok := readMark(data[at:], w.generation); ok || !w.checked() {
			confirmed = max(confirmed, upto)
			marks++
		}
	}
	torn, err := w.replay(data[walHeader:])
	switch {
	case err != nil:
		return err
	case torn > 0:
		w.ep.Note("wal: %d bytes of %s after record %d do not check", torn, name, w.count)
	}
	switch {
	case w.cfg.Flaw == FlawReplayPastTorn:
	case marks == 0:
		return corrupt("no mark of %s checks", name)
	case w.count < confirmed:
		return corrupt("%s has records up to %d, and %d were confirmed", name, w.count, confirmed)
	case marks == 1 && torn > 0:
		return corrupt("a mark of %s and what follows record %d do not check", name, w.count)
	}
	return nil
}

// replay replays the records of the log and returns how many bytes are left that are
// none.
func (w *WAL) replay(data []byte) (torn int, err error) {
	name := logName(w.generation)
	for at := 0; at < len(data); {
		record, number, ok := readRecord(data[at:], w.generation, w.checked())
		switch {
		case ok && (number == w.count+1 || w.believes(number)):
			if err := w.state.Replay(record); err != nil {
				return 0, corrupt("record %d of %s: %v", number, name, err)
			}
			w.count = max(w.count+1, number)
			at += recordHead + len(record)
		case w.cfg.Flaw == FlawReplayPastTorn:
			torn++
			at++
		default:
			return len(data) - at, nil
		}
	}
	return torn, nil
}

// believes reports whether a planted flaw takes a record of a number that is not the
// next one.
func (w *WAL) believes(number uint64) bool {
	return w.cfg.Flaw == FlawReplayPastTorn && number > w.count
}

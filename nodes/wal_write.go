package nodes

import (
	"encoding/binary"
	"fmt"
)

// A step does something with the disk and tells next how it ended.
type step = func(next func(error))

// chain takes steps one after the other, and then goes on with then, all in this
// life. An error ends it.
func (w *WAL) chain(then func(), steps ...step) {
	if len(steps) == 0 {
		then()
		return
	}
	life := w.life
	steps[0](func(err error) {
		switch {
		case life != w.life:
		case err != nil:
			w.fail(err)
		default:
			w.chain(then, steps[1:]...)
		}
	})
}

func (w *WAL) sync(name string) step { return func(next func(error)) { w.disk.Sync(name, next) } }

func (w *WAL) syncDir(next func(error)) { w.disk.SyncDir(next) }

// extend writes records at the end of the log, and a mark.
func (w *WAL) extend(data []byte, then func()) {
	name := logName(w.generation)
	if size, err := w.disk.Size(name); err != nil || size != int64(w.size) {
		w.fail(corrupt("%s has changed", name))
		return
	}
	w.size += len(data)
	w.chain(then,
		func(next func(error)) { next(w.disk.Append(name, data)) },
		w.sync(name), w.mark(w.count), w.sync(name))
}

// mark confirms the records up to a number, in the place of the older mark.
func (w *WAL) mark(upto uint64) step {
	return func(next func(error)) {
		w.marked++
		at := int64(w.marked%2) * walMark
		next(w.disk.WriteAt(logName(w.generation), appendMark(nil, w.generation, upto), at))
	}
}

// compact writes the state as a snapshot, with an empty log behind it. That covers
// the batch.
func (w *WAL) compact(then func()) {
	w.batch = nil
	w.newest++
	generation, upto := w.newest, w.count
	snapshot, header := encodeSnapshot(generation, w.count, w.state.Snapshot()), encodeHeader(generation)
	steps := []step{
		func(next func(error)) { next(w.writeFile(walTemporary, snapshot)) },
		func(next func(error)) { next(w.writeFile(logName(generation), header)) },
		w.sync(logName(generation)),
	}
	if w.cfg.Flaw != FlawRenameBeforeSync {
		steps = append(steps, w.sync(walTemporary))
	}
	steps = append(steps, w.syncDir,
		func(next func(error)) { next(w.disk.Rename(walTemporary, walSnapshot)) },
		w.syncDir,
		func(next func(error)) {
			w.generation, w.marked, w.size = generation, 0, walHeader
			next(nil)
		},
		w.mark(upto),
		w.sync(logName(generation)),
		func(next func(error)) { next(w.sweep()) })
	w.chain(then, steps...)
}

// writeFile makes a new file; one of that name would be what a crash has left.
func (w *WAL) writeFile(name string, data []byte) error {
	if _, err := w.disk.Size(name); err == nil {
		if err := w.disk.Remove(name); err != nil {
			return err
		}
	}
	return w.disk.WriteAt(name, data, 0)
}

// sweep removes the logs of other generations. A crash may bring them back.
func (w *WAL) sweep() error {
	for _, name := range w.disk.List() {
		if g, ok := generationOf(name); ok && g != w.generation {
			if err := w.disk.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func logName(generation uint64) string { return fmt.Sprint(walLog, generation) }

// appendMark appends a mark: records up to a number were confirmed.
func appendMark(dst []byte, generation, upto uint64) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, upto)
	return binary.LittleEndian.AppendUint64(dst, sum(dst[at:], generation))
}

// appendRecord appends a record as the log holds it: its length, number, checksum.
func (w *WAL) appendRecord(dst []byte, number uint64, record []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(record)))
	dst = binary.LittleEndian.AppendUint64(dst, number)
	check := recordSum(dst[at:], record, w.generation)
	return append(binary.LittleEndian.AppendUint64(dst, check), record...)
}

// encodeHeader returns the content of an empty log that is not in use.
func encodeHeader(generation uint64) []byte {
	header := make([]byte, walHeader)
	for at := 0; at < walHeader; at += walMark {
		appendMark(header[at:at], generation, 0)
	}
	return header
}

// encodeSnapshot returns the content of a snapshot that stands for so many records.
func encodeSnapshot(generation, count uint64, state [][]byte) []byte {
	data := binary.LittleEndian.AppendUint64(nil, generation)
	data = binary.LittleEndian.AppendUint64(data, count)
	for _, record := range state {
		data = binary.LittleEndian.AppendUint32(data, uint32(len(record)))
		data = append(data, record...)
	}
	return binary.LittleEndian.AppendUint64(data, sum(data, 0))
}

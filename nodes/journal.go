package nodes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"phoenix/network"
	"phoenix/sim/disk"

	"github.com/zeebo/xxh3"
)

// sectorSize is what a disk writes wholly or not at all, in bytes.
const sectorSize = 512

// Journal is a file of records of one type, each of which is known to be on the
// disk before anybody hears of it: what a node must not forget in a crash.
//
// Records have a fixed length that divides a sector, so none is half written, and
// carry a checksum over their place and content. Opening reads up to the first
// record that does not check, cuts the rest off, which no sync had confirmed, and
// makes that durable. Syncs are shared: records appended while one runs wait for
// the next. The file only grows.
//
// A read, write or sync that fails is fatal: the journal says so in a Note and is
// not Ready any more until the node boots again. After a failed sync nobody knows
// what the disk holds (Rebello et al., "Can applications recover from fsync
// failures?", USENIX ATC 2020). Sectors that change after a sync confirmed them
// (bit-rot, misdirected writes) are not repaired: what follows them is lost.
type Journal[T any] struct {
	ep      *network.Endpoint
	disk    *disk.Disk
	name    string
	size    int64 // of a record with its checksum
	next    int64 // the place of the next record; place 0 is a header
	ready   bool
	syncing bool
	waiting []func() // to call after the sync that comes next
}

// OpenJournal opens the file of that name on the node's disk, or creates it, and
// calls ready with the records in order of appending once they are durable. T is a
// struct of numbers, booleans and arrays of at most 504 bytes; OpenJournal panics
// for others. It is to be called at boot.
func OpenJournal[T any](ep *network.Endpoint, name string, ready func(records []T)) *Journal[T] {
	var zero T
	j := &Journal[T]{ep: ep, disk: ep.Disk(), name: name, size: 16}
	length := binary.Size(zero)
	if length <= 0 || length > sectorSize-8 {
		panic(fmt.Sprintf("nodes: records of type %T take %d bytes, expected a fixed length of 1 to %d",
			zero, length, sectorSize-8))
	}
	for j.size < int64(length)+8 {
		j.size *= 2
	}
	records, err := j.recover()
	if err != nil {
		j.fail(err)
		return j
	}
	j.disk.Sync(name, j.after(func() {
		j.disk.SyncDir(j.after(func() {
			j.ready = true
			ready(records)
		}))
	}))
	return j
}

// Ready reports whether the journal has been opened and no failure has ended it. A
// node whose journal is not ready must not act.
func (j *Journal[T]) Ready() bool { return j.ready }

// Append adds a record and calls done when it is durable: in a later task, after
// those of earlier records, and never after a crash or a failure. A journal that
// is not Ready ignores it.
func (j *Journal[T]) Append(record T, done func()) {
	if !j.ready {
		return
	}
	if err := j.write(record); err != nil {
		j.fail(err)
		return
	}
	j.waiting = append(j.waiting, done)
	j.sync()
}

// write puts a record, or the header, into its place in the page cache.
func (j *Journal[T]) write(record T) error {
	content, err := binary.Append(nil, binary.LittleEndian, record)
	if err != nil {
		return err
	}
	padded := make([]byte, j.size-8, j.size)
	copy(padded, content)
	at := j.next
	j.next++
	return j.disk.WriteAt(j.name, binary.LittleEndian.AppendUint64(padded, checksum(padded, at)), at*j.size)
}

// checksum covers the place too: a record elsewhere does not check, nor do zeros.
func checksum(content []byte, place int64) uint64 { return xxh3.HashSeed(content, uint64(place)+1) }

// sync makes durable what waits for it, unless a sync is running.
func (j *Journal[T]) sync() {
	if j.syncing || len(j.waiting) == 0 {
		return
	}
	done := j.waiting
	j.syncing, j.waiting = true, nil
	j.disk.Sync(j.name, j.after(func() {
		if !j.ready {
			return // what was appended after this has failed
		}
		j.syncing = false
		for _, fn := range done {
			fn()
		}
		j.sync()
	}))
}

// after returns a function that goes on with fn if there was no error.
func (j *Journal[T]) after(fn func()) func(error) {
	return func(err error) {
		if err != nil {
			j.fail(err)
			return
		}
		fn()
	}
}

func (j *Journal[T]) fail(err error) {
	j.ready = false
	j.ep.Note("%s%s: %v", JournalStops, j.name, err)
}

// JournalStops begins the Note of a journal that has failed; its name and the error
// follow. The node does nothing any more until it boots again.
const JournalStops = "journal: stops: "

// recover reads the records that check, cuts off the rest, and writes the header
// if there is none.
func (j *Journal[T]) recover() ([]T, error) {
	data, err := j.disk.ReadFile(j.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var records []T
	for int64(len(data)) >= (j.next+1)*j.size {
		line := data[j.next*j.size : (j.next+1)*j.size]
		content, sum := line[:j.size-8], binary.LittleEndian.Uint64(line[j.size-8:])
		var record T
		if checksum(content, j.next) != sum {
			break
		}
		if _, err := binary.Decode(content, binary.LittleEndian, &record); err != nil {
			return nil, err
		}
		records = append(records, record)
		j.next++
	}
	if j.next == 0 {
		var header T
		return nil, j.write(header)
	}
	if valid := j.next * j.size; int64(len(data)) > valid {
		err = j.disk.Truncate(j.name, valid)
		return records[1:], err
	}
	return records[1:], nil
}

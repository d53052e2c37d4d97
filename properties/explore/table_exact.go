package explore

import (
	"fmt"
	"slices"
	"sync"
)

// visited is one worker's hold on the set of visited states: a worker of a table, which knows
// a state by its fingerprint alone, or of an exactTable, which keeps and compares its row.
type visited interface {
	enter()
	leave()
	// insertRow puts the state in the set; exactly one call for each state returns true.
	insertRow(fp uint64, row []uint32) (added bool)
	// insertRowDepth does so for a state reached at depth, see worker.insertDepth.
	insertRowDepth(fp uint64, row []uint32, depth int) (added, improved bool)
	// markRow marks a state of a set with depths, see worker.mark.
	markRow(fp uint64, row []uint32) (first bool)
}

func (w *worker) insertRow(fp uint64, _ []uint32) bool {
	_, _, added := w.place(spread(fp))
	return added
}

func (w *worker) markRow(fp uint64, _ []uint32) bool { return w.mark(fp) }

func (w *worker) insertRowDepth(fp uint64, _ []uint32, depth int) (added, improved bool) {
	return w.insertDepth(fp, depth)
}

// exactTable is a set of states that are stored whole, so that equal fingerprints lose
// nothing; equal rows always come with equal ones. A state takes 16 bytes besides its row, and
// 11 to 22 for its slot; blocks that are not yet full come to 2 MB at most. A shard that grows
// holds both copies of its slots meanwhile. The zero value is an empty set.
type exactTable struct {
	shards [64]exactShard
	frozen bool
}

// exactShard holds the states whose keys have equal first 6 bits.
type exactShard struct {
	mu sync.Mutex
	// slots are the next 32 bits of a key, then 1 + the place of its record; 0 is empty.
	slots  []uint64
	blocks [][]uint32 // records, one after another; they never move
	count  uint32
	before uint64 // states in the shards before this one, once frozen
}

// A record is a head of these words, and the row.
const (
	recordLength = iota // of the row
	recordDepth         // the least depth, and the mark in the highest bit
	recordNumber        // of the state in its shard
	recordRest          // the bits of the key that are not in the slot
	recordHead

	marked = 1 << 31

	blockBits  = 13
	blockWords = 1 << blockBits
)

// worker returns a handle for one goroutine.
func (t *exactTable) worker() *exactWorker { return &exactWorker{t: t} }

// len returns the number of states.
func (t *exactTable) len() uint64 {
	var n uint64
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += uint64(s.count)
		s.mu.Unlock()
	}
	return n
}

// bytes returns the memory that the table holds.
func (t *exactTable) bytes() uint64 {
	var n uint64
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += uint64(len(s.slots))*8 + uint64(cap(s.blocks))*24
		for _, block := range s.blocks {
			n += uint64(cap(block)) * 4
		}
		s.mu.Unlock()
	}
	return n
}

// freeze ends insertion: from now on an addition panics, and slotRow gives numbers. No worker
// may be at work.
func (t *exactTable) freeze() {
	var before uint64
	for i := range t.shards {
		t.shards[i].before = before
		before += uint64(t.shards[i].count)
	}
	t.frozen = true
}

// slots returns how many numbers there are in a frozen table: len.
func (t *exactTable) slots() uint64 { return t.len() }

// slotRow returns the number of a state, below slots, in a frozen table. It panics if the
// state is not in the set.
func (t *exactTable) slotRow(fp uint64, row []uint32) uint64 {
	s, key := t.shard(fp)
	if _, record := s.find(key, row); record != nil && t.frozen {
		return s.before + uint64(record[recordNumber])
	}
	panic(fmt.Sprintf("explore: slot of %#x, which is not in the set, or the set is not frozen", fp))
}

// slotOf returns the number of a state with the fingerprint fp in a frozen table: of any, if
// there are several.
func (t *exactTable) slotOf(fp uint64) (slot uint64, known bool) {
	s, key := t.shard(fp)
	if _, record := s.seek(key, func([]uint32) bool { return true }); record != nil {
		return s.before + uint64(record[recordNumber]), true
	}
	return 0, false
}

func (t *exactTable) shard(fp uint64) (s *exactShard, key uint64) {
	key = spread(fp)
	return &t.shards[key>>58], key
}

// tagOf returns the part of a key that is in slots, restOf the one that is in records.
func tagOf(key uint64) uint32  { return uint32(key >> 26) }
func restOf(key uint64) uint32 { return uint32(key) & (1<<26 - 1) }

// exactWorker is the hold of one goroutine on an exactTable. It need not enter.
type exactWorker struct{ t *exactTable }

func (w *exactWorker) enter() {}
func (w *exactWorker) leave() {}

func (w *exactWorker) insertRow(fp uint64, row []uint32) bool {
	added, _ := w.insertRowDepth(fp, row, 0)
	return added
}

func (w *exactWorker) insertRowDepth(fp uint64, row []uint32, depth int) (added, improved bool) {
	if depth < 0 || int64(depth) >= marked {
		panic(fmt.Sprintf("explore: depth %d does not fit in 31 bits", depth))
	}
	s, key := w.t.shard(fp)
	want := uint32(depth)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, record := s.find(key, row)
	if record == nil {
		if w.t.frozen {
			panic("explore: addition to a frozen table")
		}
		s.add(key, row, want)
		return true, true
	}
	held := record[recordDepth]
	if improved = want < held&^marked; improved {
		record[recordDepth] = held&marked | want
	}
	return false, improved
}

// markRow marks a state, which is in the set. Exactly one call for each state returns true.
func (w *exactWorker) markRow(fp uint64, row []uint32) (first bool) {
	s, key := w.t.shard(fp)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, record := s.find(key, row)
	if record == nil {
		panic(fmt.Sprintf("explore: mark of %#x, which is not in the set", fp))
	}
	first = record[recordDepth]&marked == 0
	record[recordDepth] |= marked
	return first
}

// find returns the record of row and the slot that leads to it, or nil and an empty slot.
func (s *exactShard) find(key uint64, row []uint32) (at int, record []uint32) {
	return s.seek(key, func(held []uint32) bool { return slices.Equal(held, row) })
}

// seek returns the first record of key whose row is accepted and the slot that leads to it, or
// nil and the empty slot behind those of key, if there is one.
func (s *exactShard) seek(key uint64, accept func(row []uint32) bool) (at int, record []uint32) {
	if len(s.slots) == 0 {
		return 0, nil
	}
	for at = s.home(tagOf(key)); s.slots[at] != 0; at = (at + 1) % len(s.slots) {
		if uint32(s.slots[at]>>32) != tagOf(key) {
			continue
		}
		record = s.record(uint32(s.slots[at]) - 1)
		if record[recordRest] == restOf(key) && accept(record[recordHead:]) {
			return at, record
		}
	}
	return at, nil
}

func (s *exactShard) home(tag uint32) int {
	return int(uint64(tag) * uint64(len(s.slots)) >> 32)
}

// record returns the record at place: a block, and where it begins there.
func (s *exactShard) record(place uint32) []uint32 {
	rest := s.blocks[place>>blockBits][place%blockWords:]
	return rest[:recordHead+rest[recordLength]]
}

// add puts in row, which is not there.
func (s *exactShard) add(key uint64, row []uint32, depth uint32) {
	if int(s.count)*4 >= len(s.slots)*3 {
		s.grow()
	}
	last := len(s.blocks) - 1
	if need := recordHead + len(row); last < 0 || cap(s.blocks[last])-len(s.blocks[last]) < need {
		last++
		size := min(blockWords, 1<<min(6+last, blockBits))
		s.blocks = append(s.blocks, make([]uint32, 0, max(size, need)))
	}
	block := s.blocks[last]
	place := uint32(last)<<blockBits | uint32(len(block))
	head := [recordHead]uint32{recordLength: uint32(len(row)), recordDepth: depth,
		recordNumber: s.count, recordRest: restOf(key)}
	s.blocks[last] = append(append(block, head[:]...), row...)
	s.put(uint64(tagOf(key))<<32 | uint64(place+1))
	s.count++
}

// grow makes twice as many slots.
func (s *exactShard) grow() {
	old := s.slots
	s.slots = make([]uint64, max(16, 2*len(old)))
	for _, held := range old {
		if held != 0 {
			s.put(held)
		}
	}
}

// put puts held into the first empty slot from the home of its tag on.
func (s *exactShard) put(held uint64) {
	at := s.home(uint32(held >> 32))
	for s.slots[at] != 0 {
		at = (at + 1) % len(s.slots)
	}
	s.slots[at] = held
}

package explore

import (
	"fmt"
	"math/bits"
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
}

func (w *worker) insertRow(fp uint64, _ []uint32) bool {
	_, _, added := w.place(spread(fp))
	return added
}

func (w *worker) insertRowDepth(fp uint64, _ []uint32, depth int) (added, improved bool) {
	return w.insertDepth(fp, depth)
}

// exactTable is a set of states that are stored whole, so that equal fingerprints lose
// nothing. A state takes 12 bytes besides its row, and 8 to 22 for its slot. A shard that
// grows holds both copies of its slots meanwhile. The zero value is an empty set.
type exactTable struct {
	shards [64]exactShard
	frozen bool
}

// exactShard holds the states whose keys have equal first 6 bits.
type exactShard struct {
	mu sync.Mutex
	// slots are the next 32 bits of a key, then 1 + the place of its record; 0 is empty.
	slots []uint64
	// records are, one after another: the length of a row, the least depth, the row; in
	// blocks that never move.
	blocks [][]uint32
	count  uint32
	before uint64 // states in the shards before this one, once frozen
}

// What is before the row in a record, and the words of a block.
const (
	recordLength = iota
	recordDepth
	recordNumber
	recordHead

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
	s, tag := t.shard(fp)
	if _, record := s.find(tag, row); record != nil && t.frozen {
		return s.before + uint64(record[recordNumber])
	}
	panic(fmt.Sprintf("explore: slot of %#x, which is not in the set, or the set is not frozen", fp))
}

func (t *exactTable) shard(fp uint64) (s *exactShard, tag uint32) {
	key := spread(fp)
	return &t.shards[key>>58], uint32(key >> 26)
}

// exactWorker is the hold of one goroutine on an exactTable. It need not enter.
type exactWorker struct{ t *exactTable }

func (w *exactWorker) enter() {}
func (w *exactWorker) leave() {}

func (w *exactWorker) insertRow(fp uint64, row []uint32) bool {
	added, _ := w.insertRowDepth(fp, row, 0)
	return added
}

func (w *exactWorker) insertRowDepth(fp uint64, row []uint32, depth int) (added, improved bool) {
	s, tag := w.t.shard(fp)
	s.mu.Lock()
	defer s.mu.Unlock()
	slot, record := s.find(tag, row)
	if record == nil {
		if w.t.frozen {
			panic("explore: addition to a frozen table")
		}
		s.add(slot, tag, row, uint32(depth))
		return true, true
	}
	improved = uint32(depth) < record[recordDepth]
	record[recordDepth] = min(record[recordDepth], uint32(depth))
	return false, improved
}

// find returns the record of row, or nil and the empty slot where it belongs, if there is one.
func (s *exactShard) find(tag uint32, row []uint32) (slot int, record []uint32) {
	if len(s.slots) == 0 {
		return 0, nil
	}
	slot = s.home(tag)
	for s.slots[slot] != 0 {
		if uint32(s.slots[slot]>>32) == tag {
			record = s.record(uint32(s.slots[slot]) - 1)
			if slices.Equal(record[recordHead:], row) {
				return slot, record
			}
		}
		slot = (slot + 1) % len(s.slots)
	}
	return slot, nil
}

func (s *exactShard) home(tag uint32) int {
	home, _ := bits.Mul64(uint64(tag)<<32, uint64(len(s.slots)))
	return int(home)
}

// record returns the record at place: a block, and where it begins there.
func (s *exactShard) record(place uint32) []uint32 {
	rest := s.blocks[place>>blockBits][place%blockWords:]
	return rest[:recordHead+rest[recordLength]]
}

// add puts row into the empty slot that find returned.
func (s *exactShard) add(slot int, tag uint32, row []uint32, depth uint32) {
	if int(s.count)*4 >= len(s.slots)*3 {
		s.grow()
		slot, _ = s.find(tag, row)
	}
	last := len(s.blocks) - 1
	if need := recordHead + len(row); last < 0 || cap(s.blocks[last])-len(s.blocks[last]) < need {
		last++
		size := min(blockWords, 1<<min(6+last, blockBits))
		s.blocks = append(s.blocks, make([]uint32, 0, max(size, need)))
	}
	block := s.blocks[last]
	place := uint32(last)<<blockBits | uint32(len(block))
	block = append(block, uint32(len(row)), depth, s.count) // recordLength, recordDepth, recordNumber
	s.blocks[last] = append(block, row...)
	s.slots[slot] = uint64(tag)<<32 | uint64(place+1)
	s.count++
}

// grow makes twice as many slots.
func (s *exactShard) grow() {
	old := s.slots
	s.slots = make([]uint64, max(16, 2*len(old)))
	for _, held := range old {
		if held == 0 {
			continue
		}
		slot := s.home(uint32(held >> 32))
		for s.slots[slot] != 0 {
			slot = (slot + 1) % len(s.slots)
		}
		s.slots[slot] = held
	}
}

// slotOf returns the number of a state with a sum of hashes, in a frozen table: of several
// one of them.
func (t *exactTable) slotOf(sum uint64) (slot uint64, known bool) {
	s, tag := t.shard(sum)
	if len(s.slots) == 0 {
		return 0, false
	}
	for i := s.home(tag); s.slots[i] != 0; i = (i + 1) % len(s.slots) {
		record := s.record(uint32(s.slots[i]) - 1)
		if uint32(s.slots[i]>>32) == tag && sumOf(record[recordHead:]) == sum {
			return s.before + uint64(record[recordNumber]), true
		}
	}
	return 0, false
}

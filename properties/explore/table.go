package explore

import (
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"
)

// The shape of a table. A shard is what one worker moves when the table grows; more than a
// few for each worker share the work evenly. The spare slots behind the last home slot of a
// shard take what probing pushes over its end; at full load the chance that they do not
// suffice is about exp(-2*(1-load)*spare) = 2e-17.
const (
	shardBits  = 4
	shardCount = 1 << shardBits
	chunkBits  = 10
	chunkSlots = 1 << chunkBits
	spareSlots = 128
	quota      = 256 // how many additions a worker may make before it asks for more

	// An insertion of what is not there looks at (1+1/(1-load)^2)/2 slots on average, 23 at
	// full load (Knuth, The Art of Computer Programming 3, section 6.4, theorem K).
	loadNumerator, loadDenominator = 17, 20
)

// table is a set of fingerprints that several workers insert into: open addressing with
// linear probing, nothing is ever taken out. The home of a fingerprint is proportional to it,
// so slots are in the order of fingerprints but for the displacement by probing, and the
// table grows in place, in one pass from its end, without a second copy, see grow.
//
// It holds 8 bytes a slot, or 10 or 12 with depths, and from 1e5 states on at least 0.56 of
// the slots are in use, or 0.63 with depths: at most 14.3, 15.9 or 19.1 bytes a state.
//
// Fingerprints that differ count as different states, equal ones as equal. They are
// multiplied by an odd number first, which spreads sequences of numbers; fingerprints whose
// products crowd into a small part of the range make insertions slow and then panic.
type table struct {
	shards    [shardCount]shard
	capacity  uint64 // home slots of a shard
	depthBits uint   // of the payload of a slot: 0, 16 or 32

	mu      sync.Mutex // guards what follows
	changed sync.Cond  // inside became 0, or a growth ended
	members int        // workers handed out
	inside  int        // workers between enter and leave
	room    uint64     // additions left until the table grows, without those of quotas
	count   uint64     // additions that workers have accounted for
	frozen  bool
	growth  growth
}

// shard holds the fingerprints with equal first shardBits.
type shard struct {
	chunks []*[chunkSlots]uint64 // 0 is an empty slot
	// depths are beside chunks: for each slot a mark in the highest bit, and 1 + the depth, or
	// 0 if that is not yet written.
	depths [][]uint32
}

// newTable returns an empty table. If maxDepth is not 0 it stores beside each fingerprint the
// least depth at which it was inserted, which is at most maxDepth and less than 2^31-1.
func newTable(maxDepth int) *table {
	t := &table{}
	t.changed.L = &t.mu
	switch {
	case maxDepth < 0:
		panic(fmt.Sprintf("explore: a table for depths up to %d", maxDepth))
	case maxDepth >= 1<<15-1:
		t.depthBits = 32
	case maxDepth > 0:
		t.depthBits = 16
	}
	for i := range t.shards {
		t.shards[i].extend(1, t.depthBits)
	}
	t.resize()
	return t
}

// len returns the number of fingerprints. Workers that are inside have accounted for all but
// the last quota of theirs.
func (t *table) len() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// bytes returns the memory that the table holds, or will when a growth under way has ended.
func (t *table) bytes() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	const pointer, slice = 8, 24
	chunks := t.growth.target
	if chunks == 0 {
		chunks = len(t.shards[0].chunks)
	}
	each := uint64(chunkSlots*8 + pointer)
	if t.depthBits > 0 {
		each += chunkSlots*uint64(t.depthBits)/8 + slice
	}
	return shardCount * uint64(chunks) * each
}

// has reports whether fp is in the set. The caller is a worker inside, or there is none.
func (t *table) has(fp uint64) bool {
	_, found := t.find(spread(fp))
	return found
}

// freeze ends insertion: from now on an addition panics, and slot gives lasting numbers. No
// worker may be inside.
func (t *table) freeze() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inside > 0 {
		panic(fmt.Sprintf("explore: table frozen with %d workers inside", t.inside))
	}
	t.frozen, t.room = true, 0
}

// slots returns the number of slots of a frozen table, of which len are in use.
func (t *table) slots() uint64 { return shardCount * t.shardSlots() }

func (t *table) shardSlots() uint64 { return t.capacity + spareSlots }

// slot returns the number of fp's slot, below slots, in a frozen table. It panics if fp is not
// in the set.
func (t *table) slot(fp uint64) uint64 {
	slot, found := t.find(spread(fp))
	if !found || !t.frozen {
		panic(fmt.Sprintf("explore: slot of %#x, in the set: %t, frozen: %t", fp, found, t.frozen))
	}
	return slot
}

// find returns the slot of key, or the empty one where it belongs.
func (t *table) find(key uint64) (slot uint64, found bool) {
	s, pos := t.home(key)
	for ; pos < t.shardSlots(); pos++ {
		switch atomic.LoadUint64(s.at(pos)) {
		case key:
			return t.number(key, pos), true
		case 0:
			return t.number(key, pos), false
		}
	}
	return 0, false
}

// home returns where key is if it was not displaced. It is monotone in key.
func (t *table) home(key uint64) (*shard, uint64) {
	pos, _ := bits.Mul64(key<<shardBits, t.capacity)
	return &t.shards[key>>(64-shardBits)], pos
}

func (t *table) number(key, pos uint64) uint64 {
	return key>>(64-shardBits)*t.shardSlots() + pos
}

func (s *shard) at(pos uint64) *uint64 {
	return &s.chunks[pos>>chunkBits][pos%chunkSlots]
}

// spread returns what is stored for fp: its product with an odd number, 2^64 over the golden
// ratio (Knuth, section 6.4, on Fibonacci hashing), which gives each fingerprint another key
// and puts sequences far apart. Only 0 shares the key of another, of 2^64-1, since 0 marks empty slots.
func spread(fp uint64) uint64 {
	const multiplier = 0x9e3779b97f4a7c15
	if fp == 0 {
		fp--
	}
	return fp * multiplier
}

// collisions returns how many of n states are expected to be taken for others because their
// fingerprints of 64 bits are equal: of n(n-1)/2 pairs, each with probability 2^-64.
func collisions(n uint64) float64 {
	pairs := float64(n) / (1 << 33)
	return float64(pairs * float64(n) / (1 << 32))
}

// apart keeps what one worker writes all the time off the cache lines of the others', and off the lines that
// are fetched along with those: at the beginning and the end of what belongs to one worker.
type apart [128]byte

// worker is the hold of one goroutine on a table. It inserts between enter and leave only,
// and leaves before it waits for anything, since a table that grows waits for all to leave. To
// enter or insert may wait, so that a goroutine is inside one table at a time.
type worker struct {
	_ apart

	t     *table
	room  uint64  // additions that it may still make
	taken uint64  // what room was when it was last given
	alone bool    // it is the only worker: plain stores do
	found []int32 // scratch of novel

	_ apart
}

// worker returns a handle for one more goroutine. No worker may be inside.
func (t *table) worker() *worker {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inside > 0 {
		panic("explore: a worker more while others are inside")
	}
	t.members++
	return &worker{t: t}
}

// enter lets w insert until it leaves: a batch of some hundreds. If the table grows it helps.
func (w *worker) enter() {
	w.t.mu.Lock()
	w.t.await()
	w.t.inside++
	w.alone = w.t.members == 1
	w.take()
	w.t.mu.Unlock()
}

// leave ends what enter began.
func (w *worker) leave() {
	w.t.mu.Lock()
	w.settle()
	w.t.exit()
	w.t.mu.Unlock()
}

// insert puts fp in the set. Of all calls with the same fp, by all workers, exactly one
// returns true. The slot is valid until the next insertion of any worker; later, see freeze.
func (w *worker) insert(fp uint64) (slot uint64, added bool) {
	key := spread(fp)
	_, pos, added := w.place(key)
	return w.t.number(key, pos), added
}

// place finds or makes the slot of key.
func (w *worker) place(key uint64) (s *shard, pos uint64, added bool) {
	s, pos = w.t.home(key)
	for {
		if pos>>chunkBits >= uint64(len(s.chunks)) {
			w.overflow(len(s.chunks))
			s, pos = w.t.home(key)
			continue
		}
		chunk, at := s.chunks[pos>>chunkBits], pos%chunkSlots
		for ; at < chunkSlots; at++ {
			held := atomic.LoadUint64(&chunk[at])
			if held == 0 {
				break
			}
			if held == key {
				return s, pos&^(chunkSlots-1) | at, false
			}
		}
		if pos = pos&^(chunkSlots-1) + at; at == chunkSlots {
			continue
		}
		if w.room == 0 {
			w.makeRoom()
			s, pos = w.t.home(key)
		} else if w.claim(&chunk[at], key) {
			return s, pos, true
		}
	}
}

// claim puts key into an empty slot, unless another worker is faster.
func (w *worker) claim(slot *uint64, key uint64) bool {
	if w.alone {
		*slot = key
	} else if !atomic.CompareAndSwapUint64(slot, 0, key) {
		return false
	}
	w.room--
	return true
}

// touch has the processor fetch where fp belongs, and the next line of the cache, for an
// insertion soon.
func (w *worker) touch(fp uint64) {
	const line = 8
	s, pos := w.t.home(spread(fp))
	prefetch(s.at(pos))
	prefetch(s.at(pos + line))
}

// novel inserts the states that steps lead to and returns the places of the steps to those that
// were not in the set before, until the next call. They are best touched before. Half of the
// steps lead to what is new, and which is a bad guess: so there is no branch on it.
func (w *worker) novel(steps []succ) []int32 {
	if len(steps) > len(w.found) {
		w.found = make([]int32, 2*len(steps))
	}
	n, found := 0, w.found[:len(steps)]
	for i := range steps {
		_, _, added := w.place(spread(steps[i].sum))
		found[n] = int32(i)
		n += number(added)
	}
	return found[:n]
}

// insertAll inserts fps and sets added[i] to whether fps[i] was. It touches a few tens of them
// first.
func (w *worker) insertAll(fps []uint64, added []bool) {
	const ahead = 32
	for len(fps) > 0 {
		n := min(ahead, len(fps))
		for _, fp := range fps[:n] {
			w.touch(fp)
		}
		for i, fp := range fps[:n] {
			_, _, added[i] = w.place(spread(fp))
		}
		fps, added = fps[n:], added[n:]
	}
}

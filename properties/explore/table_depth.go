package explore

import (
	"fmt"
	"sync/atomic"
)

// insertDepth puts fp in the set, reached at depth, in a table with depths: added is as with
// insert, improved says that no earlier call had a depth as small. A worker can find a state
// that another has just added and improve on its depth before the other has written it; so
// count what was added, and expand what was improved.
func (w *worker) insertDepth(fp uint64, depth int) (added, improved bool) {
	s, pos, added := w.place(spread(fp))
	return added, s.lower(pos, w.t.depthBits, depth)
}

// lower makes depth the depth of the slot at pos if it has none or a greater one.
func (s *shard) lower(pos uint64, depthBits uint, depth int) bool {
	want, limit := uint64(depth)+1, uint64(1)<<depthBits>>1
	if depth < 0 || want >= limit {
		panic(fmt.Sprintf("explore: depth %d in a table with depths below %d", depth, int64(limit)-1))
	}
	word, shift := s.depthAt(pos, depthBits)
	mask := uint32(limit-1) << shift
	for {
		old := atomic.LoadUint32(word)
		if held := uint64(old&mask) >> shift; held != 0 && held <= want {
			return false
		}
		if atomic.CompareAndSwapUint32(word, old, old&^mask|uint32(want)<<shift) {
			return true
		}
	}
}

// mark marks fp, which is in the set, a table with depths. Of all calls with the same fp, by
// all workers, exactly one returns true.
func (w *worker) mark(fp uint64) (first bool) {
	key := spread(fp)
	s, pos, added := w.place(key)
	if added || w.t.depthBits == 0 {
		panic(fmt.Sprintf("explore: mark of %#x, in the set: %t, %d bits of depth", fp, !added, w.t.depthBits))
	}
	word, shift := s.depthAt(pos, w.t.depthBits)
	bit := uint32(1) << (shift + w.t.depthBits - 1)
	return atomic.OrUint32(word, bit)&bit == 0
}

// depthAt returns the word that has the depth of the slot at pos, and its place there.
func (s *shard) depthAt(pos uint64, depthBits uint) (word *uint32, shift uint) {
	bit := uint(pos%chunkSlots) * depthBits
	return &s.depths[pos>>chunkBits][bit/32], bit % 32
}

package explore

import (
	"fmt"
	"math/bits"
)

// growth is one enlargement of a table while it is under way. The worker that runs out of
// room begins it; it starts when no worker is inside, and all who wait for its end, there or
// at enter, take shards to move.
type growth struct {
	target int // chunks of a shard to be; 0 if there is no growth under way
	next   int // the first shard that nobody has taken
	left   int // shards that are not done
}

// await returns when no growth is under way, and helps with one that is. The caller holds mu
// and is not inside.
func (t *table) await() {
	for t.growth.target > 0 {
		if t.inside > 0 || t.growth.next == shardCount {
			t.changed.Wait()
			continue
		}
		s := &t.shards[t.growth.next]
		t.growth.next++
		t.mu.Unlock()
		s.grow(t.growth.target, t.depthBits)
		t.mu.Lock()
		if t.growth.left--; t.growth.left == 0 {
			t.growth.target = 0
			t.resize()
			t.changed.Broadcast()
		}
	}
}

// resize takes up the length of the shards: it sets the capacity and the room.
func (t *table) resize() {
	limit := func() uint64 { return shardCount * t.capacity * loadNumerator / loadDenominator }
	before := limit()
	t.capacity = homes(len(t.shards[0].chunks))
	t.room += limit() - before
}

// homes returns the number of home slots of a shard with so many chunks.
func homes(chunks int) uint64 { return uint64(chunks)*chunkSlots - spareSlots }

// begin begins a growth, unless one is under way: by the factor 3/2, so that of each key there
// are two to three moves, or by 4/3 where slots are larger.
func (t *table) begin() {
	if t.growth.target > 0 {
		return
	}
	chunks := len(t.shards[0].chunks)
	target := chunks * 3 / 2
	if t.depthBits > 0 {
		target = chunks * 4 / 3
	}
	t.growth = growth{target: max(chunks+1, target), left: shardCount}
}

// exit takes the calling worker off those inside. It holds mu.
func (t *table) exit() {
	if t.inside == 0 {
		panic("explore: insertion by a worker that has not entered")
	}
	if t.inside--; t.inside == 0 {
		t.changed.Broadcast()
	}
}

// take gives w, which holds mu, another quota if there is room.
func (w *worker) take() {
	w.taken = min(quota, w.t.room)
	w.room = w.taken
	w.t.room -= w.taken
}

// settle accounts for the additions of w, which holds mu, and gives back what is left.
func (w *worker) settle() {
	w.t.count += w.taken - w.room
	w.t.room += w.room
	w.room, w.taken = 0, 0
}

// makeRoom gives w, which is inside, room for at least one addition. Slots may move.
func (w *worker) makeRoom() {
	t := w.t
	t.mu.Lock()
	defer t.mu.Unlock()
	w.settle()
	t.exit()
	for t.await(); t.room == 0; t.await() {
		if t.frozen {
			panic("explore: addition to a frozen table")
		}
		t.begin()
	}
	t.inside++
	w.take()
}

// overflow makes the table grow although there is room, because a shard of so many chunks has
// no slot left behind the home of some key.
func (w *worker) overflow(chunks int) {
	t := w.t
	t.mu.Lock()
	defer t.mu.Unlock()
	w.settle()
	t.exit()
	if t.await(); len(t.shards[0].chunks) == chunks {
		if t.count < t.room {
			panic(fmt.Sprintf("explore: fingerprints are not mixed: %d of them overflow a part of a table with room for %d",
				t.count, t.count+t.room))
		}
		t.begin()
		t.await()
	}
	t.inside++
	w.take()
}

// extend appends empty chunks until there are target.
func (s *shard) extend(target int, depthBits uint) {
	fresh := make([][chunkSlots]uint64, target-len(s.chunks))
	chunks := make([]*[chunkSlots]uint64, 0, target)
	chunks = append(chunks, s.chunks...)
	for i := range fresh {
		chunks = append(chunks, &fresh[i])
	}
	s.chunks = chunks
	if depthBits == 0 {
		return
	}
	depths := make([][]uint32, 0, target)
	depths = append(depths, s.depths...)
	for range fresh {
		depths = append(depths, make([]uint32, chunkSlots*depthBits/32))
	}
	s.depths = depths
}

// entry is a slot that is being moved.
type entry struct {
	key, home uint64
	depth     uint32
}

// grow extends s and moves its keys to their new homes in place. No home gets smaller, so it
// goes from the end to the beginning, and what is behind the slot that it has come to has
// been moved or is empty. A key whose new home is behind its slot, as of nearly all, moves at
// once. The others wait until the cluster, the run of used slots that theirs is in, has been
// gone through: their homes are not before it, so that probes for their new slots meet no key
// that is still to be moved.
func (s *shard) grow(target int, depthBits uint) {
	var waiting []entry
	old := s.chunks
	s.extend(target, depthBits)
	capacity := homes(target)
	for c := len(old) - 1; c >= 0; c-- {
		chunk := old[c]
		for i := chunkSlots - 1; i >= 0; i-- {
			key := chunk[i]
			if key == 0 {
				for _, e := range waiting {
					s.put(e, depthBits)
				}
				waiting = waiting[:0]
				continue
			}
			chunk[i] = 0
			pos := uint64(c)<<chunkBits | uint64(i)
			home, _ := bits.Mul64(key<<shardBits, capacity)
			if home > pos && depthBits == 0 {
				place(s.chunks, key, home)
				continue
			}
			e := entry{key: key, home: home}
			if depthBits > 0 {
				e.depth = s.takeDepth(pos, depthBits)
			}
			if home > pos {
				s.put(e, depthBits)
			} else {
				waiting = append(waiting, e)
			}
		}
	}
	for _, e := range waiting {
		s.put(e, depthBits)
	}
}

// put puts e into the first empty slot from its new home on.
func (s *shard) put(e entry, depthBits uint) {
	pos := place(s.chunks, e.key, e.home)
	if depthBits > 0 {
		word, shift := s.depthAt(pos, depthBits)
		*word |= e.depth << shift
	}
}

// place puts key into the first empty slot from its home on, which it returns.
func place(chunks []*[chunkSlots]uint64, key, home uint64) uint64 {
	at := home % chunkSlots
	for {
		chunk := chunks[home>>chunkBits]
		for ; at < chunkSlots; at++ {
			if chunk[at] == 0 {
				chunk[at] = key
				return home&^(chunkSlots-1) | at
			}
		}
		home, at = home&^(chunkSlots-1)+chunkSlots, 0
	}
}

// takeDepth clears the depth of the slot at pos and returns what it was, in the stored form.
func (s *shard) takeDepth(pos uint64, depthBits uint) uint32 {
	word, shift := s.depthAt(pos, depthBits)
	mask := uint32(1<<depthBits-1) << shift
	held := *word & mask >> shift
	*word &^= mask
	return held
}

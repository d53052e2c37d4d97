package crdt

// An index holds many rows. They lie in chunks, which never move, and there are
// two ways to them: an open-addressed table from the hashes of keys, and for each
// replica its dots in order of their counters, which finds a dot in O(log n) and
// the dots of a range in O(log n + found).
type index[K comparable, P any] struct {
	chunks  [][]row[K, P] // all full but the last; the first grows from one row on
	size    int32         // places in chunks
	free    int32         // place+1 of the first free row, chained by next
	live    int
	slots   []uint32 // of the first row of each key, see slot; 0 empty
	keys    int      // slots taken
	strands []strand // in order of replica, none empty
}

// chunkRows is small enough for its last chunk to waste little and large enough for
// the list of chunks to stay in a cache.
const (
	chunkBits = 8
	chunkRows = 1 << chunkBits
)

func (x *index[K, P]) row(place int32) *row[K, P] {
	return &x.chunks[uint32(place)>>chunkBits][place&(chunkRows-1)]
}

func (x *index[K, P]) all(yield func(int32, *row[K, P]) bool) {
	for i, c := range x.chunks {
		for j := range c {
			if c[j].dot.Counter > 0 && !yield(int32(i<<chunkBits+j), &c[j]) {
				return
			}
		}
	}
}

// store keeps a row without a word to the two ways.
func (x *index[K, P]) store(r *row[K, P]) int32 {
	x.live++
	if x.free > 0 {
		place := x.free - 1
		old := x.row(place)
		x.free = old.next
		*old = *r
		return place
	}
	switch {
	case x.chunks == nil:
		x.chunks = make([][]row[K, P], 1)
	case x.size&(chunkRows-1) == 0 && x.size > 0:
		x.chunks = append(x.chunks, make([]row[K, P], 0, chunkRows))
	}
	last := &x.chunks[len(x.chunks)-1]
	*last = append(*last, *r)
	x.size++
	return x.size - 1
}

func (x *index[K, P]) lookup(d Dot) int32 {
	if s := x.strandOf(d.Replica); s != nil {
		if i, ok := s.find(d.Counter); ok {
			return s.places[i]
		}
	}
	return -1
}

func (x *index[K, P]) insert(r *row[K, P]) {
	x.strandFor(r.dot.Replica).insert(r.dot, x.add(r))
}

// add keeps a row, to be found by its key.
func (x *index[K, P]) add(r *row[K, P]) int32 {
	x.reserve(1)
	place := x.store(r)
	x.link(place)
	return place
}

func (x *index[K, P]) remove(place int32) {
	r := x.row(place)
	x.unlink(place)
	x.loosen(r.dot)
	*r = row[K, P]{next: x.free}
	x.free = place + 1
	x.live--
}

// slot returns what is in slots for the row at place: place+1 in the bits below
// the number of slots, and above them the bits of the hash that do not say which slot.
func (x *index[K, P]) slot(hash uint32, place int32) uint32 {
	return hash&^uint32(len(x.slots)-1) | uint32(place+1)
}

// head returns the place of the first row of key, or -1.
func (x *index[K, P]) head(hash uint32, key *K) int32 {
	if len(x.slots) == 0 {
		return -1
	}
	mask := uint32(len(x.slots) - 1)
	for i := hash & mask; x.slots[i] != 0; i = (i + 1) & mask {
		if slot := x.slots[i]; (slot^hash)&^mask == 0 {
			place := int32(slot&mask) - 1
			if r := x.row(place); r.hash == hash && r.key == *key {
				return place
			}
		}
	}
	return -1
}

// link puts the row at place into slots, behind the first row of its key if there is
// one. There must be room.
func (x *index[K, P]) link(place int32) {
	r := x.row(place)
	mask := uint32(len(x.slots) - 1)
	i := r.hash & mask
	for ; x.slots[i] != 0; i = (i + 1) & mask {
		if slot := x.slots[i]; (slot^r.hash)&^mask == 0 {
			if head := x.row(int32(slot&mask) - 1); head.hash == r.hash && head.key == r.key {
				r.next, head.next = head.next, place+1
				return
			}
		}
	}
	r.next = 0
	x.slots[i] = x.slot(r.hash, place)
	x.keys++
}

// reserve makes room for n more rows, each with a key of its own: no slot is more than
// three quarters full, and all places fit into one. It goes through the rows as they
// lie, because to follow the slots would be a cache miss each. It grows by
// four, so that all rows are linked anew half as often, for 5 to 21 bytes an element.
func (x *index[K, P]) reserve(n int) {
	keys, places := x.keys+n, int(x.size)+n
	size := max(len(x.slots), 4)
	for size*3 < keys*4 || size <= places {
		size *= 4
	}
	if size == len(x.slots) {
		return
	}
	x.slots = make([]uint32, size)
	x.keys = 0
	for place := range x.all {
		x.link(place)
	}
}

// unlink takes the row at place out of slots and of the chain of its key.
func (x *index[K, P]) unlink(place int32) {
	r := x.row(place)
	mask := uint32(len(x.slots) - 1)
	i := r.hash & mask
	for {
		if slot := x.slots[i]; (slot^r.hash)&^mask == 0 {
			head := int32(slot&mask) - 1
			if head == place {
				break
			}
			if h := x.row(head); h.hash == r.hash && h.key == r.key {
				x.unchain(head, place)
				return
			}
		}
		i = (i + 1) & mask
	}
	if r.next > 0 {
		x.slots[i] = x.slot(r.hash, r.next-1)
		return
	}
	x.vacate(i)
	x.keys--
}

func (x *index[K, P]) unchain(before, place int32) {
	for x.row(before).next != place+1 {
		before = x.row(before).next - 1
	}
	x.row(before).next = x.row(place).next
}

// vacate empties slot i and moves back what would not be found over the gap
// (Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
func (x *index[K, P]) vacate(i uint32) {
	mask := uint32(len(x.slots) - 1)
	for j := (i + 1) & mask; x.slots[j] != 0; j = (j + 1) & mask {
		if home := x.row(int32(x.slots[j]&mask)-1).hash & mask; (j-home)&mask >= (j-i)&mask {
			x.slots[i] = x.slots[j]
			i = j
		}
	}
	x.slots[i] = 0
}

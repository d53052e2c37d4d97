package crdt

import (
	"math/bits"

	"github.com/zeebo/xxh3"
)

// hashOf returns 32 bits for key, the same in every process.
func hashOf[K comparable](key K) uint64 {
	switch k := any(&key).(type) {
	case *string:
		return xxh3.HashString(*k) >> 32
	case *uint64:
		return mix(*k)
	case *int64:
		return mix(uint64(*k))
	case *int:
		return mix(uint64(*k))
	}
	return hashEncoded(key)
}

func mix(n uint64) uint64 {
	hi, lo := bits.Mul64(n^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return (hi ^ lo) >> 32
}

func hashEncoded[K comparable](key K) uint64 {
	b, err := appendValue(nil, &key)
	if err != nil {
		panic("crdt: a key needs an encoding: " + err.Error())
	}
	return xxh3.Hash(b) >> 32
}

// head returns the place of the first row of key, or -1.
func (t *table[K, P]) head(hash uint64, key K) int32 {
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if t.slots[i]>>32 == hash {
			if place := int32(uint32(t.slots[i])) - 1; t.rows[place].key == key {
				return place
			}
		}
	}
	return -1
}

// link puts the row at place into slots, behind the first row of its key if there is one.
func (t *table[K, P]) link(place int32) {
	r := &t.rows[place]
	hash := hashOf(r.key)
	if head := t.head(hash, r.key); head >= 0 {
		r.next = t.rows[head].next
		t.rows[head].next = place + 1
		return
	}
	r.next = 0
	if (t.keys+1)*4 > len(t.slots)*3 {
		t.grow()
	}
	t.occupy(hash<<32 | uint64(place+1))
	t.keys++
}

func (t *table[K, P]) occupy(slot uint64) {
	mask := uint64(len(t.slots) - 1)
	i := slot >> 32 & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = slot
}

func (t *table[K, P]) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, slot := range old {
		if slot != 0 {
			t.occupy(slot)
		}
	}
}

// unlink takes the row at place out of slots and of the chain of its key.
func (t *table[K, P]) unlink(place int32) {
	r := &t.rows[place]
	hash := hashOf(r.key)
	mask := uint64(len(t.slots) - 1)
	i := hash & mask
	for t.slots[i]>>32 != hash || t.rows[int32(uint32(t.slots[i]))-1].key != r.key {
		i = (i + 1) & mask
	}
	head := int32(uint32(t.slots[i])) - 1
	if head == place {
		if r.next > 0 {
			t.slots[i] = hash<<32 | uint64(r.next)
			return
		}
		t.vacate(i)
		t.keys--
		return
	}
	before := head
	for t.rows[before].next != place+1 {
		before = t.rows[before].next - 1
	}
	t.rows[before].next = r.next
}

// vacate empties slot i and moves back what would not be found over the gap
// (Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
func (t *table[K, P]) vacate(i uint64) {
	mask := uint64(len(t.slots) - 1)
	for j := (i + 1) & mask; t.slots[j] != 0; j = (j + 1) & mask {
		if home := t.slots[j] >> 32 & mask; (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = 0
}

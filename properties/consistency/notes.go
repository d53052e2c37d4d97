package consistency

import (
	"sort"

	"phoenix/properties/history"
)

// note is a version that whoever sees a later write of a client is owed,
// because the client wrote it or had read it.
type note struct {
	call              int64 // of the version's write
	key, version, via int32 // via is the client's operation
	// newest is, of the client's notes of this key and level up to this one, the
	// place of the one whose write was called last.
	newest int32
	level  Level // in a notebook MonotonicWrites or WritesFollowReads
}

// notebook is what the clients wrote and had read, in their order.
type notebook struct {
	author []int32  // of each operation, its client, or nothing if it did not happen
	notes  [][]note // of each client
	// upto is, for each write, how many of its client's notes come before it.
	upto []int32
	// byKey are the places of each client's notes of one level by key and place.
	byKey [len(guarantees)][][]int32
}

// takeNotes takes notes of the operations of clients: a CAS reads and then
// writes. O(n).
func (v *versions) takeNotes(author []int32, clients int) notebook {
	b := notebook{author: author, notes: make([][]note, clients), upto: make([]int32, len(v.ops))}
	follows := WritesFollowReads
	if v.flaw == flawReadsAreWrites {
		follows = MonotonicWrites
	}
	place := make([][2]int32, len(v.ops)) // of each operation, its notes as a reader and as a writer
	for i := range v.ops {
		place[i] = [2]int32{nothing, nothing}
		if author[i] == nothing {
			continue
		}
		list := &b.notes[author[i]]
		op, from := &v.ops[i], v.from[i]
		known := op.Outcome == history.OK // or the client does nothing after it
		if known && from >= 0 && !v.initial(from) {
			place[i][0] = int32(len(*list))
			*list = append(*list, note{call: v.ops[from].Call, key: v.key[i], version: from, via: int32(i), level: follows})
		}
		b.upto[i] = int32(len(*list))
		if known && writes(op) {
			place[i][1] = int32(len(*list))
			*list = append(*list, note{call: op.Call, key: v.key[i], version: int32(i), via: int32(i), level: MonotonicWrites})
		}
	}
	for _, level := range [...]Level{MonotonicWrites, WritesFollowReads} {
		b.byKey[level-ReadYourWrites] = make([][]int32, clients)
	}
	for _, operations := range v.of {
		for _, i := range operations {
			for _, at := range place[i] {
				if at != nothing {
					b.index(author[i], at)
				}
			}
		}
	}
	return b
}

// index adds a note of client c to byKey.
func (b *notebook) index(c, at int32) {
	notes := b.notes[c]
	n := &notes[at]
	list := &b.byKey[n.level-ReadYourWrites][c]
	n.newest = at
	if last := len(*list) - 1; last >= 0 && notes[(*list)[last]].key == n.key {
		if before := notes[(*list)[last]].newest; notes[before].call >= n.call {
			n.newest = before
		}
	}
	*list = append(*list, at)
}

// lastNote returns the place of client c's last note of a key and level below
// place upto, or nothing.
func (b *notebook) lastNote(c, key int32, level Level, upto int32) int32 {
	list, notes := b.byKey[level-ReadYourWrites][c], b.notes[c]
	at := sort.Search(len(list), func(j int) bool {
		n := &notes[list[j]]
		return n.key > key || n.key == key && list[j] >= upto
	})
	if at == 0 || notes[list[at-1]].key != key {
		return nothing
	}
	return list[at-1]
}

package crdt

import (
	"cmp"
	"slices"
)

// A table holds the live dots of keys, each with a value: the dot stores of
// Almeida et al. 2018, section 7.2, in one. DotSet is a table with one key and
// no values, DotFun one with one key, DotMap over DotSet one without values.
//
// Rows lie in a slice, in no order that matters. Beyond smallTable rows there
// are two indexes: an open-addressed one from keys to rows, and for each replica
// its live dots in order of their counters, which finds a dot in O(log n) and
// the dots of a range in O(log n + found).
type table[K comparable, P any] struct {
	rows    []row[K, P]
	slots   []uint64 // hash<<32 | place+1 of a row, 0 empty; nil while small
	strands []strand
	free    int32 // place+1 of the first free row, chained by next
	live    int
	keys    int // number of heads in slots
}

// row is one live dot. The value does not change while it is in a table, so tables may share it.
type row[K comparable, P any] struct {
	key     K
	val     P
	counter uint64 // 0: the row is free
	rep     uint32 // place in strands
	next    int32  // place+1 of the next row of the key, or the next free row
}

// strand is one replica's part of a table.
type strand struct {
	replica   Replica
	*sequence // nil while the table is small
}

// sequence lists the dots of one replica.
type sequence struct {
	counters []uint64 // rising
	places   []int32  // of rows; -1: no longer live
	dead     int
}

const smallTable = 8

func (t *table[K, P]) small() bool { return t.slots == nil }

func (t *table[K, P]) dot(place int32) Dot {
	r := &t.rows[place]
	return Dot{t.strands[r.rep].replica, r.counter}
}

// strandOf returns the place of r's strand, or -1.
func (t *table[K, P]) strandOf(r Replica) int {
	for i := range t.strands {
		if t.strands[i].replica == r {
			return i
		}
	}
	return -1
}

func (t *table[K, P]) makeStrand(r Replica) int {
	if i := t.strandOf(r); i >= 0 {
		return i
	}
	n := strand{replica: r}
	if !t.small() {
		n.sequence = &sequence{}
	}
	t.strands = append(t.strands, n)
	return len(t.strands) - 1
}

// places appends the places of key's rows to buf.
func (t *table[K, P]) places(buf []int32, key K) []int32 {
	if t.small() {
		for i := range t.rows {
			if t.rows[i].counter > 0 && t.rows[i].key == key {
				buf = append(buf, int32(i))
			}
		}
		return buf
	}
	for p := t.head(hashOf(key), key); p >= 0; p = t.rows[p].next - 1 {
		buf = append(buf, p)
	}
	return buf
}

func (t *table[K, P]) has(key K) bool {
	if !t.small() {
		return t.head(hashOf(key), key) >= 0
	}
	return slices.ContainsFunc(t.rows, func(r row[K, P]) bool { return r.counter > 0 && r.key == key })
}

// lookup returns the place of d's row, or -1.
func (t *table[K, P]) lookup(d Dot) int32 {
	s := t.strandOf(d.Replica)
	if s < 0 {
		return -1
	}
	if t.small() {
		for i := range t.rows {
			if t.rows[i].counter == d.Counter && t.rows[i].rep == uint32(s) {
				return int32(i)
			}
		}
		return -1
	}
	if i, ok := t.strands[s].find(d.Counter); ok {
		return t.strands[s].places[i]
	}
	return -1
}

// find returns the first place of a counter of c or more, and whether it is c.
func (s *sequence) find(c uint64) (int, bool) {
	n := len(s.counters)
	if n == 0 || s.counters[n-1] < c {
		return n, false
	}
	return slices.BinarySearch(s.counters, c)
}

// insert adds a row. Its dot must not be live.
func (t *table[K, P]) insert(key K, d Dot, val P) {
	place := t.put(key, d, val)
	if t.small() {
		if len(t.rows) > smallTable {
			t.index()
		}
		return
	}
	t.link(place)
	s := t.strands[t.rows[place].rep].sequence
	if i, _ := s.find(d.Counter); i == len(s.counters) {
		s.counters, s.places = append(s.counters, d.Counter), append(s.places, place)
	} else if s.counters[i] == d.Counter {
		panic("crdt: the dot " + d.String() + " was minted twice")
	} else {
		s.counters, s.places = slices.Insert(s.counters, i, d.Counter), slices.Insert(s.places, i, place)
	}
}

// put stores a row without a word to the indexes.
func (t *table[K, P]) put(key K, d Dot, val P) int32 {
	r := row[K, P]{key: key, val: val, counter: d.Counter, rep: uint32(t.makeStrand(d.Replica))}
	t.live++
	if t.free == 0 {
		t.rows = append(t.rows, r)
		return int32(len(t.rows) - 1)
	}
	place := t.free - 1
	t.free = t.rows[place].next
	t.rows[place] = r
	return place
}

// index makes the indexes afresh, in O(n log n) if the rows come in no order.
func (t *table[K, P]) index() {
	size := 16
	for size*3 < len(t.rows)*4+4 {
		size *= 2
	}
	t.slots, t.keys = make([]uint64, size), 0
	for i := range t.strands {
		t.strands[i].sequence = &sequence{}
	}
	for i := range t.rows {
		if r := &t.rows[i]; r.counter > 0 {
			r.next = 0
			t.link(int32(i))
			t.strands[r.rep].places = append(t.strands[r.rep].places, int32(i))
		}
	}
	for i := range t.strands {
		s := t.strands[i].sequence
		slices.SortFunc(s.places, func(a, b int32) int { return cmp.Compare(t.rows[a].counter, t.rows[b].counter) })
		s.counters = make([]uint64, len(s.places))
		for j, p := range s.places {
			s.counters[j] = t.rows[p].counter
		}
	}
}

// remove takes the row at place out.
func (t *table[K, P]) remove(place int32) {
	r := &t.rows[place]
	if !t.small() {
		t.unlink(place)
		s := t.strands[r.rep].sequence
		if i, ok := s.find(r.counter); ok {
			s.places[i] = -1
			s.dead++
		}
		s.compact()
	}
	*r = row[K, P]{next: t.free}
	t.free = place + 1
	t.live--
}

// compact drops the dead half of a strand.
func (s *sequence) compact() {
	if s.dead < 16 || s.dead*2 < len(s.places) {
		return
	}
	n := 0
	for i, p := range s.places {
		if p >= 0 {
			s.places[n], s.counters[n] = p, s.counters[i]
			n++
		}
	}
	s.places, s.counters, s.dead = s.places[:n], s.counters[:n], 0
}

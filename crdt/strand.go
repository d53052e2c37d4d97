package crdt

import (
	"cmp"
	"iter"
	"slices"
)

// A strand lists the dots of one replica in an index.
type strand struct {
	replica  Replica
	counters []uint64 // rising
	places   []int32  // of rows; -1: no longer live
	dead     int
}

func (x *index[K, P]) strandAt(r Replica) (int, bool) {
	if len(x.strands) <= 8 {
		for i := range x.strands {
			if x.strands[i].replica >= r {
				return i, x.strands[i].replica == r
			}
		}
		return len(x.strands), false
	}
	return slices.BinarySearchFunc(x.strands, r, func(s strand, r Replica) int { return cmp.Compare(s.replica, r) })
}

// strandOf returns r's strand, or nil. It moves with the next new replica.
func (x *index[K, P]) strandOf(r Replica) *strand {
	if i, ok := x.strandAt(r); ok {
		return &x.strands[i]
	}
	return nil
}

// strandFor makes one if there is none.
func (x *index[K, P]) strandFor(r Replica) *strand {
	i, ok := x.strandAt(r)
	if !ok {
		x.strands = slices.Insert(x.strands, i, strand{replica: r})
	}
	return &x.strands[i]
}

// loosen takes a dot out of its strand.
func (x *index[K, P]) loosen(d Dot) {
	if i, ok := x.strandAt(d.Replica); ok && x.strands[i].remove(d.Counter) {
		x.strands = slices.Delete(x.strands, i, i+1)
	}
}

// find returns the first place of a counter of c or more, and whether it is c. The
// counters rise by one at least, which bounds where c can be: where they rise by
// one the search is over at once.
func (s *strand) find(c uint64) (int, bool) {
	n := len(s.counters)
	if n == 0 || s.counters[n-1] < c {
		return n, false
	}
	if c < s.counters[0] {
		return 0, false
	}
	lo := n - 1 - int(min(s.counters[n-1]-c, uint64(n-1)))
	hi := int(min(c-s.counters[0], uint64(n-1)))
	i, ok := slices.BinarySearch(s.counters[lo:hi+1], c)
	return lo + i, ok
}

// insert adds a dot, which must not be live.
func (s *strand) insert(d Dot, place int32) {
	i, ok := s.find(d.Counter)
	switch {
	case i == len(s.counters):
		s.push(d.Counter, place)
	case !ok:
		s.counters, s.places = slices.Insert(s.counters, i, d.Counter), slices.Insert(s.places, i, place)
	default:
		panic("crdt: the dot " + d.String() + " was minted twice")
	}
}

// grow makes room for n more dots.
func (s *strand) grow(n int) {
	s.counters, s.places = slices.Grow(s.counters, n), slices.Grow(s.places, n)
}

// push adds a dot at the end. It doubles the room: append would do by quarters, and leave more behind.
func (s *strand) push(c uint64, place int32) {
	if n := len(s.counters); n == cap(s.counters) {
		s.grow(max(n, 4))
	}
	s.counters, s.places = append(s.counters, c), append(s.places, place)
}

// remove takes a dot out and reports whether none is left.
func (s *strand) remove(c uint64) bool {
	i, _ := s.find(c)
	s.places[i] = -1
	s.dead++
	if s.dead*2 < len(s.places) || s.dead < 16 && s.dead < len(s.places) {
		return false
	}
	n := 0
	for i, p := range s.places {
		if p >= 0 {
			s.places[n], s.counters[n] = p, s.counters[i]
			n++
		}
	}
	s.places, s.counters, s.dead = s.places[:n], s.counters[:n], 0
	return n == 0
}

// within yields the places of the live dots within the spans, in order.
func (s *strand) within(spans []span) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for _, n := range spans {
			for i, _ := s.find(n.lo); i < len(s.counters) && s.counters[i] <= n.hi; i++ {
				if s.places[i] >= 0 && !yield(s.places[i]) {
					return
				}
			}
		}
	}
}

// settle puts the dots pushed since there were n, which rise, where they belong. It
// costs nothing where they come last.
func (s *strand) settle(n int) {
	if n == 0 || n == len(s.counters) || s.counters[n-1] < s.counters[n] {
		return
	}
	counters, places := slices.Clone(s.counters[n:]), slices.Clone(s.places[n:])
	i, j := n-1, len(counters)-1
	for to := len(s.counters) - 1; j >= 0; to-- {
		if i >= 0 && s.counters[i] > counters[j] {
			s.counters[to], s.places[to] = s.counters[i], s.places[i]
			i--
		} else {
			s.counters[to], s.places[to] = counters[j], places[j]
			j--
		}
	}
}

// load fills an empty index, in O(n log n), and reports whether every dot is there once only.
func (x *index[K, P]) load(rows []row[K, P]) bool {
	x.reserve(len(rows))
	for i := range rows {
		x.strandFor(rows[i].dot.Replica).push(rows[i].dot.Counter, x.add(&rows[i]))
	}
	for i := range x.strands {
		if !x.strands[i].sort() {
			return false
		}
	}
	return true
}

// sort puts dots pushed in any order where they belong and reports whether none is there twice.
func (s *strand) sort() bool {
	type at struct {
		counter uint64
		place   int32
	}
	all := make([]at, len(s.counters))
	for i, c := range s.counters {
		all[i] = at{c, s.places[i]}
	}
	slices.SortFunc(all, func(a, b at) int { return cmp.Compare(a.counter, b.counter) })
	for i, a := range all {
		if i > 0 && a.counter == all[i-1].counter {
			return false
		}
		s.counters[i], s.places[i] = a.counter, a.place
	}
	return true
}

package crdt

import (
	"cmp"
	"iter"
	"slices"
)

// A strand lists the dots of one replica in an index.
type strand struct {
	replica  Replica
	places   []int32  // of rows; -1: no longer live
	counters []uint64 // rising; nil while they rise by one from first on
	first    uint64
	dead     int
}

func (s *strand) counter(i int) uint64 {
	if s.counters == nil {
		return s.first + uint64(i)
	}
	return s.counters[i]
}

// spell writes the counters down, for the next will not rise by one.
func (s *strand) spell() {
	if s.counters == nil {
		s.counters = make([]uint64, len(s.places), cap(s.places))
		for i := range s.counters {
			s.counters[i] = s.first + uint64(i)
		}
	}
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
// counters rise by one at least, which bounds where c can be.
func (s *strand) find(c uint64) (int, bool) {
	n := len(s.places)
	switch {
	case n == 0 || s.counter(n-1) < c:
		return n, false
	case c < s.counter(0):
		return 0, false
	case s.counters == nil:
		return int(c - s.first), true
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
	case i == len(s.places):
		s.push(d.Counter, place)
	case !ok:
		s.spell()
		s.counters, s.places = slices.Insert(s.counters, i, d.Counter), slices.Insert(s.places, i, place)
	default:
		panic("crdt: the dot " + d.String() + " was minted twice")
	}
}

// grow makes room for n more dots.
func (s *strand) grow(n int) {
	s.places = slices.Grow(s.places, n)
	if s.counters != nil {
		s.counters = slices.Grow(s.counters, n)
	}
}

// push adds a dot at the end. It doubles the room: append would do by quarters, and leave more behind.
func (s *strand) push(c uint64, place int32) {
	n := len(s.places)
	if n == cap(s.places) {
		s.grow(max(n, 4))
	}
	if n == 0 {
		s.first, s.counters = c, nil
	} else if s.counters != nil || c != s.first+uint64(n) {
		s.spell()
		s.counters = append(s.counters, c)
	}
	s.places = append(s.places, place)
}

// remove takes a dot out and reports whether none is left.
func (s *strand) remove(c uint64) bool {
	i, _ := s.find(c)
	s.places[i] = -1
	s.dead++
	if s.dead*2 < len(s.places) || s.dead < 16 && s.dead < len(s.places) {
		return false
	}
	was := *s
	s.places, s.dead = s.places[:0], 0
	for i, p := range was.places {
		if p >= 0 {
			s.push(was.counter(i), p)
		}
	}
	return len(s.places) == 0
}

// within yields the places of the live dots within the spans, in order.
func (s *strand) within(spans []span) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for _, n := range spans {
			for i, _ := s.find(n.lo); i < len(s.places) && s.counter(i) <= n.hi; i++ {
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
	if n == 0 || n == len(s.places) || s.counter(n-1) < s.counter(n) {
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
	all := make([]at, len(s.places))
	for i, p := range s.places {
		all[i] = at{s.counter(i), p}
	}
	slices.SortFunc(all, func(a, b at) int { return cmp.Compare(a.counter, b.counter) })
	s.places, s.counters = s.places[:0], nil
	for i, a := range all {
		if i > 0 && a.counter == all[i-1].counter {
			return false
		}
		s.push(a.counter, a.place)
	}
	return true
}

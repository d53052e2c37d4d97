package mutants_test

import (
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"phoenix/crdt"
)

// A row is something alive under a dot of its own: a key, or an element in the set of a key.
type row struct {
	dot       crdt.Dot
	key, elem string
}

// store is a causal state: the events it has seen, and what of them is alive. Beside them, the dots that
// are known to be dead though their events have not been seen. A dot that is seen and has no row is dead.
type store[B any] struct {
	events, dead context
	rows         []row // in order of their dots
	seed         uint64
}

var seeds uint64 // the last seed of an instance with the defect M6

func (s *store[B]) seen(d crdt.Dot) bool { return s.events.has(d) || s.dead.has(d) }

// at returns the row under d, or none.
func (s *store[B]) at(d crdt.Dot) []row {
	i, ok := slices.BinarySearchFunc(s.rows, d, func(r row, d crdt.Dot) int { return r.dot.Compare(d) })
	if !ok {
		return nil
	}
	return s.rows[i : i+1]
}

// dots returns all that s has seen, in order.
func (s *store[B]) dots() []crdt.Dot {
	all := append(s.events.all(), s.dead.all()...)
	slices.SortFunc(all, crdt.Dot.Compare)
	return all
}

// Merge joins o: what one has and the other has seen and has no more is dead.
func (s *store[B]) Merge(o *store[B]) {
	if has[m11, B]() && !slices.ContainsFunc(o.dots(), func(d crdt.Dot) bool { return !s.seen(d) }) {
		return
	}
	var out []row
	for _, r := range s.rows {
		if len(o.at(r.dot)) > 0 || s.stays(r, o) {
			out = append(out, r)
		}
	}
	for _, r := range o.rows {
		if len(s.at(r.dot)) == 0 && o.stays(r, s) {
			out = append(out, r)
		}
	}
	s.rows = sorted(out)
	s.events.merge(&o.events)
	s.dead.add(o.dead.all()...)
	s.dead = s.dead.without(&s.events)
}

// stays reports whether a row of s survives, which the other does not have.
func (s *store[B]) stays(r row, other *store[B]) bool {
	ofKey := func(o row) bool { return o.key == r.key }
	switch there := slices.ContainsFunc(other.rows, ofKey); {
	case has[m12, B]() && there, has[s4, B]():
		return true
	case has[m13, B]() && !there: // with the key comes all that is in it
		return slices.ContainsFunc(s.rows, func(o row) bool { return ofKey(o) && !other.seen(o.dot) })
	}
	return !other.seen(r.dot)
}

func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return a.dot.Compare(b.dot) })
	return rows
}

// next mints a dot.
func (s *store[B]) next(r crdt.Replica) crdt.Dot {
	n := max(s.events.max(r), s.dead.max(r))
	if has[m10, B]() {
		n = s.events.mark(r)
	}
	return crdt.Dot{Replica: r, Counter: n + 1}
}

// take removes the rows for which gone holds and returns their dots.
func (s *store[B]) take(gone func(row) bool) (dots []crdt.Dot) {
	for _, r := range s.rows {
		if gone(r) {
			dots = append(dots, r.dot)
		}
	}
	s.rows = slices.DeleteFunc(slices.Clone(s.rows), gone)
	return dots
}

// put adds rows, each with its event, and returns the delta, which says that those of old are dead.
func (s *store[B]) put(old []crdt.Dot, rows ...row) *store[B] {
	delta := &store[B]{rows: rows}
	for _, r := range rows {
		s.events.add(r.dot)
		delta.events.add(r.dot)
		if has[m1, B]() {
			delta.events.add((&context{marks: []crdt.Dot{r.dot}}).all()...)
		}
	}
	s.rows = sorted(append(slices.Clone(s.rows), rows...))
	delta.dead.add(old...)
	delta.dead = delta.dead.without(&delta.events)
	return delta
}

// drop is the event d, which has taken old away, and returns its delta.
func (s *store[B]) drop(d crdt.Dot, old []crdt.Dot) *store[B] {
	delta := &store[B]{}
	if !has[m11, B]() {
		s.events.add(d)
		delta.events.add(d)
	}
	for _, n := range old {
		if !has[m3, B]() || n.Counter <= s.events.contiguous(n.Replica) {
			delta.dead.add(n)
		}
	}
	return delta
}

// Context returns the events that s has seen.
func (s *store[B]) Context() *crdt.CausalContext {
	c := &crdt.CausalContext{}
	for _, d := range s.events.all() {
		c.Add(d)
	}
	return c
}

// Delta returns the events that since lacks, and all that is dead.
func (s *store[B]) Delta(since *crdt.CausalContext) *store[B] {
	d := &store[B]{}
	for _, n := range s.events.all() {
		if since.Contains(n) || has[m7, B]() && len(s.at(n)) == 0 {
			continue
		}
		d.events.add(n)
		d.rows = append(d.rows, s.at(n)...)
	}
	if len(d.events.all()) == 0 {
		return d
	}
	for _, n := range s.dots() {
		if len(s.at(n)) == 0 {
			d.dead.add(n)
		}
	}
	d.events.fold()
	d.dead = d.dead.without(&d.events)
	return d
}

// Diff returns the events that o lacks, and what is alive there and dead here.
func (s *store[B]) Diff(o *store[B]) *store[B] {
	d := &store[B]{}
	for _, n := range s.dots() {
		switch event := s.events.has(n); {
		case event && !o.events.has(n):
			d.events.add(n)
			d.rows = append(d.rows, s.at(n)...)
		case !o.seen(n) || len(s.at(n)) < len(o.at(n)):
			d.dead.add(n)
		}
	}
	d.events.fold()
	return d
}

// Split yields one piece for each dot.
func (s *store[B]) Split() iter.Seq[*store[B]] {
	return func(yield func(*store[B]) bool) {
		for _, n := range s.dots() {
			d := &store[B]{rows: slices.Clone(s.at(n))}
			if s.events.has(n) {
				d.events.add(n)
			} else {
				d.dead.add(n)
			}
			if has[m2, B]() {
				d.events.add(s.events.all()...)
			}
			d.events.fold()
			if !yield(d) {
				return
			}
		}
	}
}

// AppendBinary writes the events, the other dead dots, and the rows.
func (s *store[B]) AppendBinary(b []byte) ([]byte, error) {
	if has[m6, B]() && s.seed == 0 && len(s.rows) > 0 {
		seeds++
		s.seed = seeds
	}
	b = binary.AppendUvarint(b, s.seed)
	events := context{}
	events.merge(&s.events)
	for _, dots := range [][]crdt.Dot{events.marks, events.cloud, s.dead.cloud} {
		b = binary.AppendUvarint(b, uint64(len(dots)))
		for _, d := range dots {
			b = appendDot(b, d)
		}
	}
	for _, r := range s.rows {
		b = appendString(appendString(appendDot(b, r.dot), r.key), r.elem)
	}
	return b, nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (s *store[B]) UnmarshalBinary(data []byte) error {
	r := reader{data: data}
	var out store[B]
	r.number() // the seed was that of the instance that wrote
	for _, dots := range []*[]crdt.Dot{&out.events.marks, &out.events.cloud, &out.dead.cloud} {
		for n := r.number(); n > 0 && !r.bad; n-- {
			*dots = append(*dots, r.dot())
		}
	}
	for len(r.data) > 0 && !r.bad {
		out.rows = append(out.rows, row{r.dot(), r.text(), r.text()})
	}
	if r.bad {
		return errors.New("mutants: no encoding")
	}
	*s = out
	return nil
}

func appendDot(b []byte, d crdt.Dot) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(d.Replica)), d.Counter)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// reader reads what the plain types write.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *reader) dot() crdt.Dot {
	return crdt.Dot{Replica: crdt.Replica(r.number()), Counter: r.number()}
}

func (r *reader) text() string {
	n := r.number()
	if n > uint64(len(r.data)) {
		r.bad, r.data = true, nil
		return ""
	}
	s := string(r.data[:n])
	r.data = r.data[n:]
	return s
}

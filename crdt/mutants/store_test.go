package mutants_test

import (
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"phoenix/crdt"
)

// A row is something alive under a dot: a key, or an element in the set of a key.
type row struct {
	dot       crdt.Dot
	key, elem string
}

func (r row) compare(o row) int {
	return cmp.Or(r.dot.Compare(o.dot), cmp.Compare(r.key, o.key), cmp.Compare(r.elem, o.elem))
}

// store is a causal state: rows, of which one that the other has seen and has no more is dead. A
// removal mints no dot: it claims the dots that it takes.
type store[B any] struct {
	ctx  context
	rows []row // in order
	seed uint64
}

var seeds uint64 // the last seed of an instance with the defect M6

func (s *store[B]) Merge(o *store[B]) {
	if has[m11, B]() && s.ctx.covers(&o.ctx) {
		return
	}
	var out []row
	for _, r := range s.rows {
		if slices.Contains(o.rows, r) || !o.ctx.has(r.dot) || has[m12, B]() && o.holds(r.key) || has[s4, B]() {
			out = append(out, r)
		}
	}
	for _, r := range o.rows {
		if slices.Contains(s.rows, r) {
			continue
		}
		if !s.ctx.has(r.dot) || has[m12, B]() && s.holds(r.key) || has[s4, B]() {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, row.compare)
	s.rows = out
	s.ctx.merge(&o.ctx)
}

func (s *store[B]) holds(key string) bool {
	return slices.ContainsFunc(s.rows, func(r row) bool { return r.key == key })
}

// next mints a dot.
func (s *store[B]) next(r crdt.Replica) crdt.Dot {
	n := s.ctx.max(r)
	if has[m10, B]() {
		n = s.ctx.mark(r)
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

// put adds rows, each under a dot of its own, and returns the delta, in which the dots of old are dead.
func (s *store[B]) put(old []crdt.Dot, rows ...row) *store[B] {
	delta := &store[B]{rows: rows}
	delta.ctx.add(old...)
	for _, r := range rows {
		s.rows = append(s.rows, r)
		s.ctx.add(r.dot)
		delta.ctx.add(r.dot)
		if has[m1, B]() {
			delta.ctx.add((&context{marks: []crdt.Dot{r.dot}}).all()...)
		}
	}
	slices.SortFunc(s.rows, row.compare)
	return delta
}

// claim returns the delta of a removal of dots.
func (s *store[B]) claim(dots []crdt.Dot) *store[B] {
	delta := &store[B]{}
	for _, d := range dots {
		if !has[m3, B]() || d.Counter <= s.ctx.mark(d.Replica) {
			delta.ctx.add(d)
		}
	}
	return delta
}

// Diff returns what o lacks: the dots it has not seen, and those that are dead here and alive there.
func (s *store[B]) Diff(o *store[B]) *store[B] {
	d := &store[B]{}
	for _, n := range s.ctx.all() {
		mine, theirs := s.under(n), o.under(n)
		if has[m7, B]() && len(mine)+len(theirs) == 0 {
			continue
		}
		if !o.ctx.has(n) || len(theirs) > len(mine) {
			d.ctx.add(n)
			d.rows = append(d.rows, mine...)
		}
	}
	d.ctx.fold()
	return d
}

func (s *store[B]) under(d crdt.Dot) (out []row) {
	for _, r := range s.rows {
		if r.dot == d {
			out = append(out, r)
		}
	}
	return out
}

// Split yields one piece for each dot.
func (s *store[B]) Split() iter.Seq[*store[B]] {
	return func(yield func(*store[B]) bool) {
		for _, n := range s.ctx.all() {
			d := &store[B]{rows: s.under(n)}
			d.ctx.add(n)
			if has[m2, B]() {
				d.ctx.add(s.ctx.all()...)
			}
			d.ctx.fold()
			if !yield(d) {
				return
			}
		}
	}
}

// AppendBinary writes the dots seen, then the rows.
func (s *store[B]) AppendBinary(b []byte) ([]byte, error) {
	if has[m6, B]() && s.seed == 0 && len(s.rows) > 0 {
		seeds++
		s.seed = seeds
	}
	dots := s.ctx.all()
	b = binary.AppendUvarint(binary.AppendUvarint(b, s.seed), uint64(len(dots)))
	for _, d := range dots {
		b = appendDot(b, d)
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
	r.number() // the seed is of the instance that wrote
	for range r.number() {
		out.ctx.add(r.dot())
	}
	for len(r.data) > 0 && !r.bad {
		out.rows = append(out.rows, row{r.dot(), r.text(), r.text()})
	}
	out.ctx.fold()
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

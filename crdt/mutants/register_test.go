package mutants_test

import (
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"phoenix/crdt"
)

// A register is the last writer's value under the stamp of a hybrid clock, whose times are in
// milliseconds, with the latest stamp of each replica that it has seen.
type register[B any] struct {
	at     crdt.Stamp
	val    string
	clocks []crdt.Stamp // in order of replica
}

func (s *register[B]) clock(r crdt.Replica) crdt.Stamp {
	for _, c := range s.clocks {
		if c.Replica == r {
			return c
		}
	}
	return crdt.Stamp{Replica: r}
}

// stamp gives r a stamp above all that it has seen.
func (s *register[B]) stamp(r crdt.Replica, now int64) crdt.Stamp {
	last := s.clock(r)
	if has[m4, B]() {
		return crdt.Stamp{Time: last.Time + 1, Replica: r}
	}
	if has[ms, B]() {
		return crdt.Stamp{Time: now / 1000 * 1000, Replica: r}
	}
	own := last.Time
	for _, c := range s.clocks {
		if c.Compare(last) > 0 && !(has[m18, B]() && c.Time == own) {
			last = c
		}
	}
	if now > last.Time {
		return crdt.Stamp{Time: now, Replica: r}
	}
	return crdt.Stamp{Time: last.Time, Logical: last.Logical + 1, Replica: r}
}

// write sets the value for r at the physical time now and returns the delta.
func (s *register[B]) write(r crdt.Replica, now int64, val string) *register[B] {
	at := s.stamp(r, now)
	d := &register[B]{at, val, []crdt.Stamp{at}}
	s.Merge(d)
	if has[ms, B]() {
		s.at, s.val = at, val // the seed puts what is written here, whatever its stamp
	}
	return d
}

// beats reports whether s is kept rather than o.
func (s *register[B]) beats(o *register[B]) bool {
	a, b := s.at, o.at
	if has[m16, B]() || has[ms, B]() {
		a.Replica, b.Replica = 0, 0
	}
	return a.Compare(b) > 0
}

func (s *register[B]) Merge(o *register[B]) {
	if o.beats(s) {
		s.at, s.val = o.at, o.val
	}
	for _, c := range o.clocks {
		if c.Compare(s.clock(c.Replica)) > 0 {
			s.clocks = slices.DeleteFunc(slices.Clone(s.clocks), func(n crdt.Stamp) bool { return n.Replica == c.Replica })
			s.clocks = append(s.clocks, c)
		}
	}
	slices.SortFunc(s.clocks, func(a, b crdt.Stamp) int { return cmp.Compare(a.Replica, b.Replica) })
}

// Diff returns what o lacks: the value, and the clocks that are behind.
func (s *register[B]) Diff(o *register[B]) *register[B] {
	d := &register[B]{}
	if s.beats(o) {
		d.at, d.val = s.at, s.val
	}
	for _, c := range s.clocks {
		if c.Compare(o.clock(c.Replica)) > 0 {
			d.clocks = append(d.clocks, c)
		}
	}
	return d
}

// Split yields the value, then each clock.
func (s *register[B]) Split() iter.Seq[*register[B]] {
	return func(yield func(*register[B]) bool) {
		if s.val != "" && !yield(&register[B]{at: s.at, val: s.val}) {
			return
		}
		for _, c := range s.clocks {
			if !yield(&register[B]{clocks: []crdt.Stamp{c}}) {
				return
			}
		}
	}
}

func appendStamp(b []byte, s crdt.Stamp) []byte {
	b = binary.AppendUvarint(b, uint64(s.Time))
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(s.Logical)), uint64(s.Replica))
}

func (r *reader) stamp() crdt.Stamp {
	return crdt.Stamp{Time: int64(r.number()), Logical: uint32(r.number()), Replica: crdt.Replica(r.number())}
}

// AppendBinary writes the stamp, the value and the clocks.
func (s *register[B]) AppendBinary(b []byte) ([]byte, error) {
	b = appendString(appendStamp(b, s.at), s.val)
	for _, c := range s.clocks {
		b = appendStamp(b, c)
	}
	return b, nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (s *register[B]) UnmarshalBinary(data []byte) error {
	r := reader{data: data}
	out := register[B]{at: r.stamp(), val: r.text()}
	for len(r.data) > 0 {
		out.clocks = append(out.clocks, r.stamp())
	}
	if r.bad {
		return errors.New("mutants: no encoding")
	}
	*s = out
	return nil
}

// health is a number that is added to: for each replica how often it did, and the sum.
type health[B any] struct{ parts []part }

type part struct {
	of    crdt.Replica
	count uint64
	by    crdt.Replica // decides between equal counts of a shared part
	sum   int64
}

func (p part) beats(o part) bool {
	return cmp.Or(cmp.Compare(p.count, o.count), cmp.Compare(p.by, o.by)) > 0
}

func (s *health[B]) part(of crdt.Replica) part {
	for _, p := range s.parts {
		if p.of == of {
			return p
		}
	}
	return part{of: of}
}

// add changes the health by n for r and returns the delta.
func (s *health[B]) add(r crdt.Replica, n int64) *health[B] {
	p := s.part(r)
	if has[s2, B]() {
		p = s.part(0) // one value for all, which the last writer sets
	}
	p.count, p.by, p.sum = p.count+1, r, p.sum+n
	d := &health[B]{[]part{p}}
	s.Merge(d)
	return d
}

func (s *health[B]) value() (n int64) {
	for _, p := range s.parts {
		n += p.sum
	}
	return n
}

func (s *health[B]) Merge(o *health[B]) {
	s.parts = append(slices.Clone(s.parts), s.missing(o)...)
	slices.SortFunc(s.parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.of, b.of), -cmp.Compare(a.count, b.count), -cmp.Compare(a.by, b.by))
	})
	s.parts = slices.CompactFunc(s.parts, func(a, b part) bool { return a.of == b.of })
}

// missing returns the parts of o that are ahead.
func (s *health[B]) missing(o *health[B]) (out []part) {
	for _, p := range o.parts {
		if p.beats(s.part(p.of)) {
			out = append(out, p)
		}
	}
	return out
}

// Diff returns what o lacks.
func (s *health[B]) Diff(o *health[B]) *health[B] { return &health[B]{o.missing(s)} }

// Split yields the parts.
func (s *health[B]) Split() iter.Seq[*health[B]] {
	return func(yield func(*health[B]) bool) {
		for _, p := range s.parts {
			if !yield(&health[B]{[]part{p}}) {
				return
			}
		}
	}
}

// AppendBinary writes the parts.
func (s *health[B]) AppendBinary(b []byte) ([]byte, error) {
	for _, p := range s.parts {
		b = appendDot(b, crdt.Dot{Replica: p.of, Counter: p.count})
		b = appendDot(b, crdt.Dot{Replica: p.by, Counter: uint64(p.sum)})
	}
	return b, nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (s *health[B]) UnmarshalBinary(data []byte) error {
	r := reader{data: data}
	var out health[B]
	for len(r.data) > 0 {
		a, b := r.dot(), r.dot()
		out.parts = append(out.parts, part{a.Replica, a.Counter, b.Replica, int64(b.Counter)})
	}
	if r.bad {
		return errors.New("mutants: no encoding")
	}
	*s = out
	return nil
}

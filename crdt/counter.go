package crdt

import (
	"cmp"
	"iter"
	"slices"
)

// A tally is one replica's part of a counter.
type tally struct {
	replica  Replica
	up, down uint64
}

// tallies are in order of replica, none without a count.
type tallies []tally

func (t tallies) at(r Replica) (int, bool) {
	return slices.BinarySearchFunc(t, r, func(e tally, r Replica) int { return cmp.Compare(e.replica, r) })
}

func (t tallies) get(r Replica) tally {
	if i, ok := t.at(r); ok {
		return t[i]
	}
	return tally{replica: r}
}

func (t *tallies) raise(n tally) {
	i, ok := t.at(n.replica)
	switch {
	case ok:
		e := &(*t)[i]
		e.up, e.down = max(e.up, n.up), max(e.down, n.down)
	case n.up > 0 || n.down > 0:
		*t = slices.Insert(*t, i, n)
	}
}

// merge takes the maxima. Where both know the same replicas it is one pass.
func (t *tallies) merge(o tallies) {
	mine := *t
	if len(mine) == len(o) {
		i := 0
		for o := o[:len(mine)]; i < len(mine); i++ {
			a, b := &mine[i], &o[i]
			if a.replica != b.replica {
				break
			}
			if b.up > a.up {
				a.up = b.up
			}
			if b.down > a.down {
				a.down = b.down
			}
		}
		o = o[i:]
	}
	for i := range o {
		t.raise(o[i])
	}
}

// diff returns what of t is above o.
func (t tallies) diff(o tallies) (d tallies) {
	for _, n := range t {
		have := o.get(n.replica)
		n.up, n.down = n.up*above(n.up, have.up), n.down*above(n.down, have.down)
		if n.up > 0 || n.down > 0 {
			d = append(d, n)
		}
	}
	return d
}

func above(a, b uint64) uint64 {
	if a > b {
		return 1
	}
	return 0
}

func grown(n, by uint64) uint64 {
	if by > maxCounter-n {
		panic("crdt: a replica counts to 2^62 at most")
	}
	return n + by
}

func (t tallies) appendTo(b []byte, both bool) []byte {
	b = appendUvarint(b, uint64(len(t)))
	for i := range t {
		b = appendReplica(b, i, func(i int) Replica { return t[i].replica })
		b = appendUvarint(b, t[i].up)
		if both {
			b = appendUvarint(b, t[i].down)
		}
	}
	return b
}

func (t *tallies) read(r *reader, both bool) {
	for i, n := 0, r.count(2); i < n && r.err == nil; i++ {
		e := tally{replica: r.replica(i), up: r.below(maxCounter)}
		if both {
			e.down = r.below(maxCounter)
		}
		if r.err == nil && e.up == 0 && e.down == 0 {
			r.fail("a replica that counted nothing")
		}
		*t = append(*t, e)
	}
}

// A GCounter is a counter that grows: the highest count of each replica (Shapiro
// et al., "A comprehensive study of CRDTs", 2011, section 3.1.1). The zero value is 0.
type GCounter struct{ counts tallies }

// Add counts n for replica r and returns the delta. It panics if r exceeds 2^62.
func (s *GCounter) Add(r Replica, n uint64) *GCounter {
	d := &GCounter{}
	d.counts.raise(tally{r, grown(s.counts.get(r).up, n), 0})
	s.Merge(d)
	return d
}

// Value returns the sum, modulo 2^64.
func (s *GCounter) Value() uint64 {
	sum := uint64(0)
	for _, n := range s.counts {
		sum += n.up
	}
	return sum
}

// All yields each replica's count in order of replica.
func (s *GCounter) All() iter.Seq2[Replica, uint64] {
	return func(yield func(Replica, uint64) bool) {
		for _, n := range s.counts {
			if !yield(n.replica, n.up) {
				return
			}
		}
	}
}

// Merge joins o into s in O(replicas).
func (s *GCounter) Merge(o *GCounter) { s.counts.merge(o.counts) }

// Diff returns the least delta that brings o up to s.
func (s *GCounter) Diff(o *GCounter) *GCounter { return &GCounter{s.counts.diff(o.counts)} }

// Split yields the join decomposition: one piece for each replica, in order.
func (s *GCounter) Split() iter.Seq[*GCounter] {
	return func(yield func(*GCounter) bool) {
		for _, n := range s.counts {
			if !yield(&GCounter{tallies{n}}) {
				return
			}
		}
	}
}

// AppendBinary appends the canonical encoding to b. It returns no error.
func (s *GCounter) AppendBinary(b []byte) ([]byte, error) {
	return s.counts.appendTo(append(b, tagGCounter), false), nil
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *GCounter) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagGCounter)
	var out GCounter
	out.counts.read(r, false)
	if r.end() == nil {
		*s = out
	}
	return r.err
}

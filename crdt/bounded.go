package crdt

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// ErrRights is wrapped by the errors of a BoundedCounter: a replica lacks the rights.
var ErrRights = errors.New("crdt: not enough rights")

// A BoundedCounter never falls below 0, in no copy and without asking anyone:
// adding gives a replica the right to take as much away later, and rights can be
// handed on (Balegas et al., "Extending eventually consistent cloud databases for
// enforcing numeric invariants", 2015, section 4). The zero value is 0.
//
// A replica may spend its rights through one copy of the state only, as it may mint
// its dots.
type BoundedCounter struct {
	grants []grant // in order of from, to; none of 0
	spent  tallies // up only
}

// A grant is what one replica gave another in all; what it gave itself is what it added.
type grant struct {
	from, to Replica
	n        uint64
}

func (g grant) compare(h grant) int {
	return cmp.Or(cmp.Compare(g.from, h.from), cmp.Compare(g.to, h.to))
}

func (s *BoundedCounter) granted(from, to Replica) uint64 {
	if i, ok := slices.BinarySearchFunc(s.grants, grant{from, to, 0}, grant.compare); ok {
		return s.grants[i].n
	}
	return 0
}

func (s *BoundedCounter) raise(g grant) {
	i, ok := slices.BinarySearchFunc(s.grants, g, grant.compare)
	switch {
	case ok:
		s.grants[i].n = max(s.grants[i].n, g.n)
	case g.n > 0:
		s.grants = slices.Insert(s.grants, i, g)
	}
}

// Rights returns how much r may take away or hand on. In O(grants).
func (s *BoundedCounter) Rights(r Replica) uint64 {
	n := -s.spent.get(r).up
	for _, g := range s.grants {
		switch {
		case g.to == r:
			n += g.n
		case g.from == r:
			n -= g.n
		}
	}
	if n > 1<<63 { // a state from elsewhere that breaks the rules
		return 0
	}
	return n
}

// Value returns the counter, modulo 2^64.
func (s *BoundedCounter) Value() uint64 {
	n := uint64(0)
	for _, g := range s.grants {
		if g.from == g.to {
			n += g.n
		}
	}
	for _, t := range s.spent {
		n -= t.up
	}
	return n
}

// Add counts n up for r, who gets the right to take it away, and returns the
// delta. It panics if r exceeds 2^62.
func (s *BoundedCounter) Add(r Replica, n uint64) *BoundedCounter {
	d := &BoundedCounter{}
	d.raise(grant{r, r, grown(s.granted(r, r), n)})
	s.Merge(d)
	return d
}

// Take counts n down for r and returns the delta, or bottom and an error that
// wraps ErrRights if r has fewer rights.
func (s *BoundedCounter) Take(r Replica, n uint64) (*BoundedCounter, error) {
	d := &BoundedCounter{}
	if have := s.Rights(r); n > have {
		return d, fmt.Errorf("%w: replica %d has %d, not %d", ErrRights, r, have, n)
	}
	d.spent.raise(tally{r, grown(s.spent.get(r).up, n), 0})
	s.Merge(d)
	return d, nil
}

// Transfer hands n rights of from to another replica and returns the delta, or
// bottom and an error that wraps ErrRights if from has fewer.
func (s *BoundedCounter) Transfer(from, to Replica, n uint64) (*BoundedCounter, error) {
	d := &BoundedCounter{}
	if have := s.Rights(from); n > have {
		return d, fmt.Errorf("%w: replica %d has %d, not %d", ErrRights, from, have, n)
	}
	if from != to {
		d.raise(grant{from, to, grown(s.granted(from, to), n)})
	}
	s.Merge(d)
	return d, nil
}

// Merge joins o into s.
func (s *BoundedCounter) Merge(o *BoundedCounter) {
	if s == o {
		return
	}
	for _, g := range o.grants {
		s.raise(g)
	}
	s.spent.merge(o.spent)
}

// Diff returns the least delta that brings o up to s.
func (s *BoundedCounter) Diff(o *BoundedCounter) *BoundedCounter {
	d := &BoundedCounter{spent: s.spent.diff(o.spent)}
	for _, g := range s.grants {
		if g.n > o.granted(g.from, g.to) {
			d.grants = append(d.grants, g)
		}
	}
	return d
}

// Split yields the join decomposition: each grant, then what each replica spent, in order.
func (s *BoundedCounter) Split() iter.Seq[*BoundedCounter] {
	return func(yield func(*BoundedCounter) bool) {
		for _, g := range s.grants {
			if !yield(&BoundedCounter{grants: []grant{g}}) {
				return
			}
		}
		for _, t := range s.spent {
			if !yield(&BoundedCounter{spent: tallies{t}}) {
				return
			}
		}
	}
}

// AppendBinary appends the canonical encoding to b. It returns no error.
func (s *BoundedCounter) AppendBinary(b []byte) ([]byte, error) {
	b = appendUvarint(append(b, tagBoundedCounter), uint64(len(s.grants)))
	for _, g := range s.grants {
		b = appendUvarint(appendUvarint(appendUvarint(b, uint64(g.from)), uint64(g.to)), g.n-1)
	}
	return s.spent.appendTo(b, false), nil
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding
// and leave s alone. That a replica spent more than it had is not looked for.
func (s *BoundedCounter) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagBoundedCounter)
	var out BoundedCounter
	for i, n := 0, r.count(3); i < n && r.err == nil; i++ {
		g := grant{Replica(r.below(1<<64 - 1)), Replica(r.below(1<<64 - 1)), r.below(maxCounter-1) + 1}
		if i > 0 && out.grants[i-1].compare(g) >= 0 {
			r.fail("grants do not rise")
		}
		out.grants = append(out.grants, g)
	}
	out.spent.read(r, false)
	if r.end() == nil {
		*s = out
	}
	return r.err
}

package crdt

import (
	"cmp"
	"iter"
	"slices"
)

// Order is how two things stand in a partial order.
type Order int

// The four outcomes. The zero value is Equal.
const (
	Equal Order = iota
	Before
	After
	Concurrent
)

func order(before, after bool) Order {
	switch {
	case before && after:
		return Equal
	case before:
		return Before
	case after:
		return After
	}
	return Concurrent
}

// String returns the name in lower case.
func (o Order) String() string {
	if o < Equal || o > Concurrent {
		return "no order"
	}
	return [...]string{"equal", "before", "after", "concurrent"}[o]
}

// A VersionVector counts the events of each replica: a vector clock (Fidge,
// Mattern 1988) with the zeros left out. The zero value has seen nothing.
// Operations cost O(replicas).
type VersionVector struct {
	entries []Dot // in order of replica, no counter 0
}

func (v *VersionVector) at(r Replica) (int, bool) {
	return slices.BinarySearchFunc(v.entries, r, func(d Dot, r Replica) int { return cmp.Compare(d.Replica, r) })
}

// Get returns the count of r.
func (v *VersionVector) Get(r Replica) uint64 {
	if i, ok := v.at(r); ok {
		return v.entries[i].Counter
	}
	return 0
}

// Tick counts an event of r and returns its dot.
func (v *VersionVector) Tick(r Replica) Dot {
	d := Dot{r, v.Get(r) + 1}
	v.raise(d)
	return d
}

// raise lifts the count of d.Replica to d.Counter at least.
func (v *VersionVector) raise(d Dot) {
	i, ok := v.at(d.Replica)
	switch {
	case ok:
		v.entries[i].Counter = max(v.entries[i].Counter, d.Counter)
	case d.Counter > 0:
		v.entries = slices.Insert(v.entries, i, d)
	}
}

// Merge takes the greater count of each replica.
func (v *VersionVector) Merge(o *VersionVector) {
	for _, d := range o.entries {
		v.raise(d)
	}
}

// Covers reports whether no count of o is above that of v.
func (v *VersionVector) Covers(o *VersionVector) bool {
	for _, d := range o.entries {
		if v.Get(d.Replica) < d.Counter {
			return false
		}
	}
	return true
}

// Compare says whether v happened before o, after it, neither (they are
// concurrent), or is equal. It compares count by count: sums say nothing.
func (v *VersionVector) Compare(o *VersionVector) Order { return order(o.Covers(v), v.Covers(o)) }

// All yields replicas and their counts above 0 in order of replica.
func (v *VersionVector) All() iter.Seq2[Replica, uint64] {
	return func(yield func(Replica, uint64) bool) {
		for _, d := range v.entries {
			if !yield(d.Replica, d.Counter) {
				return
			}
		}
	}
}

// AppendBinary appends the canonical encoding of v to b. It returns no error.
func (v *VersionVector) AppendBinary(b []byte) ([]byte, error) {
	b = appendUvarint(append(b, tagVector), uint64(len(v.entries)))
	for i, d := range v.entries {
		b = appendReplica(b, i, func(i int) Replica { return v.entries[i].Replica })
		b = appendUvarint(b, d.Counter-1)
	}
	return b, nil
}

// UnmarshalBinary replaces v by what AppendBinary wrote. Errors wrap
// ErrEncoding and leave v alone.
func (v *VersionVector) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagVector)
	var out VersionVector
	for i, n := 0, r.count(2); i < n && r.err == nil; i++ {
		out.entries = append(out.entries, Dot{r.replica(i), r.below(maxCounter) + 1})
	}
	if r.end() == nil {
		*v = out
	}
	return r.err
}

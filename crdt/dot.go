package crdt

import (
	"cmp"
	"fmt"
)

// Replica identifies one incarnation of one copy of a state. A copy that lost
// its state must come back under an identifier never used before: dots are
// minted from the identifier and the copy's own context, so an old identifier
// over a forgotten context mints dots twice (riak_kv issue 679). The zero
// Replica is valid.
type Replica uint64

// maxCounter bounds counters, so that sums of two of them do not overflow.
const maxCounter = 1 << 62

// A Dot names one event: the Counter-th of a Replica, counted from 1 (Almeida,
// Shoker, Baquero, "Delta state replicated data types", 2018, section 7.2).
// The zero Dot names no event.
type Dot struct {
	Replica Replica
	Counter uint64
}

// Compare orders dots by replica, then counter.
func (d Dot) Compare(e Dot) int {
	return cmp.Or(cmp.Compare(d.Replica, e.Replica), cmp.Compare(d.Counter, e.Counter))
}

// String returns "replica:counter".
func (d Dot) String() string { return fmt.Sprintf("%d:%d", d.Replica, d.Counter) }

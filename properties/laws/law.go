package laws

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"
)

// A Law is a number of the list in the package's documentation. The zero Law is
// that nothing panics.
type Law uint8

// Panics is the law that no operation on reachable states panics.
const Panics Law = 0

// lawCount is one more than the highest law.
const lawCount = 24

var sentences = [lawCount]string{
	0:  "no operation panics on a reachable state",
	1:  "a merge is idempotent",
	2:  "a merge is commutative",
	3:  "a merge is associative",
	4:  "bottom is the identity of merging",
	5:  "mutators inflate: the state before is included in the state after",
	6:  "a mutator does what its delta does: m(x) = x join mDelta(x)",
	7:  "the difference of two states suffices and is minimal",
	8:  "the join decomposition re-joins and is irredundant",
	9:  "the context contains the dots of the store",
	10: "a dot is minted once",
	11: "a delta's context claims only dots that it carries or removes",
	12: "deltas in any order, repeated or late, converge",
	13: "a read returns what the specification says of the visible events",
	14: "a removal resets what it saw, at every depth, and nothing else",
	15: "no acknowledged write is lost",
	16: "the last writer is the maximum of a total order",
	17: "copies that have been told all are equal",
	18: "nothing is to be sent between equal states",
	19: "the encoded size is bounded by what is alive, however often it was replaced",
	20: "a copy that crashes, is restored and takes a new identifier loses nothing that was said",
	21: "the encoding is canonical: equal states, equal bytes, read back as they were",
	22: "a merge keeps nothing of its argument that changes later",
	23: "no result depends on the order of a map",
}

// Sentence returns what the law says.
func (l Law) Sentence() string {
	if l < lawCount {
		return sentences[l]
	}
	return "there is no law " + strconv.Itoa(int(l))
}

// String returns "law 13".
func (l Law) String() string { return fmt.Sprintf("law %d", uint8(l)) }

// A Set is a set of small numbers: of events, up to 64 of them, or of laws. The
// zero Set is empty.
type Set uint64

// SetOf returns the set of the laws.
func SetOf(laws ...Law) Set {
	var s Set
	for _, l := range laws {
		s |= 1 << l
	}
	return s
}

// AllLaws returns the set of all laws.
func AllLaws() Set { return 1<<lawCount - 1 }

// Has reports whether i is in s.
func (s Set) Has(i int) bool { return s>>uint(i)&1 == 1 }

// Len returns how many numbers are in s.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// All yields the numbers in rising order.
func (s Set) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; s != 0; s &= s - 1 {
			if !yield(bits.TrailingZeros64(uint64(s))) {
				return
			}
		}
	}
}

// String returns "{1 5}".
func (s Set) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range s.All() {
		if b.Len() > 1 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(i))
	}
	b.WriteByte('}')
	return b.String()
}

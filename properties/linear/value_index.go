package linear

import (
	"math/bits"

	"phoenix/properties/history"
)

// valueIndex numbers values from 0 up, in the order in which they were added: a
// hash table with open addressing and linear probing (Knuth, The Art of
// Computer Programming 3, section 6.4), at most half full.
type valueIndex struct {
	values []history.Value
	slots  []int32 // number + 1 of a value, 0 where there is none
	shift  int
}

// newValueIndex returns an index with room for so many values.
func newValueIndex(most int) *valueIndex {
	size := max(bits.Len(uint(2*most)), runBits)
	return &valueIndex{values: make([]history.Value, 0, most), slots: make([]int32, 1<<size), shift: 64 - size}
}

// runBits is how many low bits of an integer stay together: values are often
// counted up, and neighbours in the cache are found faster.
const runBits = 6

// home returns the first slot to look at for v.
func (x *valueIndex) home(v history.Value) uint64 {
	const golden = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio
	const run = 1<<runBits - 1
	if n, ok := v.Int(); ok {
		return uint64(n)>>runBits*golden>>x.shift&^run | uint64(n)&run
	}
	return v.Hash() * golden >> x.shift
}

// slot returns the slot of v, or the empty one where it belongs.
func (x *valueIndex) slot(v history.Value) *int32 {
	for at := x.home(v); ; at = (at + 1) & uint64(len(x.slots)-1) {
		if number := x.slots[at]; number == 0 || x.values[number-1] == v {
			return &x.slots[at]
		}
	}
}

// add numbers v, unless it has a number.
func (x *valueIndex) add(v history.Value) (number int32, added bool) {
	slot := x.slot(v)
	if *slot == 0 {
		x.values = append(x.values, v)
		*slot = int32(len(x.values))
		added = true
	}
	return *slot - 1, added
}

// find returns the number of v.
func (x *valueIndex) find(v history.Value) (number int32, ok bool) {
	number = *x.slot(v) - 1
	return number, number >= 0
}

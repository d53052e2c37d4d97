package linear

import (
	"cmp"
	"math/bits"
	"slices"
)

// sortZones returns the zones by low end, sorted in place or in the scratch of
// the same length. It is a radix sort from the lowest digit up (Knuth, The Art
// of Computer Programming 3, section 5.2.5), O(n) for each 11 bits of the range
// of the low ends; few zones are compared instead.
func sortZones(zones, scratch []zone) []zone {
	const few, digit = 256, 11
	if len(zones) < few {
		slices.SortStableFunc(zones, func(a, b zone) int { return cmp.Compare(a.low(), b.low()) })
		return zones
	}
	least, greatest := zones[0].low(), zones[0].low()
	for i := range zones {
		least, greatest = min(least, zones[i].low()), max(greatest, zones[i].low())
	}
	for shift := 0; shift < bits.Len64(uint64(greatest)-uint64(least)); shift += digit {
		var count [1<<digit + 1]int
		for i := range zones {
			count[(uint64(zones[i].low())-uint64(least))>>shift&(1<<digit-1)+1]++
		}
		for d := range 1 << digit {
			count[d+1] += count[d]
		}
		for i := range zones {
			to := &count[(uint64(zones[i].low())-uint64(least))>>shift&(1<<digit-1)]
			scratch[*to] = zones[i]
			*to++
		}
		zones, scratch = scratch, zones
	}
	return zones
}

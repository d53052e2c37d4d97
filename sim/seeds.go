package sim

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// SeedRange is Count seeds from First on. The zero value holds none. A range does
// not go beyond the largest seed.
type SeedRange struct{ First, Count uint64 }

// All yields the seeds in order.
func (r SeedRange) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range r.Count {
			if !yield(r.First + i) {
				return
			}
		}
	}
}

// String prints r as ParseSeeds reads it: a single seed as a number, others as
// "first..end".
func (r SeedRange) String() string {
	if r.Count == 1 {
		return strconv.FormatUint(r.First, 10)
	}
	return fmt.Sprintf("%d..%d", r.First, r.First+r.Count)
}

// commitDigits is the length of a commit's name.
const commitDigits = 40

// ParseSeed reads a seed: a decimal number, "0x" and hexadecimal digits, or a
// commit of 40 hexadecimal digits, which is hashed (without regard to case), so
// that each commit is tested with seeds of its own.
func ParseSeed(s string) (uint64, error) {
	if len(s) == commitDigits && isHex(s) {
		return xxh3.HashString(strings.ToLower(s)), nil
	}
	digits, base := s, 10
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		digits, base = rest, 16
	}
	seed, err := strconv.ParseUint(digits, base, 64)
	switch {
	case err == nil:
		return seed, nil
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("seed %q is too large, expected at most %d", s, uint64(math.MaxUint64))
	}
	return 0, fmt.Errorf("seed %q: expected a decimal number, 0x and hexadecimal digits, or a commit of %d hexadecimal digits",
		s, commitDigits)
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// ParseSeeds reads one seed, as ParseSeed does, or a range "0..100000", the end of
// which is not part of it. A range holds at least one seed.
func ParseSeeds(s string) (SeedRange, error) {
	from, to, isRange := strings.Cut(s, "..")
	first, err := ParseSeed(from)
	if err != nil {
		return SeedRange{}, err
	}
	if !isRange {
		return SeedRange{first, 1}, nil
	}
	end, err := ParseSeed(to)
	if err != nil {
		return SeedRange{}, fmt.Errorf("in the range %q: %w", s, err)
	}
	if end <= first {
		return SeedRange{}, fmt.Errorf("seeds %q are none: expected FIRST..END with END above FIRST, and not part of it", s)
	}
	return SeedRange{first, end - first}, nil
}

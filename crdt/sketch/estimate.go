package sketch

import "encoding/binary"

// A Profile is what a set says about itself so that another can estimate how much they
// differ: the counts of its standing symbols. It has some 130 bytes for 100,000 items.
type Profile struct {
	Key    uint64
	Of     Digest
	Counts [StandingSymbols]int32
}

// Profile returns that of s: O(1).
func (s *Set) Profile() Profile {
	p := Profile{Key: s.key, Of: s.Digest()}
	for i := range s.standing {
		p.Counts[i] = s.standing[i].Count
	}
	return p
}

// Estimate returns about how many items two sets differ in, those of a and not of b
// together with those of b and not of a. It is exact for equal sets; the standard
// deviation is 18 % for many differences, and 0 is returned only for equal digests.
// Profiles under different keys cannot be compared: it returns the most it can be.
//
// Of the difference of two sets, symbol i counts +1 or -1 for each item that is mapped to
// it, which it is with probability p = 2/(i+2). Around its mean, p times the difference of
// the sizes, the count has the variance d*p*(1-p), d being the number of differences. So
// each symbol but the first is an unbiased estimate, and their mean is one with a variance
// of 2/63: a sketch of the second moment (Alon, Matias, Szegedy, "The space complexity of
// approximating the frequency moments", STOC 1996) whose random signs are those of the
// code. A strata estimator (Eppstein, Goodrich, Uyeda, Varghese, SIGCOMM 2011) needs some
// thirty times the bytes for that, and has to be kept up beside the code.
func Estimate(a, b Profile) int {
	if a.Of == b.Of {
		return 0
	}
	if a.Key != b.Key {
		return int(a.Of.Len + b.Of.Len)
	}
	sizes := float64(2 * (int64(a.Of.Len) - int64(b.Of.Len)))
	sum := 0.0
	for i := 1; i < StandingSymbols; i++ {
		n := float64(int64(i+2)*(int64(a.Counts[i])-int64(b.Counts[i]))) - sizes
		sum += float64(n*n) / float64(2*i)
	}
	least := max(a.Of.Len, b.Of.Len) - min(a.Of.Len, b.Of.Len)
	most := a.Of.Len + b.Of.Len
	return max(1, int(least), int(min(sum/(StandingSymbols-1)+0.5, float64(most))))
}

// AppendBinary appends the profile to b and returns no error.
func (p Profile) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint64(append(b, tagCount), p.Key)
	b = binary.AppendUvarint(b, p.Of.Len)
	b = binary.LittleEndian.AppendUint64(b, p.Of.Sum)
	for i, n := range p.Counts {
		b = binary.AppendVarint(b, int64(n-expected(p.Of.Len, i)))
	}
	return b, nil
}

// UnmarshalBinary replaces p by what AppendBinary wrote. Errors wrap ErrEncoding and
// leave p alone.
func (p *Profile) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagCount)
	out := Profile{Key: r.word(), Of: Digest{r.below(1<<31 - 1), r.word()}}
	for i := range out.Counts {
		out.Counts[i] = r.count() + expected(out.Of.Len, i)
	}
	if r.end() == nil {
		*p = out
	}
	return r.err
}

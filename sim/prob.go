package sim

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Prob is a probability in parts of 2^32, so that what it decides is decided by
// integers. The zero value never happens; Certain always does. Larger values are
// not probabilities and no function here returns one.
type Prob uint64

// Certain is the probability 1.
const Certain Prob = 1 << 32

// ProbOf rounds p to the nearest multiple of 2^-32, about 2.3e-10; what is below
// half of that becomes 0. It panics unless p is in 0..1.
func ProbOf(p float64) Prob {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("sim: probability %v, expected 0 to 1", p))
	}
	return Prob(math.Round(p * float64(Certain)))
}

// ParseProb reads a percentage (1%), a decimal fraction (0.01 or 1e-2) or a
// fraction of whole numbers below 2^32 (1/100), rounded as by ProbOf.
func ParseProb(text string) (Prob, error) {
	trimmed := strings.TrimSpace(text)
	if numerator, denominator, ok := strings.Cut(trimmed, "/"); ok {
		n, errN := strconv.ParseUint(strings.TrimSpace(numerator), 10, 32)
		d, errD := strconv.ParseUint(strings.TrimSpace(denominator), 10, 32)
		if errN != nil || errD != nil || d == 0 || n > d {
			return 0, probError(text)
		}
		return Prob((n<<32 + d/2) / d), nil
	}
	number, percent := strings.CutSuffix(trimmed, "%")
	p, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		p /= 100
	}
	if err != nil || !(p >= 0 && p <= 1) {
		return 0, probError(text)
	}
	return ProbOf(p), nil
}

func probError(text string) error {
	return fmt.Errorf("probability %.60q: expected 0%% to 100%%, 0 to 1, or a fraction such as 1/3", text)
}

// Float is p as a number, exactly.
func (p Prob) Float() float64 { return float64(p) / float64(Certain) }

// String prints p as the shortest percentage that ParseProb reads back as p.
func (p Prob) String() string {
	percent := float64(p.Float() * 100)
	for digits := 1; digits < 17; digits++ {
		short, err := strconv.ParseFloat(strconv.FormatFloat(percent, 'g', digits, 64), 64)
		if err == nil && math.Round(short/100*float64(Certain)) == float64(p) {
			return strconv.FormatFloat(short, 'f', -1, 64) + "%"
		}
	}
	return strconv.FormatFloat(percent, 'f', -1, 64) + "%"
}

// Hit reports whether an event of probability p happens, given 32 uniformly random
// bits. Two decisions may take the halves of one 64-bit draw.
func (p Prob) Hit(u uint32) bool { return uint64(u) < uint64(p) }

// MarshalText returns String, so that documents hold probabilities as text.
func (p Prob) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParseProb. On an error p is left as it was.
func (p *Prob) UnmarshalText(text []byte) error {
	parsed, err := ParseProb(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

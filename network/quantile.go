package network

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// A table holds the quantiles of one distribution at fixed probabilities, its knots, in
// nanoseconds. Between two knots the quantile function is taken to be a straight line,
// so that sampling is a lookup and one multiplication of integers.
//
// The unit interval is cut into 1024 cells by the top ten bits of the sample; the first
// and the last cell are cut into 1024 again, because that is where the quantile
// function bends:
//
//	knot    0 …1024   probability knot/2^20 (knot 0 stands at 2^-23)
//	knot 1024 …2046   probability (knot-1023)/1024
//	knot 2046 …3070   probability 1 - 2^-10 + (knot-2046)/2^20 (knot 3070 stands at 1 - 2^-23)
//
// The outermost knots cannot stand at 0 and 1, where quantiles may be infinite. At
// 2^-23, an eighth of the last cell, the straight line keeps the mean of an exponential
// tail within that cell to 4%; what lies further out is cut off.
type table struct {
	spec    delaySpec
	path    string          // the file that samples came from, or empty
	samples []time.Duration // sorted; not empty for empirical distributions, which have no knots
	knots   *[knotCount]time.Duration
}

const (
	cellBits  = 10
	cells     = 1 << cellBits
	bodyKnot  = cells                // first knot of the body: probability 1/1024
	upperKnot = bodyKnot + cells - 2 // first knot of the upper tail: probability 1 - 1/1024
	knotCount = upperKnot + cells + 1
)

// sample maps 64 uniform bits to a delay. It is monotone in u.
func (t *table) sample(u uint64) time.Duration {
	if t.knots == nil {
		i, _ := bits.Mul64(u, uint64(len(t.samples)))
		return t.samples[i]
	}
	cell, fraction := u>>(64-cellBits), u<<cellBits
	knot := cell + bodyKnot - 1
	switch cell {
	case 0:
		knot, fraction = u>>(64-2*cellBits), u<<(2*cellBits)
	case cells - 1:
		knot, fraction = upperKnot+u>>(64-2*cellBits)%cells, u<<(2*cellBits)
	}
	lo, hi := t.knots[knot], t.knots[knot+1]
	step, rest := bits.Mul64(fraction, uint64(hi-lo))
	return lo + time.Duration(step+rest>>63) // rounded to the nearest
}

// mean returns the mean of sample over all u, to within a few nanoseconds.
func (t *table) mean() time.Duration {
	if t.knots == nil {
		var mean, rest time.Duration // sums of quotients and of remainders, as the sum of samples may overflow
		n := time.Duration(len(t.samples))
		for _, s := range t.samples {
			mean, rest = mean+s/n, rest+s%n
		}
		return mean + rest/n
	}
	var body, tails uint64 // twice the sums of the cells' midpoints; below 2^64 as knots are below 2^52
	for k := range knotCount - 1 {
		ends := uint64(t.knots[k] + t.knots[k+1])
		if k < bodyKnot || k >= upperKnot {
			tails += ends
		} else {
			body += ends
		}
	}
	return time.Duration((body + tails/cells) / (2 * cells))
}

// knotProbability is the probability at which a knot stands; a multiple of 2^-23, hence
// exact, as is its complement.
func knotProbability(knot int) float64 {
	const outermost = 1.0 / (1 << 23)
	switch {
	case knot == 0:
		return outermost
	case knot == knotCount-1:
		return 1 - outermost
	case knot < bodyKnot:
		return float64(knot) / (cells * cells)
	case knot < upperKnot:
		return float64(knot-bodyKnot+1) / cells
	}
	return float64(cells*(cells-1)+knot-upperKnot) / (cells * cells)
}

// newTable computes the knots from a quantile function. Knots never decrease, even
// where the rounding of floats makes quantile do so.
func newTable(s delaySpec, quantile func(p float64) float64) *table {
	t := &table{spec: s, knots: new([knotCount]time.Duration)}
	var last time.Duration
	for k := range t.knots {
		q := quantile(knotProbability(k))
		if math.IsNaN(q) {
			panic(fmt.Sprintf("network: %v has no quantile at %v", s, knotProbability(k)))
		}
		last = max(last, roundQuantile(q))
		t.knots[k] = last
	}
	return t
}

// roundQuantile rounds nanoseconds to 16 significant bits, or to one nanosecond where
// that is coarser (below 65.536 µs), into 0..MaxDelay.
//
// math.Exp, Log and Pow may differ in their last bits between architectures. A step of
// 2^-16 of the value is 2^36 times as coarse as that, so that a table of 2^12 knots has
// a chance of about 2^-24 to hang on such a bit. Exact ties, which round parameters do
// produce, would hang on it always; the threshold is therefore moved a little off the
// middle of the step.
func roundQuantile(q float64) time.Duration {
	const significantBits, threshold = 16, 0.5 - 1.0/1024
	if q <= 0 {
		return 0
	}
	if q >= float64(MaxDelay) {
		return MaxDelay
	}
	_, exponent := math.Frexp(q)
	shift := max(0, exponent-significantBits)
	rounded := time.Duration(math.Floor(math.Ldexp(q, -shift)+threshold)) << shift
	return min(rounded, MaxDelay)
}

// The tables of the last distributions asked for, as worlds that share a few
// distributions are built by the thousands a second. A table is a pure function of its
// spec, so the memory is invisible but for time; it is emptied when full so that a
// sweep over parameters stays bounded.
var tableMemo = struct {
	sync.RWMutex
	tables map[delaySpec]*table
}{tables: make(map[delaySpec]*table)}

const tableMemoLimit = 256

func tableOf(s delaySpec) *table {
	tableMemo.RLock()
	t := tableMemo.tables[s]
	tableMemo.RUnlock()
	if t != nil {
		return t
	}
	t = newTable(s, families[s.kind].quantile(s.a, s.b))
	tableMemo.Lock()
	defer tableMemo.Unlock()
	if len(tableMemo.tables) >= tableMemoLimit {
		clear(tableMemo.tables)
	}
	tableMemo.tables[s] = t
	return t
}

// unusedSource is the source given to gonum's distributions. Quantiles draw nothing;
// but without a source they would be one slip away from the global one.
func unusedSource() rand.Source { return rand.NewPCG(0, 0) }

func exponentialQuantile(mean, _ float64) func(float64) float64 {
	return distuv.Exponential{Rate: 1 / mean, Src: unusedSource()}.Quantile
}

// normalQuantile is that of the normal distribution given that it is not negative. Each
// half is computed from its own tail, where the probability is a small number rather
// than one minus it.
func normalQuantile(mean, sd float64) func(float64) float64 {
	unit := distuv.Normal{Mu: 0, Sigma: 1, Src: unusedSource()}
	below, above := unit.CDF(-mean/sd), unit.CDF(mean/sd) // zero
	return func(p float64) float64 {
		if p < 0.5 {
			return mean + float64(sd*unit.Quantile(below+float64(p*above)))
		}
		return mean - float64(sd*unit.Quantile((1-p)*above))
	}
}

func logNormalQuantile(median, sigma float64) func(float64) float64 {
	unit := distuv.LogNormal{Mu: 0, Sigma: sigma, Src: unusedSource()}
	return func(p float64) float64 { return float64(median * unit.Quantile(p)) }
}

func paretoQuantile(scale, alpha float64) func(float64) float64 {
	return distuv.Pareto{Xm: scale, Alpha: alpha, Src: unusedSource()}.Quantile
}

func gammaQuantile(shape, mean float64) func(float64) float64 {
	return distuv.Gamma{Alpha: shape, Beta: shape / mean, Src: unusedSource()}.Quantile
}

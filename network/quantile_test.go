package network

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mathext"
	"pgregory.net/rapid"
)

// tableSpecs are one or two of each distribution that is sampled from a table.
var tableSpecs = []delaySpec{
	{kindExponential, 20e6, 0},
	{kindNormal, 10e6, 2e6},
	{kindNormal, 1e6, 2e6}, // truncated: a third of the normal distribution is below zero
	{kindLogNormal, 2e6, 0.5},
	{kindPareto, 1e6, 1.5},
	{kindPareto, 1e6, 1},
	{kindGamma, 0.5, 10e6},
	{kindGamma, 2, 10e6},
}

// drawSpec draws the parameters of a distribution over their whole range, durations and numbers alike by their logarithm.
func drawSpec(t *rapid.T, first, last delayKind) delaySpec {
	k := rapid.Custom(func(t *rapid.T) delayKind { return delayKind(rapid.IntRange(int(first), int(last)).Draw(t, "kind")) }).Draw(t, "kind")
	var values [2]float64
	for i, p := range families[k].params {
		if p.max == 0 {
			size := rapid.IntRange(0, 51).Draw(t, p.name+" bits")
			values[i] = float64(min(rapid.Int64Range(0, 1<<size).Draw(t, p.name), int64(MaxDelay)))
		} else {
			values[i] = rapid.Float64Range(p.min, p.max).Draw(t, p.name)
		}
	}
	if k == kindUniform {
		slices.Sort(values[:])
	}
	return delaySpec{k, values[0], values[1]}
}

func TestKnotProbabilitiesIncreaseAndAreExact(t *testing.T) {
	for k := range knotCount {
		p := knotProbability(k)
		require.Equal(t, math.Trunc(p*(1<<23)), p*(1<<23), "knot %d", k)
		if k > 0 {
			require.Greater(t, p, knotProbability(k-1), "knot %d", k)
		}
	}
	require.Equal(t, 1.0/1024, knotProbability(bodyKnot))
	require.Equal(t, 0.5, knotProbability(bodyKnot+511))
	require.Equal(t, 1-1.0/1024, knotProbability(upperKnot))
	require.Equal(t, knotProbability(0), 1-knotProbability(knotCount-1))
}

// Sampling and knots use the same layout: the 64-bit fixed-point value of a knot's probability samples that knot.
func TestSampleReturnsTheKnotAtItsProbability(t *testing.T) {
	table := newTable(delaySpec{kind: kindExponential}, func(p float64) float64 { return p * (1 << 15) })
	for k := 1; k < knotCount-1; k++ {
		require.Equal(t, table.knots[k], table.sample(uint64(math.Ldexp(knotProbability(k), 64))), "knot %d", k)
	}
}

func TestSamplesAreMonotoneAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, err := newDelay(drawSpec(t, kindConstant, kindGamma))
		require.NoError(t, err)
		if d.table != nil {
			require.True(t, slices.IsSorted(d.table.knots[:]))
		}
		u, v := rapid.Uint64().Draw(t, "u"), rapid.Uint64().Draw(t, "v")
		ends := []time.Duration{0, d.Min(), d.Sample(min(u, v)), d.Sample(max(u, v)), d.Max(), MaxDelay}
		require.True(t, slices.IsSorted(ends), "%v", ends)
		require.LessOrEqual(t, d.Min(), d.Mean())
		require.LessOrEqual(t, d.Mean(), d.Max())
	})
}

func TestTablesDoNotHangOnTheLastBits(t *testing.T) {
	for _, s := range tableSpecs {
		quantile := families[s.kind].quantile(s.a, s.b)
		exact := newTable(s, quantile)
		for _, err := range []float64{-1e-14, -4e-16, 4e-16, 1e-14} { // 2 and 45 units in the last place
			perturbed := newTable(s, func(p float64) float64 { return quantile(p) * (1 + err) })
			require.True(t, *exact.knots == *perturbed.knots, "%v with an error of %v", s, err)
		}
	}
}

func TestTablesBuiltTwiceSampleTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range tableSpecs {
		one := newTable(s, families[s.kind].quantile(s.a, s.b))
		two := newTable(s, families[s.kind].quantile(s.a, s.b))
		require.NotSame(t, one, two)
		for range 10_000 {
			u := rng.Uint64()
			require.Equal(t, one.sample(u), two.sample(u))
		}
	}
}

func TestRoundingKeepsSixteenBitsAndTiesGoDown(t *testing.T) {
	for _, c := range []struct {
		q    float64
		want time.Duration
	}{
		{-1, 0}, {0, 0}, {0.5, 0}, {0.51, 1}, {65_535.4, 65_535}, {65_536, 65_536},
		{65_537, 65_536}, {65_537 + 1e-9, 65_536}, {65_537.1, 65_538}, // the step is 2 from 2^16 on
		{1e7, 9_999_872}, {float64(MaxDelay) - 1, MaxDelay}, {1e300, MaxDelay}, {math.Inf(1), MaxDelay},
	} {
		require.Equal(t, c.want, roundQuantile(c.q), "%v", c.q)
	}
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.Float64Range(0, float64(MaxDelay)).Draw(t, "q")
		require.InDelta(t, q, float64(roundQuantile(q)), 0.501+q/(1<<16)*1.002)
	})
}

func TestMemoisedTablesAreSharedAndTheirNumberBounded(t *testing.T) {
	first := Exponential(time.Millisecond)
	require.Same(t, first.table, Exponential(time.Millisecond).table)
	for i := range tableMemoLimit + 10 {
		Pareto(time.Duration(1000+i), 2)
		require.LessOrEqual(t, len(tableMemo.tables), tableMemoLimit)
	}
	again := Exponential(time.Millisecond)
	require.NotSame(t, first.table, again.table)
	require.True(t, first.Equal(again))
}

func TestKnotsNeverDecreaseEvenIfQuantilesDo(t *testing.T) {
	wavy := newTable(delaySpec{kind: kindExponential}, func(p float64) float64 { return 1000 * (p + 0.1*math.Sin(50*p)) })
	require.True(t, slices.IsSorted(wavy.knots[:]))
}

func TestTablesRejectDistributionsWithoutQuantiles(t *testing.T) {
	require.PanicsWithValue(t, "network: exp(1s) has no quantile at 1.1920928955078125e-07", func() {
		newTable(delaySpec{kindExponential, 1e9, 0}, func(float64) float64 { return math.NaN() })
	})
}

// An inverse that solves for 1-p would reach 1e-9 here, which is too close to the step of the rounding.
func TestGammaQuantilesKeepTheirDigitsInTheLowerTail(t *testing.T) {
	for _, shape := range []float64{0.5, 2, 30, 1000} {
		quantile := gammaQuantile(shape, 10e6)
		for k := range bodyKnot {
			p, q := knotProbability(k), quantile(knotProbability(k))
			if q >= 100 {
				require.InEpsilon(t, p, mathext.GammaIncReg(shape, q*shape/10e6), 1e-12, "shape %v, p %v", shape, p)
			}
		}
	}
}

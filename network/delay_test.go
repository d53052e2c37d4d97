package network

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"
)

// cdf is the theoretical distribution of a spec in nanoseconds, written without the quantile functions under test.
func (s delaySpec) cdf() func(x float64) float64 {
	src := rand.NewPCG(0, 0)
	switch s.kind {
	case kindExponential:
		return distuv.Exponential{Rate: 1 / s.a, Src: src}.CDF
	case kindNormal:
		normal := distuv.Normal{Mu: s.a, Sigma: s.b, Src: src}
		below := normal.CDF(0)
		return func(x float64) float64 { return (normal.CDF(x) - below) / (1 - below) }
	case kindLogNormal:
		return distuv.LogNormal{Mu: math.Log(s.a), Sigma: s.b, Src: src}.CDF
	case kindPareto:
		return distuv.Pareto{Xm: s.a, Alpha: s.b, Src: src}.CDF
	case kindGamma:
		return distuv.Gamma{Alpha: s.a, Beta: s.a / s.b, Src: src}.CDF
	}
	panic("no distribution for " + s.String())
}

// drawDelays takes n samples from a seeded generator.
func drawDelays(d Delay, n int) []time.Duration {
	rng := rand.New(rand.NewPCG(3, 4))
	samples := make([]time.Duration, n)
	for i := range samples {
		samples[i] = d.Sample(rng.Uint64())
	}
	return samples
}

// The Kolmogorov–Smirnov distance of n samples exceeds 1.63/sqrt(n) in 1% of cases.
func TestSamplesFollowTheirDistribution(t *testing.T) {
	const n = 200_000
	for _, s := range tableSpecs {
		samples := drawDelays(Delay{table: tableOf(s)}, n)
		slices.Sort(samples)
		cdf, distance := s.cdf(), 0.0
		for i, x := range samples {
			p := cdf(float64(x))
			distance = max(distance, p-float64(i)/n, float64(i+1)/n-p)
		}
		require.Less(t, distance, 1.63/math.Sqrt(n), "%v", s)
	}
}

// exceeding is the exact probability that d is above x, by bisection for the first sample above.
func exceeding(d Delay, x time.Duration) float64 {
	var u uint64
	for bit := uint64(1) << 63; bit > 0; bit >>= 1 {
		if d.Sample(u|bit-1) <= x {
			u |= bit
		}
	}
	return 1 - math.Ldexp(float64(u), -64)
}

func TestTailsAreFaithfulToOneInAMillion(t *testing.T) {
	for _, s := range tableSpecs {
		d, cdf, quantile := Delay{table: tableOf(s)}, s.cdf(), families[s.kind].quantile(s.a, s.b)
		for tail := 0.5; tail > 1.0/(1<<20); tail /= 1.1 {
			x := math.Floor(quantile(1 - tail))
			want := 1 - cdf(x)
			require.InEpsilon(t, want, exceeding(d, time.Duration(x)), 0.126, "%v exceeds %v", s, time.Duration(x))
		}
		for _, tail := range []float64{1e-1, 1e-2, 1e-4, 1e-5} { // away from the ends of the cells the lines are close
			x := time.Duration(quantile(1 - tail))
			require.InEpsilon(t, tail, exceeding(d, x), 0.01, "%v exceeds %v", s, x)
		}
	}
}

func TestMeansMatchTheoryAndSamples(t *testing.T) {
	for _, c := range []struct {
		d       Delay
		mean    time.Duration
		epsilon float64
	}{
		{Constant(5 * time.Millisecond), 5 * time.Millisecond, 0},
		{Uniform(time.Millisecond, 10*time.Millisecond), 5500 * time.Microsecond, 0},
		{Exponential(20 * time.Millisecond), 20 * time.Millisecond, 1e-3},
		{Exponential(300), 300, 0.01}, // nanoseconds: resolution holds inside a datacentre
		{Normal(10*time.Millisecond, 2*time.Millisecond), 10 * time.Millisecond, 1e-3},
		{Normal(0, time.Millisecond), 797_885, 1e-3}, // sqrt(2/pi) sd
		{LogNormal(2*time.Millisecond, 0.5), 2_266_297, 1e-3},
		{Pareto(time.Millisecond, 3), 1500 * time.Microsecond, 1e-3},
		{Gamma(0.5, 10*time.Millisecond), 10 * time.Millisecond, 1e-3},
		{Gamma(2, 10*time.Millisecond), 10 * time.Millisecond, 1e-3},
		{Empirical([]time.Duration{1, 2, 6}), 3, 0},
	} {
		require.InDelta(t, float64(c.mean), float64(c.d.Mean()), c.epsilon*float64(c.mean), "%v", c.d)
		var sum time.Duration
		samples := drawDelays(c.d, 200_000)
		for _, x := range samples {
			sum += x
		}
		// 4 standard errors are 1.3% of the mean for the widest, Gamma(0.5), whose sd is 1.4 means
		require.InEpsilon(t, float64(c.d.Mean()), float64(sum)/float64(len(samples)), 0.013, "%v", c.d)
	}
}

func TestInfiniteMeansAreCutOff(t *testing.T) {
	d := Pareto(time.Millisecond, 1)
	require.Equal(t, 8_388_608*time.Millisecond, d.Max().Round(time.Millisecond)) // 2^23 scale
	require.InEpsilon(t, float64(18*time.Millisecond), float64(d.Mean()), 0.1)
	require.Equal(t, MaxDelay, Pareto(time.Millisecond, 0.01).Max().Round(time.Second))
}

// The promise across machines: these numbers hold on every architecture. They change only with the layout or the rounding of tables.
func TestSamplesAreTheSameOnEveryMachine(t *testing.T) {
	us := []uint64{0, 1 << 42, 0x0123456789abcdef, 1 << 63, 0xfedcba9876543210, math.MaxUint64 - 1<<42, math.MaxUint64}
	for _, c := range []struct {
		spec  delaySpec
		want  []time.Duration // of us
		knots string          // the first bytes of SHA-256 over all knots, little-endian
	}{
		{delaySpec{kindExponential, 2e+07, 0}, []time.Duration{2, 6, 89090, 13862912, 108443912, 308451328, 318849024}, "067a9f9c171cc10d"},
		{delaySpec{kindNormal, 1e+07, 2e+06}, []time.Duration{134944, 246352, 4763740, 10000128, 15236260, 20131328, 20333056}, "2fcacc4dec4bd49c"},
		{delaySpec{kindNormal, 1e+06, 2e+06}, []time.Duration{0, 1, 17420, 1793728, 6483396, 11271168, 11470336}, "37abda22f51f2452"},
		{delaySpec{kindLogNormal, 2e+06, 0.5}, []time.Duration{151052, 159495, 540240, 2000000, 7406822, 25271424, 26481152}, "d83be77b2b1f2d2d"},
		{delaySpec{kindPareto, 1e+06, 1.5}, []time.Duration{1000000, 1000000, 1002970, 1587392, 37246261, 33544536064, 41285582848}, "ac0018f0c6a33253"},
		{delaySpec{kindPareto, 1e+06, 1}, []time.Duration{1000000, 1000000, 1004467, 2000000, 227783111, 6553600000000, 8388608000000}, "7fd09cea8ff9313f"},
		{delaySpec{kindGamma, 0.5, 1e+07}, []time.Duration{0, 0, 314, 4549376, 81039369, 270302208, 280338432}, "0b8db1f38c20b5ed"},
		{delaySpec{kindGamma, 2, 1e+07}, []time.Duration{2442, 3559, 486180, 8391680, 37852087, 91929600, 94674944}, "8672ee6a7b830c7c"},
	} {
		d := Delay{table: newTable(c.spec, families[c.spec.kind].quantile(c.spec.a, c.spec.b))}
		got := make([]time.Duration, len(us))
		for i, u := range us {
			got[i] = d.Sample(u)
		}
		require.Equal(t, c.want, got, "%v", d)
		hash := sha256.New()
		require.NoError(t, binary.Write(hash, binary.LittleEndian, d.table.knots[:]))
		require.Equal(t, c.knots, fmt.Sprintf("%x", hash.Sum(nil)[:8]), "%v", d)
	}
}

func TestConstantAndUniformAreExact(t *testing.T) {
	require.Equal(t, time.Duration(0), Delay{}.Sample(math.MaxUint64))
	require.True(t, Delay{}.IsZero())
	require.False(t, Constant(1).IsZero())
	for _, u := range []uint64{0, 1, 1 << 63, math.MaxUint64} {
		require.Equal(t, MaxDelay, Constant(MaxDelay).Sample(u))
	}
	d := Uniform(10, 13)
	require.Equal(t, time.Duration(10), d.Min())
	require.Equal(t, time.Duration(13), d.Max())
	for i := range 4 { // each value has exactly a quarter
		require.Equal(t, time.Duration(10+i), d.Sample(uint64(i)<<62))
		require.Equal(t, time.Duration(10+i), d.Sample(uint64(i)<<62|(1<<62-1)))
	}
	require.Equal(t, MaxDelay, Uniform(0, MaxDelay).Max())
}

func TestEmpiricalDrawsEachSampleEquallyOftenAndNothingElse(t *testing.T) {
	given := []time.Duration{100, 1, 100, 7}
	d := Empirical(given)
	require.Equal(t, []time.Duration{100, 1, 100, 7}, given)
	given[0] = 5 // the model has its own copy
	counts := map[time.Duration]int{}
	for _, x := range drawDelays(d, 100_000) {
		counts[x]++
	}
	require.Len(t, counts, 3)
	require.InDelta(t, 25_000, counts[1], 550) // 4 standard deviations
	require.InDelta(t, 25_000, counts[7], 550)
	require.InDelta(t, 50_000, counts[100], 640)
	require.Equal(t, time.Duration(1), d.Min())
	require.Equal(t, time.Duration(100), d.Max())
	require.Equal(t, MaxDelay, Empirical(slices.Repeat([]time.Duration{MaxDelay}, 3000)).Mean()) // whose sum overflows
}

func TestQuantileReadsProbabilities(t *testing.T) {
	d := Uniform(0, 1000)
	require.Equal(t, time.Duration(0), d.Quantile(0))
	require.Equal(t, time.Duration(500), d.Quantile(0.5))
	require.Equal(t, time.Duration(1000), d.Quantile(1))
	require.InEpsilon(t, math.Ln2*1e6, float64(Exponential(time.Millisecond).Quantile(0.5)), 1e-4)
	for _, p := range []float64{-0.1, 1.1, math.NaN()} {
		require.Panics(t, func() { d.Quantile(p) })
	}
}

func TestDistributionsWithoutSpreadAreConstants(t *testing.T) {
	for _, d := range []Delay{Uniform(7, 7), Normal(7, 0), LogNormal(7, 0)} {
		require.True(t, d.Equal(Constant(7)), "%v", d)
	}
	for _, d := range []Delay{Exponential(0), LogNormal(0, 1), Pareto(0, 1), Gamma(2, 0), Normal(0, 0), Uniform(0, 0)} {
		require.True(t, d.IsZero(), "%v", d)
	}
	require.False(t, Normal(0, 7).Equal(Constant(0)))
}

func TestEqualComparesModels(t *testing.T) {
	models := []Delay{{}, Constant(1), Uniform(0, 1), Uniform(1, 2), Exponential(1), Exponential(2), Normal(1, 2), LogNormal(1, 2),
		Pareto(1, 2), Gamma(1, 2), Empirical([]time.Duration{1}), Empirical([]time.Duration{1, 2})}
	for i, d := range models {
		for j, e := range models {
			require.Equal(t, i == j, d.Equal(e), "%v, %v", d, e)
		}
	}
	require.True(t, Empirical([]time.Duration{1, 2}).Equal(Empirical([]time.Duration{2, 1})))
}

func TestConstructorsPanicOnBadParameters(t *testing.T) {
	const duration = "expected a duration with a unit, such as 1.5ms, from 0s to 1000h0m0s"
	for want, construct := range map[string]func(){
		"network: constant: delay -1ns: " + duration:                      func() { Constant(-1) },
		"network: uniform: hi 1001h0m0s: " + duration:                     func() { Uniform(0, 1001*time.Hour) },
		"network: uniform: lo 2ns is above hi 1ns":                        func() { Uniform(2, 1) },
		"network: exp: mean -5ms: " + duration:                            func() { Exponential(-5 * time.Millisecond) },
		"network: normal: sd -1ns: " + duration:                           func() { Normal(0, -1) },
		"network: lognormal: sigma NaN: expected a number from 0 to 10":   func() { LogNormal(1, math.NaN()) },
		"network: pareto: alpha 0: expected a number from 0.01 to 1000":   func() { Pareto(1, 0) },
		"network: gamma: shape +Inf: expected a number from 0.1 to 10000": func() { Gamma(math.Inf(1), 1) },
		"network: samples: got 0, expected 1 to 1048576":                  func() { Empirical(nil) },
		"network: samples: got 1048577, expected 1 to 1048576":            func() { Empirical(make([]time.Duration, MaxSamples+1)) },
		"network: sample -1ns: " + duration:                               func() { Empirical([]time.Duration{1, -1}) },
	} {
		require.PanicsWithValue(t, want, construct)
	}
}

func TestSamplingAllocatesNothing(t *testing.T) {
	for _, d := range benchmarkDelays {
		u := uint64(0)
		require.Zero(t, testing.AllocsPerRun(1000, func() { u += uint64(d.Sample(u)) + 0x9e3779b97f4a7c15 }), "%v", d)
	}
	require.Zero(t, testing.AllocsPerRun(1000, func() { Exponential(20 * time.Millisecond) })) // as a world is built
}

var benchmarkDelays = []Delay{
	Constant(5 * time.Millisecond),
	Uniform(time.Millisecond, 10*time.Millisecond),
	Exponential(20 * time.Millisecond),
	Normal(10*time.Millisecond, 2*time.Millisecond),
	LogNormal(2*time.Millisecond, 0.5),
	Pareto(time.Millisecond, 1.5),
	Gamma(2, 10*time.Millisecond),
	Empirical([]time.Duration{1e6, 2e6, 5e6}),
}

func BenchmarkDelaySample(b *testing.B) {
	for _, d := range benchmarkDelays {
		b.Run(d.String(), func(b *testing.B) {
			b.ReportAllocs()
			u, sum := uint64(0), time.Duration(0)
			for b.Loop() {
				u += 0x9e3779b97f4a7c15 // a Weyl sequence: even cover of the unit interval at the cost of an addition
				sum += d.Sample(u)
			}
			if sum < 0 {
				b.Fatal("overflow")
			}
		})
	}
}

func BenchmarkDelayConstruct(b *testing.B) {
	b.Run("memoised", func(b *testing.B) {
		for b.Loop() {
			Gamma(2, 10*time.Millisecond)
		}
	})
	for _, s := range tableSpecs {
		b.Run(s.String(), func(b *testing.B) {
			for b.Loop() {
				newTable(s, families[s.kind].quantile(s.a, s.b))
			}
		})
	}
}

func ExampleDelay() {
	d := Exponential(20 * time.Millisecond)
	rng := rand.New(rand.NewPCG(1, 2))
	fmt.Println(d, "first:", d.Sample(rng.Uint64()), "median:", d.Quantile(0.5), "one in a million:", d.Quantile(1-1e-6))
	// Output: exp(20ms) first: 29.339293ms median: 13.862912ms one in a million: 276.584935ms
}

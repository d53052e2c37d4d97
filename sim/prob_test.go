package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestProbRoundsToPartsOfTwoToThe32(t *testing.T) {
	for p, want := range map[float64]Prob{0: 0, 1: Certain, 0.5: 1 << 31, 1.0 / (1 << 32): 1, 0.01: 42_949_673, 1e-11: 0, 1 - 1e-11: Certain} {
		require.Equal(t, want, ProbOf(p), "%v", p)
	}
	require.Equal(t, 0.5, ProbOf(0.5).Float())
	for _, p := range []float64{-1e-300, 1.0000001, math.NaN(), math.Inf(1)} {
		require.Panics(t, func() { ProbOf(p) }, "%v", p)
	}
}

func TestProbZeroNeverHitsAndCertainAlwaysDoes(t *testing.T) {
	for _, u := range []uint32{0, 1, 1 << 31, math.MaxUint32} {
		require.False(t, Prob(0).Hit(u))
		require.True(t, Certain.Hit(u))
	}
	require.True(t, Prob(1).Hit(0))
	require.False(t, Prob(1).Hit(1))
	require.True(t, (Certain - 1).Hit(math.MaxUint32-1))
	require.False(t, (Certain - 1).Hit(math.MaxUint32))
}

func TestProbHitsAtItsRate(t *testing.T) {
	rng, hits := rand.New(rand.NewPCG(5, 6)), 0
	for range 1_000_000 {
		if ProbOf(0.01).Hit(rng.Uint32()) {
			hits++
		}
	}
	require.InDelta(t, 10_000, hits, 400) // 4 standard deviations
}

func TestProbPrintsShortAndParsesBack(t *testing.T) {
	for want, p := range map[string]Prob{
		"0%": 0, "100%": Certain, "1%": ProbOf(0.01), "0.1%": ProbOf(0.001), "33.33333333%": Certain / 3, "0.00000002%": 1, "99.99999998%": Certain - 1,
	} {
		require.Equal(t, want, p.String())
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Prob(rapid.Uint64Range(0, uint64(Certain)).Draw(t, "p"))
		parsed, err := ParseProb(p.String())
		require.NoError(t, err)
		require.Equal(t, p, parsed, "%v", p)
	})
}

func TestParseProbReadsPercentagesDecimalsAndFractions(t *testing.T) {
	for text, want := range map[string]Prob{
		"1%": ProbOf(0.01), "0.01": ProbOf(0.01), "1e-2": ProbOf(0.01), " 1 / 100 ": ProbOf(0.01), "12.5 %": Certain / 8,
		"1/3": 1_431_655_765, "2/3": 2_863_311_531, "0/7": 0, "4294967295/4294967295": Certain, "1": Certain, "100%": Certain, "0": 0,
	} {
		p, err := ParseProb(text)
		require.NoError(t, err)
		require.Equal(t, want, p, "%q", text)
	}
}

func TestParseProbSaysWhatItExpected(t *testing.T) {
	for _, text := range []string{"", "%", "often", "-1%", "101%", "1.5", "NaN", "inf", "3/2", "1/0", "-1/2", "1/2/3", "1/4294967296", "1e999", "1%%"} {
		p, err := ParseProb(text)
		require.EqualError(t, err, fmt.Sprintf("probability %q: expected 0%% to 100%%, 0 to 1, or a fraction such as 1/3", text))
		require.Zero(t, p)
	}
}

func FuzzParseProb(f *testing.F) {
	for _, text := range []string{"1%", "0.01", "1/3", "1e-9", "100%", "-0", "0x1p-3", "9/0", "", "1/1%", "0.000000000001%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseProb(text)
		if err != nil {
			require.Zero(t, p)
			return
		}
		require.LessOrEqual(t, p, Certain)
		again, err := ParseProb(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

func ExampleParseProb() {
	loss, err := ParseProb("1/3")
	fmt.Println(loss, err, loss.Hit(1<<30), loss.Hit(1<<31))
	// Output: 33.33333333% <nil> true false
}

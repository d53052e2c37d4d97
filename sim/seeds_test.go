package sim

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const commit = "8397a8c3c5bf7dcf29cb4d5d69170aa9cad4ae93"

func TestSeedsAreNumbersCommitsOrRanges(t *testing.T) {
	for text, want := range map[string]SeedRange{
		"5":                    {5, 1},
		"0x2a":                 {42, 1},
		"0..100000":            {0, 100000},
		"0x10..18":             {16, 2},
		"18446744073709551615": {math.MaxUint64, 1},
		commit:                 {0x74ec0de994fcf37d, 1},
	} {
		got, err := ParseSeeds(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	require.Equal(t, []uint64{7, 8, 9}, slices.Collect(SeedRange{7, 3}.All()))
	require.Empty(t, slices.Collect(SeedRange{}.All()))
}

func TestACommitIsTheSameSeedInEitherCase(t *testing.T) {
	lower, err := ParseSeed(commit)
	require.NoError(t, err)
	upper, err := ParseSeed("8397A8C3C5BF7DCF29CB4D5D69170AA9CAD4AE93")
	require.NoError(t, err)
	require.Equal(t, lower, upper)
	decimal, err := ParseSeed("1234567890123456789012345678901234567890")
	require.NoError(t, err, "40 digits are a commit, not a number")
	require.NotEqual(t, lower, decimal)
}

func TestABadSeedIsAnErrorThatSaysWhatWasExpected(t *testing.T) {
	for text, want := range map[string]string{
		"":                     `seed "": expected a decimal number`,
		"-1":                   `seed "-1": expected a decimal number`,
		"1_000":                `seed "1_000": expected`,
		"0x":                   `seed "0x": expected`,
		"2a":                   `seed "2a": expected`,
		commit[1:]:             `or a commit of 40 hexadecimal digits`,
		"18446744073709551616": `is too large, expected at most 18446744073709551615`,
		"5..5":                 `seeds "5..5" are none: expected FIRST..END with END above FIRST`,
		"9..5":                 `are none`,
		"5..":                  `in the range "5..": seed "": expected`,
		"..5":                  `seed "": expected`,
		"1..2..3":              `in the range "1..2..3": seed "2..3": expected`,
	} {
		_, err := ParseSeeds(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestSeedsPrintAsTheyParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint64Max(math.MaxUint64-1).Draw(t, "first")
		want := SeedRange{first, rapid.Uint64Range(1, math.MaxUint64-first).Draw(t, "count")}
		got, err := ParseSeeds(want.String())
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func FuzzParseSeeds(f *testing.F) {
	for _, s := range []string{"5", "0x2a", "0..100000", commit, "", "..", "0x..0x", "1..2..3", "18446744073709551616"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseSeeds(s)
		if err != nil {
			return
		}
		require.Positive(t, r.Count)
		again, err := ParseSeeds(r.String())
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}

package simtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShortestFindsTheFirstOfTheShortest(t *testing.T) {
	tried := 0
	sequence, why := Shortest([]string{"a", "b"}, 5, func(s []string) string {
		tried++
		if strings.Contains(strings.Join(s, ""), "ba") {
			return "a after b"
		}
		return ""
	})
	require.Equal(t, []string{"b", "a"}, sequence)
	require.Equal(t, "a after b", why)
	require.Equal(t, 2+3, tried, "a, b; aa, ab, ba")
}

func TestShortestTriesEachSequenceOnce(t *testing.T) {
	seen := map[string]int{}
	sequence, why := Shortest([]string{"a", "b", "c"}, 3, func(s []string) string {
		seen[strings.Join(s, "")]++
		return ""
	})
	require.Nil(t, sequence)
	require.Empty(t, why)
	require.Len(t, seen, 3+9+27)
}

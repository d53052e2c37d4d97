package history

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestListsPrintAndParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawAnyValue(t)
		parsed, err := ParseValue(v.String())
		require.NoError(t, err)
		require.Equal(t, v, parsed)
		if items, ok := v.Items(); ok {
			require.Equal(t, v, List(items...))
		}
	})
	for text, want := range map[string]Value{
		"[ 1  a [] ]": List(Int(1), Text("a"), List()), `["] " nil]`: List(Text("] "), Value{}), "[[true]false]": List(List(Bool(true)), Bool(false)),
	} {
		v, err := ParseValue(text)
		require.NoError(t, err)
		require.Equal(t, want, v)
	}
	for text, want := range map[string]string{
		"[1 [2]":                  "history: value [1 [2] is a list without an end",
		"[1] 2":                   "history: value [1] 2 goes on after its list",
		`["a]`:                    `history: value "a is not a correctly quoted text`,
		"[99999999999999999999 1": "history: value 99999999999999999999 does not fit in 64 bits",
	} {
		_, err := ParseValue(text)
		require.EqualError(t, err, want)
	}
}

func TestValuesHaveATotalOrder(t *testing.T) {
	ordered := []Value{{}, Bool(false), Bool(true), Int(math.MinInt64), Int(-1), Int(7), Text(""), Text("7"), Text("a"),
		List(Int(1), Int(2)), List(Int(1)), List()} // lists as they print
	rapid.Check(t, func(t *rapid.T) {
		shuffled := rapid.Permutation(ordered).Draw(t, "values")
		slices.SortFunc(shuffled, Value.Compare)
		require.Equal(t, ordered, shuffled)
		require.Equal(t, List(ordered...), List(rapid.Permutation(ordered).Draw(t, "items")...).Sorted())
	})
	require.Equal(t, Int(3), Int(3).Sorted())
	require.Zero(t, Text("a").Compare(Text("a")))
}

func TestAValueIsOfOneKind(t *testing.T) {
	for _, v := range []Value{{}, Bool(true), Bool(false), Int(1), Int(0), Text(""), Text("1"), List(), List(Int(1))} {
		_, isBool := v.Bool()
		_, isInt := v.Int()
		_, isText := v.Text()
		_, isList := v.Items()
		is := 0
		for _, yes := range []bool{v.IsNil(), isBool, isInt, isText, isList} {
			if yes {
				is++
			}
		}
		require.Equal(t, 1, is, v.String())
	}
}

// The search of package linear depends on these numbers.
func TestHashesAreTheSameOnEveryMachine(t *testing.T) {
	for _, tc := range []struct {
		v    Value
		hash uint64
		size int
		bare string
	}{
		{Value{}, 0x8328807b4eb6fed, 0, ""},
		{Bool(true), 0x82f2307b4e88e77, 0, ""},
		{Int(-12), 0xf7c6a1f84b0eb8c3, 0, "-12"},
		{Text("-12"), 0x3289c604588af586, 3, "-12"},
		{List(Int(-12)), 0x5f4450ffdfb8cfa1, 5, ""},
	} {
		require.Equal(t, tc.hash, tc.v.Hash(), tc.v.String())
		require.Equal(t, tc.size, tc.v.Size())
		require.Equal(t, tc.bare, tc.v.Bare())
	}
}

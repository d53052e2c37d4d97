package properties_test

import (
	"encoding/json"
	"testing"

	"phoenix/properties"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var verdicts = []properties.Verdict{properties.Pass, properties.Inconclusive, properties.Fail}

func TestVerdictsAreOrderedAndTheWorstCounts(t *testing.T) {
	require.Less(t, properties.Pass, properties.Inconclusive)
	require.Less(t, properties.Inconclusive, properties.Fail)
	require.Equal(t, properties.Pass, properties.Worst())
	require.Equal(t, properties.Inconclusive, properties.Worst(properties.Pass, properties.Inconclusive))
	require.Equal(t, properties.Fail, properties.Worst(properties.Fail, properties.Inconclusive, properties.Pass))
	var zero properties.Verdict
	require.Equal(t, properties.Pass, zero)
}

func TestTheWorstVerdictIsTheMaximumWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOf(rapid.SampledFrom(verdicts)).Draw(t, "verdicts")
		mixed := rapid.Permutation(some).Draw(t, "mixed")
		worst := properties.Worst(some...)
		require.Equal(t, worst, properties.Worst(mixed...))
		for _, v := range some {
			require.LessOrEqual(t, v, worst)
		}
	})
}

func TestVerdictsAreTextInReports(t *testing.T) {
	data, err := json.Marshal(verdicts)
	require.NoError(t, err)
	require.Equal(t, `["pass","inconclusive","fail"]`, string(data))
	var back []properties.Verdict
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, verdicts, back)
}

func TestAVerdictThatDoesNotExistIsAnError(t *testing.T) {
	require.Equal(t, "verdict(7)", properties.Verdict(7).String())
	_, err := properties.Verdict(7).MarshalText()
	require.EqualError(t, err, "properties: no verdict has number 7")
	v := properties.Fail
	require.EqualError(t, v.UnmarshalText([]byte("passed")), `properties: verdict is "passed", expected pass, inconclusive or fail`)
	require.Equal(t, properties.Fail, v)
}

func TestKindsHaveNames(t *testing.T) {
	for kind, want := range map[properties.Kind]string{
		0: "kind(0)", properties.Always: "always", properties.Sometimes: "sometimes",
		properties.Eventually: "eventually", 4: "kind(4)",
	} {
		require.Equal(t, want, kind.String())
		text, err := kind.MarshalText()
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
}

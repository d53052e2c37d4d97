package docs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// The test of docs/05-checking-histories.md.
func TestAHistoryIsJudgedAgainstYourOwnSpecification(t *testing.T) {
	var rec history.Recorder
	for _, e := range []history.Event{
		{Process: 1, Kind: history.Add, Value: history.Int(2)},
		{Process: 2, Kind: history.Read},
		{Type: history.OKEvent, Process: 1, Kind: history.Add},
		{Type: history.OKEvent, Process: 2, Kind: history.Read, Value: history.Int(2)}, // concurrent: 0 or 2
	} {
		require.NoError(t, rec.Add(e))
	}
	counter := func(held history.Value, op *history.Operation) (possible bool, next history.Value) {
		sum, _ := held.Int()
		if op.Kind == history.Read {
			return op.Out == held, held
		}
		n, _ := op.Arg.Int()
		return true, history.Int(sum + n)
	}
	res, err := linear.Check(t.Context(), rec.History(), linear.Options{Init: history.Int(0), Step: counter})
	require.NoError(t, err)
	require.Equal(t, properties.Pass, res.Verdict, res.Explanation)
}

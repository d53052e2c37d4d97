package logstore_test

import (
	"testing"

	"phoenix/nodes/logstore"

	"github.com/stretchr/testify/require"
)

func TestBugsPrintAndParse(t *testing.T) {
	require.Len(t, logstore.Bugs(), 6)
	for _, bug := range append(logstore.Bugs(), logstore.NoBug) {
		text, err := bug.MarshalText()
		require.NoError(t, err)
		var back logstore.Bug
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, bug, back)
	}
	require.Equal(t, "bug(9)", logstore.Bug(9).String())
	bug := logstore.RetryTwice
	require.EqualError(t, bug.UnmarshalText([]byte("nil")), `bug "nil": expected one of ["none" "ack-before-sync" `+
		`"rename-before-sync" "no-checksum" "replay-past-torn" "retry-twice" "forgets-clients"]`)
	require.Equal(t, logstore.RetryTwice, bug)
}

func FuzzParseBug(f *testing.F) {
	for _, name := range []string{"none", "no-checksum", "", "None", "bug(9)"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		bug, err := logstore.ParseBug(name)
		if err != nil {
			require.Zero(t, bug)
			return
		}
		require.Equal(t, name, bug.String())
	})
}

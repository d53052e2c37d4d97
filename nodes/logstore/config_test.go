package logstore_test

import (
	"testing"

	"phoenix/nodes/logstore"

	"github.com/stretchr/testify/require"
)

func TestABugThatDoesNotExistIsAMistake(t *testing.T) {
	require.PanicsWithValue(t, `logstore: bug "x", expected one of ["ack-before-sync" "rename-before-sync" "no-checksum" `+
		`"replay-past-torn" "retry-twice" "forgets-clients"]`, func() { logstore.Server(logstore.Config{Bug: "x"}) })
}

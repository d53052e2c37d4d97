package traces_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/traces"
)

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestTheStoryInJSONLIsPinned(t *testing.T) {
	golden(t, "story.jsonl", jsonl(t, record(t, story)))
}

func TestTheStoryInTextIsPinned(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, traces.WriteText(&out, open(t, record(t, story)).Events(), traces.Filter{}))
	golden(t, "story.txt", out.Bytes())
}

// The bytes of the binary form are those that an earlier version wrote: a reader
// must go on to read them.
func TestALogThatWasWrittenEarlierIsStillRead(t *testing.T) {
	f, err := traces.Open(filepath.Join("testdata", "story.phxlog"))
	require.NoError(t, err)
	defer f.Close()
	d, err := traces.Diverge(f.Events(), open(t, record(t, story)).Events(), 1)
	require.NoError(t, err)
	require.Nil(t, d, "%v", d)
	_, complete := f.End()
	require.True(t, complete)
}

package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
)

func TestAnInterruptedShrinkingSaysHowToGoOn(t *testing.T) {
	t.Chdir(t.TempDir())
	all := scenarios(scenario.PrimaryBackup())
	code, _, _ := call(t, context.Background(), all,
		"run", "register/primary-backup", "--max-failures", "1", "--no-out", "--fail-dir", ".")
	require.Equal(t, exitFail, code)
	files, err := filepath.Glob("*.simfail")
	require.NoError(t, err)
	require.Len(t, files, 1)

	ctx, interrupt := context.WithCancel(context.Background())
	all = scenarios(during(scenario.PrimaryBackup(), 12, interrupt))
	code, stdout, stderr := call(t, ctx, all, "shrink", files[0], "--out", "small.simfail", "--workers", "1", "--json")
	require.Equal(t, exitInterrupted, code)
	var rep shrinkReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
	require.False(t, rep.Done)
	require.Less(t, rep.Runs, 12)
	require.Contains(t, stderr, "go on with: simulate shrink small.simfail\n")

	all = scenarios(scenario.PrimaryBackup())
	code, _, _ = call(t, context.Background(), all, "shrink", "small.simfail")
	require.Equal(t, exitFail, code)
	code, _, _ = call(t, context.Background(), all, "shrink", files[0], "--out", "whole.simfail")
	require.Equal(t, exitFail, code)
	for _, name := range []string{"small.simfail", "whole.simfail"} {
		code, stdout, _ := call(t, context.Background(), all, "replay", name)
		require.Equal(t, exitFail, code)
		require.Regexp(t, "^reproduced: ", stdout)
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Contains(t, string(text), "done: true")
	}
}

func TestAnInterruptedShrinkingAfterACampaignIsNoWholeOne(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, interrupt := context.WithCancel(context.Background())
	all := scenarios(during(scenario.PrimaryBackup(), 40, interrupt))
	code, stdout, stderr := call(t, ctx, all, "run", "register/primary-backup", "--seeds", "0..20", "--no-out",
		"--fail-dir", ".", "--workers", "1", "--shrink", "--json")
	require.Equal(t, exitInterrupted, code)
	var rep runReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &rep))
	require.False(t, rep.Interrupted, "the campaign came to its end")
	require.Equal(t, 20, rep.Runs)
	require.False(t, rep.Shrunk.Done)
	require.Contains(t, stderr, "go on with: simulate shrink "+rep.Shrunk.Out+"\n")
}

func TestAFileIsReplacedAsAWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, replaceFile("f", []byte("one")))
	require.NoError(t, replaceFile("f", []byte("two")))
	text, err := os.ReadFile("f")
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
	require.NoError(t, os.Mkdir("f.next", 0o777)) // what is written first cannot be
	require.Error(t, replaceFile("f", []byte("three")))
	text, err = os.ReadFile("f")
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
}

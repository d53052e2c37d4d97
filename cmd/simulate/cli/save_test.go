package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
	"phoenix/traces"
)

// losing is a scenario without a bug, or with one, whose tenth run takes a folder away.
func losing(t *testing.T, s *scenario.Scenario, dir string) []*scenario.Scenario {
	return scenarios(during(s, 10, func() { require.NoError(t, os.RemoveAll(dir)) }))
}

func TestAFolderThatIsLostDuringTheRunTakesNothingFromTheReport(t *testing.T) {
	t.Chdir(t.TempDir())
	all := []string{"run", "register/single-copy", "--seeds", "0..20", "--workers", "1", "--fail-dir", "fails",
		"--out", "lost", "--record", "--junit", "lost/junit.xml", "--html", "kept.html"}
	code, stdout, stderr := call(t, context.Background(), losing(t, scenario.SingleCopy(), "lost"), all...)
	require.Equal(t, exitFail, code, "a violation was found")
	require.Regexp(t, `^FAIL register/single-copy: 20 runs, `, stdout)
	require.Contains(t, stdout, "\n  replay:  simulate replay fails/single-copy-")
	require.Contains(t, stderr, "simulate: --junit: lost/junit.xml: no such file or directory\n")
	require.Contains(t, stderr, "simulate: --out: lost/meta.json: no such file or directory\n")
	require.Equal(t, 1, strings.Count(stderr, "lost/events/"), "the same for all seeds is told once")
	require.NotContains(t, stderr, "results in")
	require.FileExists(t, "kept.html")
}

func TestWhatCannotBeWrittenCountsIfNothingElseIsWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("lost", 0o777))
	code, stdout, stderr := call(t, context.Background(), losing(t, scenario.ABD(), "lost"),
		"run", "register/abd", "--seeds", "0..20", "--workers", "1", "--no-out", "--junit", "lost/junit.xml")
	require.Equal(t, exitUsage, code)
	require.Regexp(t, `^PASS register/abd: 20 runs, `, stdout)
	require.Contains(t, stderr, "simulate: --junit: lost/junit.xml: no such file or directory\n")
}

func TestOneNameNeverStandsForTwoFailures(t *testing.T) {
	dir := t.TempDir()
	f := func(digest string) *traces.Failure { return &traces.Failure{Scenario: "register/mine", Digest: digest} }
	a, b := f("1f3a"+strings.Repeat("0", 28)), f("1f3a0000"+strings.Repeat("1", 24))
	c := f("1f3a0001" + strings.Repeat("1", 24))
	for _, want := range []struct {
		f    *traces.Failure
		name string
	}{
		{a, "mine-1f3a.simfail"}, {b, "mine-1f3a0000.simfail"}, {c, "mine-1f3a0001.simfail"},
		{a, "mine-1f3a.simfail"}, {b, "mine-1f3a0000.simfail"}, // again: it is their own
	} {
		path := failurePath(dir, want.f.FileName(), want.f.Digest, func(there []byte) bool {
			return strings.Contains(string(there), want.f.Digest)
		})
		require.Equal(t, filepath.Join(dir, want.name), path)
		require.NoError(t, os.WriteFile(path, []byte("digest: "+want.f.Digest+"\n"), 0o666))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine-1f3a.simfail"), []byte("edited"), 0o666))
	require.Equal(t, filepath.Join(dir, "mine-1f3a0000.simfail"), failurePath(dir, "mine-1f3a.simfail", "1f3a0000"+strings.Repeat("1", 24),
		func(there []byte) bool { return strings.Contains(string(there), "1f3a0000") }))
}

func TestAskingWhetherAFolderCanBeWrittenLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writableDir(filepath.Join(dir, "not", "yet")))
	require.NoError(t, writableDir(dir))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o666))
	require.ErrorContains(t, writableDir(filepath.Join(dir, "file", "below")), "not a directory")
}

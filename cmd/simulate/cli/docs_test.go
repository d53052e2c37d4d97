package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
)

// commandLines returns the lines of a page's shell blocks that call the command,
// without what they begin with.
func commandLines(page string) [][]string {
	var all [][]string
	for _, block := range strings.Split(page, "```sh\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			if rest, ok := strings.CutPrefix(line, "go run ./cmd/simulate"); ok {
				rest, _, _ = strings.Cut(rest, " #")
				all = append(all, words(rest))
			}
		}
	}
	return all
}

// words splits a line as a shell does, with words in single quotes whole.
func words(line string) []string {
	var all []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// TestTheCommandsOfTheGuideWork runs every command that the README and the guide
// show, where the files of the repository are that they name, and the folder of
// results of a run that failed.
func TestTheCommandsOfTheGuideWork(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole commands, of which the scripts run the like")
	}
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "[0-9]*.md"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	for _, dir := range []string{"properties/history/testdata", "cmd/simulate/testdata"} {
		require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(root, dir))))
	}
	ran := 0
	for _, path := range slices.Insert(pages, 0, filepath.Join(root, "README.md")) {
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		code, _, _ := call(t, context.Background(), scenario.Registers(), "run", "register/primary-backup", "--max-failures", "1")
		require.Equal(t, exitFail, code)
		for _, args := range commandLines(string(page)) {
			code, _, stderr := call(t, context.Background(), scenario.All(), args...)
			if code != exitPass && code != exitFail {
				t.Errorf("%s: simulate %s: exit code %d\n%s", filepath.Base(path), strings.Join(args, " "), code, stderr)
			}
			ran++
		}
	}
	require.Greater(t, ran, 10, "the guide shows how the command is used")
}

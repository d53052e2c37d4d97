package traces

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"phoenix/properties/scenario"
)

// SaveDir is where tests leave failing runs, in the folder of their package.
const SaveDir = "testdata/sim"

// unsafeInName is what names of tests have and names of files had better not.
var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// Save leaves a failing run of a test as testdata/sim/TEST.simfail, in place of an
// earlier one, and returns the block that tells of it, with the command that replays
// it. It is what gen.Options.Save is for. The block has no line for go test: a seed is
// not all that such a run was made from. It panics if the run did not fail.
func Save(test string, s *scenario.Scenario, r *scenario.Result) (string, error) {
	f := NewFailure(s, r)
	text, err := f.Text()
	if err == nil {
		err = os.MkdirAll(SaveDir, 0o777)
	}
	path := filepath.Join(SaveDir, unsafeInName.ReplaceAllString(test, "-")+".simfail")
	if err == nil {
		err = os.WriteFile(path, text, 0o666)
	}
	if err != nil {
		return "", fmt.Errorf("traces: %s: %w", path, err)
	}
	untested := *s
	untested.Test = ""
	var b strings.Builder
	err = WriteBlock(&b, &untested, r, "go run ./cmd/simulate replay "+fromTop(path))
	return strings.TrimSuffix(b.String(), "\n"), err
}

// fromTop returns the path of a file in the current folder as it is from the folder
// where go.mod is, which is where commands are run; path itself if there is none.
func fromTop(path string) string {
	dir, err := os.Getwd()
	for top := dir; err == nil; top = filepath.Dir(top) {
		if _, missing := os.Stat(filepath.Join(top, "go.mod")); missing == nil {
			if rel, err := filepath.Rel(top, filepath.Join(dir, path)); err == nil {
				return filepath.ToSlash(rel)
			}
		}
		if filepath.Dir(top) == top {
			break
		}
	}
	return path
}

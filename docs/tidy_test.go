// Package docs_test holds the tree to docs/ARCHITECTURE.md and the documents to
// the tree. A rule is a function from the tree to its findings. Each rule is
// tested twice: it finds nothing in the project, and it finds exactly the lines
// marked "// want" in a small planted tree, so that no rule is green because
// it is blind.
package docs_test

import (
	"bytes"
	"cmp"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A rule returns the places of t that break it.
type rule func(t *tree) []finding

var project = sync.OnceValues(func() (*tree, error) { return load(os.DirFS("..")) })

// holds fails the test with every finding of the rule in the project.
func holds(t *testing.T, r rule) {
	t.Helper()
	whole, err := project()
	require.NoError(t, err)
	for _, f := range inOrder(r(whole)) {
		t.Error(f)
	}
}

// catches plants files (a path, its text, another path, ...) and requires the
// rule to find the lines that hold the word "want" in a comment, and no others.
func catches(t *testing.T, r rule, files ...string) {
	t.Helper()
	planted := fstest.MapFS{}
	want := map[place]bool{}
	for i := 0; i < len(files); i += 2 {
		text := []byte(files[i+1])
		planted[files[i]] = &fstest.MapFile{Data: text}
		for n, line := range bytes.Split(text, []byte("\n")) {
			if bytes.Contains(line, []byte("// want")) {
				want[place{files[i], n + 1}] = true
			}
		}
	}
	require.NotEmpty(t, want, "nothing is planted")
	require.Equal(t, want, places(t, r, planted))
}

// A place is a line of a file.
type place struct {
	path string
	line int
}

func places(t *testing.T, r rule, planted fs.FS) map[place]bool {
	t.Helper()
	grown, err := load(planted)
	require.NoError(t, err)
	for _, p := range grown.packages {
		require.Empty(t, p.errs, "the planted package %s must type-check", p.path)
	}
	got := map[place]bool{}
	for _, f := range r(grown) {
		got[place{f.path, f.line}] = true
	}
	return got
}

func inOrder(findings []finding) []finding {
	slices.SortStableFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
	})
	return slices.Compact(findings)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

package resilience

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("resilience.update", false, "rewrite what the pages in docs/patterns say of mutants")

// A mutant is a wrong variant of a specification, and the shortest way in which it shows.
type mutant struct {
	row      string // of the seeds' checklist, or the library that has the defect
	bug      string
	shortest []string
	why      string
}

// requireMutants holds the table of mutants in the page docs/patterns/PAGE.md to what was found. The table
// stands between the lines "<!-- mutants -->" and "<!-- end -->".
func requireMutants(t *testing.T, page string, mutants []mutant) {
	t.Helper()
	var b strings.Builder
	b.WriteString("| seed | mutant | shortest counterexample | what shows |\n|---|---|---|---|\n")
	for _, m := range mutants {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.row, m.bug, strings.Join(m.shortest, "; "), m.why)
	}
	requireBlock(t, page, "mutants", b.String())
}

// requireBlock holds a block of a page to what it should be; -resilience.update rewrites it.
func requireBlock(t *testing.T, page, name, want string) {
	t.Helper()
	path := "../docs/patterns/" + page + ".md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), "<!-- "+name+" -->\n")
	require.True(t, found, "%s has no line <!-- %s -->", path, name)
	got, after, found := strings.Cut(rest, "<!-- end -->\n")
	require.True(t, found, "%s: the block %s has no line <!-- end -->", path, name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+"<!-- "+name+" -->\n"+want+"<!-- end -->\n"+after), 0o644))
		return
	}
	require.Equal(t, want, got, "go test ./resilience -resilience.update rewrites the block")
}

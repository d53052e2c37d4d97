package supervisor

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"phoenix/sim/simtest"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("resilience.update", false, "rewrite what the page of supervisors says of mutants")

const page = "../../docs/patterns/supervisor.md"

// supervisorMutants are defects of supervisors, and the shortest way in which each shows. The children are
// a, b and c, of which c is temporary, under the seed's 3 restarts in 5 s.
var supervisorMutants = []struct {
	row, bug string
	strategy Strategy
	shortest string
}{
	{"CI-2", "only the child is dropped", OneForOne, "a crashes; a crashes; a crashes; a crashes"},
	{"CI-2", "the third restart ends it", OneForOne, "a crashes; a crashes; a crashes"},
	{"CI-2", "only the fifth restart ends it", OneForOne, "a crashes; a crashes; a crashes; a crashes"},
	{"CI-2", "the window never forgets", OneForOne, "a crashes; a crashes; a crashes; 6s pass; a crashes"},
	{"CI-2", "a failed restart does not count", OneForOne, "a cannot start; a crashes"},
	{"PC-8", "a failed restart is not tried again", OneForOne, "a cannot start; a crashes"},
	{"PC-8", "all are restarted", OneForOne, "a crashes"},
	{"PC-8", "temporaries are restarted", OneForOne, "c crashes"},
	{"PC-8", "temporaries are restarted", RestForOne, "a crashes"},
	{"PC-8", "the rest is left alone", RestForOne, "a crashes"},
	{"PC-8", "the rest are those before", RestForOne, "a crashes"},
	{"PC-8", "the rest is ended in order of start", RestForOne, "a crashes"},
	{"PC-8", "the rest is started in reverse", RestForOne, "a crashes"},
	{"PC-8", "kill without asking", OneForOne, "shut down"},
}

var alphabet = []string{"a crashes", "c crashes", "6s pass", "shut down", "a cannot start"}

// breaks tells how a mutant differs from the core after these operations, and how the supervisor stands.
func breaks(bug string, strategy Strategy, operations []string) string {
	cfg := City
	cfg.Strategy = strategy
	b := startBoth(bug, cfg, append(kidsOf("ab"), kidsOf("c", kind(Temporary))...))
	for _, op := range operations {
		for _, w := range b.worlds() {
			w.log = nil
			switch op {
			case "6s pass":
				w.now += 6 * time.Second
			case "a cannot start":
				w.broken["a"] = true
			}
		}
		id, crashes := strings.CutSuffix(op, " crashes")
		switch k := b.real.core.find(id); {
		case b.real.over(), crashes && (k == nil || k.state != Running):
			return "" // nothing happens: a shorter sequence does the same
		case crashes:
			b.exit(id, false)
		case op == "shut down":
			b.real.request(evShutdown, "")
			b.plain.giveUp()
		}
		if why := b.differ(); why != "" {
			return why
		}
	}
	return ""
}

func TestEachDefectOfASupervisorIsFound(t *testing.T) {
	var table strings.Builder
	table.WriteString("| seed | mutant | strategy | shortest counterexample | what shows |\n|---|---|---|---|---|\n")
	for _, m := range supervisorMutants {
		alphabet := alphabet
		if m.row == "CI-2" && !strings.HasPrefix(m.shortest, "a cannot start") {
			alphabet = alphabet[:len(alphabet)-1] // crashes alone
		}
		found, why := simtest.Shortest(alphabet, 5, func(ops []string) string { return breaks(m.bug, m.strategy, ops) })
		require.Equal(t, m.shortest, strings.Join(found, "; "), m.bug)
		none, why2 := simtest.Shortest(alphabet, 5, func(ops []string) string { return breaks("", m.strategy, ops) })
		require.Nil(t, none, why2)
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", m.row, m.bug, m.strategy, m.shortest, why)
	}
	requireBlock(t, "mutants", table.String())
}

// requireBlock holds a block of the page to what it should be; -resilience.update rewrites it.
func requireBlock(t *testing.T, name, want string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), "<!-- "+name+" -->\n")
	require.True(t, found, "%s has no line <!-- %s -->", page, name)
	got, after, found := strings.Cut(rest, "<!-- end -->\n")
	require.True(t, found, "the block %s has no line <!-- end -->", name)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+"<!-- "+name+" -->\n"+want+"<!-- end -->\n"+after), 0o644))
		return
	}
	require.Equal(t, want, got, "go test ./resilience/supervisor -resilience.update rewrites the block")
}

// The code that the page shows is that of the examples.
func TestThePageShowsCodeThatRuns(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	code, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	blocks := strings.Split(string(text), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		block, _, _ := strings.Cut(block, "```")
		for _, line := range strings.Split(strings.TrimSpace(block), "\n") {
			require.Contains(t, string(code), strings.TrimSpace(line))
		}
	}
}

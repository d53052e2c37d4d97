package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"

	"github.com/stretchr/testify/require"
)

// cell returns text as a cell of a Markdown table takes it.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// TestThePageOnFaultsNamesAllOfThem holds the tables of 07-faults.md to the forms and
// nemeses that there are.
func TestThePageOnFaultsNamesAllOfThem(t *testing.T) {
	page, err := os.ReadFile("07-faults.md")
	require.NoError(t, err)
	var forms, nemeses strings.Builder
	for _, f := range chaos.Forms() {
		fmt.Fprintf(&forms, "| %s | `%s` | %s |\n", f.Class, cell(f.Written), cell(f.Does))
	}
	for _, name := range chaos.Nemeses() {
		fmt.Fprintf(&nemeses, "| `%s` | %s |\n", name, cell(chaos.NemesisDoc(name)))
	}
	require.Equal(t, forms.String(), between(t, string(page), "| class | written | what happens |\n|---|---|---|\n", "\n"+"`lose`"))
	require.Equal(t, nemeses.String(), between(t, string(page), "| nemesis | what it draws |\n|---|---|\n", "\nA number of times"))
}

// TestThePagesNameEveryPlantedBug holds the table of 08-smallest-story.md, and the
// names in that of BENCHMARKS.md, to the planted bugs that there are.
func TestThePagesNameEveryPlantedBug(t *testing.T) {
	page, err := os.ReadFile("08-smallest-story.md")
	require.NoError(t, err)
	measured, err := os.ReadFile("BENCHMARKS.md")
	require.NoError(t, err)
	var bugs strings.Builder
	for _, b := range scenario.Bugs() {
		fmt.Fprintf(&bugs, "| `%s` | %s | %d |\n", b.Name, cell(b.Doc), b.Worlds)
		require.Contains(t, string(measured), "\n| `"+b.Name+"` | ")
	}
	require.Equal(t, bugs.String(), between(t, string(page), "| bug | what is wrong | found within |\n|---|---|---|\n", "\nTests hold"))
}

// TestThePlanOfThePageIsRead takes the lines that 07-faults.md begins with.
func TestThePlanOfThePageIsRead(t *testing.T) {
	page, err := os.ReadFile("07-faults.md")
	require.NoError(t, err)
	text := between(t, string(page), "```\n", "```")
	plan, err := chaos.ParsePlan(text)
	require.NoError(t, err)
	require.Equal(t, text, plan.String(), "the page has each fault as it prints")
	cast := chaos.Cast{
		Groups: map[string][]string{"servers": {"s1", "s2", "s3"}},
		Roles:  map[string]func() []string{"role:leader": nil},
	}
	require.NoError(t, plan.Validate([]string{"s1", "s2", "s3", "c1", "c2"}, cast))
}

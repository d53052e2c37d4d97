package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"phoenix/cmd/simulate/cli"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
)

// TestCountsOfTheGuideAreThoseOfTheCommand runs every row of the table of models.
func TestCountsOfTheGuideAreThoseOfTheCommand(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `([^`]*)` \\| ([\\d,]+) \\| ([\\d,]+) \\| (\\d+) \\|$").FindAllStringSubmatch(exploring(t), -1)
	require.Greater(t, len(rows), 15)
	for _, row := range rows {
		t.Run(row[1], func(t *testing.T) {
			var got struct{ Unique, Generated, Depth uint64 }
			command := append([]string{"explore"}, strings.Fields(row[1])...)
			out := simulated(t, append(command, "--no-stop", "--json", "--fail-dir", t.TempDir())...)
			require.NoError(t, json.Unmarshal(out, &got), "%s", out)
			for i, n := range []uint64{got.Unique, got.Generated, got.Depth} {
				require.Equal(t, strings.ReplaceAll(row[2+i], ",", ""), fmt.Sprint(n))
			}
		})
	}
}

// simulated returns what a command prints.
func simulated(t *testing.T, command ...string) []byte {
	t.Helper()
	args, stdout, stderr := os.Args, os.Stdout, os.Stderr
	defer func() { os.Args, os.Stdout, os.Stderr = args, stdout, stderr }()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	os.Args, os.Stdout, os.Stderr = append([]string{"simulate"}, command...), file, null
	cli.Main()
	out, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return out
}

// TestThePageOnExploringNamesAllModels holds the page to the catalogue.
func TestThePageOnExploringNamesAllModels(t *testing.T) {
	for _, m := range models.All() {
		require.Regexp(t, "`"+regexp.QuoteMeta(m.Name)+"[ `]", exploring(t))
	}
}

func exploring(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("10-exploring.md")
	require.NoError(t, err)
	return string(page)
}

// shows requires lines to stand on the page.
func shows(t *testing.T, lines ...string) {
	t.Helper()
	require.Contains(t, exploring(t), "```\n"+strings.Join(lines, "\n")+"\n```\n")
}

// showsStory requires the story of a path to stand on the page.
func showsStory(t *testing.T, p *explore.Path) {
	t.Helper()
	lines, err := p.Story()
	require.NoError(t, err)
	shows(t, lines...)
}

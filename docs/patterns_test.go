package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// patternCode is where the code that the pages of docs/patterns show must stand.
var patternCode = []string{"resilience/*.go", "resilience/supervisor/*.go", "nodes/service/*.go", "docs/resilience_test.go"}

// patternParts are what a page of a pattern has: one of each, the part itself or that there is none.
var patternParts = [][]string{
	{"```mermaid\n", "There is no state diagram"},
	{"\n## When not to use it\n"},
	{"![", "There is no picture"},
	{"<!-- mutants -->\n|", "There are no mutants"},
}

// patterns returns what is wrong with the pages of patterns: code that stands in no Go file, and parts
// that are missing. The outage is an experiment with all patterns and none itself: it needs no parts.
func patterns(fsys fs.FS) ([]string, error) {
	code, err := texts(fsys, patternCode...)
	if err != nil {
		return nil, err
	}
	pages, err := fs.Glob(fsys, "docs/patterns/*.md")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, page := range pages {
		text, err := texts(fsys, page)
		if err != nil {
			return nil, err
		}
		for _, block := range goBlocks(text) {
			if !strings.Contains(unindented(code), unindented(block)) {
				found = append(found, fmt.Sprintf("%s: in no test, example or source:\n%s", page, block))
			}
		}
		for _, part := range patternParts {
			has := func(mark string) bool { return strings.Contains(text, mark) }
			if path.Base(page) != "outage.md" && !slices.ContainsFunc(part, has) {
				found = append(found, fmt.Sprintf("%s: expected %q", page, part))
			}
		}
	}
	return found, nil
}

// texts returns the files that match, one after the other.
func texts(fsys fs.FS, globs ...string) (string, error) {
	var all strings.Builder
	for _, glob := range globs {
		names, err := fs.Glob(fsys, glob)
		if err != nil {
			return "", err
		}
		for _, name := range names {
			text, err := fs.ReadFile(fsys, name)
			if err != nil {
				return "", err
			}
			all.Write(text)
		}
	}
	return all.String(), nil
}

// goBlocks returns the Go code of a page.
func goBlocks(page string) []string {
	blocks := strings.Split(page, "```go\n")[1:]
	for i, block := range blocks {
		blocks[i], _, _ = strings.Cut(block, "```")
	}
	return blocks
}

func TestPagesOfPatternsAreWholeAndShowCodeThatRuns(t *testing.T) {
	found, err := patterns(os.DirFS(".."))
	require.NoError(t, err)
	for _, f := range found {
		t.Error(f)
	}
}

func TestAPageOfAPatternWithoutItsPartsIsFound(t *testing.T) {
	whole := "```mermaid\n```\n![x](x.svg)\n## When not to use it\n<!-- mutants -->\n|"
	for page, want := range map[string]int{
		whole:                        0,
		whole + "```go\nf(1)\n```\n": 0,
		whole + "```go\nf(2)\n```\n": 1,
		"":                           4,
		"There is no state diagram. There is no picture. There are no mutants.\n": 1,
	} {
		found, err := patterns(fstest.MapFS{
			"docs/patterns/a.md":   {Data: []byte(page)},
			"resilience/a_test.go": {Data: []byte("func Example() {\n\tf(1)\n}\n")},
		})
		require.NoError(t, err)
		require.Len(t, found, want, page)
	}
}

// TestTheGuideLeadsToEveryPattern holds the chapter to the folder, and the folder to its pictures.
func TestTheGuideLeadsToEveryPattern(t *testing.T) {
	whole, err := project()
	require.NoError(t, err)
	chapter, pages := resiliencePage(t), ""
	for _, f := range whole.files {
		if path.Dir(f.path) == "docs/patterns" {
			require.Contains(t, chapter, "](patterns/"+path.Base(f.path)+")")
			pages += string(f.text)
		}
	}
	require.NotEmpty(t, pages)
	for _, picture := range whole.pictures {
		if path.Dir(picture) == "docs/patterns" && !strings.Contains(pages, "]("+path.Base(picture)+")") {
			t.Errorf("no page shows %s", picture)
		}
	}
}

package docs_test

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// unfinished are marks of work left lying, and paths of one machine. They are put
// together from parts, or this file would be a finding.
var unfinished = regexp.MustCompile(`\b(` + strings.Join([]string{
	"TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "(?i:for" + " now)", "(?i:not " + "implemented)",
}, "|") + `)\b|(^|[\s"'(=` + "`" + `])/(` + strings.Join([]string{"work", "root", "home", "tmp", "Users"}, "|") + `)/`)

func bannedWords(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		n := 0
		for line := range strings.Lines(string(f.text)) {
			n++
			if word := unfinished.FindString(line); word != "" {
				found = append(found, finding{f.path, n, "the project's text does not say " + strings.TrimSpace(word)})
			}
		}
	}
	return found
}

func TestNothingIsMarkedUnfinished(t *testing.T) {
	holds(t, bannedWords)
}

func TestAMarkOfUnfinishedWorkIsFound(t *testing.T) {
	catches(t, bannedWords,
		"README.md", "A TO"+"DOs list is fine\nTO"+"DO: write // want\nGood for"+" now. // want\nfor nowhere\n",
		".ci/run", "cd /wo"+"rk/main // want\ncd network/tmp/\nrm \"/tm"+"p/x\" // want\n",
		"sim/a.go", "package sim\n\n// FIX"+"ME // want\n")
}

var (
	code     = regexp.MustCompile("`[^`]*`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	testName = regexp.MustCompile("`((?:Test|Fuzz|Benchmark|Example)[A-Z]\\w*)`")
)

// prose calls visit with each line of a Markdown file outside fenced blocks.
func prose(f *file, visit func(line int, text string)) {
	fenced, n := false, 0
	for text := range strings.Lines(string(f.text)) {
		n++
		if strings.HasPrefix(strings.TrimSpace(text), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			visit(n, text)
		}
	}
}

// brokenLinks finds links of Markdown files that lead to no file of the project.
func brokenLinks(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if !strings.HasSuffix(f.path, ".md") {
			continue
		}
		prose(f, func(line int, text string) {
			for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
				to, err := url.Parse(m[1])
				if err == nil && (to.Scheme != "" || to.Path == "") {
					continue
				}
				if err != nil || !t.names(path.Join(path.Dir(f.path), to.Path)) {
					found = append(found, finding{f.path, line, "no file " + m[1]})
				}
			}
		})
	}
	return found
}

// names reports whether name is a file of the tree, a folder with one in it, or at the top.
func (t *tree) names(name string) bool {
	for _, top := range t.top {
		if strings.TrimSuffix(top, "/") == name {
			return true
		}
	}
	for _, f := range t.files {
		if f.path == name || strings.HasPrefix(f.path, name+"/") {
			return true
		}
	}
	return slices.Contains(t.pictures, name)
}

func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	holds(t, brokenLinks)
}

func TestABrokenLinkIsFound(t *testing.T) {
	catches(t, brokenLinks,
		"README.md", "[a](docs/A.md#x) [b](docs) [c](https://x.example/y) [d](#here)\n[e](docs/B.md) // want\n`[f](g)`\n```\n[h](i)\n```\n",
		"docs/a.svg", "<svg/>", "docs/A.md", "![drawn](a.svg) [up](../README.md) [law](../LICENSE)\n[lost](README.md) // want\n",
		"LICENSE", "")
}

// unknownTests finds tests that a document names and the tree does not have.
func unknownTests(t *tree) []finding {
	known := map[string]bool{}
	for _, p := range t.packages {
		for _, f := range p.tests {
			for name := range f.functions() {
				known[name] = true
			}
		}
	}
	var found []finding
	for _, f := range t.files {
		if !strings.HasSuffix(f.path, ".md") {
			continue
		}
		prose(f, func(line int, text string) {
			for _, m := range testName.FindAllStringSubmatch(text, -1) {
				if !known[m[1]] {
					found = append(found, finding{f.path, line, "no test is called " + m[1]})
				}
			}
		})
	}
	return found
}

func TestDocumentsNameTestsThatExist(t *testing.T) {
	holds(t, unknownTests)
}

func TestATestThatIsGoneIsFound(t *testing.T) {
	catches(t, unknownTests,
		"docs/A.md", "`TestHere` and `FuzzHere`\n`TestGone` // want\n",
		"sim/a_test.go", "package sim\n\nfunc TestHere() {}\nfunc FuzzHere() {}\n")
}

func TestAnUnreadableFileIsAnError(t *testing.T) {
	_, err := load(fstest.MapFS{"sim/a.go": {Data: []byte("package")}})
	require.ErrorContains(t, err, "sim/a.go:1:8")
}

package docs_test

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const (
	architecture = "docs/ARCHITECTURE.md"
	hash         = "github.com/zeebo/xxh3"
)

// forTests are the packages that link rapid.
var forTests = []string{module + "/properties/gen", module + "/properties/laws"}

// layers is the table of docs/ARCHITECTURE.md.
type layers struct {
	level    map[string]int     // package to layer
	sideways map[[2]string]bool // importer and imported, within one layer
}

// readLayers reads the fenced block opened by "```layers". A line is a layer
// and its packages, "/name" standing for a child of the last full name, or
// "beside A -> B" for an import within a layer; a remark follows "#".
func readLayers(doc []byte) (*layers, error) {
	l := &layers{map[string]int{}, map[[2]string]bool{}}
	inside := false
	lines := bufio.NewScanner(bytes.NewReader(doc))
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		switch {
		case strings.HasPrefix(lines.Text(), "```"):
			inside = !inside && lines.Text() == "```layers"
		case !inside || len(words) == 0:
		default:
			if err := l.add(words); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", architecture, n, err)
			}
		}
	}
	if len(l.level) == 0 {
		return nil, fmt.Errorf("%s: no block ```layers", architecture)
	}
	return l, lines.Err()
}

func (l *layers) add(words []string) error {
	if words[0] == "beside" && len(words) == 4 && words[2] == "->" {
		l.sideways[[2]string{words[1], words[3]}] = true
		return nil
	}
	level, err := strconv.Atoi(words[0])
	if err != nil {
		return fmt.Errorf("%q: expected a layer's number, or beside A -> B", words[0])
	}
	parent := ""
	for _, name := range words[1:] {
		if strings.HasPrefix(name, "/") {
			name = parent + name
		} else {
			parent = name
		}
		if _, twice := l.level[name]; twice {
			return fmt.Errorf("%s is in two layers", name)
		}
		l.level[name] = level
	}
	return nil
}

// of returns the layer of a package: its own, or that of the nearest folder above it.
func (l *layers) of(name string) (level int, known bool) {
	for ; name != "."; name = path.Dir(name) {
		if level, known = l.level[name]; known {
			return level, true
		}
	}
	return 0, false
}

// allows reports whether from may import to: below it, or the folder it is in, or by leave.
func (l *layers) allows(from, to string) bool {
	a, _ := l.of(from)
	b, _ := l.of(to)
	return b < a || b == a && (strings.HasPrefix(from, to+"/") || l.sideways[[2]string{from, to}])
}

// importsPointDown judges the imports of non-test files by the layer table.
func importsPointDown(t *tree) []finding {
	doc := t.text(architecture)
	if doc == nil {
		return []finding{{architecture, 1, "missing"}}
	}
	table, err := readLayers(doc.text)
	if err != nil {
		return []finding{{architecture, 1, err.Error()}}
	}
	var found []finding
	for _, p := range t.packages {
		level, known := table.of(p.path)
		for _, f := range p.files {
			if !known {
				found = append(found, at(f.syntax, "package %s is in no layer of %s", p.path, architecture))
			}
			for _, spec := range f.syntax.Imports {
				name := importPath(spec)
				to := strings.TrimPrefix(name, module+"/")
				switch {
				case slices.Contains(forTests, name):
					found = append(found, at(spec, "only tests may import %s: it links rapid, which registers flags", name))
				case local(name) && !table.allows(p.path, to):
					found = append(found, at(spec, "%s may not import %s: arrows point down", p.path, to))
				case !local(name) && level == 0 && known && outside(name) && name != hash:
					found = append(found, at(spec, "layer 0 imports the standard library and %s only", hash))
				}
			}
		}
	}
	return found
}

// outside reports whether a package that is not ours is outside the standard library too.
func outside(name string) bool {
	host, _, _ := strings.Cut(name, "/")
	return strings.Contains(host, ".")
}

func TestImportsPointDown(t *testing.T) {
	holds(t, importsPointDown)
}

const plantedTable = "# A table\n```layers\n2  cmd/run /cli  # the command\n" +
	"1  net  sim/disk\n0  sim  crdt\nbeside cmd/run -> cmd/run/cli\n```\n"

func TestAnArrowThatPointsUpIsFound(t *testing.T) {
	plant := func(folder string) (string, string) { // a package with nothing in it
		return folder + "/a.go", "package " + path.Base(folder) + "\n"
	}
	sim, simText := plant("sim")
	net, netText := plant("net")
	cli, cliText := plant("cmd/run/cli")
	gen, genText := plant("properties/gen")
	laws, lawsText := plant("properties/laws")
	catches(t, importsPointDown,
		architecture, strings.Replace(plantedTable, "1  net", "1  properties net", 1),
		sim, simText, net, netText, cli, cliText, gen, genText, laws, lawsText,
		"sim/up.go", "package sim\n\nimport (\n\t_ \"phoenix/net\" // want\n\t_ \"time\"\n\t_ \"github.com/zeebo/xxh3\"\n"+
			"\t_ \"gonum.org/v1/gonum/floats\" // want\n)\n",
		"sim/up_test.go", "package sim\n\nimport (\n\t_ \"phoenix/net\"\n\t_ \"phoenix/properties/gen\"\n)\n",
		"sim/disk/down.go", "package disk\n\nimport _ \"phoenix/sim\"\nimport _ \"phoenix/net\" // want\n",
		"cmd/run/main.go", "package main\n\nimport (\n\t_ \"phoenix/cmd/run/cli\"\n\t_ \"phoenix/net\"\n"+
			"\t_ \"phoenix/properties/gen\" // want\n\t_ \"phoenix/properties/laws\" // want\n)\n",
		"strange/a.go", "package strange // want\n")
}

func TestALayerTableThatCannotBeReadIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		"```layers\nsim 0\n```":    `docs/ARCHITECTURE.md:2: "sim": expected a layer's number, or beside A -> B`,
		"```\n0 sim\n```":          "docs/ARCHITECTURE.md: no block ```layers",
		"```layers\n1 a\n0 a\n```": "docs/ARCHITECTURE.md:3: a is in two layers",
	} {
		_, err := readLayers([]byte(text))
		require.EqualError(t, err, want)
	}
}

// atTop is what may stand at the top of the repository, beside dot files.
var atTop = []string{
	"sim/", "network/", "nodes/", "resilience/", "crdt/", "properties/", "traces/", "cmd/", "docs/",
	"go.mod", "go.sum", "README.md", "LICENSE",
}

// tidyTop judges the names at the top; those that .gitignore names there ("/runs/") are
// what the command leaves behind.
func tidyTop(t *tree) []finding {
	var left []string
	if ignore := t.text(ignoreFile); ignore != nil {
		left = strings.Fields(string(ignore.text))
	}
	var found []finding
	for _, name := range t.top {
		if !strings.HasPrefix(name, ".") && !slices.Contains(atTop, name) && !slices.Contains(left, "/"+name) {
			found = append(found, finding{name, 0, "not a name that belongs at the top of the repository"})
		}
	}
	return found
}

func TestTheTopHoldsTheDesignsFoldersOnly(t *testing.T) {
	holds(t, tidyTop)
}

func TestAStrangeNameAtTheTopIsFound(t *testing.T) {
	grown, err := load(fstest.MapFS{
		"sim/a.txt": {}, "runs/latest/x": {}, "util/a.txt": {}, "notes.txt": {}, "go.mod": {}, ".ci/run": {},
		ignoreFile: {Data: []byte("/runs/\n*.test\n")},
	})
	require.NoError(t, err)
	found := tidyTop(grown)
	require.Len(t, found, 2)
	require.Equal(t, "notes.txt", found[0].path)
	require.Equal(t, "util/", found[1].path)
}

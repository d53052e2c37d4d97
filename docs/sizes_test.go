package docs_test

import (
	"bytes"
	"go/ast"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// Limits in lines. A function counts from "func" to its closing brace.
const (
	fileLimit         = 500
	functionLimit     = 70
	testFunctionLimit = 120
)

// oversized is the ratchet: the files and functions ("sim/run.go", "sim/run.go Run")
// that may be longer, and by how many lines they are. It may only shrink.
var oversized = map[string]int{}

func sizes(t *tree) []finding {
	var found []finding
	met := map[string]bool{}
	judge := func(name string, lines, limit int, here finding) {
		allowed, listed := oversized[name]
		met[name] = met[name] || listed && lines > limit
		if lines > max(limit, allowed) {
			found = append(found, here)
		}
	}
	for _, f := range t.files {
		if f.syntax == nil {
			continue
		}
		lines := bytes.Count(f.text, []byte("\n"))
		judge(f.path, lines, fileLimit, at(f.syntax, "%d lines, the limit is %d", lines, fileLimit))
		limit := functionLimit
		if f.isTest() {
			limit = testFunctionLimit
		}
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				lines := positions.Position(fn.End()).Line - positions.Position(fn.Pos()).Line + 1
				judge(f.path+" "+fn.Name.Name, lines, limit, at(fn, "%s has %d lines, the limit is %d", fn.Name.Name, lines, limit))
			}
		}
	}
	for _, name := range sortedKeys(oversized) {
		if !met[name] {
			found = append(found, finding{name, 0, "no longer oversized: take it off the list"})
		}
	}
	return found
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	holds(t, sizes)
}

func TestALongFunctionIsFound(t *testing.T) {
	body := strings.Repeat("\n", functionLimit-1)
	catches(t, sizes,
		"sim/a.go", "package sim\n\nfunc fits() {"+body+"}\n\nfunc long() { // want\n"+body+"}\n",
		"sim/b.go", "package sim // want\n"+strings.Repeat("\n", fileLimit),
		"sim/a_test.go", "package sim\n\nfunc fitsATest() {\n"+body+"}\n"+strings.Repeat("\n", fileLimit-functionLimit-4))
}

// documented finds exported names without a comment. The comment of a group of
// constants or variables serves all of it.
func documented(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		for _, f := range p.files {
			for _, decl := range f.syntax.Decls {
				found = append(found, undocumented(decl)...)
			}
		}
	}
	return found
}

func undocumented(decl ast.Decl) []finding {
	var found []finding
	missing := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		for _, doc := range docs {
			if doc.Text() != "" {
				return
			}
		}
		if name.IsExported() {
			found = append(found, at(name, "%s is exported and has no comment", name.Name))
		}
	}
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil || exportedReceiver(decl.Recv.List[0].Type) {
			missing(decl.Name, decl.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				missing(spec.Name, spec.Doc, spec.Comment, decl.Doc)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					missing(name, spec.Doc, spec.Comment, decl.Doc)
				}
			}
		}
	}
	return found
}

func exportedReceiver(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.StarExpr:
		return exportedReceiver(e.X)
	case *ast.IndexExpr:
		return exportedReceiver(e.X)
	case *ast.IndexListExpr:
		return exportedReceiver(e.X)
	case *ast.Ident:
		return e.IsExported()
	}
	return false
}

func TestExportedNamesAreDocumented(t *testing.T) {
	holds(t, documented)
}

func TestAnUndocumentedNameIsFound(t *testing.T) {
	catches(t, documented, "sim/a.go", `package sim

func Bare() {} // want

type hidden struct{}

func (hidden) Method() {}

// Good has one.
type Good[T any] struct{}

func (*Good[T]) Method() {} // want

// The group serves both.
const (
	A = 1
	B = 2
)

var (
	C = 1 // C is explained here.

	// D is explained here.
	D = 2
)

func (Good[T]) unexported() {}
`)
}

// introduced finds packages without doc.go or without an Example. A command needs neither.
func introduced(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		if len(p.files) == 0 || p.files[0].syntax.Name.Name == "main" {
			continue
		}
		if t.text(p.path+"/doc.go") == nil {
			found = append(found, finding{p.path, 0, "no doc.go"})
		}
		if !hasExample(p) {
			found = append(found, finding{p.path, 0, "no Example function in its tests"})
		}
	}
	return found
}

func hasExample(p *pkg) bool {
	for _, f := range p.tests {
		for name := range f.functions() {
			if strings.HasPrefix(name, "Example") {
				return true
			}
		}
	}
	return false
}

func TestEveryPackageHasItsDocAndAnExample(t *testing.T) {
	holds(t, introduced)
}

func TestAPackageWithoutDocOrExampleIsFound(t *testing.T) {
	grown, err := load(fstest.MapFS{
		"bare/a.go":      {Data: []byte("package bare\n")},
		"sim/doc.go":     {Data: []byte("// Package sim.\npackage sim\n")},
		"sim/a_test.go":  {Data: []byte("package sim_test\n\nfunc Example() {}\n")},
		"cmd/a.go":       {Data: []byte("package main\n")},
		"docs/a_test.go": {Data: []byte("package docs_test\n")},
	})
	require.NoError(t, err)
	require.Equal(t, []finding{{"bare", 0, "no doc.go"}, {"bare", 0, "no Example function in its tests"}}, introduced(grown))
}

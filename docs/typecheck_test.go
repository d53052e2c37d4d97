package docs_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// check type-checks the non-test files. What does not type-check is kept in
// errs, so that the rules of the other packages can still be judged.
func (t *tree) check(fsys fs.FS) error {
	needed := map[string]bool{}
	for _, p := range t.packages {
		for _, f := range p.files {
			for _, spec := range f.syntax.Imports {
				if name := importPath(spec); !local(name) {
					needed[name] = true
				}
			}
		}
	}
	if err := compiled.need(needed); err != nil {
		return err
	}
	c := &checker{t, build.Default}
	c.context.OpenFile = func(name string) (io.ReadCloser, error) { return fsys.Open(name) }
	c.context.JoinPath = path.Join
	for _, p := range t.packages {
		c.check(p)
	}
	return nil
}

// A checker is the importer of one tree: the project's own packages from source,
// the others from what the compiler exported.
type checker struct {
	tree    *tree
	context build.Context
}

func (c *checker) Import(name string) (*types.Package, error) {
	if !local(name) {
		return compiled.importer.Import(name)
	}
	p := c.tree.pkg(strings.TrimPrefix(name, module+"/"))
	if p == nil || len(p.files) == 0 {
		return nil, fmt.Errorf("no package %s", name)
	}
	c.check(p)
	return p.types, nil
}

func (c *checker) check(p *pkg) {
	if p.types != nil || len(p.files) == 0 {
		return
	}
	p.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	p.types = types.NewPackage(module+"/"+p.path, "") // what an import cycle sees
	config := types.Config{Importer: c, Error: func(err error) { p.errs = append(p.errs, err.(types.Error)) }}
	var syntax []*ast.File
	for _, f := range p.files {
		if ok, err := c.context.MatchFile(p.path, path.Base(f.path)); err == nil && ok {
			syntax = append(syntax, f.syntax)
		}
	}
	p.types, _ = config.Check(module+"/"+p.path, positions, syntax, p.info) // errors are in p.errs
}

// exports is the compiler's export data of packages outside the project.
type exports struct {
	file     map[string]string // import path to file name
	importer types.Importer
}

var compiled = newExports()

func newExports() *exports {
	e := &exports{file: map[string]string{}}
	e.importer = importer.ForCompiler(positions, "gc", func(name string) (io.ReadCloser, error) {
		if e.file[name] == "" {
			return nil, fmt.Errorf("no export data of %s", name)
		}
		return os.Open(e.file[name])
	})
	return e
}

// need has the go command compile, or find in its cache, the packages named.
func (e *exports) need(names map[string]bool) error {
	args := []string{"list", "-e", "-export", "-f", "{{.ImportPath}}\t{{.Export}}", "--"}
	known := len(args)
	for name := range names {
		if _, ok := e.file[name]; !ok && name != "unsafe" {
			args = append(args, name)
		}
	}
	if len(args) == known {
		return nil
	}
	slices.Sort(args[known:])
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		e.file[name] = file
	}
	return nil
}

// A rule that needs types is blind where they are missing, so this one comes first.
func TestEveryPackageTypeChecks(t *testing.T) {
	holds(t, typeErrors)
}

func TestTypeErrorsAreFindings(t *testing.T) {
	grown, err := load(fstest.MapFS{"sim/a.go": {Data: []byte("package sim\n\nvar x int = \"a\"\n")}})
	require.NoError(t, err)
	require.Len(t, typeErrors(grown), 1)
	require.Equal(t, 3, typeErrors(grown)[0].line)
}

func typeErrors(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		for _, err := range p.errs {
			where := positions.Position(err.Pos)
			found = append(found, finding{where.Filename, where.Line, err.Msg})
		}
	}
	return found
}

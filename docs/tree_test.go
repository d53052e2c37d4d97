package docs_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
)

const (
	module     = "phoenix" // the import path of the repository's top folder
	ignoreFile = ".gitignore"
)

// A tree is every text of the project, parsed where it is Go and type-checked
// where it is not a test as well.
type tree struct {
	top      []string // names at the top of the repository, folders with a slash
	files    []*file  // in order of path
	packages []*pkg   // in order of path
	pictures []string
}

// A file is one text: Go, Markdown, or something under .ci.
type file struct {
	path   string // from the top of the repository, with slashes
	text   []byte
	syntax *ast.File // nil unless Go
}

func (f *file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// functions yields the names of the functions that f declares, methods aside.
func (f *file) functions() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && !yield(fn.Name.Name) {
				return
			}
		}
	}
}

// A pkg is a folder with Go files in it.
type pkg struct {
	path  string // "sim/disk"
	files []*file
	tests []*file
	types *types.Package // nil when the folder holds tests only
	info  *types.Info
	errs  []types.Error
}

// under reports whether p is one of the folders or inside one of them.
func (p *pkg) under(folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return p.path == folder || strings.HasPrefix(p.path, folder+"/")
	})
}

// A finding is a place that breaks a rule.
type finding struct {
	path    string
	line    int
	message string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.message) }

// at returns the finding that says message of the place where n begins.
func at(n ast.Node, message string, args ...any) finding {
	where := positions.Position(n.Pos())
	return finding{where.Filename, where.Line, fmt.Sprintf(message, args...)}
}

// positions is shared by all trees, so that one importer serves them all.
var positions = token.NewFileSet()

// load reads the project in fsys.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		t.top = append(t.top, name)
	}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && ignored(name):
			return fs.SkipDir
		case strings.HasSuffix(name, ".svg"):
			t.pictures = append(t.pictures, name)
			return nil
		case d.IsDir() || !isText(name):
			return nil
		}
		return t.read(fsys, name)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(t.packages, func(a, b *pkg) int { return cmp.Compare(a.path, b.path) })
	return t, t.check(fsys)
}

func ignored(folder string) bool {
	base := path.Base(folder)
	if folder == "." || folder == ".ci" {
		return false
	}
	return base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

func isText(name string) bool {
	return strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".md") ||
		strings.HasPrefix(name, ".ci/") || name == ignoreFile
}

// read adds one file to the tree, and its folder when it is the first Go file there.
func (t *tree) read(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	f := &file{path: name, text: text}
	t.files = append(t.files, f)
	if !strings.HasSuffix(name, ".go") {
		return nil
	}
	f.syntax, err = parser.ParseFile(positions, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := t.pkg(path.Dir(name))
	if p == nil {
		p = &pkg{path: path.Dir(name)}
		t.packages = append(t.packages, p)
	}
	if f.isTest() {
		p.tests = append(p.tests, f)
	} else {
		p.files = append(p.files, f)
	}
	return nil
}

func (t *tree) pkg(folder string) *pkg {
	for _, p := range t.packages {
		if p.path == folder {
			return p
		}
	}
	return nil
}

// text returns the file at name, or nil.
func (t *tree) text(name string) *file {
	for _, f := range t.files {
		if f.path == name {
			return f
		}
	}
	return nil
}

func local(name string) bool { return strings.HasPrefix(name, module+"/") }

func importPath(spec *ast.ImportSpec) string { return strings.Trim(spec.Path.Value, "\"`") }

// walk visits every node under root with the nodes around it, innermost last.
func walk(root ast.Node, visit func(n ast.Node, around []ast.Node)) {
	var around []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
			return true
		}
		visit(n, around)
		around = append(around, n)
		return true
	})
}

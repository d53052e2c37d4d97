package docs_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// mapOrder finds loops over maps whose outcome may depend on the order of the map.
// A loop is accepted if
//   - a comment "// order: reason" stands on its line or the one above; or
//   - its body does only what commutes: it adds to integers, takes a max or min,
//     writes m[key] under the loop's own key, inserts constants, deletes, sets
//     one constant, appends to a slice that the function sorts afterwards, or
//     returns one constant and writes nothing; and it does not read what it writes.
//
// Calls inside expressions are trusted to have no effect. The iterators maps.Keys,
// Values and All are accepted under slices.Sorted and its kin only.
func mapOrder(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		for _, f := range p.files {
			reasons := orderComments(f)
			walk(f.syntax, func(n ast.Node, around []ast.Node) {
				why := ""
				switch n := n.(type) {
				case *ast.RangeStmt:
					if isMap(p.info.TypeOf(n.X)) {
						why = newMapLoop(p.info, n, around).leak()
					}
				case *ast.SelectorExpr:
					why = leakyIterator(p.info, n, around)
				}
				line := positions.Position(n.Pos()).Line
				if why != "" && !reasons[line] && !reasons[line-1] {
					found = append(found, at(n, "the order of a map leaks: %s", why))
				}
			})
		}
	}
	return found
}

// orderComments returns the lines that end a comment "// order: reason".
func orderComments(f *file) map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.syntax.Comments {
		for _, c := range group.List {
			if reason, ok := strings.CutPrefix(c.Text, "// order:"); ok && strings.TrimSpace(reason) != "" {
				lines[positions.Position(group.End()).Line] = true
			}
		}
	}
	return lines
}

// isMap reports whether t, or a type that a type parameter t stands for, is a map.
func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	if _, ok := t.Underlying().(*types.Map); ok {
		return true
	}
	constraint, ok := t.Underlying().(*types.Interface)
	if _, isParam := t.(*types.TypeParam); !ok || !isParam {
		return false
	}
	for embedded := range constraint.EmbeddedTypes() {
		union, ok := embedded.(*types.Union)
		if !ok && isMap(embedded) {
			return true
		}
		for i := 0; ok && i < union.Len(); i++ {
			if isMap(union.Term(i).Type()) {
				return true
			}
		}
	}
	return false
}

// iterators hand out the entries of a map in its order.
var iterators = []string{
	"maps.Keys", "maps.Values", "maps.All",
	"(*sync.Map).Range", "(reflect.Value).MapKeys", "(reflect.Value).MapRange",
}

func leakyIterator(info *types.Info, n *ast.SelectorExpr, around []ast.Node) string {
	f, ok := info.Uses[n.Sel].(*types.Func)
	if !ok || !slices.Contains(iterators, f.FullName()) {
		return ""
	}
	if len(around) >= 2 {
		if outer, ok := around[len(around)-2].(*ast.CallExpr); ok {
			if strings.HasPrefix(types.ExprString(outer.Fun), "slices.Sorted") {
				return ""
			}
		}
	}
	return f.FullName() + " outside slices.Sorted"
}

// A mapLoop is a loop over a map under judgement.
type mapLoop struct {
	info     *types.Info
	loop     *ast.RangeStmt
	function ast.Node          // the innermost function around it
	own      map[ast.Node]bool // expressions that are part of an accepted write
	writes   map[string]string // accepted writes: what is written, and the constant or ""
	byKey    map[string]bool   // maps written under the loop's own key
	answer   *string           // what its return statements return, nil without any
}

func newMapLoop(info *types.Info, loop *ast.RangeStmt, around []ast.Node) *mapLoop {
	l := &mapLoop{info: info, loop: loop, own: map[ast.Node]bool{}, writes: map[string]string{}, byKey: map[string]bool{}}
	for _, n := range around {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			l.function = n
		}
	}
	return l
}

// leak says how the order gets out, or "".
func (l *mapLoop) leak() string {
	if l.loop.Tok == token.ASSIGN {
		return "the last entry stays in the loop's variables"
	}
	if why := l.block(l.loop.Body); why != "" {
		return why
	}
	if l.answer != nil && len(l.writes) > 0 {
		return "it returns half way through what it writes"
	}
	return l.readsOwnWrites()
}

// readsOwnWrites finds a value that grows during the loop and is looked at on the way.
func (l *mapLoop) readsOwnWrites() (why string) {
	walk(l.loop.Body, func(n ast.Node, around []ast.Node) {
		e, ok := n.(ast.Expr)
		if !ok || l.own[n] {
			return
		}
		name := types.ExprString(e)
		if _, written := l.writes[name]; !written {
			return
		}
		for _, outer := range around {
			if l.own[outer] {
				return
			}
		}
		if index, ok := around[len(around)-1].(*ast.IndexExpr); ok && l.byKey[name] && l.isKey(index.Index) {
			return
		}
		why = "it reads " + name + ", which it changes"
	})
	return why
}

// fresh reports whether e belongs to one turn of the loop: a variable made in it, or part of one.
func (l *mapLoop) fresh(e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.Ident:
			obj := l.info.ObjectOf(x)
			return x.Name == "_" || obj != nil && l.loop.Pos() <= obj.Pos() && obj.Pos() < l.loop.End()
		default:
			return false
		}
	}
}

func (l *mapLoop) isKey(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	key, named := l.loop.Key.(*ast.Ident)
	return ok && named && l.info.Uses[id] != nil && l.info.Uses[id] == l.info.Defs[key]
}

// sortedAfter reports whether the function sorts e after the loop.
func (l *mapLoop) sortedAfter(e ast.Expr) (sorted bool) {
	name := types.ExprString(e)
	ast.Inspect(l.function, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || call.Pos() < l.loop.End() || len(call.Args) == 0 {
			return true
		}
		callee := types.ExprString(call.Fun)
		if strings.HasPrefix(callee, "slices.Sort") || strings.HasPrefix(callee, "sort.") {
			ast.Inspect(call.Args[0], func(n ast.Node) bool {
				arg, ok := n.(ast.Expr)
				sorted = sorted || ok && types.ExprString(arg) == name
				return true
			})
		}
		return true
	})
	return sorted
}

func (l *mapLoop) describe(n ast.Node) string {
	return fmt.Sprintf("line %d does what depends on it", positions.Position(n.Pos()).Line)
}

func TestMapOrderDoesNotLeak(t *testing.T) {
	holds(t, mapOrder)
}

func TestAMapOrderLeakIsFound(t *testing.T) {
	catches(t, mapOrder, "sim/a.go", plantedLeaks, "sim/b.go", plantedCommuting)
}

package docs_test

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// fused finds float products that the compiler may fuse with an addition, which
// rounds once on some machines and twice on others. The language lets it
// fuse across statements and inlined calls; only a conversion forbids it.
func fused(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		if !p.under(append([]string{"resilience"}, worlds...)...) {
			continue
		}
		for _, f := range p.files {
			walk(f.syntax, func(n ast.Node, around []ast.Node) {
				product, ok := n.(*ast.BinaryExpr)
				if ok && product.Op == token.MUL && isFloat(p.info, product) && !rounded(p.info, around) {
					found = append(found, at(product, "write float64(a*b): a product may be fused with an addition"))
				}
			})
		}
	}
	return found
}

func isFloat(info *types.Info, e ast.Expr) bool {
	tv := info.Types[e]
	if tv.Type == nil || tv.Value != nil && tv.Value.Kind() != constant.Unknown {
		return false // a constant is computed exactly
	}
	basic, ok := tv.Type.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsFloat != 0
}

// rounded reports whether the innermost expression around a product rounds it or
// cannot be fused with it: a conversion, another product or quotient, a comparison,
// a call of a function that is not ours to inline.
func rounded(info *types.Info, around []ast.Node) bool {
	for i := len(around) - 1; i >= 0; i-- {
		switch outer := around[i].(type) {
		case *ast.ParenExpr:
			continue
		case *ast.CallExpr:
			return info.Types[outer.Fun].IsType() || isForeign(info, outer.Fun)
		case *ast.BinaryExpr:
			return !strings.Contains("+-", outer.Op.String())
		}
		return false
	}
	return false
}

// isForeign reports whether e names a function of a package outside the project.
func isForeign(info *types.Info, e ast.Expr) bool {
	name, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := info.Uses[name.Sel].(*types.Func)
	return ok && f.Pkg() != nil && !local(f.Pkg().Path())
}

func TestFloatProductsAreRoundedWhereTheyAreMade(t *testing.T) {
	holds(t, fused)
}

func TestAFusibleProductIsFound(t *testing.T) {
	catches(t, fused, "crdt/a.go", `package crdt

import "math"

const k = 2.5 * 3

func f(a, b, c float64, n int) (float64, int64) {
	x := a*b + c // want
	x = float64(a*b) + k
	x += (a * b) // want
	y := a * b // want
	if a*b > c {
		n = n*n + 1
	}
	x += sum(a*b, math.Floor(a*b)) // want
	return x + float64(a*b*c)/y, int64(a * b)
}

func sum(a, b float64) float64 { return a + b }
`, "traces/a.go", "package traces\n\nfunc f(a, b, c float64) float64 { return a*b + c }\n")
}

package docs_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// block judges the statements in the body of a loop over a map; the first that
// does not commute is named.
func (l *mapLoop) block(b *ast.BlockStmt) string {
	return l.statements(b.List)
}

func (l *mapLoop) statements(list []ast.Stmt) string {
	for _, s := range list {
		if why := l.statement(s); why != "" {
			return why
		}
	}
	return ""
}

func (l *mapLoop) statement(s ast.Stmt) string {
	switch s := s.(type) {
	case nil, *ast.EmptyStmt, *ast.DeclStmt:
		return ""
	case *ast.BlockStmt:
		return l.block(s)
	case *ast.LabeledStmt:
		return l.statement(s.Stmt)
	case *ast.IfStmt:
		return l.statements([]ast.Stmt{s.Init, s.Body, s.Else})
	case *ast.ForStmt:
		return l.statements([]ast.Stmt{s.Init, s.Post, s.Body})
	case *ast.RangeStmt:
		return l.block(s.Body)
	case *ast.SwitchStmt:
		return l.statements([]ast.Stmt{s.Init, s.Body})
	case *ast.TypeSwitchStmt:
		return l.statements([]ast.Stmt{s.Init, s.Body})
	case *ast.CaseClause:
		return l.statements(s.Body)
	}
	if l.commutes(s) {
		return ""
	}
	return l.describe(s)
}

// commutes judges a statement that holds no others.
func (l *mapLoop) commutes(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE
	case *ast.ReturnStmt:
		return l.returns(s)
	case *ast.IncDecStmt:
		return l.adds(s.X)
	case *ast.ExprStmt:
		return l.deletes(s.X)
	case *ast.AssignStmt:
		return l.assigns(s)
	}
	return false
}

// adds accepts e as an integer that grows, or as something of this turn only.
func (l *mapLoop) adds(e ast.Expr) bool {
	if l.fresh(e) {
		return true
	}
	if l.underKey(e) {
		return true
	}
	basic, ok := l.info.TypeOf(e).Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 {
		return false
	}
	return l.accept(e, "+")
}

// accept notes a write to e; two different ways to write one thing do not commute.
func (l *mapLoop) accept(e ast.Expr, way string) bool {
	l.own[e] = true
	name := types.ExprString(e)
	if before, ok := l.writes[name]; ok && before != way {
		return false
	}
	l.writes[name] = way
	return true
}

// underKey accepts m[key] for the loop's own key: every turn has its own entry.
func (l *mapLoop) underKey(e ast.Expr) bool {
	index, ok := e.(*ast.IndexExpr)
	if !ok || !isMap(l.info.TypeOf(index.X)) || !l.isKey(index.Index) {
		return false
	}
	l.byKey[types.ExprString(index.X)] = true
	return l.accept(index.X, "by key")
}

// returns accepts a search: whichever entry ends it, the same constants come out.
func (l *mapLoop) returns(s *ast.ReturnStmt) bool {
	var out []string
	for _, e := range s.Results {
		if !l.constant(e) {
			return false
		}
		out = append(out, types.ExprString(e))
	}
	answer := strings.Join(out, ", ")
	if l.answer != nil && *l.answer != answer {
		return false
	}
	l.answer = &answer
	return true
}

func (l *mapLoop) deletes(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	id, ok := call.Fun.(*ast.Ident)
	if !ok || id.Name != "delete" && id.Name != "clear" {
		return false
	}
	if len(call.Args) == 2 && l.isKey(call.Args[1]) {
		l.byKey[types.ExprString(call.Args[0])] = true
		return l.accept(call.Args[0], "by key")
	}
	return l.fresh(call.Args[0]) || l.accept(call.Args[0], "delete")
}

func (l *mapLoop) assigns(s *ast.AssignStmt) bool {
	switch s.Tok {
	case token.DEFINE:
		return true
	case token.ASSIGN:
	case token.ADD_ASSIGN, token.SUB_ASSIGN:
		return l.adds(s.Lhs[0])
	default:
		return l.fresh(s.Lhs[0]) || l.underKey(s.Lhs[0])
	}
	for i, to := range s.Lhs {
		if l.fresh(to) || l.underKey(to) {
			continue
		}
		if len(s.Rhs) != len(s.Lhs) || !l.assignsOne(to, s.Rhs[i]) {
			return false
		}
	}
	return true
}

// assignsOne judges to = value where to outlives the turn.
func (l *mapLoop) assignsOne(to, value ast.Expr) bool {
	if l.constant(value) {
		if index, ok := to.(*ast.IndexExpr); ok && isMap(l.info.TypeOf(index.X)) {
			itself := types.ExprString(index.X) == types.ExprString(l.loop.X) // may or may not meet what it inserts
			return !itself && l.accept(index.X, "insert "+types.ExprString(value))
		}
		return l.accept(to, types.ExprString(value))
	}
	call, ok := value.(*ast.CallExpr)
	if !ok {
		return false
	}
	name := types.ExprString(to)
	mine := slices.IndexFunc(call.Args, func(arg ast.Expr) bool { return types.ExprString(arg) == name })
	if mine < 0 {
		return false
	}
	l.own[call.Args[mine]] = true
	switch callee := types.ExprString(call.Fun); callee {
	case "append":
		return mine == 0 && l.sortedAfter(to) && l.accept(to, callee)
	case "max", "min":
		return l.accept(to, callee)
	}
	return false
}

// constant reports whether e is the same in every turn by its form: a constant, nil, or T{}.
func (l *mapLoop) constant(e ast.Expr) bool {
	tv := l.info.Types[e]
	lit, ok := e.(*ast.CompositeLit)
	return tv.Value != nil || tv.IsNil() || ok && len(lit.Elts) == 0
}

package docs_test

import (
	"go/ast"
	"go/token"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// memos are the parts of sync that a pure table computed once may use.
var memos = []string{"Map", "Once", "OnceFunc", "OnceValue", "OnceValues"}

// searching is the package whose workers search side by side. Each runs worlds of its own;
// that what they report does not hang on their number is tested there, and the race
// detector watches them in .ci/run. What lies below it, the models, is code of worlds.
const searching = "properties/explore"

// concurrency finds goroutines, channels and locks in the code of worlds.
func concurrency(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		if !p.under(worlds...) || p.path == searching {
			continue
		}
		for _, f := range p.files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if what := concurrent(n); what != "" && !excuse(f, what) {
					found = append(found, at(n, "%s: a world has one thread", what))
				}
				return true
			})
		}
		found = append(found, eachUse(p, func(pkg, name string) string {
			if pkg == "sync/atomic" || pkg == "sync" && !slices.Contains(memos, name) {
				return "a world has one thread"
			}
			return ""
		})...)
	}
	return found
}

func concurrent(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go statement"
	case *ast.SelectStmt:
		return "select"
	case *ast.ChanType:
		return "channel"
	case *ast.SendStmt:
		return "send"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "receive"
		}
	}
	return ""
}

func TestNoConcurrencyInWorlds(t *testing.T) {
	holds(t, concurrency)
}

func TestConcurrencyInAWorldIsFound(t *testing.T) {
	catches(t, concurrency, "nodes/register/a.go", `package register

import (
	"sync"
	"sync/atomic"
)

var table sync.Map
var once = sync.OnceValue(func() int { return 1 })
var lock sync.Mutex // want
var count atomic.Int64 // want

func f(in chan int) { // want
	table.Load(1)
	go f(in) // want
	select { // want
	default:
	}
	in <- 1 // want
	<-in    // want
}
`, "traces/a.go", "package traces\n\nimport \"sync\"\n\nvar lock sync.Mutex\n")
}

func TestEveryExceptionIsStillNeeded(t *testing.T) {
	whole, err := project()
	require.NoError(t, err)
	for _, r := range []rule{wallClock, globalRandomness, concurrency} {
		r(whole)
	}
	for _, key := range sortedKeys(realWorld) {
		require.True(t, excused[key], "%s is not there: take it off the list", key)
	}
}

package docs_test

import (
	"go/ast"
	"go/types"
	"slices"
	"testing"
)

// worlds are the folders whose code runs inside a world: one thread, virtual
// time, keyed randomness.
var worlds = []string{"sim", "network", "nodes", "crdt", "properties"}

// realWorld lists what outside cmd may look at the wall clock, draw real randomness or use
// concurrency ("sim/run.go time.Now", "sim/run.go go statement"), each with the reason.
// What is for production too, package resilience, has a clock of its own; otherwise the list may only shrink.
var realWorld = map[string]string{
	"network/quantile.go sync.RWMutex": "guards a bounded table of what is a pure function of its key, shared by worlds that run side by side",
	"sim/world.go sync.Pool":           "hands the memory of closed worlds to new ones, empty",

	"resilience/clock.go time.Now":           "System is the clock of production code, asked for by name",
	"resilience/clock.go time.Since":         "the same",
	"resilience/wait.go time.NewTimer":       "whoever waits outside a world waits for the machine's clock",
	"resilience/wait.go time.Until":          "the same: deadlines of contexts are on the wall clock",
	"resilience/wait.go context.WithTimeout": "the same; in a world WithTimeout takes the host's clock",

	"resilience/supervisor/system.go time.AfterFunc": "the deadlines of goroutines that are asked to end; worlds have timers of their own",
}

// excused notes the exceptions that were asked for.
var excused = map[string]bool{}

// excuse reports whether the file may use what.
func excuse(f *file, what string) bool {
	key := f.path + " " + what
	excused[key] = excused[key] || realWorld[key] != ""
	return excused[key]
}

// eachUse asks judge about every package-level name of another package used in p
// and finds those for which it returns a message.
func eachUse(p *pkg, judge func(pkg, name string) string) []finding {
	var found []finding
	for _, f := range p.files {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			obj := p.info.Uses[id]
			if obj == nil || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
				return true
			}
			what := obj.Pkg().Path() + "." + obj.Name()
			if message := judge(obj.Pkg().Path(), obj.Name()); message != "" && !excuse(f, what) {
				found = append(found, at(id, "%s: %s", what, message))
			}
			return true
		})
	}
	return found
}

// clocks are the functions that read or wait for the wall clock.
var clocks = map[string][]string{
	"time":    {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"context": {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

func wallClock(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		if p.under("cmd") {
			continue
		}
		found = append(found, eachUse(p, func(pkg, name string) string {
			if slices.Contains(clocks[pkg], name) {
				return "only cmd may look at the wall clock"
			}
			return ""
		})...)
	}
	return found
}

func TestNoWallClockOutsideTheCommand(t *testing.T) {
	holds(t, wallClock)
}

func TestWallClockIsFound(t *testing.T) {
	catches(t, wallClock, "network/a.go", `package network

import (
	"context"
	clock "time"
)

type host struct{}

func (host) Now() clock.Duration { return clock.Second }

func f(h host) {
	h.Now()
	clock.Sleep(h.Now()) // want
	wait := clock.After  // want
	<-wait(1)
	context.WithTimeout(context.Background(), 1) // want
}
`, "cmd/a.go", "package cmd\n\nimport \"time\"\n\nvar start = time.Now()\n")
}

// seeded are the names of math/rand/v2 that draw nothing by themselves.
var seeded = []string{"New", "NewPCG", "PCG", "Rand", "Source"}

// globalRandomness finds randomness that no seed decides.
func globalRandomness(t *tree) []finding {
	var found []finding
	for _, p := range t.packages {
		if p.under("cmd") {
			continue
		}
		found = append(found, eachUse(p, func(pkg, name string) string {
			switch {
			case pkg == "math/rand" || pkg == "crypto/rand" || pkg == "hash/maphash":
				return "no seed decides it: draw from a keyed stream"
			case pkg == "math/rand/v2" && !slices.Contains(seeded, name):
				return "it draws from the global source: draw from a keyed stream"
			}
			return ""
		})...)
		found = append(found, sourceless(p)...)
	}
	return found
}

// sourceless finds distributions of gonum that would draw from the global source:
// literals without Src, unless a method that draws nothing is called on the spot.
func sourceless(p *pkg) []finding {
	var found []finding
	for _, f := range p.files {
		walk(f.syntax, func(n ast.Node, around []ast.Node) {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || !isDistribution(p.info.TypeOf(lit)) || hasSource(lit) {
				return
			}
			if call, ok := around[len(around)-1].(*ast.SelectorExpr); ok && call.Sel.Name != "Rand" {
				return
			}
			found = append(found, at(lit, "a distribution without Src draws from the global source"))
		})
	}
	return found
}

func isDistribution(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != "gonum.org/v1/gonum/stat/distuv" {
		return false
	}
	fields, ok := named.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	return slices.ContainsFunc(slices.Collect(fields.Fields()), func(v *types.Var) bool { return v.Name() == "Src" })
}

func hasSource(lit *ast.CompositeLit) bool {
	for _, e := range lit.Elts {
		pair, keyed := e.(*ast.KeyValueExpr)
		if !keyed {
			return true // without keys every field is given
		}
		if types.ExprString(pair.Key) == "Src" && types.ExprString(pair.Value) != "nil" {
			return true
		}
	}
	return false
}

func TestNoGlobalRandomness(t *testing.T) {
	holds(t, globalRandomness)
}

func TestGlobalRandomnessIsFound(t *testing.T) {
	catches(t, globalRandomness, "sim/a.go", `package sim

import (
	crypto "crypto/rand"
	old "math/rand"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

var (
	r = rand.New(rand.NewPCG(1, 2))
	a = r.IntN(3)
	b = rand.IntN(3)    // want
	c = old.Intn(3)     // want
	d = crypto.Reader   // want
	e = distuv.Normal{Mu: 1, Sigma: 2}.Rand() // want
	f = distuv.Normal{Mu: 1, Sigma: 2, Src: r}.Rand()
	g = distuv.Normal{Mu: 1, Sigma: 2, Src: nil} // want
	h = distuv.Normal{Mu: 1, Sigma: 2}.Quantile(0.5)
)
`, "cmd/a.go", "package cmd\n\nimport \"math/rand/v2\"\n\nvar seed = rand.Uint64()\n")
}

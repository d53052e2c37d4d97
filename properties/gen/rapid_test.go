package gen_test

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// fake is a test that a rapid.Check inside another test can fail.
type fake struct {
	*testing.T
	name   string
	failed bool
	log    strings.Builder
}

// ended is what FailNow panics with.
type ended struct{}

func (f *fake) Helper()      {}
func (f *fake) Name() string { return f.name }
func (f *fake) Failed() bool { return f.failed }
func (f *fake) Fail()        { f.failed = true }
func (f *fake) FailNow() {
	f.failed = true
	panic(ended{})
}
func (f *fake) Log(args ...any)                 { fmt.Fprintln(&f.log, args...) }
func (f *fake) Logf(format string, args ...any) { fmt.Fprintf(&f.log, format+"\n", args...) }
func (f *fake) Error(args ...any)               { f.Log(args...); f.Fail() }
func (f *fake) Errorf(format string, args ...any) {
	f.Logf(format, args...)
	f.Fail()
}

// setFlag sets a flag of rapid for the rest of a test.
func setFlag(t *testing.T, name, value string) {
	f := flag.Lookup(name)
	before := f.Value.String()
	require.NoError(t, f.Value.Set(value))
	t.Cleanup(func() { require.NoError(t, f.Value.Set(before)) })
}

// inside runs a check in a fake test, with the same cases every time, and returns
// whether it failed and what was logged. Files that it leaves are in a folder of its
// own.
func inside(t *testing.T, check func(t rapid.TB)) *fake {
	t.Helper()
	return insideOf(t, 1, check)
}

// insideOf is inside with the cases of a seed.
func insideOf(t *testing.T, seed int, check func(t rapid.TB)) *fake {
	t.Helper()
	setFlag(t, "rapid.seed", strconv.Itoa(seed))
	setFlag(t, "rapid.failfile", "")
	setFlag(t, "rapid.nofailfile", "false")
	setFlag(t, "test.short", "false") // which has rapid draw a fifth of what a test asks for
	t.Chdir(t.TempDir())
	f := &fake{T: t, name: "TestInside"}
	again(f, check)
	return f
}

// again runs a check in a fake test, in the folder that inside made.
func again(f *fake, check func(t rapid.TB)) {
	f.failed = false
	f.log.Reset()
	defer func() {
		if r := recover(); r != nil && r != (ended{}) {
			panic(r)
		}
	}()
	check(f)
}

// least returns the smallest value of g that a claim does not hold for.
func least[V any](t *testing.T, g *rapid.Generator[V], holds func(V) bool) V {
	t.Helper()
	var last V
	setFlag(t, "rapid.checks", "10000")
	f := inside(t, func(tb rapid.TB) {
		rapid.Check(tb, func(t *rapid.T) {
			if v := g.Draw(t, "value"); !holds(v) {
				last = v
				t.Fatal("the claim does not hold")
			}
		})
	})
	require.True(t, f.failed, "nothing was drawn for which the claim does not hold")
	return last
}

// never is a claim that holds for nothing.
func never[V any](V) bool { return false }

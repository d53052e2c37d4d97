package linear

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// timeline reads a history of one key: operations by Call, separated by
// semicolons, each with the moments of its call and return, "-" if pending:
//
//	[0 1] write 1; [1 -] cas 1 2; [2 3] read 2; [2 3] cas 1 3 failed
func timeline(t require.TestingT, text string) (ops []history.Operation) {
	for line := range strings.SplitSeq(text, ";") {
		times, rest, ok := strings.Cut(strings.TrimSpace(line), "] ")
		words := strings.Fields(rest)
		require.True(t, ok && len(words) > 1, line)
		o := history.Operation{Client: len(ops), Return: history.Pending}
		if _, err := fmt.Sscanf(times, "[%d %d", &o.Call, &o.Return); err != nil {
			require.True(t, strings.HasSuffix(times, " -"), line)
			o.Outcome = history.Unknown
		}
		var values []history.Value
		for _, word := range words[1:] {
			if word == "failed" {
				o.Outcome = history.Failed
				continue
			}
			v, err := history.ParseValue(word)
			require.NoError(t, err)
			values = append(values, v)
		}
		switch words[0] {
		case "read":
			o.Out = values[0]
		case "write":
			o.Kind, o.Arg = history.Write, values[0]
		case "cas":
			o.Kind, o.Old, o.Arg = history.CAS, values[0], values[1]
		default:
			require.Fail(t, "no such operation", line)
		}
		ops = append(ops, o)
	}
	return ops
}

// mutants are the flaws of the monitor, and for each the shortest history about
// which it is wrong. A search over random histories found them.
var mutants = []struct {
	name     string
	flaw     registerFlaw
	opt      Options
	history  string
	possible bool // in truth
}{
	{"a read must be called before its write returns", flawReadTouch, Options{},
		"[0 1] read 1; [1 2] write 1", true},
	{"a CAS must return after what saw the value before was called", flawChainTouch, Options{Model: CASRegister},
		"[0 1] cas 1 2; [1 2] write 1", true},
	{"forward zones that touch overlap", flawOverlapTouch, Options{},
		"[0 1] write 1; [1 2] read nil; [2 3] read 1", true},
	{"a zone that touches the end of a forward one is inside", flawInsideTouch, Options{},
		"[0 1] write 1; [1 2] read nil", true},
	{"where low ends tie the forward zone is first", flawForwardFirst, Options{},
		"[0 1] write 1; [1 2] write 2; [3 4] read 1", true},
	{"a failed CAS that touches a zone is inside", flawMismatchTouch, Options{Model: CASRegister},
		"[0 1] cas nil 2 failed; [1 2] cas nil 1", true},

	{"the initial value is nil", flawInitial, Options{Init: history.Int(1)},
		"[0 1] read 1", true},
	{"a read may return before its write is called", flawReadFirst, Options{},
		"[0 1] read 1; [2 3] write 1", false},
	{"forward zones may overlap", flawOverlap, Options{},
		"[0 1] write 1; [2 3] read 1; [4 5] read nil", false},
	{"a backward zone may be inside a forward one", flawInside, Options{},
		"[0 1] write 1; [2 3] read nil", false},
	{"f is the least return of reads", flawZoneOfReads, Options{},
		"[0 1] write 1; [2 3] read nil", false},
	{"two CASes may replace one value", flawFork, Options{Model: CASRegister},
		"[0 1] cas nil 1; [2 3] cas nil 2", false},
	{"values may come from each other", flawCycle, Options{Model: CASRegister},
		"[0 1] cas 1 2; [2 3] cas 2 1", false},
	{"in a chain only the clusters have an order", flawChainForgets, Options{Model: CASRegister},
		"[0 1] cas nil 1; [2 3] read nil", false},
	{"a value has one writer", flawRewrites, Options{},
		"[0 1] write nil; [2 3] read nil", true},
	{"an absent key reads only as nil", flawAbsentText, Options{Model: KV},
		`[0 1] read ""`, true},
	{"a read of nil saw nil", flawNilIsValue, Options{Init: history.Int(1), NilRead: NilIsAnything},
		"[0 1] read nil", true},
	{"a CAS may fail at any time", flawMismatch, Options{Model: CASRegister},
		"[0 1] cas nil 1 failed", false},
	{"failed CASes have no order among them", flawFloor, Options{Model: CASRegister},
		"[0 1] cas nil 1 failed; [1 3] write 2; [2 4] cas 2 1 failed", false},

	{"what is pending never happens", flawPendingLost, Options{},
		"[0 -] write 1; [0 1] read 1", true},
	{"what is pending returns at once", flawPendingEnds, Options{Model: CASRegister},
		"[0 -] cas 1 2", true},
	{"a pending CAS always happens", flawPendingCAS, Options{Model: CASRegister},
		"[0 -] cas 1 2", true},
	{"a pending CAS never happens", flawPendingCASLost, Options{Model: CASRegister},
		"[0 -] cas nil 1; [0 1] read 1", true},
	{"what only a pending CAS saw was written blindly", flawPendingCASOnce, Options{Model: CASRegister},
		"[0 -] cas 1 2; [0 -] cas 2 3; [0 1] read 3", false},
}

func TestEveryFlawOfTheMonitorOfRegistersIsNoticed(t *testing.T) {
	tried := make(map[registerFlaw]bool)
	for _, mutant := range mutants {
		t.Run(mutant.name, func(t *testing.T) {
			tried[mutant.flaw] = true
			drawn := timeline(t, mutant.history)
			require.Equal(t, mutant.possible, bruteForce(drawn, mutant.opt))
			require.False(t, betrays(flawless, mutant.opt, drawn))
			require.True(t, betrays(mutant.flaw, mutant.opt, drawn), "the mutant lives")
			for i := range drawn {
				fewer := slices.Delete(slices.Clone(drawn), i, i+1)
				require.False(t, betrays(mutant.flaw, mutant.opt, fewer), "%v can be spared", &drawn[i])
			}
		})
	}
	require.Len(t, tried, int(flawPendingCASOnce), "there is a history for every flaw")
}

// betrays reports whether the monitor with that flaw is wrong about a history.
func betrays(flaw registerFlaw, opt Options, drawn []history.Operation) bool {
	ops := mattering(&opt, drawn)
	d, ok := monitorRegisterWith(&opt, ops, flaw)
	if !ok {
		return false
	}
	if bruteForce(drawn, opt) != (d.verdict == properties.Pass) {
		return true
	}
	wrong := &complaint{}
	if d.verdict == properties.Pass {
		requireOrder(wrong, opt, ops, d.order)
	}
	return wrong.made
}

// complaint notes that a requirement was not met.
type complaint struct{ made bool }

func (c *complaint) Errorf(string, ...any) { c.made = true }
func (c *complaint) FailNow()              { c.made = true }

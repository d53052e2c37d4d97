package consistency

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// mutants are the flaws of the judges, and for each a short history about which
// it is wrong at a level, of which nothing can be spared.
var mutants = []struct {
	name  string
	flaw  flaw
	opt   linear.Options
	story string
	level Level
	truth properties.Verdict
}{
	{"a key holds nothing at first", flawNoInitial, kv, "0 x r nil 0 1", Sequential, properties.Pass},
	{"a read of nil saw nil", flawNilIsValue, linear.Options{Init: history.Int(1), NilRead: linear.NilIsAnything},
		"0 x r nil 0 1", MonotonicReads, properties.Pass},
	{"an absent key reads only as nil", flawAbsentText, kv, `0 x r "" 0 1`, Sequential, properties.Pass},
	{"a write of unknown outcome is over at once", flawPendingEnds, kv, `
		1 x w 1 0 -
		0 x w 2 2 3
		0 x r 1 4 5`, ReadYourWrites, properties.Pass},

	{"a write is older than one that it touches", flawSessionTouch, kv, `
		0 x w 1 0 0
		0 x r 1 1 2`, ReadYourWrites, properties.Pass},
	{"only writes to the same key are owed", flawSameKey, kv, `
		0 x w 1 0 1
		0 y w 2 2 3
		1 y r 2 4 5
		1 x r nil 6 7`, MonotonicWrites, properties.Fail},
	{"what a client had read it had written", flawReadsAreWrites, kv, `
		0 x w 1 0 1
		1 x r 1 2 3
		1 y w 2 4 5
		2 y r 2 6 7
		2 x r nil 8 9`, MonotonicWrites, properties.Pass},
	{"what one session heard all did", flawHeardByAll, kv, `
		0 x w 1 0 1
		0 y w 2 2 3
		1 y r 2 4 5
		2 y r 2 4 5
		2 x r nil 6 7`, MonotonicWrites, properties.Fail},
	{"only real time orders versions", flawNoLinks, kv, `
		0 x w 1 0 9
		1 x w 2 0 9
		2 x r 1 1 2
		2 x r 2 3 4
		2 x r 1 5 6`, MonotonicReads, properties.Fail},

	{"operations that touch are in order", flawAtomicTouch, kv, `
		0 x w 1 0 0
		1 x cas nil>2 0 0`, TwoAtomic, properties.Pass},
	{"a write has not happened until it returns", flawOnlyReturned, kv, `
		0 x w 1 0 -
		1 x r 1 1 2
		1 x w 2 3 4
		1 x r nil 5 6`, TwoAtomic, properties.Fail},
	{"two writes may come between a write and its read", flawManyBehind, kv, `
		0 x w 1 0 9
		1 x w 2 0 9
		2 x w 3 0 9
		3 x r 1 10 11
		4 x r 2 10 11
		5 x r 3 10 11`, TwoAtomic, properties.Fail},
	{"a CAS may meet an old value", flawLooseCAS, kv, `
		0 x w 1 0 1
		1 x cas nil>2 2 3`, TwoAtomic, properties.Fail},

	{"a client's operations have no order", flawNoProgram, kv, `
		0 x w 1 0 1
		0 x r nil 2 3`, Sequential, properties.Fail},
	{"what replaces comes first", flawReversed, linear.Options{Model: linear.CASRegister}, `
		0 x w 1 0 1
		1 x cas 1>2 2 3
		2 x w 3 2 5
		2 x r 2 6 7`, Sequential, properties.Pass},
	{"a CAS may fail at any time", flawFailedCAS, kv, "0 x cas nil>1 0 1 failed", Sequential, properties.Fail},
	{"a write of unknown outcome happens", flawPendingMust, kv, `
		0 x cas 1>2 0 -
		1 x cas 1>3 1 2 failed`, Sequential, properties.Pass},
}

var kv = linear.Options{Model: linear.KV}

func TestEveryFlawOfTheJudgesIsNoticed(t *testing.T) {
	tried := make(map[flaw]bool)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			tried[m.flaw] = true
			h := story(t, m.story)
			require.NoError(t, h.Validate())
			require.Equal(t, m.truth, truth(h, m.opt, m.level), "the truth")
			require.Equal(t, m.truth, verdictOf(h, m.opt, m.level, flawless))
			require.NotEqual(t, m.truth, verdictOf(h, m.opt, m.level, m.flaw), "the mutant lives")
			for i := range h.Operations {
				fewer := &history.History{Operations: slices.Delete(slices.Clone(h.Operations), i, i+1)}
				require.Equal(t, truth(fewer, m.opt, m.level), verdictOf(fewer, m.opt, m.level, m.flaw), "%v can be spared", &h.Operations[i])
			}
		})
	}
	require.Len(t, tried, int(lastFlaw), "there is a history for every flaw")
}

// verdictOf is what the judge of a level with a flaw finds, without the
// shortcut that a linearizable history takes.
func verdictOf(h *history.History, opt linear.Options, level Level, f flaw) properties.Verdict {
	v := resolveWith(h, &opt, f)
	switch level {
	case Sequential:
		return v.judgeSequential(context.Background()).Verdict
	case TwoAtomic:
		_, found := v.judgeKeys(context.Background(), false)
		return found.Verdict
	}
	return v.judgeSessions(context.Background())[level-ReadYourWrites].Verdict
}

// truth is what the definition of a level says of a history each of whose reads
// is known to be of one write or of none.
func truth(h *history.History, opt linear.Options, level Level) properties.Verdict {
	holds := true
	switch level {
	case Sequential:
		holds = bruteSequential(h.Operations, opt)
	case TwoAtomic:
		for _, key := range []string{"x", "y", "z"} {
			holds = holds && bruteAtomic(ofKey(h, key), opt, 2)
		}
	default:
		from, unclear := bruteFrom(h.Operations, opt)
		broken, _ := bruteSession(h.Operations, from, level)
		if holds = !broken; holds && unclear && (level != ReadYourWrites || bruteDoubt(h.Operations, from)) {
			return properties.Inconclusive
		}
	}
	if holds {
		return properties.Pass
	}
	return properties.Fail
}

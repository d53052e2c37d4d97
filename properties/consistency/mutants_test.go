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

// mutants are the flaws of the judges, and for each the shortest history about
// which it is wrong at a level. A search over random histories found them.
var mutants = []struct {
	name  string
	flaw  flaw
	opt   linear.Options
	story string
	level Level
	truth properties.Verdict
}{
}

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

package explore_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/properties/explore"
)

// few bounds what the naive search is put to.
const few = 3000

// drawBounded draws a model and the depth up to which the naive search of it is small; 0 if
// it ends by itself.
func drawBounded(t *rapid.T) (j subject, depth int, want naiveResult) {
	j = drawSubject(t)
	if rapid.Bool().Draw(t, "bounded") {
		depth = rapid.IntRange(1, 9).Draw(t, "depth")
	}
	want, ok := j.search(depth, false, few)
	if !ok {
		depth = want.depth
		want, ok = j.search(depth, false, 100*few)
	}
	if !ok {
		t.Skip("too many states")
	}
	return j, depth, want
}

func TestSearchCountsWhatANaiveSearchDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, depth, want := drawBounded(t)
		for _, cfg := range []explore.Config{
			{Workers: 1}, {Workers: 3}, {Workers: 3, Exact: true},
			{Workers: 1, Order: explore.DepthFirst}, {Workers: 3, Order: explore.DepthFirst},
			{Workers: 2, Order: explore.DepthFirst, Exact: true},
		} {
			cfg.NoStop, cfg.MaxDepth = true, depth
			got, err := explore.Search(j.m, cfg)
			require.NoError(t, err)
			require.Equal(t, want.unique, got.Unique, "%+v", cfg)
			require.Equal(t, want.generated, got.Generated, "%+v", cfg)
			require.Equal(t, want.terminal, got.Terminal, "%+v", cfg)
			if cfg.Order == explore.BreadthFirst {
				require.Equal(t, want.depth, got.Depth)
			} else {
				require.GreaterOrEqual(t, got.Depth, want.depth)
			}
			require.Equal(t, want.cut, got.Limit == "depth", "%+v: %q", cfg, got.Limit)
			for i, o := range got.Outcomes {
				j.checkOutcome(t, want, i, o, cfg)
			}
		}
	})
}

func TestASearchEndsWithTheDepthOfTheFirstViolation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, depth, _ := drawBounded(t)
		want, ok := j.search(depth, true, 100*few)
		require.True(t, ok)
		for _, cfg := range []explore.Config{
			{Workers: 1}, {Workers: 3}, {Workers: 2, Exact: true},
			{Workers: 1, Order: explore.DepthFirst}, {Workers: 3, Order: explore.DepthFirst},
		} {
			cfg.MaxDepth = depth
			got, err := explore.Search(j.m, cfg)
			require.NoError(t, err)
			if cfg.Order == explore.BreadthFirst {
				require.Equal(t, want.unique, got.Unique)
				require.Equal(t, want.generated, got.Generated)
				require.Equal(t, want.depth, got.Depth)
			}
			for i, o := range got.Outcomes {
				j.checkOutcome(t, want, i, o, cfg)
			}
		}
	})
}

// What is found does not depend on the workers, the order of search or the run.
func TestVerdictsAndCounterexamplesAreAlwaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, depth, _ := drawBounded(t)
		stop := rapid.Bool().Draw(t, "stop")
		found := func(cfg explore.Config) (all []string) {
			cfg.MaxDepth, cfg.NoStop, cfg.Examples = depth, !stop, true
			got, err := explore.Search(j.m, cfg)
			require.NoError(t, err)
			for _, o := range got.Outcomes {
				all = append(all, fmt.Sprint(o.Name, o.Verdict, o.Detail))
				if o.Path != nil {
					all = append(all, o.Path.Lines()...)
				}
			}
			return all
		}
		want := found(explore.Config{Workers: 1})
		for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
			for _, workers := range []int{1, 2, 4, 0} {
				require.Equal(t, want, found(explore.Config{Workers: workers, Order: order}))
			}
		}
	})
}

// checkOutcome compares a verdict with what the naive search found, and walks along the
// counterexample in the naive model.
func (j subject) checkOutcome(t *rapid.T, want naiveResult, i int, o explore.Outcome, cfg explore.Config) {
	cl := j.claims[i]
	sometimes := cl.kind == explore.KindSometimes
	verdict := properties.Pass
	switch all := !want.cut && (cfg.NoStop || !j.violated(want)); {
	case sometimes && want.found[i] == 0, !sometimes && want.found[i] == 0 && !all:
		verdict = properties.Inconclusive
	case !sometimes && want.found[i] > 0:
		verdict = properties.Fail
	}
	require.Equal(t, verdict, o.Verdict, "%s, found at %d, %+v", o.Name, want.found[i], cfg)
	if verdict != properties.Fail {
		require.Nil(t, o.Path)
		return
	}
	require.Equal(t, want.found[i], o.Path.Len(), "%s: a shortest counterexample", o.Name)
	at := j.walk(t, o.Path)
	if cl.kind == explore.KindObserved {
		require.Equal(t, cl.wish.dial, at.dial)
		return
	}
	require.True(t, cl.wish.fulfilled(at.view))
	if cl.kind == explore.KindAtRest {
		_, _, owed := j.moves(at)
		require.False(t, owed)
	}
}

// walk goes along a path in the naive model, and returns where it leads.
func (j subject) walk(t *rapid.T, p *explore.Path) naiveState {
	first := slices.IndexFunc(j.first(), func(s naiveState) bool { return fmt.Sprint(s.view) == fmt.Sprint(j.seen(p, 0)) })
	require.GreaterOrEqual(t, first, 0)
	at := j.first()[first]
	for i, st := range p.Steps {
		steps, _, _ := j.moves(at)
		taken := slices.IndexFunc(steps, func(n naiveStep) bool { return n.is(st, j.m) })
		require.GreaterOrEqual(t, taken, 0, "step %d: %+v from %+v", i, st, at)
		at = steps[taken].to
		require.Equal(t, fmt.Sprint(at.view), fmt.Sprint(j.seen(p, i+1)), "after step %d: %+v", i, st)
	}
	return at
}

// seen is what is to be seen of the i-th state of a path, with messages in the naive order.
func (j subject) seen(p *explore.Path, i int) view {
	v := looked(j.tabular, p.State(i))
	slices.SortStableFunc(v.net, func(a, b flying) int {
		byKind := cmp.Compare(a.kind, b.kind)
		if j.m.Network == explore.Ordered {
			byKind = 0
		}
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), byKind)
	})
	return v
}

// is reports whether a naive step is one of the explorer's.
func (n naiveStep) is(st explore.Step, m explore.Model) bool {
	switch st.Kind {
	case explore.StepTimer:
		return n.kind == st.Kind && n.host == st.Node && timerNames[n.what] == st.Name && n.picks == fmt.Sprint(st.Picks)
	case explore.StepCut, explore.StepMend:
		return n.kind == st.Kind && m.Faults.Cuts[n.what-1].Name == st.Name
	case explore.StepCrash, explore.StepRestart:
		return n.kind == st.Kind && n.host == st.Node && n.picks == fmt.Sprint(st.Picks)
	}
	return n.kind == st.Kind && n.host == st.Node && network.ID(n.from) == st.From && glyph(n.what) == st.Msg &&
		n.picks == fmt.Sprint(st.Picks)
}

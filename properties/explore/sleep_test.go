package explore_test

import (
	"testing"
	"time"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawUnbounded draws a model that sleep sets are for.
func drawUnbounded(t *rapid.T) (j subject, depth int, want naiveResult) {
	j, depth, want = drawBounded(t)
	if j.m.Within != nil {
		t.Skip("it bounds its states")
	}
	return j, depth, want
}

// All states are visited at their least depth, and each step is either taken or asleep.
func TestSleepSetsLoseStepsAndNoStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, depth, want := drawUnbounded(t)
		var generated uint64
		for i, cfg := range []explore.Config{
			{Workers: 1}, {Workers: 2}, {Workers: 3}, {Workers: 4}, {Workers: 3, Exact: true},
		} {
			cfg.NoStop, cfg.MaxDepth, cfg.SleepSets = true, depth, true
			got, err := explore.Search(j.m, cfg)
			require.NoError(t, err)
			require.Equal(t, want.unique, got.Unique, "%+v", cfg)
			require.Equal(t, want.generated, got.Generated+got.Asleep, "%+v", cfg)
			require.Equal(t, want.terminal, got.Terminal, "%+v", cfg)
			require.Equal(t, want.depth, got.Depth)
			require.Equal(t, want.cut, got.Limit == "depth")
			for k, o := range got.Outcomes {
				j.checkOutcome(t, want, k, o, cfg)
			}
			if i == 0 {
				generated = got.Generated
			}
			require.Equal(t, generated, got.Generated, "%+v", cfg)
		}
	})
}

func TestStepsThatSleepSetsTakeForIndependentCommute(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		pairs, err := explore.Commute(drawSubject(t).m, 100, "")
		require.NoError(t, err)
		tried += pairs
	})
	require.Positive(t, tried)
	faults := explore.Budget{Crashes: 2, Restarts: 2, Drops: 2, Duplicates: 2}
	timed := models.ABD(models.Harness{Clients: 2, Servers: 2})
	timed.Timed = &explore.Timed{Tick: time.Second, Min: time.Second, Max: 2 * time.Second}
	for _, m := range []explore.Model{
		models.Paxos(models.Harness{Clients: 2, Servers: 3, Faults: faults}),
		models.ABD(models.Harness{Clients: 2, Servers: 2, Network: explore.Ordered, Faults: faults}),
		models.Raft(models.RaftConfig{MaxTerm: 1}, faults),
		models.TwoPhase(3, ""),
		timed,
	} {
		pairs, err := explore.Commute(m, 200, "")
		require.NoError(t, err, m.Name)
		require.Positive(t, pairs, m.Name)
	}
}

func TestSearchesThatSleepSetsAreNotForSayWhy(t *testing.T) {
	copies := models.SingleCopy(models.Harness{Clients: 1, Servers: 1})
	for want, cfg := range map[string]explore.Config{
		"explore: sleep sets are for a breadth-first search": {Order: explore.DepthFirst},
		"which symmetry takes for the same":                  {Symmetry: true},
		"with ample sets a state is not reached":             {PartialOrder: true},
	} {
		cfg.SleepSets = true
		m := copies
		if cfg.Symmetry {
			m = models.TwoPhase(2, "")
		}
		_, err := explore.Search(m, cfg)
		require.ErrorContains(t, err, want)
	}
	copies.Within = func(*explore.State) bool { return true }
	_, err := explore.Search(copies, explore.Config{SleepSets: true})
	require.ErrorIs(t, err, explore.ErrModel)
	require.ErrorContains(t, err, "its bound on states lets some orders of steps happen and others not")
}

// Eventually is judged of all steps, those left out too: the lasso is the same.
func TestSleepSetsChangeNothingOfWhatIsToHappenEventually(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j, depth, _ := drawUnbounded(t)
		if depth > 0 {
			t.Skip("not all states are visited")
		}
		j.m.Properties = []explore.Property{explore.Eventually("late", func(s *explore.State) bool {
			return j.claims[0].wish.fulfilled(looked(j.tabular, s))
		})}
		full, err := explore.Search(j.m, explore.Config{})
		require.NoError(t, err)
		some, err := explore.Search(j.m, explore.Config{SleepSets: true})
		require.NoError(t, err)
		require.Equal(t, full.Outcomes[0].Detail, some.Outcomes[0].Detail)
		require.Equal(t, full.Outcomes[0].Path == nil, some.Outcomes[0].Path == nil)
		if p := full.Outcomes[0].Path; p != nil {
			require.Equal(t, p.Lines(), some.Outcomes[0].Path.Lines())
		}
	})
}

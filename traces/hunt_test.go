package traces_test

import (
	"sync"
	"testing"

	"phoenix/properties/scenario"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// hunted is what became of a planted bug: where it was found, and what it shrank to.
type hunted struct {
	worlds int // up to and with the first that failed
	shrunk *traces.Shrunk
	story  *traces.Story
}

// hunt looks for a planted bug in worlds of the seeds from 0 on, and shrinks the first
// failure on two workers.
func hunt(t testing.TB, b *scenario.Planted) hunted {
	for seed := range uint64(b.Worlds) {
		r := b.Scenario.Run(scenario.Options{Seed: seed, Config: &b.Config})
		if r.Failed() == nil {
			continue
		}
		f := traces.NewFailure(b.Scenario, r)
		shrunk, err := traces.Shrink(t.Context(), b.Scenario, f, traces.ShrinkOptions{Width: 2, Parallel: pair})
		require.NoError(t, err)
		story, _ := traces.Tell(b.Scenario, shrunk.Failure, false)
		return hunted{int(seed) + 1, shrunk, story}
	}
	require.FailNow(t, b.Name+" was not found")
	return hunted{}
}

// pair runs on two goroutines.
func pair(n int, run func(i int)) {
	var both sync.WaitGroup
	for worker := range 2 {
		both.Go(func() {
			for i := worker; i < n; i += 2 {
				run(i)
			}
		})
	}
	both.Wait()
}

// Every planted bug shrinks to at most 8 events that matter and 2 faults.
func TestEveryPlantedBugShrinksToAShortStory(t *testing.T) {
	for _, b := range scenario.Bugs() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			h := hunt(t, &b)
			require.LessOrEqual(t, h.story.Matter, 8, "events that matter")
			require.LessOrEqual(t, h.shrunk.To.Faults, 2, "faults")
			require.NotEmpty(t, h.story.Wrong)
		})
	}
}

// BenchmarkHunt measures for each planted bug how many worlds it takes to find, what it
// shrinks to and how long that takes on two cores.
func BenchmarkHunt(b *testing.B) {
	for _, bug := range scenario.Bugs() {
		b.Run(bug.Name, func(b *testing.B) {
			var h hunted
			for b.Loop() {
				h = hunt(b, &bug)
			}
			from, to := h.shrunk.Failure.Shrink.From, h.shrunk.To
			for _, m := range []struct {
				n    float64
				unit string
			}{
				{float64(h.worlds), "worlds"},
				{float64(from.Events), "events-before"}, {float64(to.Events), "events-after"},
				{float64(from.Faults), "faults-before"}, {float64(to.Faults), "faults-after"},
				{float64(h.story.Matter), "matter"}, {float64(h.shrunk.Runs), "runs"},
			} {
				b.ReportMetric(m.n, m.unit)
			}
		})
	}
}

package explore_test

import (
	"encoding/json"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// states are how many states of Paxos with 2 clients and 3 servers are within a depth. A
// depth-first search that takes a state seen at the bound for done has far fewer.
var states = []struct {
	depth             int
	unique, generated uint64
}{{12, 5_101, 9_055}, {15, 12_762, 24_268}, {18, 16_448, 32_443}, {21, 16_668, 32_971}}

func TestABoundOnDepthCutsTheSameStatesInAnyOrder(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3})
	for _, want := range states {
		for _, cfg := range []explore.Config{
			{Workers: 1}, {Workers: 4}, {Workers: 1, Order: explore.DepthFirst}, {Workers: 4, Order: explore.DepthFirst},
			{Workers: 2, Order: explore.DepthFirst, Exact: true},
		} {
			cfg.MaxDepth = want.depth
			res, err := explore.Search(m, cfg)
			require.NoError(t, err)
			require.Equal(t, want.unique, res.Unique, "%+v", cfg)
			require.Equal(t, want.generated, res.Generated, "%+v", cfg)
			require.Equal(t, want.depth, res.Depth)
			require.Equal(t, "depth", res.Limit)
			require.Equal(t, properties.Inconclusive, res.Verdict)
		}
	}
}

func TestADepthThatNothingReachesIsNoBound(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3})
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		res, err := explore.Search(m, explore.Config{MaxDepth: 22, Order: order})
		require.NoError(t, err)
		require.EqualValues(t, 16_668, res.Unique)
		require.Empty(t, res.Limit)
		require.Equal(t, properties.Pass, res.Verdict)
	}
}

func TestASearchThatIsBoundedIsInconclusiveAndSaysHowFarItGot(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 3, Servers: 3})
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		var asked atomic.Int64
		for _, c := range []struct {
			limit string
			cfg   explore.Config
		}{
			{"states", explore.Config{MaxStates: 50_000}},
			{"memory", explore.Config{MaxBytes: 4 << 20}},
			{"interrupted", explore.Config{Stop: func() bool { return asked.Add(1) > 3 }}},
		} {
			c.cfg.Order = order
			res, err := explore.Search(m, c.cfg)
			require.NoError(t, err)
			require.Equal(t, c.limit, res.Limit)
			require.Equal(t, properties.Inconclusive, res.Verdict)
			require.Greater(t, res.Unique, c.cfg.MaxStates)
			require.Less(t, res.Unique, uint64(1_194_428))
			require.Greater(t, res.Depth, 1)
			require.GreaterOrEqual(t, res.Bytes, c.cfg.MaxBytes)
			for _, o := range res.Outcomes {
				if o.Kind != explore.KindSometimes {
					require.Equal(t, properties.Inconclusive, o.Verdict)
					require.Equal(t, "not all states were visited: "+c.limit, o.Detail)
				}
			}
		}
	}
}

func TestAViolationWithinTheBoundIsAViolation(t *testing.T) {
	m := models.SingleCopy(models.Harness{Clients: 2, Servers: 2})
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		for depth, want := range []properties.Verdict{4: properties.Inconclusive, 5: properties.Fail, 6: properties.Fail} {
			if depth < 4 {
				continue
			}
			res, err := explore.Search(m, explore.Config{MaxDepth: depth, Order: order})
			require.NoError(t, err)
			require.Equal(t, want, res.Verdict, "%v up to %d", order, depth)
		}
	}
}

func TestASearchThatGoesOnCountsAllAndKeepsTheShortestCounterexample(t *testing.T) {
	m := models.SingleCopy(models.Harness{Clients: 3, Servers: 2})
	var lines []string
	for _, procs := range []int{1, 4} {
		before := runtime.GOMAXPROCS(procs)
		defer runtime.GOMAXPROCS(before)
		for _, workers := range []int{0, 1, 2, 4} {
			for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
				res, err := explore.Search(m, explore.Config{Workers: workers, NoStop: true, Order: order})
				require.NoError(t, err)
				require.EqualValues(t, 2_519, res.Unique)
				require.EqualValues(t, 4_085, res.Generated)
				require.Equal(t, properties.Fail, res.Verdict)
				for _, o := range res.Outcomes {
					if o.Verdict != properties.Fail {
						continue
					}
					require.Equal(t, 5, o.Path.Len())
					if lines == nil {
						lines = o.Path.Lines()
					}
					require.Equal(t, lines, o.Path.Lines())
				}
			}
		}
	}
	require.Len(t, lines, 4)
}

// A claim that no state was seen to violate does not hold because the search ended early.
func TestAClaimDoesNotPassBecauseAnotherOneFailed(t *testing.T) {
	m := models.SingleCopy(models.Harness{Clients: 2, Servers: 2})
	m.Properties = append(m.Properties, explore.Always("deep", func(*explore.State) error { return nil }))
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		res, err := explore.Search(m, explore.Config{Order: order})
		require.NoError(t, err)
		deep := res.Outcomes[len(res.Outcomes)-1]
		require.Equal(t, properties.Inconclusive, deep.Verdict)
		require.Equal(t, "the search ended with the violation of another property", deep.Detail)
		res, err = explore.Search(m, explore.Config{Order: order, NoStop: true})
		require.NoError(t, err)
		require.Equal(t, properties.Pass, res.Outcomes[len(res.Outcomes)-1].Verdict)
	}
}

func TestProgressOnlyGrowsAndEndsWithTheResult(t *testing.T) {
	var last explore.Progress
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3})
	res, err := explore.Search(m, explore.Config{Progress: func(p explore.Progress) {
		require.GreaterOrEqual(t, p.Unique, last.Unique)
		require.GreaterOrEqual(t, p.Generated, last.Generated)
		require.GreaterOrEqual(t, p.Depth, last.Depth)
		last = p
	}})
	require.NoError(t, err)
	require.Equal(t, res.Unique, last.Unique)
	require.Equal(t, res.Generated, last.Generated)
	require.Zero(t, last.Queue)
}

func TestAConfigThatMakesNoSenseIsRefused(t *testing.T) {
	m := models.SingleCopy(models.Harness{Clients: 1, Servers: 1})
	for _, cfg := range []explore.Config{{Workers: -1}, {MaxDepth: -1}, {Order: 2}, {Symmetry: true, Exact: true}} {
		_, err := explore.Search(m, cfg)
		require.Error(t, err)
	}
	_, err := explore.ParseSemantics("order")
	require.EqualError(t, err, `network "order", expected nonduplicating, duplicating, ordered or board`)
	_, err = explore.ParseOrder("best")
	require.EqualError(t, err, `search "best", expected bfs or dfs`)
	for _, name := range []string{"nonduplicating", "duplicating", "ordered", "board"} {
		s, err := explore.ParseSemantics(name)
		require.NoError(t, err)
		require.Equal(t, name, s.String())
	}
}

// What a complete search reports, memory excepted, is the same in each run: also how often
// node code ran and how many different parts of states it met.
func TestResultsAreEqualInEachRun(t *testing.T) {
	m := models.Paxos(models.Harness{Clients: 2, Servers: 3, Network: explore.Ordered,
		Faults: explore.Budget{Crashes: 1, Drops: 1}})
	for _, order := range []explore.Order{explore.BreadthFirst, explore.DepthFirst} {
		var want []byte
		for _, procs := range []int{1, 4} {
			before := runtime.GOMAXPROCS(procs)
			defer runtime.GOMAXPROCS(before)
			for _, workers := range []int{1, 2, 4} {
				res, err := explore.Search(m, explore.Config{Workers: workers, Order: order, MaxDepth: 10})
				require.NoError(t, err)
				res.Bytes, res.SetBytes = 0, 0
				got, err := json.Marshal(res)
				require.NoError(t, err)
				if want == nil {
					want = got
				}
				require.Equal(t, string(want), string(got), "%v, %d workers", order, workers)
			}
		}
	}
}

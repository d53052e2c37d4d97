package scenario_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/nodes/replicated"
	"phoenix/properties"
	"phoenix/properties/scenario"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// measured is a run with metrics.
func measured(m ...scenario.Metric) *scenario.Result { return &scenario.Result{Metrics: m} }

func TestTheOrderInWhichRunsComeDoesNotMatterToMetrics(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		var runs []*scenario.Result
		for range rapid.IntRange(1, 20).Draw(t, "runs") {
			r := measured()
			for _, name := range names {
				if rapid.Bool().Draw(t, "has it") {
					value := rapid.Int64Range(-5, 5).Draw(t, "value")
					r.Metrics = append(r.Metrics, scenario.Metric{Name: name, Unit: "x", Value: value})
				}
			}
			runs = append(runs, r)
		}
		var forth, back scenario.Campaign
		for _, r := range runs {
			forth.Add(r)
		}
		for _, r := range rapid.Permutation(runs).Draw(t, "again") {
			back.Add(r)
		}
		require.Equal(t, forth.Metrics(), back.Metrics())
	})
}

func TestPercentilesOfMetricsAreOfNearestRank(t *testing.T) {
	for n, want := range map[int][4]int64{
		1: {1, 1, 1, 1}, 2: {1, 1, 2, 2}, 3: {1, 2, 3, 3}, 99: {1, 50, 99, 99}, 100: {1, 50, 99, 100}, 300: {1, 150, 297, 300},
	} {
		var c scenario.Campaign
		for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
			c.Add(measured(scenario.Metric{Name: "m", Unit: "bytes", Value: int64(i + 1)}))
		}
		require.Equal(t, scenario.Summaries{
			{Name: "m", Unit: "bytes", Runs: n, Min: want[0], Median: want[1], P99: want[2], Max: want[3]},
		}, c.Metrics())
	}
}

// A run that lacks a metric does not change where it stands.
func TestMetricsStandAsInARunThatHasAllOfThem(t *testing.T) {
	m := func(names string) *scenario.Result {
		r := measured()
		for _, name := range strings.Fields(names) {
			r.Metrics = append(r.Metrics, scenario.Metric{Name: name, Unit: "x"})
		}
		return r
	}
	for _, runs := range [][]string{{"z y x", "z x", "x"}, {"x", "z x", "z y x"}, {"z x", "z y x", "x"}} {
		var c scenario.Campaign
		for _, names := range runs {
			c.Add(m(names))
		}
		var got []string
		for _, s := range c.Metrics() {
			got = append(got, s.Name)
		}
		require.Equal(t, []string{"z", "y", "x"}, got)
	}
}

func TestMetricsAreShownAsATable(t *testing.T) {
	run := func(apart time.Duration, bytes int64) *scenario.Result {
		return measured(scenario.Metric{Name: "apart", Unit: scenario.Nanoseconds, Value: int64(apart)},
			scenario.Metric{Name: "sent", Unit: "bytes", Value: bytes})
	}
	table := func(runs ...*scenario.Result) string {
		var c scenario.Campaign
		for _, r := range runs {
			c.Add(r)
		}
		var b strings.Builder
		require.NoError(t, c.Metrics().WriteText(&b, c.Runs))
		return b.String()
	}
	one, two := run(1234567890, 7), run(1234567, -8)
	require.Equal(t, "metric  value\napart   1.235s\nsent    7 bytes\n", table(one))
	require.Equal(t, `metric  min      median   p99     max
apart   1.235ms  1.235ms  1.235s  1.235s
sent    -8       -8       7       7 bytes
`, table(one, two))
	require.Equal(t, `metric                  min      median   p99     max
apart (in 2 of 3 runs)  1.235ms  1.235ms  1.235s  1.235s
sent (in 2 of 3 runs)   -8       -8       7       7 bytes
`, table(one, two, measured()))
}

func TestToMeasureChangesNothingOfARun(t *testing.T) {
	for _, s := range scenario.Replicated() {
		with := s.Run(scenario.Options{Seed: 5})
		require.Len(t, with.Metrics, 9)
		s.Measure = nil
		without := s.Run(scenario.Options{Seed: 5})
		require.Nil(t, without.Metrics)
		require.Equal(t, with.Digest, without.Digest)
		require.Equal(t, with.Outcomes, without.Outcomes)
		text, err := json.Marshal(without)
		require.NoError(t, err)
		require.NotContains(t, string(text), "metrics")
	}
}

func TestHowFarServersOfHeroesAreApart(t *testing.T) {
	require.Equal(t, []scenario.Metric{
		{Name: "updates carried out", Unit: "updates", Value: 24},
		{Name: "servers apart", Unit: "ns", Value: 871_971_328},
		{Name: "longest apart at a stretch", Unit: "ns", Value: 168_904_693},
		{Name: "most updates missing at once", Unit: "updates", Value: 10},
		{Name: "updates missing × time", Unit: "ns", Value: 2_917_732_274},
		{Name: "gossip sent", Unit: "messages", Value: 172},
		{Name: "gossip payload", Unit: "bytes", Value: 2231},
		{Name: "gossip metadata", Unit: "bytes", Value: 2899},
		{Name: "equal after the faults", Unit: "ns", Value: 92_568_635},
	}, scenario.ReplicatedHeroes().Run(scenario.Options{Seed: 1}).Metrics)
}

// hourly is a map whose servers gossip once an hour: they do not become equal.
func hourly() *scenario.Scenario {
	s := scenario.ReplicatedMap()
	s.Node = func(c *scenario.Cluster) network.Boot {
		return func(ep *network.Endpoint) network.Handler { // by then the monitor is there
			cfg := replicated.Config{Servers: c.Servers, Durable: true, Every: time.Hour}
			return replicated.ServeMap(cfg, c.Watched.(*replicated.Monitor))(ep)
		}
	}
	return s
}

func TestServersThatNeverBecomeEqualAreFarApart(t *testing.T) {
	worst, best := map[string]int64{}, map[string]int64{}
	for seed := range uint64(20) {
		r := hourly().Run(scenario.Options{Seed: seed})
		require.NotNil(t, r.Failed(), "seed %d", seed)
		require.Equal(t, "servers are equal soon after the faults", r.Failed().Name)
		for _, m := range r.Metrics {
			if least, known := best[m.Name]; !known || m.Value < least {
				best[m.Name] = m.Value
			}
		}
		for _, m := range scenario.ReplicatedMap().Run(scenario.Options{Seed: seed}).Metrics {
			worst[m.Name] = max(worst[m.Name], m.Value)
		}
	}
	for _, name := range []string{"servers apart", "longest apart at a stretch", "updates missing × time"} {
		require.Greater(t, best[name], 4*worst[name], "%s: the best of those beside the worst of others", name)
	}
	require.EqualValues(t, replicated.Patience, best["equal after the faults"], "until the run was ended")
	require.Less(t, worst["equal after the faults"], int64(100*time.Millisecond))
}

func TestARunWithoutAnEndOfItsFaultsDoesNotTellWhatCameAfter(t *testing.T) {
	s := scenario.ReplicatedCounter()
	s.Defaults.Heal = 0
	r := s.Run(scenario.Options{})
	require.NotEqual(t, properties.Fail, r.Verdict)
	require.False(t, slices.ContainsFunc(r.Metrics, func(m scenario.Metric) bool { return m.Name == "equal after the faults" }))
	require.Len(t, r.Metrics, 8)
}

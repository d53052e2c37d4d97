package properties_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/resilience/chaos"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type silent struct{}

func (silent) Receive(network.ID, any) {}

// talk is a world in which a tells b something at the given times, in
// milliseconds.
func talk(times ...int) (*sim.World, *network.Network) {
	w := sim.New(sim.Config{})
	n := network.New(w, network.Config{})
	n.Add("a", func(ep *network.Endpoint) network.Handler {
		for _, at := range times {
			ep.After(time.Duration(at)*time.Millisecond, func() { ep.Send(1, "hello") })
		}
		return silent{}
	})
	n.Add("b", func(*network.Endpoint) network.Handler { return silent{} })
	return w, n
}

// A partition that no message runs into proves nothing: see promise 4 of the
// design.
func TestAPartitionThatNoMessageRanIntoIsInconclusive(t *testing.T) {
	for _, c := range []struct {
		times []int
		want  properties.Outcome
	}{
		{[]int{10, 20}, properties.Outcome{Verdict: properties.Inconclusive, Detail: "partition p fired without effect"}},
		{[]int{10, 55, 70}, properties.Outcome{Verdict: properties.Pass}},
	} {
		w, n := talk(c.times...)
		w.At(50*ms, func() {
			p := n.Partition("p", network.Complete([]network.ID{0}, []network.ID{1}))
			w.At(60*ms, p.Heal)
		})
		w.Run(sim.Limit{})
		c.want.Name, c.want.Kind = properties.EffectName, properties.Sometimes
		require.Equal(t, c.want, properties.CoverageOf(w).Outcome())
		w.Close()
	}
}

func TestWhatFiredUnplannedCountsAsConfigured(t *testing.T) {
	w, n := talk(10, 20)
	defer w.Close()
	w.At(5*ms, func() { n.Partition("p", network.OneWay([]network.ID{0}, []network.ID{1})) })
	w.FaultCount("crash b").Configured += 2
	w.Run(sim.Limit{})
	cov := properties.CoverageOf(w)
	require.Equal(t, properties.Coverage{
		{Name: "crash b", Configured: 2},
		{Name: "partition p", Configured: 1, Fired: 1, Effect: 2},
	}, cov)
	require.Equal(t, "crash b never fired", cov.Outcome().Detail)
}

func TestARunWithoutFaultsClaimsNothingAboutThem(t *testing.T) {
	require.Equal(t, properties.Pass, properties.Coverage(nil).Outcome().Verdict)
	require.Empty(t, properties.Coverage(nil).String())
}

func TestTheCoverageOfManyRunsIsTheSumByName(t *testing.T) {
	var sum properties.Coverage
	sum = sum.Add(properties.Coverage{{Name: "loss", Configured: 1, Fired: 3, Effect: 3}, {Name: "crash a", Configured: 1}})
	sum = sum.Add(properties.Coverage{{Name: "crash a", Configured: 1, Fired: 1, Effect: 5}, {Name: "pause b", Configured: 1, Fired: 1}})
	require.Equal(t, properties.Coverage{
		{Name: "loss", Configured: 1, Fired: 3, Effect: 3},
		{Name: "crash a", Configured: 2, Fired: 1, Effect: 5},
		{Name: "pause b", Configured: 1, Fired: 1},
	}, sum)
	require.Equal(t, "pause b fired without effect", sum.Outcome().Detail)
}

func TestSumsOfCoverageDoNotDependOnTheOrderOfTheRuns(t *testing.T) {
	count := rapid.Custom(func(t *rapid.T) sim.FaultCount {
		n := rapid.Uint64Range(0, 1<<40)
		return sim.FaultCount{
			Name:       rapid.SampledFrom([]string{"loss", "crash a", "pause b"}).Draw(t, "name"),
			Configured: n.Draw(t, "configured"), Fired: n.Draw(t, "fired"), Effect: n.Draw(t, "effect"),
		}
	})
	sumOf := func(runs []properties.Coverage) map[string]sim.FaultCount {
		var sum properties.Coverage
		for _, r := range runs {
			sum = sum.Add(r)
		}
		all := map[string]sim.FaultCount{}
		for _, f := range sum {
			all[f.Name] = f
		}
		return all
	}
	rapid.Check(t, func(t *rapid.T) {
		var runs []properties.Coverage
		for range rapid.IntRange(0, 5).Draw(t, "runs") {
			runs = append(runs, rapid.SliceOfNDistinct(count, 0, 3, func(f sim.FaultCount) string { return f.Name }).Draw(t, "run"))
		}
		mixed := rapid.Permutation(runs).Draw(t, "mixed")
		require.Equal(t, sumOf(runs), sumOf(mixed))
	})
}

var coverage = properties.Coverage{
	{Name: "loss", Configured: 1, Fired: 12, Effect: 12},
	{Name: "partition n1", Configured: 1, Fired: 1, Effect: 12},
	{Name: "crash s1", Configured: 1, Fired: 1, Effect: 40},
	{Name: "crash s2", Configured: 1},
	{Name: "eclipse", Configured: 2, Fired: 2, Effect: 1},
}

func TestTheCoverageIsATable(t *testing.T) {
	var b strings.Builder
	require.NoError(t, coverage.WriteText(&b))
	require.Equal(t, `
fault         configured  fired  effect
loss          1           12     12 messages lost
partition n1  1           1      12 messages cut
crash s1      1           1      40 messages, timers and tasks lost
crash s2      1           0      0 messages, timers and tasks lost
eclipse       2           2      1 touched
`, "\n"+b.String())
}

func TestTheCoverageIsALine(t *testing.T) {
	require.Equal(t, "loss 12/12 fired, 12 messages lost; partition 1/1 fired, 12 messages cut; "+
		"crash 1/2 fired, 40 messages, timers and tasks lost; eclipse 2/2 fired, 1 touched", coverage.String())
	require.EqualValues(t, 1, coverage[0].Configured, "printing changed the coverage")
}

// Each kind and mode of fault says what its effects are counts of, under the label of
// a fault and under what faults are added up as.
func TestEveryKindOfFaultHasAUnit(t *testing.T) {
	for _, form := range chaos.Forms() {
		f, err := chaos.ParseFault(form.Example)
		require.NoError(t, err)
		for _, name := range []string{f.Sort(), chaos.Effect{Fault: f}.Label()} {
			require.NotContains(t, table(t, name), "touched", name)
		}
	}
	for name, want := range map[string]string{
		"disk s1 rot 5%":          "2 reads of rotten sectors",
		"disk rot":                "2 reads of rotten sectors",
		"disk-lost-write s1":      "2 reads of lost writes",
		"disk":                    "2 operations hit",
		"disk tired":              "2 operations hit",
		"byzantine s1 lie 5%":     "2 lies told",
		"exhaust s1 inbox 4":      "2 messages dropped",
		"loss 5% from s1 to s2":   "2 messages lost",
		"clock s1 drift 50000000": "2 clocks set",
		"betrayal of trust":       "2 messages falsified",
		"":                        "2 touched",
		"eclipse":                 "2 touched",
	} {
		require.Contains(t, table(t, name), "  "+want, name)
	}
}

func TestFaultsOfOneSortAreAddedUpInALine(t *testing.T) {
	require.Equal(t, "disk rot 2/2 fired, 5 reads of rotten sectors; disk full 1/1 fired, 1 writes refused", properties.Coverage{
		{Name: "disk s1 rot 5%", Configured: 1, Fired: 1, Effect: 2},
		{Name: "disk s2 full", Configured: 1, Fired: 1, Effect: 1},
		{Name: "disk rot", Configured: 1, Fired: 1, Effect: 3},
	}.String())
}

// table is the coverage of a fault of that name with two effects.
func table(t *testing.T, name string) string {
	var b strings.Builder
	require.NoError(t, properties.Coverage{{Name: name, Configured: 1, Fired: 1, Effect: 2}}.WriteText(&b))
	return b.String()
}

type full struct{ error }

func (f full) Write([]byte) (int, error) { return 0, f.error }

var errFull = errors.New("no space left")

func TestATableThatCannotBeWrittenIsAnError(t *testing.T) {
	require.ErrorIs(t, coverage.WriteText(full{errFull}), errFull)
}

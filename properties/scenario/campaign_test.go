package scenario_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/properties/scenario"
	"phoenix/sim"
)

func ExampleCampaign() {
	var c scenario.Campaign
	s := scenario.SingleCopy()
	for seed := range uint64(10) {
		c.Add(s.Run(scenario.Options{Seed: seed}))
	}
	fmt.Println(c.Verdict(), c.Runs, "runs")
	for _, o := range c.Outcomes()[:2] {
		fmt.Println(o.Verdict, o.Kind, o.Name)
	}
	// Output:
	// fail 10 runs
	// pass always no panic
	// fail always linearizable
}

// result is a run with one fault that did or did not have an effect.
func result(fault string, effect uint64) *scenario.Result {
	c := properties.Coverage{{Name: fault, Configured: 1, Fired: 1, Effect: effect}}
	return &scenario.Result{
		Faults: c, Outcomes: []properties.Outcome{c.Outcome()}, Verdict: c.Outcome().Verdict,
		Digest: sim.Digest{1}, Events: 10, Virtual: 5, Overlapping: 2,
		Operations: linear.Counts{Invoked: 4, OK: 2, Failed: 1, Unknown: 1},
	}
}

func TestACampaignAddsUpItsRuns(t *testing.T) {
	var c scenario.Campaign
	require.Equal(t, properties.Inconclusive, c.Verdict(), "no runs prove nothing")
	c.Add(result("loss", 3))
	c.Add(result("loss", 4))
	require.Equal(t, 2, c.Runs)
	require.Equal(t, 0, c.Failed)
	require.Equal(t, uint64(20), c.Events)
	require.Equal(t, sim.Time(10), c.Virtual)
	require.Equal(t, 4, c.Overlapping)
	require.Equal(t, linear.Counts{Invoked: 8, OK: 4, Failed: 2, Unknown: 2}, c.Operations)
	require.Equal(t, properties.Coverage{{Name: "loss", Configured: 2, Fired: 2, Effect: 7}}, c.Faults)
	require.Equal(t, properties.Pass, c.Verdict())
}

func TestFaultsOfACampaignAreJudgedByTheirSum(t *testing.T) {
	var c scenario.Campaign
	c.Add(result("loss", 0))
	require.Equal(t, properties.Inconclusive, c.Verdict())
	c.Add(result("loss", 1))
	require.Equal(t, properties.Pass, c.Verdict(), "it had an effect in one of the runs")
	c.Add(result("crash s1", 0))
	require.Equal(t, properties.Inconclusive, c.Verdict(), "another fault had none in any")
	require.Equal(t, "crash s1 fired without effect", c.Outcomes()[0].Detail)
}

func TestTheDigestOfACampaignDependsOnEveryRunAndTheirOrder(t *testing.T) {
	sum := func(digests ...byte) sim.Digest {
		var c scenario.Campaign
		for _, d := range digests {
			c.Add(&scenario.Result{Digest: sim.Digest{d}})
		}
		return c.Digest
	}
	seen := map[sim.Digest]bool{}
	for _, digests := range [][]byte{{}, {1}, {2}, {1, 2}, {2, 1}, {1, 1}, {1, 2, 3}} {
		require.False(t, seen[sum(digests...)], "%v", digests)
		seen[sum(digests...)] = true
	}
	require.Equal(t, sum(1, 2, 3), sum(1, 2, 3))
}

func TestThePictureOfARunShowsItsOperations(t *testing.T) {
	r := scenario.SingleCopy().Run(scenario.Options{Seed: 1})
	var page bytes.Buffer
	require.NoError(t, r.WriteHTML(context.Background(), &page))
	require.Contains(t, page.String(), "<html")
	require.Contains(t, page.String(), "partition ")
}

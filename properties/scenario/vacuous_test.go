package scenario_test

import (
	"fmt"
	"testing"

	"phoenix/properties"
	"phoenix/properties/scenario"

	"github.com/stretchr/testify/require"
)

// outcome returns what became of a property.
func outcome(t *testing.T, r *scenario.Result, name string) properties.Outcome {
	t.Helper()
	for _, o := range r.Outcomes {
		if o.Name == name {
			return o
		}
	}
	require.Fail(t, "no such property", name)
	return properties.Outcome{}
}

// documented runs seed 1 of a document.
func documented(t *testing.T, text string) *scenario.Result {
	t.Helper()
	s, doc, err := scenario.ParseDocument("doc.yaml", []byte(text), scenario.Registers())
	require.NoError(t, err)
	return s.Run(scenario.Options{Seed: 1, Config: &doc.Config})
}

func TestRunInWhichNothingSucceededIsInconclusive(t *testing.T) {
	r := documented(t, `
scenario: register/abd
servers: 3
links: {delay: 1ms, loss: 0, duplicate: 0, reorder: 0}
faults: [at 0s partition complete clients | servers as p]
`)
	require.Equal(t, properties.Inconclusive, r.Verdict)
	require.Zero(t, r.Operations.OK)
	require.Equal(t, properties.Inconclusive, outcome(t, r, scenario.AnsweredName).Verdict)
	require.Equal(t, properties.Inconclusive, outcome(t, r, scenario.OverlapName).Verdict, "what never returned shows nothing")
}

func TestRunWithoutReadsIsInconclusive(t *testing.T) {
	r := documented(t, "scenario: register/abd\nworkload: {reads: 0%}\n")
	require.NotZero(t, r.Operations.OK)
	require.Equal(t, properties.Inconclusive, outcome(t, r, scenario.AnsweredName).Verdict)
}

// What suits the defaults suits a smaller cluster too: the nemesis draws from the
// servers that there are.
func TestTheNemesisSuitsASmallerCluster(t *testing.T) {
	for _, servers := range []int{1, 2, 3, 4} {
		s, doc, err := scenario.ParseDocument("doc.yaml", fmt.Appendf(nil, "scenario: register/abd\nservers: %d\n", servers), scenario.Registers())
		require.NoError(t, err)
		var all scenario.Campaign
		for seed := range uint64(20) {
			all.Add(s.Run(scenario.Options{Seed: seed, Config: &doc.Config}))
		}
		require.Equal(t, properties.Pass, all.Verdict(), "%d servers: %v", servers, all.Outcomes())
	}
}

package scenario_test

import (
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
faults: [{at: 0s, partition: {name: p, groups: [[c1, c2, c3], [s1, s2, s3]]}}]
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

func TestDefaultsOfTheNemesisGiveWayToASmallerCluster(t *testing.T) {
	for _, text := range []string{"servers: 3", "servers: 1", "nemesis: {crashes: 0}", "{servers: 4, nemesis: {pauses: 2}}"} {
		_, doc, err := scenario.ParseDocument("doc.yaml", []byte("scenario: register/abd\n"+text+"\n"), scenario.Registers())
		if text[0] == '{' {
			_, doc, err = scenario.ParseDocument("doc.yaml", []byte("{scenario: register/abd, "+text[1:]+"\n"), scenario.Registers())
		}
		require.NoError(t, err, text)
		require.LessOrEqual(t, doc.Nemesis.Crashes, (doc.Servers-1)/2, text)
		require.LessOrEqual(t, doc.Nemesis.Restarts, doc.Nemesis.Crashes, text)
	}
}

package scenario_test

import (
	"encoding/json"
	"os"
	"testing"

	"phoenix/properties/scenario"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"
)

const schemaFile = "testdata/schema.json"

func schemaText(t testing.TB) string {
	text, err := json.MarshalIndent(scenario.Schema(), "", "  ")
	require.NoError(t, err)
	return string(text) + "\n"
}

// The file is what simulate schema prints: to write it anew, print it again.
func TestTheSchemaIsPinned(t *testing.T) {
	want, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, string(want), schemaText(t))
}

// judge judges a YAML text by the schema alone.
func judge(t testing.TB, text string) error {
	schema, err := scenario.Schema().Resolve(&jsonschema.ResolveOptions{})
	require.NoError(t, err)
	plain, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(plain, &v))
	return schema.Validate(v)
}

func TestTheSchemaAcceptsValidDocuments(t *testing.T) {
	for _, file := range []string{"testdata/abd.yaml", "testdata/lossy.yaml"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, judge(t, string(text)), file)
		full, err := document(t, string(text)).Text()
		require.NoError(t, err)
		require.NoError(t, judge(t, string(full)), file)
	}
	for _, text := range []string{
		"seeds: 42", "seeds: 0x2a", "until: 1h5m", "until: .5s", "until: +0.25us", "links: {loss: 0.5}", "links: {delay: 0}", "regions: null", "faults: null", "heal: 0s",
		"nemesis: {name: random, faults: 3, classes: [crash, disk]}", "disk: {model: ext4, sync: {max: 4ms}, budget: {}}",
		"faults: [at 1s crash s1, '  for 1s pause 40% of servers', restart s1, \"lose message 3 from c1 to s1\"]",
	} {
		text = "scenario: register/abd\n" + text
		document(t, text)
		require.NoError(t, judge(t, text), text)
	}
}

func TestTheSchemaRefusesDocumentsOfAnotherForm(t *testing.T) {
	for _, text := range []string{
		"", "servers: 3", "unknown: 3", "servers: three", "servers: 3.5", "workload: [1]", "workload: {key: 1}", "until: 5", "until: 5 apples", "until: 5s5",
		"links: {loss: [1]}", "links: {ordered: 1}", "nemesis: {crashes: 1}", "nemesis: {name: entropy}", "nemesis: {classes: [gremlins]}", "nemesis: {classes: crash}",
		"faults: {}", "faults: at 1s crash s1", "faults: [crahs]", "faults: [at 1s]", "faults: [at 1s for 1s]", "faults: [for 1s at 1s crash s1]",
		"faults: [{at: 1s, crash: [s1]}]", "faults: [crashs1]", "faults: [3]", "disk: {model: ext5}", "disk: {sync: 1ms}", "heal: 5",
		"regions: {hosts: {eu: s1}}", "regions: {latency: [{between: [eu], delay: 1ms}]}", "regions: {latency: [{between: [eu, us]}]}", "interleave: 1",
	} {
		if text != "" && text != "servers: 3" {
			text = "scenario: register/abd\n" + text
		}
		if text == "" {
			text = "{}"
		}
		require.Error(t, judge(t, text), text)
		refused(t, text)
	}
}

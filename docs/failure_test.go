package docs_test

import (
	"os"
	"strings"
	"testing"

	"phoenix/properties/scenario"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// TestFailureOfTheGuideIsWhatTheDemoFinds holds the block in the README and the
// first page to the run that it shows.
func TestFailureOfTheGuideIsWhatTheDemoFinds(t *testing.T) {
	s := scenario.SingleCopy()
	var least *scenario.Result
	for seed := range uint64(200) {
		r := s.Run(scenario.Options{Seed: seed})
		if r.Failed() != nil && (least == nil || r.Events < least.Events) {
			least = r
		}
	}
	var block strings.Builder
	file := "testdata/sim/" + traces.NewFailure(s, least).FileName()
	require.NoError(t, traces.WriteBlock(&block, s, least, "go run ./cmd/simulate replay "+file))
	for _, page := range []string{"../README.md", "01-first-run.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Contains(t, string(text), "```\n"+block.String()+"```", page)
	}
}

package docs_test

import (
	"os"
	"strings"
	"testing"

	"phoenix/properties/scenario"
	"phoenix/traces"

	"github.com/stretchr/testify/require"
)

// page returns a document of this folder.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// shrunk returns what a failure is shrunk to, and its story.
func shrunk(t *testing.T, s *scenario.Scenario, r *scenario.Result) (*traces.Shrunk, *traces.Story) {
	t.Helper()
	small, err := traces.Shrink(t.Context(), s, traces.NewFailure(s, r), traces.ShrinkOptions{})
	require.NoError(t, err)
	story, _ := traces.Tell(s, small.Failure, false)
	return small, story
}

// TestFailureOfTheGuideIsWhatTheDemoFinds holds the block in the README and the
// first page to the run that it shows, and to its story.
func TestFailureOfTheGuideIsWhatTheDemoFinds(t *testing.T) {
	s := scenario.SingleCopy()
	var least *scenario.Result
	for seed := range uint64(200) {
		r := s.Run(scenario.Options{Seed: seed})
		if r.Failed() != nil && (least == nil || r.Events < least.Events) {
			least = r
		}
	}
	small, story := shrunk(t, s, least)
	var block strings.Builder
	file := "testdata/sim/" + traces.NewFailure(s, least).FileName()
	require.NoError(t, traces.WriteBlock(&block, s, least, "go run ./cmd/simulate replay "+file, small.Line(story.Matter)))
	require.NoError(t, story.WriteText(&block))
	for _, name := range []string{"../README.md", "01-first-run.md"} {
		require.Equal(t, block.String(), "FAIL"+between(t, page(t, name), "```\nFAIL", "```"), name)
	}
}

// TestStoryOfTheGuideIsWhatShrinkFinds holds the blocks of 08-smallest-story.md to
// what the commands on the page print.
func TestStoryOfTheGuideIsWhatShrinkFinds(t *testing.T) {
	var s *scenario.Scenario
	var found *scenario.Result
	for _, b := range scenario.Bugs() {
		if b.Name == "store/log:ack-before-sync" {
			s, found = b.Scenario, b.Scenario.Run(scenario.Options{Config: &b.Config})
		}
	}
	require.NotNil(t, s)
	text, file := page(t, "08-smallest-story.md"), traces.NewFailure(s, found).FileName()

	small, story := shrunk(t, s, found)
	var block strings.Builder
	replay := "go run ./cmd/simulate replay testdata/sim/" + strings.TrimSuffix(file, ".simfail") + ".min.simfail"
	untested := *s // the test of the scenario runs without the bug
	untested.Test = ""
	require.NoError(t, traces.WriteBlock(&block, &untested, small.Result, replay, small.Line(story.Matter)))
	require.NoError(t, story.WriteText(&block))
	require.Equal(t, block.String(), "FAIL"+between(t, text, "```\nFAIL", "```"))

	l, err := traces.Localize(s, traces.NewFailure(s, found), traces.LocalizeOptions{Points: 6, Samples: 16})
	require.NoError(t, err)
	block.Reset()
	require.NoError(t, l.WriteText(&block))
	require.Equal(t, file, between(t, text, "```\nsimulate replay testdata/sim/", " --localize --points 6 --samples 16\n"))
	table := between(t, text, "```\n"+l.Property+":", "```")
	require.Equal(t, block.String()[:len(l.Property)+1+len(table)], l.Property+":"+table, "the first rows of it")
}

package traces_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
	"phoenix/resilience/chaos"
	"phoenix/traces"
)

var updateStories = flag.Bool("story.update", false, "write the pinned stories anew")

// storied are failures whose stories are pinned: those of the scenario with the planted bug
// under its own nemesis, from a seed on, shrunk.
var storied = []struct {
	name, scenario, bug string
	first               uint64
}{
	{"single-copy", "register/single-copy", "", 0},
	{"primary-backup", "register/primary-backup", "", 3},
	{"local-sequence", "register/abd", "local-sequence", 90},
	{"log-ack", "store/log", "ack-before-sync", 0},
	{"lease", "lock/lease", "no-fencing", 0},
	{"election", "leader/election", "votes-by-message", 20},
	{"commit", "transaction/two-phase-commit", "lost-decision", 0},
}

// storyOf returns the story of a failure as people read it.
func storyOf(t testing.TB, s *scenario.Scenario, f *traces.Failure, all bool) string {
	story, _ := traces.Tell(s, f, all)
	var b bytes.Buffer
	require.NoError(t, story.WriteText(&b))
	return b.String()
}

func TestStoriesArePinned(t *testing.T) {
	for _, p := range storied {
		s, err := scenario.Find(scenario.All(), p.scenario)
		require.NoError(t, err)
		cfg := s.Defaults
		cfg.Bug = p.bug
		var f *traces.Failure
		for seed := p.first; f == nil; seed++ {
			require.Less(t, seed, p.first+500, "%s is found", p.name)
			if r := s.Run(scenario.Options{Seed: seed, Config: &cfg}); r.Failed() != nil {
				f = traces.NewFailure(s, r)
			}
		}
		small := shrink(t, s, f, traces.ShrinkOptions{})
		story, _ := traces.Tell(s, small.Failure, false)
		require.LessOrEqual(t, story.Matter, 8, p.name)
		require.LessOrEqual(t, small.To.Faults, 2, p.name)
		text := storyOf(t, s, small.Failure, false)
		path := filepath.Join("testdata", "shrink", p.name+".txt")
		if *updateStories {
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), text, "%s: -story.update if it is meant", p.name)
	}
}

func TestAStoryOfAllHasEveryEventAndTheSameNumbers(t *testing.T) {
	s, failures := found(t, planted[1], 1)
	small := shrink(t, s, failures[0], traces.ShrinkOptions{})
	few, r := traces.Tell(s, small.Failure, false)
	all, _ := traces.Tell(s, small.Failure, true)
	require.Equal(t, few.Matter, all.Matter)
	require.Len(t, all.Steps, len(few.Steps)+int(r.Events))
	var numbered []traces.Step
	for _, step := range all.Steps {
		if step.Number > 0 {
			numbered = append(numbered, step)
		}
	}
	require.Equal(t, few.Matter, len(numbered))
	for i, step := range numbered {
		require.Equal(t, i+1, step.Number)
	}
}

// What was not shrunk has a story too: about the same things, if there are more faults.
func TestAFailureThatWasNotShrunkHasAStory(t *testing.T) {
	for _, p := range planted {
		s, failures := found(t, p, 1)
		story, r := traces.Tell(s, failures[0], false)
		require.Positive(t, story.Matter)
		require.Less(t, story.Matter, 20, "the operations beside the contradiction are left out")
		require.Contains(t, storyOf(t, s, failures[0], false), "  wrong: "+r.Failed().Detail)
	}
}

// A fault that something ends by its name has that end in its line, and the messages that
// it lost are its own, though another one loses some at the same time.
func TestAFaultIsToldWithItsEndAndWhatItLost(t *testing.T) {
	s := scenario.PrimaryBackup()
	cfg := s.Defaults
	cfg.Nemesis, cfg.Heal, cfg.Servers, cfg.Clients = chaos.Nemesis{}, 0, 3, 3
	plan, err := chaos.ParsePlan(`
		at 10ms partition partial s1 | s2 as cut
		at 20ms for 900ms partition partial s1 c1 | s3
		at 950ms end cut
	`)
	require.NoError(t, err)
	cfg.Faults = plan
	for seed := uint64(0); ; seed++ {
		require.Less(t, seed, uint64(100), "it fails")
		r := s.Run(scenario.Options{Seed: seed, Config: &cfg})
		if r.Failed() == nil || r.Effects[0].Touched == 0 || r.Effects[1].Touched == 0 {
			continue
		}
		text := storyOf(t, s, traces.NewFailure(s, r), false)
		for i, said := range []string{"s2 as cut, until 950ms; %d message", "s3, for 900ms; %d message"} {
			require.Contains(t, text, fmt.Sprintf(said, r.Effects[i].Touched))
		}
		return
	}
}

func TestOnlyAFailureHasAStory(t *testing.T) {
	s := scenario.SingleCopy()
	f := traces.NewFailure(s, failing(t, s, nil))
	f.Operations = []traces.Script{{Client: "c1"}, {Client: "c2"}}
	require.PanicsWithValue(t, "traces: a failure of a run that did not fail", func() { traces.Tell(s, f, false) })
}

package traces_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/properties/scenario"
	"phoenix/traces"
)

// Whatever a file holds that is accepted, shrinking it neither panics nor hangs, and
// ends with a failure that is a file in turn.
func FuzzAFileThatIsAcceptedIsShrunk(f *testing.F) {
	for _, p := range planted {
		s, failures := found(f, p, 1)
		f.Add(textOf(f, failures[0]))
		f.Add(textOf(f, shrink(f, s, failures[0], traces.ShrinkOptions{Runs: 60}).Failure))
		f.Add(textOf(f, shrink(f, s, failures[0], traces.ShrinkOptions{}).Failure))
	}
	s := scenario.SingleCopy()
	f.Add(textOf(f, traces.NewFailure(s, failing(f, s, interleaved()))))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, file, err := traces.ParseFailure("a.simfail", text, scenario.All())
		if err != nil || file.Config.Servers > 9 || file.Config.Clients > 9 ||
			file.Config.Heal+file.Config.Until > time.Hour {
			return
		}
		file.Config.Events = min(file.Config.Events, 20_000) // a run that never rests is long
		small, err := traces.Shrink(context.Background(), s, file, traces.ShrinkOptions{Runs: 50})
		if err != nil {
			require.True(t, errors.Is(err, traces.ErrNotFailing))
			return
		}
		again, smaller := parsed(t, textOf(t, small.Failure), scenario.All()[len(scenario.Registers()):]...)
		require.Equal(t, traces.Reproduced, smaller.Replay(again, nil).Status)
		story, _ := traces.Tell(again, smaller, true)
		require.NotEmpty(t, story.Wrong)
	})
}

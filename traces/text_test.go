package traces_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/traces"
)

func TestAFilterShowsHostsAndKinds(t *testing.T) {
	numbers := func(f traces.Filter) (shown []uint64) {
		for e, err := range open(t, record(t, story)).Events() {
			require.NoError(t, err)
			if f.Match(e) {
				shown = append(shown, e.Seq)
			}
		}
		return shown
	}
	require.Len(t, numbers(traces.Filter{}), 19)
	require.Equal(t, []uint64{1, 2, 3, 7, 9, 10, 16, 17, 18, 19}, numbers(traces.Filter{Hosts: []string{"alpha"}}))
	require.Equal(t, []uint64{3, 9, 18}, numbers(traces.Filter{Kinds: []sim.Kind{sim.Send}}))
	require.Equal(t, []uint64{11, 13}, numbers(traces.Filter{Hosts: []string{"world"}}))
	require.Equal(t, []uint64{8}, numbers(traces.Filter{Hosts: []string{"b", "c"}, Kinds: []sim.Kind{sim.Crash, sim.Pause}}))
	require.Empty(t, numbers(traces.Filter{Hosts: []string{"c"}}))
}

func TestALineIsOneLineWhateverNamesSay(t *testing.T) {
	log := record(t, func(w *sim.World) {
		h := w.AddHost("two\nlines", nil)
		w.AddHost("a name that is longer than the column", nil)
		w.Run(sim.Limit{})
		h.Note("first\nsecond\x1b[31m")
		w.Emit(sim.Event{Kind: sim.Send, Host: 7, Peer: -5, Value: map[string]int{"a\nb": 1}})
	})
	var out strings.Builder
	require.NoError(t, traces.WriteText(&out, open(t, log).Events(), traces.Filter{}))
	require.Equal(t, `     1           0s "two\nlines" boot    "two\nlines"
     2           0s a name that is longer than the column boot    a name that is longer than the column
     3           0s "two\nlines"                          note    "first\nsecond\x1b[31m"
     4           0s host(7)                               send    #0 to host(-5) map[string]int{"a\nb": 1}
`, out.String())
}

func TestAnErrorComesAfterTheLinesBeforeIt(t *testing.T) {
	text := jsonl(t, record(t, story))
	var out strings.Builder
	err := traces.WriteText(&out, open(t, text[:bytes.Index(text, []byte(`{"seq":3,`))]).Events(), traces.Filter{})
	require.ErrorIs(t, err, traces.ErrTruncated)
	require.Equal(t, 2, strings.Count(out.String(), "\n"))
}

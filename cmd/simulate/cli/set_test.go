package cli

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties/scenario"
)

func TestASettingChangesItsFieldAndKeepsTheOthers(t *testing.T) {
	text, err := override([]byte("scenario: s\nworkload:\n  keys: 2 # few\n  reads: 50%\n"),
		[]string{"workload.keys=3", "servers=5", "links.delay=uniform(1ms, 2ms)", "faults=[at 1s crash s1]"})
	require.NoError(t, err)
	require.Equal(t, `scenario: s
workload:
  keys: 3
  reads: 50%
servers: 5
links:
  delay: uniform(1ms, 2ms)
faults:
- at 1s crash s1
`, string(text))
}

func TestAQuotedWordIsOneWordToTheShell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[ -~]{0,12}`), 1, 3).Draw(t, "words")
		script := "printf '%s\\n'"
		var want bytes.Buffer
		for _, w := range words {
			script += " " + quoted(w)
			want.WriteString(w + "\n")
		}
		out, err := exec.Command("sh", "-c", script).Output()
		require.NoError(t, err)
		require.Equal(t, want.String(), string(out))
	})
}

func FuzzSettings(f *testing.F) {
	for _, s := range []string{"servers=3", "workload.think=exp(5ms)", "faults=[at 1s crash s1]", "=", "a.b.c", "x={", "y=[[[", "z=!!str 1"} {
		f.Add(s)
	}
	a := newApp(nil, closed{}, closed{}, scenarios(scenario.ABD()))
	f.Fuzz(func(t *testing.T, setting string) {
		sub, err := a.subject(t.Context(), "register/abd", []string{setting})
		if err != nil {
			require.Equal(t, exitUsage, exitCode(err), "%v", err)
			return
		}
		require.NoError(t, sub.scenario.Validate(&sub.doc.Config), "what is accepted can run")
	})
}

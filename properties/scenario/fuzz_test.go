package scenario_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"phoenix/properties/scenario"

	"github.com/stretchr/testify/require"
)

// FuzzParseDocument: whatever is read, it is refused with a place in the file, or
// stands for a configuration that can be written and read again.
func FuzzParseDocument(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(text)
	}
	for _, c := range strings.Split(badDocuments, "\n====\n") {
		text, _, _ := strings.Cut(c, "\n----\n")
		f.Add([]byte(text))
	}
	for _, fault := range []string{
		"at 0s for 1h disk servers rot 1%", `at 1s crash "s1"`, `'at 1s end "a\tb"'`, `at 1s clog everywhere as "\u2028"`, "lose message 1 from s1 to #2",
		"at 2562047h for 2562047h pause everyone", "|\n   at 1s\n   crash s1", "at 1s crash 50% of servers keeping all", "{}", "", "~", "at 1s", "[at 1s]",
		"at 1s for 1s partition complete s1 | s1 flapping 1ns", "at 1s reorder 1% by uniform(1ms, 2ms) from s1 to s2",
	} {
		f.Add([]byte("scenario: register/abd\nfaults:\n  - " + fault + "\n"))
	}
	for _, text := range []string{"", "[", "? - ?", "a: |\n b\n", "- - -", "a: \"\\x41\"", "{a, b: [c]}", "\xef\xbb\xbfscenario: register/abd", "\r\r", "'", "%", "...", "--- a"} {
		f.Add([]byte(text))
	}
	all := scenario.Registers()
	f.Fuzz(func(t *testing.T, text []byte) {
		s, doc, err := scenario.ParseDocument("doc.yaml", text, all)
		if err != nil {
			var e *scenario.SyntaxError
			require.True(t, errors.As(err, &e), "%v", err)
			require.True(t, strings.HasPrefix(err.Error(), "doc.yaml:"), "%v", err)
			require.NotEmpty(t, e.Msg)
			require.LessOrEqual(t, strings.Count(err.Error(), "\n"), 2)
			return
		}
		require.NoError(t, s.Validate(&doc.Config))
		again, err := doc.Text()
		require.NoError(t, err)
		s2, doc2, err := scenario.ParseDocument("again.yaml", again, all)
		require.NoError(t, err, "%s", again)
		require.Equal(t, s, s2)
		third, err := doc2.Text()
		require.NoError(t, err)
		require.Equal(t, string(again), string(third))
		require.Equal(t, same(doc.Config), same(doc2.Config))
	})
}

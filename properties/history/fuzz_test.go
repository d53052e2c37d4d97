package history

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzFormat feeds a reader with anything. It must answer with a valid history
// that survives WriteJSONL, or with an error at a line of the input.
func fuzzFormat(f *testing.F, format Format, samples ...string) {
	for _, pattern := range samples {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(text, false)
			f.Add(text, true)
			f.Add(text[:len(text)/2], true)
		}
	}
	for _, tc := range broken {
		if tc.format == format && len(tc.text) < 1000 {
			f.Add([]byte(tc.text), tc.keyed)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, keyed bool) {
		h, err := ReadFrom("fuzz", bytes.NewReader(data), ReadOptions{Format: format, Keyed: keyed})
		if err != nil {
			var syntax *SyntaxError
			require.True(t, errors.As(err, &syntax), "%v", err)
			require.Positive(t, syntax.Line)
			require.LessOrEqual(t, syntax.Line, 1+bytes.Count(data, []byte("\n")))
			require.NotEmpty(t, syntax.Msg)
			return
		}
		require.NoError(t, h.Validate())
		var out bytes.Buffer
		require.NoError(t, WriteJSONL(&out, h))
		again, err := ReadFrom("again", &out, ReadOptions{Format: JSONL})
		require.NoError(t, err)
		require.Equal(t, h, again)
	})
}

func FuzzEDN(f *testing.F) { fuzzFormat(f, EDN, "*.edn") }

func FuzzJepsenLog(f *testing.F) { fuzzFormat(f, JepsenLog, "*.log") }

func FuzzJSONL(f *testing.F) { fuzzFormat(f, JSONL, "*.jsonl") }

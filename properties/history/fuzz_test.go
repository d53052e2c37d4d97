package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// addSamples seeds f with the files that match the patterns, whole and torn.
func addSamples(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(text, uint8(KeyedAuto))
			f.Add(text, uint8(KeyedYes))
			f.Add(text[:len(text)/2], uint8(KeyedNo))
		}
	}
}

// readAnything reads data, which may be anything: it makes a valid history, or
// nil and an error at a line of it, through a window of any size.
func readAnything(t *testing.T, data []byte, opt ReadOptions) *History {
	_, h, err := readThrough(windowSize, bytes.NewReader(data), opt)
	_, small, smallErr := readThrough(16, bytes.NewReader(data), opt)
	require.Equal(t, h, small)
	require.Equal(t, err == nil, smallErr == nil) // of two faults a large window sees the later
	if err != nil {
		requireLocated(t, err, data)
		return nil
	}
	require.NoError(t, h.Validate())
	return h
}

// fuzzFormat feeds a reader with anything. What it reads must survive
// WriteJSONL. What it finds out about tuples must be what it can be told.
func fuzzFormat(f *testing.F, format Format, samples ...string) {
	addSamples(f, samples...)
	for _, tc := range broken {
		if tc.format == format && len(tc.text) < 1000 {
			f.Add([]byte(tc.text), uint8(keyedIf(tc.keyed)))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, keyed uint8) {
		opt := ReadOptions{Format: format, Keyed: Keyed(keyed % 3)}
		h := readAnything(t, data, opt)
		if h == nil {
			return
		}
		if opt.Keyed == KeyedAuto {
			yes, _ := ReadFrom("fuzz", bytes.NewReader(data), ReadOptions{Format: format, Keyed: KeyedYes})
			no, _ := ReadFrom("fuzz", bytes.NewReader(data), ReadOptions{Format: format, Keyed: KeyedNo})
			require.Contains(t, []*History{yes, no}, h)
		}
		require.Equal(t, h, readAgain(t, h, JSONL))
	})
}

// requireLocated wants an error at a line of the text.
func requireLocated(t *testing.T, err error, text []byte) {
	t.Helper()
	var syntax *SyntaxError
	require.True(t, errors.As(err, &syntax), "%v", err)
	require.Positive(t, syntax.Line)
	require.LessOrEqual(t, syntax.Line, 1+bytes.Count(text, []byte("\n")))
	require.NotEmpty(t, syntax.Msg)
}

func FuzzEDN(f *testing.F) { fuzzFormat(f, EDN, "*.edn", "store/*/*/history.edn") }

func FuzzJepsenLog(f *testing.F) { fuzzFormat(f, JepsenLog, "*.log") }

func FuzzJSONL(f *testing.F) { fuzzFormat(f, JSONL, "*.jsonl") }

// FuzzElle: what is read, Elle holds as well, or PorcupineJSON.
func FuzzElle(f *testing.F) {
	addSamples(f, "elle*")
	for _, tc := range brokenElle {
		f.Add([]byte(tc.text), uint8(keyedIf(tc.keyed)))
	}
	f.Fuzz(func(t *testing.T, data []byte, keyed uint8) {
		h := readAnything(t, data, ReadOptions{Format: Elle, Keyed: Keyed(keyed % 3)})
		if h == nil {
			return
		}
		format := Elle
		if h.checkElle() != nil {
			format = PorcupineJSON
		}
		again := readAgain(t, h, format)
		if format == Elle {
			for i := range h.Operations {
				h.Operations[i].Node = "" // which Elle drops
			}
		}
		require.Equal(t, h.Operations, again.Operations)
	})
}

// FuzzPorcupineJSON: what is read comes back as it is.
func FuzzPorcupineJSON(f *testing.F) {
	addSamples(f, "porcupine*")
	for _, tc := range brokenPorcupine {
		f.Add([]byte(tc.text), uint8(KeyedAuto))
	}
	f.Fuzz(func(t *testing.T, data []byte, _ uint8) {
		if h := readAnything(t, data, ReadOptions{Format: PorcupineJSON}); h != nil {
			require.Equal(t, h, readAgain(t, h, PorcupineJSON))
		}
	})
}

// What is JSON must be read as encoding/json reads it. More is taken: commas are
// blanks.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2,{"b":null}],"b":"\ud83d\ude00\ud83d\n\/","c":1.5e3}`, `{"":-0,"":[[],{}],"a":true}`,
		`{"a" : 99999999999999999999, "b":"\u00e4ä"} `, `{"a" "b"}`, `{"a":nil}`, `{1:2}`, `{"a":\x}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if notText(data) >= 0 {
			return
		}
		r := formReader{window: newWindow(&source{name: "test"}, bytes.NewReader(data), 0), json: true}
		err := r.form(0)
		var want map[string]any
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if decoder.Decode(&want) != nil || want == nil {
			return
		}
		if err != nil {
			require.ErrorContains(t, err, "nested forms")
			return
		}
		require.Equal(t, want, decoded(r.tape, 0))
	})
}

// decoded returns the form at the place as encoding/json does.
func decoded(tape []form, at int) any {
	f := &tape[at]
	var items []any
	for next := at + 1; next < at+f.span; next += tape[next].span {
		items = append(items, decoded(tape, next))
	}
	switch f.kind {
	case formBool:
		return f.num == 1
	case formInt:
		if f.num == 0 && string(f.text) == "-0" {
			return json.Number("-0")
		}
		return json.Number(strconv.FormatInt(f.num, 10))
	case formNumber:
		return json.Number(f.text)
	case formText:
		return string(f.text)
	case formList:
		return append([]any{}, items...)
	case formMap:
		object := map[string]any{}
		for i := 0; i < len(items); i += 2 {
			object[items[i].(string)] = items[i+1]
		}
		return object
	}
	return nil
}

// Compressed data that is damaged in any way gives an error, never a panic; what
// was read before it was right.
func FuzzCompressed(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "sample.jsonl"))
	require.NoError(f, err)
	for _, compress := range compressors {
		data := compress(f, text)
		f.Add(data)
		f.Add(data[:len(data)/2])
		f.Add(append(data, data...))
		flipped := bytes.Clone(data)
		flipped[len(data)/2] ^= 0x10
		f.Add(flipped)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		src, h, err := readThrough(windowSize, bytes.NewReader(data), ReadOptions{Limit: 1 << 20})
		require.LessOrEqual(t, src.text.total, int64(1<<20+windowSize))
		if err != nil {
			var syntax *SyntaxError
			require.True(t, errors.As(err, &syntax), "%v", err)
			require.Positive(t, syntax.Line)
			require.NotEmpty(t, syntax.Msg)
			return
		}
		require.NoError(t, h.Validate())
	})
}

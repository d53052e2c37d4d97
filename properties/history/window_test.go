package history

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// readThrough reads with a window of so many bytes.
func readThrough(window int, r io.Reader, opt ReadOptions) (*source, *History, error) {
	src := &source{name: "test", window: window}
	h, err := src.read(r, opt)
	return src, h, err
}

func TestAWindowOfAnySizeShowsTheSameHistory(t *testing.T) {
	files := map[string]Format{"testdata/register.edn": EDN, "testdata/keyed.edn": EDN, "testdata/cas.log": JepsenLog,
		"testdata/sample.jsonl": JSONL, "testdata/store/lin-kv/20240229T120000.000+0000/history.edn": EDN}
	for file, format := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		want, err := ReadFile(file, ReadOptions{})
		require.NoError(t, err)
		for window := range 200 {
			_, h, err := readThrough(window, iotest.OneByteReader(bytes.NewReader(text)), ReadOptions{Format: format})
			require.NoError(t, err, "%s window %d", file, window)
			require.Equal(t, want, h, "%s window %d", file, window)
		}
	}
}

func TestAWindowOfAnySizeShowsTheSameErrors(t *testing.T) {
	for _, tc := range broken {
		if tc.format == Auto || len(tc.text) > 1000 {
			continue
		}
		for window := range 50 {
			_, _, err := readThrough(window, strings.NewReader(tc.text), ReadOptions{Format: tc.format, Keyed: keyedIf(tc.keyed)})
			require.EqualError(t, err, tc.want, "window %d: %s", window, tc.text)
		}
	}
}

// endless repeats a text n times.
type endless struct {
	text string
	n    int
	rest string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		if e.n == 0 {
			return 0, io.EOF
		}
		e.n--
		e.rest = e.text
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestALongFileIsNeverInMemory(t *testing.T) {
	const event = "{:process 0, :type :invoke, :f :write, :value \"\u00e4\"} #_ {:process 0}\n; a comment\n\n" +
		"{:process 0, :type :ok, :f :write, :value \"\u00e4\"}   \t\n"
	const line = `{"type":"invoke","process":0,"f":"read"}` + "\n\n" + `{"type":"ok","process":0,"f":"read","value":null}` + "\n"
	for _, text := range []string{event, line} {
		src, h, err := readThrough(windowSize, &endless{text: text, n: 50_000}, ReadOptions{})
		require.NoError(t, err)
		require.Len(t, h.Operations, 50_000)
		require.Greater(t, src.text.total, int64(16*windowSize))
		require.LessOrEqual(t, cap(src.text.buf), windowSize)
	}
	src, _, err := readThrough(windowSize, io.MultiReader(strings.NewReader(";"), &endless{text: " x", n: 1 << 20},
		strings.NewReader("\n"), &endless{text: " ", n: 1 << 20}), ReadOptions{})
	require.NoError(t, err)
	require.LessOrEqual(t, cap(src.text.buf), windowSize, "comments and blanks")
}

func TestOneLongEventMakesRoomAndGivesItBack(t *testing.T) {
	long := "{:process 0 :type :invoke :f :read :extra \"" + strings.Repeat("x", 3*windowSize) + "\" :value nil}\n"
	short := "{:process 0 :type :ok :f :read :value 1}\n{:process 0 :type :invoke :f :read}\n"
	text := long + strings.Repeat(short, 50_000)
	src, h, err := readThrough(windowSize, strings.NewReader(text), ReadOptions{Format: EDN})
	require.NoError(t, err)
	require.Len(t, h.Operations, 50_001)
	require.Equal(t, windowSize, cap(src.text.buf))
}

func TestALineOrFormWithoutEndIsAnError(t *testing.T) {
	for format, beginning := range map[Format]string{EDN: "\n{:process :n :value \"", JSONL: "\n{\"label\":\"",
		JepsenLog: "\nINFO  jepsen.util - ",
		Elle:      "\n{\"label\":\"", PorcupineJSON: "\n{\"Input\":\""} {
		r := io.MultiReader(strings.NewReader(beginning), &endless{text: strings.Repeat("x", 1000), n: 1 << 20})
		src, _, err := readThrough(windowSize, r, ReadOptions{Format: format})
		require.EqualError(t, err, "test:2: expected at most 16 MiB in one form or line", format)
		require.LessOrEqual(t, cap(src.text.buf), 3*maxForm)
	}
}

func TestErrorsFarIntoAFileNameTheirLine(t *testing.T) {
	const events = "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read, :value nil}\n"
	for ending, want := range map[string]string{
		"]":            `test:100001: expected an operation in braces, found "]"`,
		"\n{:a 1":      "test:100002: expected '}', opened in line 100002, found the end",
		"; \n\n\xff":   "test:100003: expected UTF-8 text, found byte 0xff",
		"; \u00e4\xe4": "test:100001: expected UTF-8 text, found byte 0xe4",
		"\x00":         "test:100001: expected UTF-8 text, found byte 0x00",
	} {
		r := io.MultiReader(&endless{text: events, n: 50_000}, strings.NewReader(ending))
		_, err := ReadFrom("test", r, ReadOptions{})
		require.EqualError(t, err, want)
	}
}

func TestAnErrorOfTheReaderComesBeforeWhatItCutsOff(t *testing.T) {
	broke := errors.New("broke")
	for _, text := range []string{"[{:process 0", `{"type":`, "INFO  jepsen.ut", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd"} {
		_, err := ReadFrom("test", io.MultiReader(strings.NewReader(text), iotest.ErrReader(broke)), ReadOptions{})
		require.Equal(t, broke, err, "%q", text)
	}
}

// A window must hand out every byte once, and know its line.
func TestReadingThroughAWindowGivesTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "\n", "\u00e4", "\u20ac", "\U0001F600"})).Draw(t, "text"), "")
		src := &source{name: "test", window: rapid.IntRange(0, 20).Draw(t, "window")}
		w := newWindow(src, strings.NewReader(text), 0)
		if rapid.Bool().Draw(t, "lines") {
			want := strings.Split(text, "\n")
			for i, last := 1, strings.HasSuffix(text, "\n") || text == ""; ; i++ {
				got, line, ok := w.nextLine()
				if !ok {
					require.Equal(t, last, i == len(want), strconv.Quote(text))
					return
				}
				require.Equal(t, want[i-1], string(got))
				require.Equal(t, i, line)
			}
		}
		var got []byte
		for more := true; more; more = w.more(true) {
			got = append(got, w.rest()...)
			w.line += bytes.Count(w.rest(), []byte("\n"))
			w.pos = len(w.data)
		}
		require.Equal(t, text, string(got))
		require.Equal(t, 1+strings.Count(text, "\n"), w.line)
	})
}

func TestReadingAllocatesLittleBesideTheOperations(t *testing.T) {
	const n = 20_000
	h, err := ReadFrom("test", bytes.NewReader(printed(n, ednMap)), ReadOptions{})
	require.NoError(t, err)
	operations := uint64(len(h.Operations)) * uint64(unsafe.Sizeof(Operation{}))
	for _, tc := range []struct {
		format   Format
		compress func(testing.TB, []byte) []byte
		beside   uint64 // bytes, held or not
	}{{EDN, nil, 2 << 20}, {JepsenLog, nil, 2 << 20}, {JSONL, nil, 2 << 20}, {Elle, nil, 2 << 20},
		{PorcupineJSON, nil, 4 << 20}, // and the line of each operation, and its name in small letters
		{EDN, gzipped, 3 << 20}} {
		var text bytes.Buffer
		require.NoError(t, WriteTo(&text, h, tc.format))
		if tc.compress != nil {
			text = *bytes.NewBuffer(tc.compress(t, text.Bytes()))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadFrom("test", bytes.NewReader(text.Bytes()), ReadOptions{Format: tc.format})
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, operations+tc.beside, tc.format)
	}
}

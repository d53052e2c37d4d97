package traces_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/traces"
)

func TestJSONLHoldsWhatTheLogDoes(t *testing.T) {
	values := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) any { return rapid.SliceOf(rapid.Byte()).Draw(t, "bytes") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "string") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Float64().Draw(t, "float") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "map") }),
		rapid.Custom(func(t *rapid.T) any {
			return map[any]any{"type": rapid.String().Draw(t, "type"), 1: rapid.Int().Draw(t, "int")}
		}),
		rapid.SampledFrom([]any{
			nil, true, 3, all{}, &tree{Leaf: 3}, request{1, request{2, nil}}, make(chan int),
			map[string]string{"base64": "AA=="}, map[string]string{"base64": "AA=!"}, map[string]string{"type": "x", "value": "y"},
		}),
	)
	names := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\xff", "\x00", "{", "\u2028"}))
	rapid.Check(t, func(rt *rapid.T) {
		vs := rapid.SliceOfN(values, 0, 8).Draw(rt, "values")
		ns := rapid.SliceOfN(names, len(vs), len(vs)).Draw(rt, "names")
		host := "h" + rapid.String().Draw(rt, "host")
		log := record(t, func(w *sim.World) {
			w.AddHost(host, nil)
			for i, v := range vs {
				e := sim.Event{Kind: sim.Kind(1 + i*5), Host: 0, Peer: sim.HostID(i - 1), ID: uint64(i), Name: ns[i], Value: v}
				e.Data = w.Encode(v)
				w.Emit(e)
			}
			w.Run(sim.Limit{})
		})
		text := jsonl(rt, log)
		d, err := traces.Diverge(open(rt, log).Events(), open(rt, text).Events(), 0)
		require.NoError(rt, err)
		require.Nil(rt, d, "%v", d)
		require.Equal(rt, string(text), string(jsonl(rt, text)))
		require.Equal(rt, open(rt, log).Header(), open(rt, text).Header())
	})
}

func TestSavedLogsAreReadBackPlainOrCompressed(t *testing.T) {
	log := record(t, story)
	for _, name := range []string{"events.jsonl", "events.jsonl.zst"} {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, traces.SaveJSONL(path, open(t, log)))
		r, err := traces.Open(path)
		require.NoError(t, err)
		d, err := traces.Diverge(r.Events(), open(t, log).Events(), 1)
		require.NoError(t, err)
		require.Nil(t, d)
		end, complete := r.End()
		require.True(t, complete)
		require.Equal(t, uint64(19), end.Events)
		require.NoError(t, r.Close())
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, strings.HasSuffix(name, ".zst"), raw[0] != '{')
	}
	require.ErrorIs(t, traces.SaveJSONL(filepath.Join(t.TempDir(), "no", "folder"), open(t, log)), os.ErrNotExist)
}

// A torn log becomes a torn log.
func TestWhatIsReadableOfATornLogIsWritten(t *testing.T) {
	text := jsonl(t, record(t, story))
	cut := text[:bytes.Index(text, []byte(`{"seq":9,`))]
	var out bytes.Buffer
	require.ErrorIs(t, traces.WriteJSONL(&out, open(t, cut)), traces.ErrTruncated)
	require.Equal(t, string(cut), out.String())
}

func TestAFullDiskIsReported(t *testing.T) {
	log := record(t, func(w *sim.World) {
		for range 3_000 {
			w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Name: "some remark of some length"})
		}
	})
	for room := range 3 {
		require.ErrorIs(t, traces.WriteJSONL(&full{room}, open(t, log)), errFull)
		require.ErrorIs(t, traces.WriteText(&full{room}, open(t, log).Events(), traces.Filter{}), errFull)
	}
}

func TestWhatIsWrongWithJSONLIsSaid(t *testing.T) {
	head := `{"log":1}` + "\n"
	event := `{"seq":1,"at":5,"kind":"boot"}` + "\n"
	for want, text := range map[string]string{
		`x.jsonl:1: expected "log":1, found 0`:                                  `{}`,
		`x.jsonl:1: expected "log":1, found 2`:                                  `{"log":2}`,
		`x.jsonl:1: expected the header of a log: `:                             `{"log":"1"}` + "\n",
		`unknown field "logs"`:                                                  `{"logs":1}`,
		`x.jsonl:1: expected the end of the line after the header`:              `{"log":1} 2`,
		`x.jsonl:2: expected an event or the end of the log`:                    head,
		`x.jsonl:2: expected the rest of the line`:                              head + `{"seq":1,"at"`,
		`x.jsonl:2: expected an event: unexpected EOF`:                          head + `{"seq":1,"at"` + "\n",
		`x.jsonl:2: expected an event: invalid character 'x'`:                   head + "xyz\n",
		`x.jsonl:2: expected an event: expected the end of the line`:            head + "{} {}\n",
		`x.jsonl:2: expected an object`:                                         head + "[]\n",
		`x.jsonl:2: expected an event with "seq", "at" and "kind"`:              head + "{}\n",
		`x.jsonl:2: expected event 1, found event 2`:                            head + `{"seq":2,"at":0,"kind":"boot"}`,
		`x.jsonl:5: expected a time that is not before 5, found 4`:              head + "\n \n" + event + `{"seq":2,"at":4,"kind":"boot"}`,
		`"seq": expected an integer from 0 to 2^64-1, found -1`:                 head + `{"seq":-1}`,
		`"seq": expected an integer from 0 to 2^64-1, found "1"`:                head + `{"seq":"1"}`,
		`"seq": expected an integer from 0 to 2^64-1, found 1.5`:                head + `{"seq":1.5}`,
		`"at": expected an integer from 0 to 2^63-1, found 9223372036854775808`: head + `{"seq":1,"at":9223372036854775808,"kind":"boot"}`,
		`"kind": expected the kind of an event, found "kind(1)"`:                head + `{"kind":"kind(1)"}`,
		`"kind": expected the kind of an event, found "kind(99"`:                head + `{"kind":"kind(99"}`,
		`"kind": expected the kind of an event, found 3`:                        head + `{"kind":3}`,
		`"host": expected a text, found nil`:                                    head + `{"host":null}`,
		`"hots": expected a field of an event`:                                  head + `{"hots":null}`,
		`expected "seq" once`:                                                   head + `{"seq":1,"seq":1}`,
		`x.jsonl:3: expected the end of 1 events`:                               head + event + `{"end":{"events":2}}`,
		`x.jsonl:3: expected the end of 1 events `:                              head + event + `{"end":null}`,
		`x.jsonl:3: expected the end of the log: `:                              head + event + `{"end":{"events":1,"digest":"12"}}`,
		`x.jsonl:4: expected nothing after the end of the log`:                  head + event + `{"end":{"events":1}}` + "\n" + event,
		`nested at most 600 deep`:                                               head + `{"value":` + strings.Repeat("[", 700),
	} {
		_, err := readAll("x.jsonl", strings.NewReader(text))
		require.ErrorContains(t, err, strings.TrimSuffix(want, " "))
		require.True(t, isInputError(err), "%v", err)
	}
}

func TestALineIsBounded(t *testing.T) {
	_, err := readAll("x.jsonl", strings.NewReader(`{"log":1}`+"\n"+strings.Repeat(" ", 65<<20)))
	require.ErrorContains(t, err, "x.jsonl:2: expected a line of at most 67108864 bytes")
	_, err = readAll("x.jsonl", strings.NewReader(`{"log":1}`+"\n"+`{"value":[`+strings.Repeat("0,", 2<<20)+"0]}"))
	require.ErrorContains(t, err, "x.jsonl:2: expected an event: expected at most 1048576 values")
}

func FuzzJSONL(f *testing.F) {
	f.Add(jsonl(f, record(f, story)))
	f.Add(jsonl(f, logOf(f, all{}, request{1, request{}}, "\xff", map[string]string{"type": "x", "value": "y"})))
	f.Add([]byte(`{"log":1}` + "\n" + `{"seq":1,"at":0,"kind":"kind(40)","value":{"type":"t","value":{"base64":"AA=="}}}` + "\n" + `{"end":{"events":1}}`))
	f.Fuzz(func(t *testing.T, log []byte) {
		r, err := traces.NewReader("log", bytes.NewReader(log))
		if err != nil {
			require.True(t, isInputError(err), "%v", err)
			return
		}
		defer r.Close()
		var text bytes.Buffer
		damage := traces.WriteJSONL(&text, r)
		if damage != nil {
			require.True(t, isInputError(damage), "%v", damage)
		}
		var again bytes.Buffer
		err = traces.WriteJSONL(&again, open(t, text.Bytes()))
		require.Equal(t, damage == nil, err == nil, "%v, then %v", damage, err)
		require.Equal(t, err != nil, errors.Is(err, traces.ErrTruncated))
		require.Equal(t, text.String(), again.String())
	})
}

package traces_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/sim"
	"phoenix/traces"
)

type tree struct {
	Left, Right *tree
	Leaf        int8
}

type opaque struct{ hidden int }

func (opaque) AppendBinary(dst []byte) ([]byte, error) { return append(dst, 0xab, 0xcd), nil }

type all struct {
	B   bool
	U8  uint8
	U   uint
	F32 float32
	C64 complex64
	C   complex128
	A   [2]int
	H   [2]byte
	L   []string
	M   map[string]int
	K   map[[2]int]bool
	I   map[any]any
	P   *string
	Nil error
}

// valueOf returns what a log makes of v.
func valueOf(t tb, v any) traces.Value {
	t.Helper()
	events, err := readAll("log", bytes.NewReader(logOf(t, v)))
	require.NoError(t, err)
	require.Len(t, events, 1)
	return events[0].Value
}

func TestValuesReadAsAProgrammerWouldWriteThem(t *testing.T) {
	hello := "hello"
	for _, c := range []struct {
		v          any
		text, json string
	}{
		{nil, `nil`, `null`},
		{3, `int(3)`, `{"type":"int","value":3}`},
		{"a\n\"b", `"a\n\"b"`, `{"type":"string","value":"a\n\"b"}`},
		{"\x01\xff", `0x01ff`, `{"type":"string","value":{"base64":"Af8="}}`},
		{[]byte(nil), `[]byte(nil)`, `{"type":"[]byte","value":null}`},
		{[]int{1, -2}, `[]int{1, -2}`, `{"type":"[]int","value":[1,-2]}`},
		{math.NaN(), `float64("NaN")`, `{"type":"float64","value":"NaN"}`},
		{1e21, `float64(1e+21)`, `{"type":"float64","value":1e+21}`},
		{float32(0.1), `float32(0.1)`, `{"type":"float32","value":0.1}`},
		{(*tree)(nil), `*traces_test.tree(nil)`, `{"type":"*traces_test.tree","value":null}`},
		{tree{Left: &tree{Leaf: -1}}, `traces_test.tree{Left: {Left: nil, Right: nil, Leaf: -1}, Right: nil, Leaf: 0}`,
			`{"type":"traces_test.tree","value":{"Left":{"Left":null,"Right":null,"Leaf":-1},"Right":null,"Leaf":0}}`},
		{opaque{1}, `traces_test.opaque(0xabcd)`, `{"type":"traces_test.opaque","value":{"base64":"q80="}}`},
		{make(chan int), `opaque("chan int")`, `{"type":"opaque","value":"chan int"}`},
		{request{1, request{2, nil}}, `traces_test.request{ID: 1, Body: traces_test.request{ID: 2, Body: nil}}`,
			`{"type":"traces_test.request","value":{"ID":1,"Body":{"type":"traces_test.request","value":{"ID":2,"Body":null}}}}`},
		{map[string]int{"a b": 1, "\x02": 2}, `map[string]int{"\x02": 2, a b: 1}`, `{"type":"map[string]int","value":{"\u0002":2,"a b":1}}`},
		{all{A: [2]int{1, 2}, H: [2]byte{0, 1}, L: []string{"x", ""}, M: map[string]int{"k": 1}, K: map[[2]int]bool{{1, 2}: true},
			I: map[any]any{uint16(1): int8(2)}, P: &hello, F32: float32(math.Inf(1)), C: 1i, B: true},
			`traces_test.all{B: true, U8: 0, U: 0, F32: "+Inf", C64: "(0+0i)", C: "(0+1i)", A: [1, 2], H: 0x0001, L: ["x", ""], M: {k: 1}, ` +
				`K: {[1, 2]: true}, I: {uint16(1): int8(2)}, P: "hello", Nil: nil}`,
			`{"type":"traces_test.all","value":{"B":true,"U8":0,"U":0,"F32":"+Inf","C64":"(0+0i)","C":"(0+1i)","A":[1,2],"H":{"base64":"AAE="},"L":["x",""],"M":{"k":1},` +
				`"K":{"[1, 2]":true},"I":{"uint16(1)":{"type":"int8","value":2}},"P":"hello","Nil":null}}`},
	} {
		v := valueOf(t, c.v)
		require.Equal(t, c.text, v.String())
		got, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, c.json, string(got))
		require.True(t, json.Valid(got))
	}
}

// encoding/json is the oracle for what it can express.
func TestJSONIsWhatEncodingJSONSays(t *testing.T) {
	type plain struct {
		A int
		B string
		C []uint64
		D map[string]int
		E *plain
		F float64
	}
	text := rapid.StringMatching(`[ -~é\n]{0,8}`)
	var draw func(depth int) *rapid.Generator[*plain]
	draw = func(depth int) *rapid.Generator[*plain] {
		return rapid.Custom(func(t *rapid.T) *plain {
			p := &plain{A: rapid.Int().Draw(t, "a"), B: text.Draw(t, "b"), F: rapid.Float64().Draw(t, "f")}
			p.C = rapid.SliceOf(rapid.Uint64()).Draw(t, "c")
			p.D = rapid.MapOf(text, rapid.Int()).Draw(t, "d")
			if depth > 0 && rapid.Bool().Draw(t, "deeper") {
				p.E = draw(depth-1).Draw(t, "e")
			}
			return p
		})
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := draw(3).Draw(rt, "value")
		want, err := json.Marshal(struct {
			Type  string `json:"type"`
			Value any    `json:"value"`
		}{"*traces_test.plain", p})
		require.NoError(rt, err)
		require.JSONEq(rt, string(want), string(valueOf(t, p).AppendJSON(nil)))
	})
}

func TestTypesOfOneNameAreNotMixedUp(t *testing.T) {
	first := func() any {
		type local struct{ A, B int }
		return local{1, 2}
	}()
	second := func() any {
		type local struct{ S string }
		return local{"x"}
	}()
	require.Equal(t, sim.TypeID(reflect.TypeOf(first)), sim.TypeID(reflect.TypeOf(second)), "or there is nothing to mix up")
	events, err := readAll("log", bytes.NewReader(logOf(t, first, second, request{1, first}, request{2, second}, request{3, first})))
	require.NoError(t, err)
	require.Equal(t, `traces_test.local{A: 1, B: 2}`, events[0].Value.String())
	require.Equal(t, `traces_test.local{S: "x"}`, events[1].Value.String())
	require.Equal(t, `traces_test.request{ID: 1, Body: traces_test.local{A: 1, B: 2}}`, events[2].Value.String())
	require.Equal(t, "opaque", events[3].Value.Type, "which of the two it is cannot be told from the encoding")
	require.Equal(t, `traces_test.request{ID: 3, Body: traces_test.local{A: 1, B: 2}}`, events[4].Value.String())
}

func TestDataOfAnotherValueIsKeptAsItIs(t *testing.T) {
	events, err := readAll("log", bytes.NewReader(record(t, func(w *sim.World) {
		for _, data := range [][]byte{{}, []byte("short"), []byte("longer than a type")} {
			w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Data: data})
			w.Emit(sim.Event{Kind: sim.Note, Host: sim.NoHost, Peer: sim.NoHost, Data: data, Value: 1})
		}
	})))
	require.NoError(t, err)
	for i, want := range []string{"", "short", "longer than a type"} {
		require.Equal(t, traces.Value{Form: traces.Text, Type: "opaque", Text: want}, events[2*i].Value)
		require.Equal(t, events[2*i].Value, events[2*i+1].Value)
	}
}

func TestAHugeValueIsKeptInOnePiece(t *testing.T) {
	v := valueOf(t, make([]struct{}, 1<<20))
	require.Equal(t, traces.Text, v.Form)
	require.Equal(t, "[]struct {}", v.Type)
	v = valueOf(t, make([]int16, 300_000))
	require.Equal(t, traces.Text, v.Form)
	v = valueOf(t, make([]int16, 200_000))
	require.Len(t, v.Items, 200_000)
}

func TestLongTypeNamesAreCut(t *testing.T) {
	v := valueOf(t, struct {
		Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien int
		Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopien_Äthiopie  int
	}{1, 2})
	require.LessOrEqual(t, len(v.Type), 256)
	require.True(t, strings.HasPrefix(v.Type, "struct { Äthiopien"))
	require.True(t, strings.HasSuffix(v.Type, "…"))
	require.Equal(t, "2", v.Items[1].Value.Text)
}

// A payload that is no text is shown in part among events, in full by itself.
func TestOfBytesWithoutTextTheFirstAreShown(t *testing.T) {
	events, err := readAll("log", bytes.NewReader(logOf(t, make([]byte, 64))))
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, traces.WriteText(&out, open(t, logOf(t, make([]byte, 64))).Events(), traces.Filter{}))
	require.Contains(t, out.String(), "[]byte(0x"+strings.Repeat("00", 16)+"… 64 bytes)")
	require.Contains(t, events[0].String(), "[]byte(0x"+strings.Repeat("00", 64)+")")
}

func TestNilIsNoAbsence(t *testing.T) {
	with := traces.Event{Seq: 1, Value: traces.Value{Form: traces.Nil}}
	require.Equal(t, []string{"value"}, with.Differences(traces.Event{Seq: 1}))
	require.True(t, with.Equal(with))
	require.Equal(t, "", fmt.Sprint(traces.Value{}))
}

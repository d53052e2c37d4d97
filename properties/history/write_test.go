package history

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	allKinds = []Kind{Read, Write, CAS, Append, Enqueue, Dequeue, Push, Pop, Add, Remove, Contains, Acquire, Release}
	rwKinds  = []Kind{Read, Write}
)

// drawAtom draws a value that is no list.
func drawAtom(t *rapid.T) Value {
	if rapid.IntRange(0, 4).Draw(t, "boolean") == 0 {
		return Bool(rapid.Bool().Draw(t, "value"))
	}
	return drawValue(t)
}

// drawAnyValue draws a value, perhaps a list of lists.
func drawAnyValue(t *rapid.T) Value {
	if rapid.IntRange(0, 3).Draw(t, "list") > 0 {
		return drawAtom(t)
	}
	items := make([]Value, rapid.IntRange(0, 3).Draw(t, "items"))
	for i := range items {
		items[i] = drawAnyValue(t)
	}
	return List(items...)
}

// drawMoments draws a history whose moments tie often, with annotations.
func drawMoments(t *rapid.T, kinds []Kind, value func(*rapid.T) Value) *History {
	h := &History{}
	text := rapid.OneOf(rapid.Just(""), rapid.Just("x"), rapid.String())
	for client := range rapid.IntRange(1, 4).Draw(t, "clients") {
		at := rapid.Int64Range(-2, 2).Draw(t, "start")
		for range rapid.IntRange(0, 4).Draw(t, "operations") {
			o := Operation{Client: client, Key: text.Draw(t, "key"), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
				Call: at, CallTime: rapid.Int64Range(-1, 1).Draw(t, "time"), Node: text.Draw(t, "node")}
			o.Return = o.Call + rapid.Int64Range(0, 4).Draw(t, "duration")
			if o.Kind.Takes() {
				o.Arg = value(t)
			}
			if o.Kind == CAS {
				o.Old = value(t)
			}
			drawOutcome(t, &o, value)
			h.Operations = append(h.Operations, o)
			if o.Outcome == Unknown {
				break
			}
			at = o.Return + rapid.Int64Range(1, 3).Draw(t, "pause")
		}
	}
	slices.SortStableFunc(h.Operations, func(a, b Operation) int { return cmp.Compare(a.Call, b.Call) })
	for range rapid.IntRange(0, 2).Draw(t, "annotations") {
		a := Annotation{From: rapid.Int64Range(-2, 9).Draw(t, "from"), Label: text.Draw(t, "label")}
		a.To = rapid.SampledFrom([]int64{a.From, a.From + 3, Pending}).Draw(t, "to")
		h.Annotations = append(h.Annotations, a)
	}
	return h
}

func drawOutcome(t *rapid.T, o *Operation, value func(*rapid.T) Value) {
	o.Outcome = rapid.SampledFrom([]Outcome{OK, OK, OK, Failed, Unknown}).Draw(t, "outcome")
	switch {
	case o.Outcome == Unknown:
		o.Return = Pending
		return
	case o.Outcome == OK && o.Kind.Returns():
		o.Out = value(t)
	case o.Outcome == OK && (o.Kind == Contains || o.Kind.Answers() && rapid.Bool().Draw(t, "answers")):
		o.Out = Bool(rapid.Bool().Draw(t, "answer"))
	}
	o.ReturnTime = rapid.Int64Range(-1, 1).Draw(t, "time")
}

// formatsWritten says of each format which histories it can hold, and what it
// drops.
var formatsWritten = []struct {
	format       Format
	kinds        []Kind
	value        func(*rapid.T) Value
	times, nodes bool
}{
	{JSONL, allKinds, drawAnyValue, true, true},
	{EDN, allKinds, drawAnyValue, true, true},
	{JepsenLog, allKinds, drawAnyValue, false, false},
	{Elle, rwKinds, drawAtom, true, false},
	{PorcupineJSON, allKinds, drawAnyValue, true, true},
}

// readAgain reads what WriteTo wrote of h.
func readAgain(t require.TestingT, h *History, format Format) *History {
	var text bytes.Buffer
	require.NoError(t, WriteTo(&text, h, format))
	keyed := slices.ContainsFunc(h.Operations, func(o Operation) bool { return o.Key != "" })
	again, err := ReadFrom("test", bytes.NewReader(text.Bytes()), ReadOptions{Format: format, Keyed: keyedIf(keyed)})
	require.NoError(t, err, "%s", text.String())
	require.NoError(t, again.Validate())
	return again
}

func TestEveryFormatHoldsTheSameHistory(t *testing.T) {
	for _, tc := range formatsWritten {
		t.Run(string(tc.format), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := drawMoments(t, tc.kinds, tc.value)
				again := readAgain(t, h, tc.format)
				require.Len(t, again.Operations, len(h.Operations))
				for i := range h.Operations {
					for j := range h.Operations {
						require.Equal(t, h.Operations[i].Return < h.Operations[j].Call, again.Operations[i].Return < again.Operations[j].Call)
					}
				}
				for i, want := range h.Operations {
					got := again.Operations[i]
					want.Call, want.Return = got.Call, got.Return
					if !tc.times {
						want.CallTime, want.ReturnTime = 0, 0
					}
					if !tc.nodes {
						want.Node = ""
					}
					require.Equal(t, want, got)
				}
				require.Equal(t, again.Operations, readAgain(t, again, tc.format).Operations, "positions do not move")
				if tc.format == PorcupineJSON {
					require.Equal(t, h, again)
				}
			})
		})
	}
}

func TestWhatIsWritten(t *testing.T) {
	h := &History{
		Operations: []Operation{
			{Client: 0, Key: "x", Kind: Write, Arg: Text("a\n\"\\\u0001é<"), Call: 0, Return: 4, CallTime: 10, ReturnTime: 20, Node: "n1"},
			{Client: 1, Key: "x", Kind: Read, Out: Int(-3), Call: 1, Return: 5},
			{Client: 2, Kind: Write, Outcome: Unknown, Call: 5, Return: Pending},
			{Client: 0, Kind: Read, Outcome: Failed, Call: 6, Return: 6},
		},
		Annotations: []Annotation{{From: 2, To: 4, Label: "partition"}, {From: 3, To: 3, Label: "crash n1"}},
	}
	for format, want := range map[Format]string{
		JSONL: `{"type":"invoke","process":0,"f":"write","key":"x","value":"a\n\"\\\u0001é<","time":10,"node":"n1"}
{"type":"invoke","process":1,"f":"read","key":"x"}
{"type":"fault","fault":0,"label":"partition"}
{"type":"mark","label":"crash n1"}
{"type":"ok","process":0,"f":"write","key":"x","value":"a\n\"\\\u0001é<","time":20}
{"type":"heal","fault":0}
{"type":"invoke","process":2,"f":"write","value":null}
{"type":"ok","process":1,"f":"read","key":"x","value":-3}
{"type":"invoke","process":0,"f":"read"}
{"type":"fail","process":0,"f":"read"}
`,
		EDN: `{:process 0, :type :invoke, :f :write, :value ["x" "a\n\"\\\u0001é<"], :node "n1", :time 10, :index 0}
{:process 1, :type :invoke, :f :read, :value ["x" nil], :index 1}
{:process :nemesis, :type :info, :f :start, :value "partition", :index 2}
{:process :nemesis, :type :info, :f :mark, :value "crash n1", :index 3}
{:process 0, :type :ok, :f :write, :value ["x" "a\n\"\\\u0001é<"], :time 20, :index 4}
{:process :nemesis, :type :info, :f :stop, :value "partition", :index 5}
{:process 2, :type :invoke, :f :write, :value ["" nil], :index 6}
{:process 1, :type :ok, :f :read, :value ["x" -3], :index 7}
{:process 0, :type :invoke, :f :read, :value ["" nil], :index 8}
{:process 0, :type :fail, :f :read, :value ["" nil], :index 9}
`,
		JepsenLog: strings.ReplaceAll(`INFO  jepsen.util - 0|:invoke|:write|["x" "a\n\"\\\u0001é<"]
INFO  jepsen.util - 1|:invoke|:read|["x" nil]
INFO  jepsen.util - :nemesis|:info|:start|"partition"
INFO  jepsen.util - :nemesis|:info|:mark|"crash n1"
INFO  jepsen.util - 0|:ok|:write|["x" "a\n\"\\\u0001é<"]
INFO  jepsen.util - :nemesis|:info|:stop|"partition"
INFO  jepsen.util - 2|:invoke|:write|["" nil]
INFO  jepsen.util - 1|:ok|:read|["x" -3]
INFO  jepsen.util - 0|:invoke|:read|["" nil]
INFO  jepsen.util - 0|:fail|:read|["" nil]
`, "|", "\t"),
		Elle: `{"type":"invoke","process":0,"f":"txn","value":[["w","x","a\n\"\\\u0001é<"]],"time":10}
{"type":"invoke","process":1,"f":"txn","value":[["r","x",null]]}
{"type":"info","process":"nemesis","f":"start","value":"partition"}
{"type":"info","process":"nemesis","f":"mark","value":"crash n1"}
{"type":"ok","process":0,"f":"txn","value":[["w","x","a\n\"\\\u0001é<"]],"time":20}
{"type":"info","process":"nemesis","f":"stop","value":"partition"}
{"type":"invoke","process":2,"f":"txn","value":[["w","",null]]}
{"type":"ok","process":1,"f":"txn","value":[["r","x",-3]]}
{"type":"invoke","process":0,"f":"txn","value":[["r","",null]]}
{"type":"fail","process":0,"f":"txn","value":[["r","",null]]}
`,
		PorcupineJSON: `{"ClientId":0,"Input":{"op":"write","key":"x","value":"a\n\"\\\u0001é<"},"Call":0,"Output":{},"Return":4,` +
			`"Metadata":{"node":"n1","callTime":10,"returnTime":20}}
{"ClientId":1,"Input":{"op":"read","key":"x"},"Call":1,"Output":{"value":-3},"Return":5}
{"ClientId":2,"Input":{"op":"write","value":null},"Call":5}
{"ClientId":0,"Input":{"op":"read"},"Call":6,"Output":{"failed":true},"Return":6}
{"Start":2,"End":4,"Description":"partition"}
{"Start":3,"End":3,"Description":"crash n1"}
`,
	} {
		var text bytes.Buffer
		require.NoError(t, WriteTo(&text, h, format))
		require.Equal(t, want, text.String(), format)
	}
}

func TestAnswersAndListsAreWrittenSoThatTheyAreNotMistaken(t *testing.T) {
	pair := List(Text("x"), Bool(true))
	for _, tc := range []struct {
		o         Operation
		json, edn string // the value of its ok
	}{
		{Operation{Kind: Add, Arg: Int(1)}, `,"value":1}`, "1"},
		{Operation{Kind: Add, Arg: Int(1), Out: Bool(false)}, `,"value":[1,false]}`, "[1 false]"},
		{Operation{Kind: Add, Arg: pair}, `}`, "nil"},
		{Operation{Kind: Add, Arg: pair, Out: Bool(true)}, `,"value":[["x",true],true]}`, `[["x" true] true]`},
		{Operation{Kind: Write, Arg: pair}, `,"value":["x",true]}`, `["x" true]`},
		{Operation{Kind: CAS, Arg: pair, Old: List()}, `,"value":[[],["x",true]]}`, `[[] ["x" true]]`},
		{Operation{Kind: Contains, Out: Bool(true)}, `,"value":[null,true]}`, "[nil true]"},
		{Operation{Kind: Read, Out: pair}, `,"value":["x",true]}`, `["x" true]`},
		{Operation{Kind: Acquire}, `}`, "nil"},
	} {
		tc.o.Return = 1
		h := &History{Operations: []Operation{tc.o}}
		var text bytes.Buffer
		require.NoError(t, WriteTo(&text, h, JSONL))
		require.True(t, strings.HasSuffix(text.String(), `"f":"`+tc.o.Kind.String()+`"`+tc.json+"\n"), text.String())
		text.Reset()
		require.NoError(t, WriteTo(&text, h, EDN))
		require.True(t, strings.HasSuffix(text.String(), " :value "+tc.edn+", :index 1}\n"), text.String())
	}
}

func TestAFormatRefusesWhatItCannotSay(t *testing.T) {
	one := func(o Operation) *History {
		o.Return = 1
		return &History{Operations: []Operation{{Client: 1, Kind: Read, Return: 1}, o}}
	}
	for _, tc := range []struct {
		h      *History
		format Format
		want   string
	}{
		{&History{}, Auto, `history: no format "" to write, expected one of [edn jepsen-log jsonl elle porcupine-json]`},
		{&History{}, "xml", `history: no format "xml" to write, expected one of [edn jepsen-log jsonl elle porcupine-json]`},
		{one(Operation{Kind: CAS}), Elle,
			"history: elle cannot hold operation 1, cas nil to nil by client 0: its registers are only read and written"},
		{one(Operation{Kind: Write, Arg: List()}), Elle,
			"history: elle cannot hold operation 1, write [] by client 0: its registers hold no lists"},
		{one(Operation{Kind: Read, Out: List(Int(1))}), Elle,
			"history: elle cannot hold operation 1, read of [1] by client 0: its registers hold no lists"},
	} {
		err := WriteTo(io.Discard, tc.h, tc.format)
		require.EqualError(t, err, tc.want)
		var format *FormatError
		require.Equal(t, tc.format == Elle, errors.As(err, &format))
	}
	for _, format := range []Format{EDN, JepsenLog, JSONL, Elle, PorcupineJSON} {
		require.EqualError(t, WriteTo(io.Discard, one(Operation{Kind: Write, Arg: Text("\xff")}), format),
			`history: invalid history: operation 1, write "\xff" by client 0: holds text that is not UTF-8`)
		require.ErrorIs(t, WriteTo(io.Discard, &History{Operations: []Operation{{Call: 2}}}, format), ErrInvalid)
		require.ErrorIs(t, WriteTo(failing{}, one(Operation{Kind: Write}), format), errFailing)
	}
	require.EqualError(t, WriteTo(io.Discard, one(Operation{Kind: Write, Arg: List(Text(`\x`), List(Text("a\xff")))}), JSONL),
		`history: invalid history: operation 1, write ["\\x" ["a\xff"]] by client 0: holds text that is not UTF-8`)
	require.NoError(t, WriteTo(io.Discard, one(Operation{Kind: Write, Arg: List(Text(`\xff`), List(Text("\x00")))}), JSONL))
}

var errFailing = errors.New("no space")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFailing }

// heapWatch is a writer that looks at how much is in use now and then.
type heapWatch struct {
	written int
	peak    uint64
}

func (w *heapWatch) Write(p []byte) (int, error) {
	const often = 2 << 20
	if w.written/often < (w.written+len(p))/often {
		w.peak = max(w.peak, inUse())
	}
	w.written += len(p)
	return len(p), nil
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestWritingHoldsLittleBesideTheHistory(t *testing.T) {
	const n = 100_000
	h := &History{Operations: make([]Operation, n)}
	for i := range h.Operations {
		at := int64(i) * 2
		h.Operations[i] = Operation{Client: i % 8, Kind: Write, Arg: Int(at), Call: at, Return: at + 5}
	}
	for _, format := range Formats() {
		before := inUse()
		w := &heapWatch{}
		require.NoError(t, WriteTo(w, h, format))
		require.Greater(t, w.written, 50*n)
		require.Positive(t, w.peak)
		require.Less(t, w.peak, before+60*n, "%s: 24 bytes for each event", format)
	}
}

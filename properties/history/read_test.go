package history

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEveryFormatGivesTheHistoryItDescribes(t *testing.T) {
	for file, tc := range map[string]struct {
		keyed bool
		want  History
	}{
		"register.edn": {false, History{
			Operations: []Operation{
				{Client: 0, Kind: Write, Arg: Int(1), Call: 0, Return: 2, CallTime: 1000, ReturnTime: 2000, Node: "n1"},
				{Client: 1, Kind: Read, Out: Int(1), Call: 1, Return: 4},
				{Client: 2, Kind: Write, Arg: Int(2), Outcome: Unknown, Call: 5, Return: Pending},
				{Client: 1, Kind: Read, Out: Int(2), Call: 7, Return: 8},
			},
			Annotations: []Annotation{{From: 3, To: 3, Label: ":nemesis :start :isolated"}, {From: 6, To: 6, Label: ":nemesis :stop"}},
		}},
		"keyed.edn": {true, History{Operations: []Operation{
			{Client: 0, Key: "1", Kind: Write, Arg: Int(10), Call: 0, Return: 2},
			{Client: 1, Key: "2", Kind: CAS, Old: Value{}, Arg: Int(20), Call: 1, Return: 3},
			{Client: 0, Key: "2", Kind: Read, Out: Int(20), Call: 4, Return: 5},
		}}},
		"store.edn": {true, History{Operations: []Operation{
			{Client: 0, Key: "a", Kind: Read, Out: Text(""), Call: 0, Return: 2},
			{Client: 1, Key: "a", Kind: Append, Arg: Text("x 1 0 y"), Call: 1, Return: 3},
			{Client: 1, Key: "a", Kind: Read, Out: Text("x 1 0 y"), Call: 4, Return: 5},
		}}},
		"cas.log": {false, History{
			Operations: []Operation{
				{Client: 0, Kind: CAS, Arg: Int(1), Outcome: Unknown, Call: 0, Return: Pending},
				{Client: 3, Kind: Read, Out: Int(1), Call: 1, Return: 3},
				{Client: 3, Kind: Read, Outcome: Failed, Call: 4, Return: 5},
			},
			Annotations: []Annotation{{From: 2, To: 2, Label: ":nemesis :start"}},
		}},
		"sample.jsonl": {true, History{
			Operations: []Operation{
				{Client: 0, Key: "x", Kind: Write, Arg: Int(3), Call: 0, Return: 3, CallTime: 1000, ReturnTime: 9000, Node: "n1"},
				{Client: 1, Key: "x", Kind: CAS, Old: Int(3), Arg: Text("three"), Call: 1, Return: 5, CallTime: 1500, ReturnTime: 9500},
				{Client: 2, Key: "x", Kind: Append, Arg: Text("!"), Outcome: Unknown, Call: 6, Return: Pending},
				{Client: 1, Key: "x", Kind: Read, Out: Text("three!"), Call: 8, Return: 9},
			},
			Annotations: []Annotation{{From: 2, To: 7, Label: "partition n1 | n2 n3"}, {From: 4, To: 4, Label: "crash n2"}},
		}},
	} {
		h, err := ReadFile("testdata/"+file, ReadOptions{Keyed: keyedIf(tc.keyed)})
		require.NoError(t, err, file)
		require.Equal(t, &tc.want, h, file)
	}
}

func TestShapesOfEDNThatMeanTheSame(t *testing.T) {
	const a, b = "{:process 0 :type :invoke :f :write :value 1}", "{:process 0 :type :ok :f :write}"
	want := record(t, Event{Kind: Write, Value: Int(1)}, Event{Type: OKEvent, Kind: Write})
	for _, text := range []string{
		a + "\n" + b, a + b, "[" + a + b + "]", "(" + a + "," + b + ")", "[" + a + "][" + b + "]", "\ufeff" + a + b,
		"; comment\r\n#tag [" + a + " #_ #_ 1 2 " + b + "]\n; end", "#history [ " + a + " #op #_x " + b + "]",
		"{:process 0 :type :invoke :f :put :value 1 \"process\" 9 [1 2 3 4 5] {:a #{}}}" + b,
	} {
		h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{})
		require.NoError(t, err, text)
		require.Equal(t, want, h, text)
	}
	for _, empty := range []string{"[]", "()", "; nothing\n", "#_ {} [\n]"} {
		h, err := ReadFrom("test", strings.NewReader(empty), ReadOptions{})
		require.NoError(t, err, empty)
		require.Empty(t, h.Operations)
	}
}

func keyedIf(yes bool) Keyed {
	if yes {
		return KeyedYes
	}
	return KeyedNo
}

// broken are inputs that must be refused, and the error.
var broken = []struct {
	format Format
	keyed  bool
	text   string
	want   string
}{
	{Auto, false, "", "test:1: expected a history, found an empty file"},
	{Auto, false, "\n \n", "test:1: expected a history, found an empty file"},
	{Auto, false, "\nhello", `test:2: expected a history as EDN maps, Jepsen log or JSON lines, found "hello"`},
	{Auto, false, strings.Repeat("x", 50), `test:1: expected a history as EDN maps, Jepsen log or JSON lines, found "` + strings.Repeat("x", 40) + `"…`},
	{Auto, false, "{:process 0\n\x00", "test:2: expected UTF-8 text, found byte 0x00"},
	{Auto, false, "{:process 0\n\n; \xff", "test:3: expected UTF-8 text, found byte 0xff"},
	{Auto, false, "\x89PNG", "test:1: expected UTF-8 text, found byte 0x89"},
	{"yaml", false, "x", `history: no format "yaml", expected one of [edn jepsen-log jsonl elle porcupine-json]`},

	{EDN, false, "[{:process 0\n", `test:2: expected '}', opened in line 1, found the end`},
	{EDN, false, "[\n{:process :nemesis}", "test:2: expected ']', opened in line 1, found the end"},
	{EDN, false, "[{:process", "test:1: expected a form, found the end"},
	{EDN, false, "[1]", `test:1: expected an operation in braces, found "1"`},
	{EDN, false, "[[{}]]", `test:1: expected an operation in braces, found "["`},
	{EDN, false, "]", `test:1: expected an operation in braces, found "]"`},
	{EDN, false, "{:process}", "test:1: expected a value for each key of a map"},
	{EDN, false, "{:process :nemesis :value {1}}", "test:1: expected a value for each key of a map"},
	{EDN, false, "{:process 0\n:process 1}", "test:2: expected :process once in a map"},
	{EDN, false, "{:type :ok}", `test:1: expected an integer or a name as :process, found nothing`},
	{EDN, false, "{:type :ok\n:process \"0\"}", `test:2: expected an integer or a name as :process, found a string "0"`},
	{EDN, false, "{:process 99999999999999999999}", `test:1: expected an integer or a name as :process, found a number that is no 64-bit integer, "99999999999999999999"`},
	{EDN, false, "{:process 1}", `test:1: expected invoke, ok, fail or info as :type, found nothing`},
	{EDN, false, "{:process 1 :type :sleep}", `test:1: expected invoke, ok, fail or info as :type, found :sleep`},
	{EDN, false, "{:process 1 :type :ok :f read}", `test:1: expected read, write, cas, append, enqueue, dequeue, push, pop, add, remove, contains, acquire or release as :f, found a symbol "read"`},
	{EDN, false, "{:process 1 :type :ok :f :transfer}", `test:1: expected read, write, cas, append, enqueue, dequeue, push, pop, add, remove, contains, acquire or release as :f, found :transfer`},
	{EDN, false, "{:process 1 :type :ok :f :read}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{EDN, false, "{:process 1 :type :ok :f :read :value :x}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found :x`},
	{EDN, false, "{:process 1 :type :ok :f :read :value 1.5}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found a number that is no 64-bit integer, "1.5"`},
	{EDN, false, "{:process 1 :type :ok :f :read :value 99999999999999999999}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found a number that is no 64-bit integer, "99999999999999999999"`},
	{EDN, false, "{:process 1 :type :ok :f :read :value {}}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found a map`},
	{EDN, false, "{:process 1 :type :invoke :f :cas :value [1 2 3]}", `test:1: expected [old, new] as the value of a cas, found a list of 3`},
	{EDN, false, "{:process 1 :type :invoke :f :cas :value [1 :a]}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found :a`},
	{EDN, false, "{:process 1 :type :ok\n :f :read :value 1}", "test:1: process 1 has ok of a read it did not invoke"},
	{EDN, false, "{:process 1 :type :invoke :f :read}\n{:process 1 :type :invoke :f :read}", "test:2: process 1 invokes a read while its read runs"},
	{EDN, false, "{:process 1 :type :invoke :f :read}{:process 1 :type :info :f :read}\n\n{:process 1 :type :invoke :f :read}",
		"test:3: process 1 invokes a read after an operation of unknown outcome: such a process never returns"},
	{EDN, false, "{:process 1 :type :ok :f :read :value [1 [:x]]}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found :x`},
	{EDN, false, "{:process 1 :type :ok :f :read :value #{1 {}}}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found a map`},
	{EDN, false, "{:process 1 :type :ok :f :contains :value 1}", `test:1: expected [element, boolean] as the value of an ok contains, found an integer 1`},
	{EDN, false, "{:process 1 :type :ok :f :contains :value nil}", `test:1: expected [element, boolean] as the value of an ok contains, found nil`},
	{EDN, false, "{:process 1 :type :ok :f :contains :value [1 2]}", `test:1: expected [element, boolean] as the value of an ok contains, found a list of 2`},
	{EDN, false, "{:process 1 :type :ok :f :dequeue}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{EDN, false, "{:process 1 :type :invoke :f :enqueue}", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{EDN, false, "{:process 1 :type :fail\n:f :drain :value []}", `test:2: expected a dequeue for each element, not all in one operation, as :f, found :drain`},
	{EDN, false, "{:process 1 :type :invoke :f :add :value 1}\n{:process 1 :type :ok :f :add :value [2 true]}",
		"test:2: process 1 has ok of add 2, but it invoked add 1"},
	{EDN, true, "{:process 1 :type :invoke :f :read :value nil}", `test:1: expected a key or a [key, value] tuple, which a keyed model needs, found nil`},
	{EDN, true, "{:process 1 :type :invoke :f :write :value [1 2 3]}", `test:1: expected a key or a [key, value] tuple, which a keyed model needs, found a list of 3`},
	{EDN, true, "{:process 1 :type :invoke :f :write :value [nil 2]}", `test:1: expected an integer or a name as a key, found nil`},
	{EDN, true, "{:process 1 :type :invoke :f :read :value [1 nil]}\n{:process 2 :type :invoke :f :read :value [\"1\" nil]}",
		"test:2: expected one type of key, found 1 as an integer and as a string"},
	{EDN, false, `{:process :n :value "`, "test:1: expected the end of the string that begins here, found the end of the file"},
	{EDN, false, `{:process :n :value "\q"}`, `test:1: expected an escape such as \n or \u0041 in a string, found "\\q\"}"`},
	{EDN, false, `{:process :n :value "\u12`, `test:1: expected an escape such as \n or \u0041 in a string, found "\\u12"`},
	{EDN, false, `{:process :n :value \`, "test:1: expected a character after the backslash"},
	{EDN, false, `{:process :n :value :}`, "test:1: expected a keyword after the colon"},
	{EDN, false, `{:process :n :value 1x}`, `test:1: expected a number, found "1x"`},
	{EDN, false, `{:process :n :value @a}`, `test:1: expected a form, found "@"`},
	{EDN, false, `{:process :n :value #}`, "test:1: expected a tag, #_ or a set after #"},
	{EDN, false, `{:process :n :value [}`, `test:1: expected a form, found "}"`},
	{EDN, false, strings.Repeat("#_", 1_000_000), "test:1: expected at most 72 nested forms"},
	{EDN, false, "{:process :n :value " + strings.Repeat("[", 1_000_000), "test:1: expected at most 72 nested forms"},
	{EDN, false, strings.Repeat("[", 1_000_000), `test:1: expected an operation in braces, found "["`},

	{JepsenLog, false, "INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.ut",
		`test:2: expected "INFO  jepsen.util - process :type :f value", found "INFO  jepsen.ut"`},
	{JepsenLog, false, "java.lang.Exception", `test:1: expected "INFO  jepsen.util - process :type :f value", found "java.lang.Exception"`},
	{JepsenLog, false, "\nINFO  jepsen.util - 0\t:invoke\t:read", "test:2: expected a form, found the end"},
	{JepsenLog, false, "INFO  jepsen.util - 0\t:begin\t:read\tnil", `test:1: expected invoke, ok, fail or info as :type, found :begin`},
	{JepsenLog, false, "INFO  jepsen.util - 0\t:ok\t:read\t:timed-out", `test:1: expected nil, a boolean, a 64-bit integer, a string or a list as a value, found :timed-out`},
	{JepsenLog, false, "INFO  jepsen.util - 0\t:invoke\t:read\tnil ]", `test:1: expected a form, found "]"`},

	{JSONL, false, `{"type":"invoke"`, `test:1: expected '}', opened in line 1, found the end`},
	{JSONL, false, `{"type":"info" 3}`, `test:1: expected a name in quotes, found "3"`},
	{JSONL, false, `{"type" "info"}`, `test:1: expected a colon after a name`},
	{JSONL, false, `{"type":nil}`, `test:1: expected a JSON value, found "nil"`},
	{JSONL, false, `{"type":"info",}{"type"}`, `test:1: expected an integer or a name as "process", found nothing`},
	{JSONL, false, `{"type":}`, `test:1: expected a value for each key of a map`},
	{JSONL, false, `{"type":"x" # tag`, `test:1: expected a name in quotes, found "#"`},
	{JSONL, false, `{"type":"mark","label":[1]}`, `test:1: expected a string as "label", found a list of 1`},
	{JSONL, false, `{"a":"\ud83d\u12"}`, `test:1: expected an escape such as \n or \u0041 in a string, found "\\u12\"}"`},
	{JSONL, false, "\n[1]", `test:2: expected an operation in braces, found "1"`},
	{JSONL, false, `{"process":1,"type":3}`, `test:1: expected invoke, ok, fail, info, mark, fault or heal as "type", found an integer 3`},
	{JSONL, false, `{"process":["x"]}`, `test:1: expected an integer or a name as "process", found a list of 1`},
	{JSONL, false, `{"type":"begin","process":1}`, `test:1: expected invoke, ok, fail, info, mark, fault or heal as "type", found a string "begin"`},
	{JSONL, false, `{"type":"invoke"}`, `test:1: expected an integer or a name as "process", found nothing`},
	{JSONL, false, `{"type":"invoke","process":1,"f":"transfer"}`, `test:1: expected read, write, cas, append, enqueue, dequeue, push, pop, add, remove, contains, acquire or release as "f", found a string "transfer"`},
	{JSONL, false, `{"type":"invoke","process":1,"f":"write"}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{JSONL, false, `{"type":"invoke","process":1,"f":"write","value":1.5}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found a number that is no 64-bit integer, "1.5"`},
	{JSONL, false, `{"type":"ok","process":1,"f":"read"}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{JSONL, false, `{"type":"invoke","process":1,"f":"cas","value":[1]}`, `test:1: expected [old, new] as the value of a cas, found a list of 1`},
	{JSONL, false, `{"type":"invoke","process":1,"f":"cas","value":[1,{}]}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found a map`},
	{JSONL, false, `{"type":"ok","process":1,"f":"contains","value":1}`, `test:1: expected [element, boolean] as the value of an ok contains, found an integer 1`},
	{JSONL, false, `{"type":"ok","process":1,"f":"pop"}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{JSONL, false, `{"type":"ok","process":1,"f":"read","value":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`,
		"test:1: expected at most 64 nested lists as a value"},
	{JSONL, false, `{"type":"fault"}`, `test:1: expected an integer as "fault", found nothing`},
	{JSONL, false, `{"type":"heal","fault":1}`, "test:1: expected fault 1 before its heal"},
	{JSONL, false, "{\"type\":\"fault\",\"fault\":1}\n{\"type\":\"fault\",\"fault\":1}", "test:2: fault 1 begins again before its heal"},
	{JSONL, false, `{"a":` + strings.Repeat("[", 100_000), "test:1: expected at most 72 nested forms"},
}

func TestBrokenInputNamesTheLineAndWhatWasExpected(t *testing.T) {
	for _, tc := range broken {
		for _, format := range []Format{tc.format, Auto} {
			h, err := ReadFrom("test", strings.NewReader(tc.text), ReadOptions{Format: format, Keyed: keyedIf(tc.keyed)})
			require.Nil(t, h, "%.200s", tc.text)
			require.Error(t, err, "%.200s", tc.text)
			if format == tc.format {
				require.EqualError(t, err, tc.want, "%.200s", tc.text)
			}
		}
	}
}

func TestAnErrorOfTheReaderIsReturnedAsItIs(t *testing.T) {
	broke := errors.New("broke")
	_, err := ReadFrom("test", iotest.ErrReader(broke), ReadOptions{})
	require.ErrorIs(t, err, broke)
	_, err = ReadFile("testdata/absent.edn", ReadOptions{})
	require.ErrorContains(t, err, "absent.edn")
}

// drawHistory records a random run: processes that invoke and end operations
// of two keys, with faults beside them.
func drawHistory(t *rapid.T) *History {
	var r Recorder
	running := map[int]Event{}
	var faults []int
	process := 0
	text := rapid.OneOf(rapid.String(), rapid.Just("x"))
	for range rapid.IntRange(0, 30).Draw(t, "events") {
		time := rapid.Int64Range(0, 5).Draw(t, "time")
		switch p := rapid.IntRange(process, process+3).Draw(t, "process"); rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			r.Mark(text.Draw(t, "label"))
		case 1:
			faults = append(faults, r.Begin(text.Draw(t, "label")))
		case 2:
			if len(faults) > 0 {
				r.End(faults[0])
				faults = faults[1:]
			}
		default:
			e, ok := running[p]
			if !ok {
				e = Event{Process: p, Kind: Kind(rapid.IntRange(0, 3).Draw(t, "kind")), Key: text.Draw(t, "key"),
					Node: text.Draw(t, "node"), Time: time, Value: drawValue(t)}
				if e.Kind == CAS {
					e.Old = drawValue(t)
				}
				running[p] = e
				require.NoError(t, r.Add(e))
				break
			}
			delete(running, p)
			e.Type, e.Time = EventType(rapid.IntRange(1, 3).Draw(t, "type")), time
			require.NoError(t, r.Add(e))
			if e.Type == InfoEvent {
				process += 4 // as Jepsen numbers the processes after a crash
			}
		}
	}
	return r.History()
}

func TestJSONLinesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		var text bytes.Buffer
		require.NoError(t, WriteJSONL(&text, h))
		if text.Len() == 0 {
			return
		}
		for _, format := range []Format{Auto, JSONL} {
			again, err := ReadFrom("test", bytes.NewReader(text.Bytes()), ReadOptions{Format: format})
			require.NoError(t, err, "%s", text.String())
			require.Equal(t, h, again, "%s", text.String())
		}
	})
}

func TestJSONLinesKeepTheOrderOfTies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &History{}
		for client := range rapid.IntRange(1, 8).Draw(t, "operations") {
			call := rapid.Int64Range(0, 7).Draw(t, "call")
			o := Operation{Client: client, Kind: Write, Arg: Int(int64(client)), Call: call,
				Return: call + rapid.Int64Range(0, 4).Draw(t, "duration")}
			if rapid.Bool().Draw(t, "pending") {
				o.Outcome, o.Return = Unknown, Pending
			}
			h.Operations = append(h.Operations, o)
		}
		slices.SortStableFunc(h.Operations, func(a, b Operation) int { return int(a.Call - b.Call) })
		var text bytes.Buffer
		require.NoError(t, WriteJSONL(&text, h))
		again, err := ReadFrom("test", &text, ReadOptions{})
		require.NoError(t, err)
		require.Len(t, again.Operations, len(h.Operations))
		for i := range h.Operations {
			for j := range h.Operations {
				require.Equal(t, h.Operations[i].Return < h.Operations[j].Call, again.Operations[i].Return < again.Operations[j].Call)
			}
		}
	})
}

func TestJSONLinesRefuseTextThatIsNotUTF8(t *testing.T) {
	h := record(t, Event{Kind: Write, Key: "\xff", Value: Int(1)})
	require.EqualError(t, WriteJSONL(io.Discard, h),
		"history: invalid history: operation 0, write 1 by client 0 (unknown): holds text that is not UTF-8")
	h = &History{Annotations: []Annotation{{Label: "\xff"}}}
	require.EqualError(t, WriteJSONL(io.Discard, h), "history: invalid history: the label of annotation 0 is not UTF-8")
}

// record makes a history of events, which must be possible.
func record(t *testing.T, events ...Event) *History {
	t.Helper()
	var r Recorder
	for _, e := range events {
		require.NoError(t, r.Add(e))
	}
	return r.History()
}

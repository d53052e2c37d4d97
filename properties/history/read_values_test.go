package history

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// valuesRead are calls and their ends, in EDN and in JSON, "" for no value, and
// the operation they make.
var valuesRead = []struct {
	f           string
	edn, ednEnd string
	js, jsEnd   string
	want        Operation
}{
	{"write", "true", "true", "true", "true", Operation{Kind: Write, Arg: Bool(true)}},
	{"put", "nil", "", "null", "", Operation{Kind: Write}},
	{"write", "[1 [\"a\" nil] ()]", "nil", `[1,["a",null],[]]`, "null",
		Operation{Kind: Write, Arg: List(Int(1), List(Text("a"), Value{}), List())}},
	{"cas", "[[1] #{}]", "", "[[1],[]]", "", Operation{Kind: CAS, Old: List(Int(1)), Arg: List()}},
	{"cas", "[-7 \"\\u0041\"]", "[-7N \"A\"]", `[-7,"\u0041"]`, `[-7, "A"]`, Operation{Kind: CAS, Old: Int(-7), Arg: Text("A")}},
	{"read", "", "#{3 1 \"x\" 2}", "", `[1,2,3,"x"]`, Operation{Kind: Read, Out: List(Int(1), Int(2), Int(3), Text("x"))}},
	{"get", "[9 9]", "(3 1 2 4)", "[9,9]", "[3,1,2,4]", Operation{Kind: Read, Out: List(Int(3), Int(1), Int(2), Int(4))}},
	{"enqueue", "1", "1", "1", "1", Operation{Kind: Enqueue, Arg: Int(1)}},
	{"dequeue", "nil", "1", "null", "1", Operation{Kind: Dequeue, Out: Int(1)}},
	{"dequeue", "", "nil", "", "null", Operation{Kind: Dequeue}},
	{"push", "\"a\"", "", `"a"`, "", Operation{Kind: Push, Arg: Text("a")}},
	{"pop", "nil", "nil", "null", "null", Operation{Kind: Pop}},
	{"add", "1", "1", "1", "1", Operation{Kind: Add, Arg: Int(1)}},
	{"add", "1", "nil", "1", "null", Operation{Kind: Add, Arg: Int(1)}},
	{"add", "1", "[1 false]", "1", "[1,false]", Operation{Kind: Add, Arg: Int(1), Out: Bool(false)}},
	{"add", "[1 2]", "[[1 2] true]", "[1,2]", "[[1,2],true]", Operation{Kind: Add, Arg: List(Int(1), Int(2)), Out: Bool(true)}},
	{"add", "[1 2]", "[1 2]", "[1,2]", "[1,2]", Operation{Kind: Add, Arg: List(Int(1), Int(2))}},
	{"remove", "1", "[1 true]", "1", "[1,true]", Operation{Kind: Remove, Arg: Int(1), Out: Bool(true)}},
	{"remove", "1", "", "1", "", Operation{Kind: Remove, Arg: Int(1)}},
	{"contains", "1", "[1 false]", "1", "[1,false]", Operation{Kind: Contains, Arg: Int(1), Out: Bool(false)}},
	{"acquire", "nil", "nil", "null", "null", Operation{Kind: Acquire}},
	{"lock", "", "{:fence 3}", "", `{"fence":3}`, Operation{Kind: Acquire}},
	{"unlock", "", "", "", "", Operation{Kind: Release}},
}

func TestValuesOfEveryKindOfOperation(t *testing.T) {
	ednEvent := func(typ, f, value string) string {
		if value != "" {
			value = " :value " + value
		}
		return fmt.Sprintf("{:process 4 :type :%s :f :%s%s}", typ, f, value)
	}
	jsonLine := func(typ, f, value string) string {
		if value != "" {
			value = `,"value":` + value
		}
		return fmt.Sprintf(`{"type":%q,"process":4,"f":%q%s}`, typ, f, value)
	}
	for _, tc := range valuesRead {
		tc.want.Client, tc.want.Return = 4, 1
		for format, text := range map[Format]string{
			EDN:   ednEvent("invoke", tc.f, tc.edn) + ednEvent("ok", tc.f, tc.ednEnd),
			JSONL: jsonLine("invoke", tc.f, tc.js) + "\n" + jsonLine("ok", tc.f, tc.jsEnd),
		} {
			h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{Format: format, Keyed: KeyedNo})
			require.NoError(t, err, text)
			require.Equal(t, []Operation{tc.want}, h.Operations, text)
		}
		text := fmt.Sprintf("INFO  jepsen.util - 4 :invoke :%s %s\nINFO  jepsen.util - 4 :ok :%s %s",
			tc.f, orNil(tc.edn), tc.f, orNil(tc.ednEnd))
		h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{Keyed: KeyedNo})
		require.NoError(t, err, text)
		require.Equal(t, []Operation{tc.want}, h.Operations, text)
	}
}

func orNil(edn string) string {
	if edn == "" {
		return "nil"
	}
	return edn
}

func TestAFailedDequeueSaysNothing(t *testing.T) {
	h, err := ReadFrom("test", strings.NewReader(`
		{:process 0, :type :invoke, :f :dequeue, :value nil}
		{:process 0, :type :fail, :f :dequeue, :value :empty, :error :empty}`), ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, []Operation{{Kind: Dequeue, Outcome: Failed, Return: 1}}, h.Operations)
}

func TestEqualSetsAreEqualValues(t *testing.T) {
	h, err := ReadFrom("test", strings.NewReader(`
		{:process 0, :type :invoke, :f :read} {:process 0, :type :ok, :f :read, :value #{2 1 #{4 3}}}
		{:process 0, :type :invoke, :f :read} {:process 0, :type :ok, :f :read, :value #{#{3 4} 1 2}}`), ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, h.Operations[0].Out, h.Operations[1].Out)
	require.Equal(t, "[1 2 [3 4]]", h.Operations[0].Out.String())
}

func TestKeysMayBeNumbersTextsOrNames(t *testing.T) {
	for key, want := range map[string]string{"7": "7", "-7": "-7", `"a"`: "a", ":a": "a", "a": "a"} {
		text := "{:process 0 :type :invoke :f :read :value [" + key + " nil]}"
		h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{})
		require.NoError(t, err)
		require.Equal(t, want, h.Operations[0].Key)
	}
}

func TestWhatPeopleWriteInJSONLines(t *testing.T) {
	want, err := ReadFrom("test", strings.NewReader(`{"type":"invoke","process":0,"f":"write","key":"5","value":"`+"\U0001F600"+`"}`), ReadOptions{})
	require.NoError(t, err)
	for _, text := range []string{
		"\ufeff{\r\n  \"type\": \"invoke\",\r\n  \"process\": 0, \"f\": \"write\", \"key\": 5,\r\n  \"value\": \"\\ud83d\\ude00\"\r\n}\r\n",
		`{"type":"invoke","process":0,"f":":put","key":5,"value":"\ud83d\uDE00","node":null,"time":1.5,"more":[{"a":{}}]}`,
	} {
		h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{})
		require.NoError(t, err, text)
		require.Equal(t, want, h, text)
	}
	h, err := ReadFrom("test", strings.NewReader(`{"type":"info","process":"nemesis","f":"start","value":["n1","n2"]}
		{"type":"invoke","process":0,"f":"read","key":null}`), ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, &History{
		Operations:  []Operation{{Kind: Read, Outcome: Unknown, Call: 1, Return: Pending}},
		Annotations: []Annotation{{From: 0, To: 0, Label: ":nemesis start n1"}},
	}, h)
}

func TestHalfASurrogatePairIsTheReplacementCharacter(t *testing.T) {
	for _, text := range []string{`"\ud83d"`, `"\ude00"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`} {
		h, err := ReadFrom("test", strings.NewReader("{:process 0 :type :invoke :f :write :value "+text+"}"), ReadOptions{})
		require.NoError(t, err)
		var want string
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		require.Equal(t, Text(want), h.Operations[0].Arg)
	}
}

func TestEveryFormatHoldsTheDeepestValue(t *testing.T) {
	deepest := Value{}
	for range maxLists {
		deepest = List(deepest)
	}
	h := &History{Operations: []Operation{{Key: "k", Kind: CAS, Old: deepest, Arg: deepest, Return: 1}}}
	for _, format := range []Format{EDN, JepsenLog, JSONL, PorcupineJSON} {
		require.Equal(t, h, readAgain(t, h, format), format)
	}
}

func TestTheHistoryThatJepsenPrintsForPeopleIsRead(t *testing.T) {
	store := "testdata/store/lin-kv/" + maelstrom + "/"
	printed, err := ReadFile(store+"history.txt", ReadOptions{})
	require.NoError(t, err)
	h, err := ReadFile(store+"history.edn", ReadOptions{})
	require.NoError(t, err)
	require.Len(t, h.Operations, 5)
	for i := range h.Operations {
		h.Operations[i].CallTime, h.Operations[i].ReturnTime = 0, 0
	}
	require.Equal(t, h, printed)
}

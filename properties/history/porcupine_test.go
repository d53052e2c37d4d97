package history

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// readPorcupineText reads text as PorcupineJSON, from a file called test.
func readPorcupineText(text string) (*History, error) {
	return ReadFrom("test", strings.NewReader(text), ReadOptions{Format: PorcupineJSON})
}

func TestPorcupineSamplesGiveTheHistoriesTheyDescribe(t *testing.T) {
	for file, want := range map[string]History{
		"porcupine.json": {
			Operations: []Operation{
				{Client: 2, Key: "y", Kind: Write, Arg: List(Int(1), List(Text("two"))), Call: 5, Return: 9},
				{Client: 0, Key: "x", Kind: Write, Arg: Text("a"), Call: 10, Return: 20, CallTime: 10000, Node: "n1"},
				{Client: 2, Key: "y", Kind: Write, Arg: Int(5), Outcome: Unknown, Call: 12, Return: Pending},
				{Client: 3, Key: "y", Kind: Read, Out: Int(5), Call: 14, Return: 16},
				{Client: 3, Key: "y", Kind: Write, Arg: Int(6), Outcome: Unknown, Call: 18, Return: Pending},
				{Client: 4, Key: "y", Kind: Read, Call: 19, Return: 33},
				{Client: 1, Key: "x", Kind: Read, Out: Text("a"), Call: 20, Return: 25},
				{Client: 1, Key: "x", Kind: Append, Arg: Text("b"), Call: 26, Return: 30},
				{Client: 0, Key: "x", Kind: CAS, Old: Text("ab"), Arg: Text("c"), Outcome: Failed, Call: 31, Return: 40},
			},
			Annotations: []Annotation{{From: 11, To: 13, Label: "network partition n1 | n2"}, {From: 15, To: 15, Label: "crash n2"}},
		},
		"porcupine-register.json": {Operations: []Operation{
			{Client: 0, Kind: Write, Arg: Int(100), Call: 0, Return: 100},
			{Client: 1, Kind: Read, Out: Int(100), Call: 25, Return: 75},
			{Client: 2, Kind: CAS, Old: Int(100), Arg: Int(7), Call: 30, Return: 60},
			{Client: 2, Kind: Write, Arg: Int(8), Outcome: Unknown, Call: 61, Return: Pending},
			{Client: 3, Kind: Read, Out: Int(7), Call: 61, Return: 62},
		}},
		"porcupine-etcd.json": {Operations: []Operation{
			{Client: 1, Key: "k1", Kind: Write, Arg: Text("1"), Call: 100, Return: 200},
			{Client: 2, Key: "k1", Kind: Read, Out: Int(77), Call: 150, Return: 250},
			{Client: 2, Key: "k1", Kind: Write, Outcome: Unknown, Call: 260, Return: Pending},
			{Client: 3, Key: "k1", Kind: Read, Call: 270, Return: 280},
			{Client: 3, Key: "k2", Kind: Read, Outcome: Failed, Call: 290, Return: 300},
		}},
	} {
		text, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		h, err := readPorcupineText(string(text))
		require.NoError(t, err, file)
		require.Equal(t, &want, h, file)
		require.NoError(t, h.Validate(), file)
	}
}

func TestShapesOfPorcupineInputThatMeanTheSame(t *testing.T) {
	for _, tc := range []struct {
		inputs, outputs []string
		want            Operation
	}{
		{[]string{`{"op":"write","value":3}`, `{"f":"put","arg":3}`, `{"Kind":"PUT","New":3}`, `{"type":":write","Value":3,"key":null}`,
			`{"op":1,"arg1":3,"arg2":0}`, `{"op":false,"value":3}`},
			[]string{`null`, `{}`, `0`, `{"ok":false}`, `{"value":""}`, `"done"`},
			Operation{Kind: Write, Arg: Int(3)}},
		{[]string{`{"op":"read"}`, `{"op":"get","value":""}`, `{"op":0,"arg1":0}`, `{"op":true,"value":9}`},
			[]string{`3`, `{"value":3}`, `{"Ok":false,"EXISTS":true,"Value":3}`},
			Operation{Kind: Read, Out: Int(3)}},
		{[]string{`{"op":"read"}`}, []string{`null`, `{}`, `{"value":null}`, `{"exists":false,"value":3}`}, Operation{Kind: Read}},
		{[]string{`{"op":"read"}`}, []string{`{"failed":true}`}, Operation{Kind: Read, Outcome: Failed}},
		{[]string{`{"op":"read"}`}, []string{`[1,2]`, `{"value":[ 1, 2 ]}`}, Operation{Kind: Read, Out: List(Int(1), Int(2))}},
		{[]string{`{"op":"cas","old":1,"new":2}`, `{"op":"cas","expected":1,"value":2}`, `{"op":2,"arg1":1,"arg2":2}`, `{"op":2,"old":1,"new":2}`},
			[]string{`true`, `{"ok":true}`},
			Operation{Kind: CAS, Old: Int(1), Arg: Int(2)}},
		{[]string{`{"op":"cas","old":1,"new":2}`}, []string{`false`, `{"ok":false}`},
			Operation{Kind: CAS, Old: Int(1), Arg: Int(2), Outcome: Failed}},
		{[]string{`{"op":"append","value":"x"}`, `{"op":2,"value":"x"}`}, []string{`{}`}, Operation{Kind: Append, Arg: Text("x")}},
		{[]string{`{"op":"enqueue","value":true}`}, []string{`{}`}, Operation{Kind: Enqueue, Arg: Bool(true)}},
		{[]string{`{"op":"dequeue"}`}, []string{`7`, `{"value":7,"ok":true}`}, Operation{Kind: Dequeue, Out: Int(7)}},
		{[]string{`{"op":"dequeue"}`}, []string{`null`, `{"value":0,"ok":false}`}, Operation{Kind: Dequeue}},
		{[]string{`{"op":"contains","value":1}`}, []string{`true`, `{"ok":true}`}, Operation{Kind: Contains, Arg: Int(1), Out: Bool(true)}},
		{[]string{`{"op":"remove","value":1}`}, []string{`false`, `{"ok":false}`}, Operation{Kind: Remove, Arg: Int(1), Out: Bool(false)}},
		{[]string{`{"op":"add","value":1}`}, []string{`{}`, `null`}, Operation{Kind: Add, Arg: Int(1)}},
		{[]string{`{"op":"lock"}`, `{"op":"Acquire"}`}, []string{`{}`}, Operation{Kind: Acquire}},
	} {
		tc.want.Client, tc.want.Call, tc.want.Return = 4, -1, 1
		for _, input := range tc.inputs {
			for _, output := range tc.outputs {
				h, err := readPorcupineText(`{"ClientId":4,"Input":` + input + `,"Call":-1,"Output":` + output + `,"Return":1}`)
				require.NoError(t, err, "%s %s", input, output)
				require.Equal(t, []Operation{tc.want}, h.Operations, "%s %s", input, output)
			}
		}
	}
}

func TestWhatNobodyKnowsIsOfUnknownOutcome(t *testing.T) {
	for _, end := range []string{``, `,"Return":null`, `,"Return":9223372036854775807`, `,"Output":{"ok":true},"Return":3,"Error":"timeout"`,
		`,"Output":{"ok":true,"unknown":true},"Return":3`, `,"Output":{"error":"timeout"},"Return":3`} {
		h, err := readPorcupineText(`{"ClientId":4,"Input":{"op":"cas","old":1,"new":2},"Call":2` + end + `}`)
		require.NoError(t, err, end)
		require.Equal(t, []Operation{{Client: 4, Kind: CAS, Old: Int(1), Arg: Int(2), Outcome: Unknown, Call: 2, Return: Pending}},
			h.Operations, end)
	}
}

// brokenPorcupine holds input and the error it must give.
var brokenPorcupine = []struct{ text, want string }{
	{"[", "test:1: expected ']', opened in line 1, found the end"},
	{"\n\n{\"ClientId\":\n", "test:4: expected '}', opened in line 3, found the end"},
	{"{}\n}", `test:1: expected an integer as "ClientId", found nothing`},
	{`{"ClientId":"n1"}`, `test:1: expected an integer as "ClientId", found a string "n1"`},
	{`{"ClientId":9223372036854775807}`, `test:1: expected at most 4611686018427387903 as "ClientId", found 9223372036854775807`},
	{`{"ClientId":1}`, `test:1: expected an object as "Input", found nothing`},
	{"{\"ClientId\":1,\n\"Input\":3}", `test:2: expected an object as "Input", found an integer 3`},
	{`{"ClientId":1,"Input":{}}`, `test:1: expected an integer as "Call", found nothing`},
	{`{"ClientId":1,"Input":{},"Call":1.5}`, `test:1: expected an integer as "Call", found a number that is no 64-bit integer, "1.5"`},
	{`{"ClientId":1,"Input":{},"Call":9223372036854775807}`, `test:1: expected at most 9223372036854775806 as "Call", found 9223372036854775807`},
	{`{"ClientId":1,"Input":{},"Call":1}`, `test:1: expected read, write, cas or another kind of operation, or 0, 1 or 2, as "op" of "Input", found nothing`},
	{`{"ClientId":1,"Input":{"op":3},"Call":1}`, `test:1: expected read, write, cas or another kind of operation, or 0, 1 or 2, as "op" of "Input", found an integer 3`},
	{`{"ClientId":1,"Input":{"op":"write"},"Call":1}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{`{"ClientId":1,"Input":{"op":"write","value":1.5},"Call":1}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found a number that is no 64-bit integer, "1.5"`},
	{`{"ClientId":1,"Input":{"op":"write","value":[{}]},"Call":1}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found a map`},
	{`{"ClientId":1,"Input":{"op":"cas","new":1},"Call":1}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{`{"ClientId":1,"Input":{"op":"read","key":true},"Call":1}`, `test:1: expected an integer or a name as a key, found a boolean`},
	{`{"ClientId":1,"Input":{"op":"read"},"Call":1,"Return":2}`, `test:1: expected an "Output" of a read that returned, found nothing`},
	{`{"ClientId":1,"Input":{"op":"cas","old":1,"new":2},"Call":1,"Output":{},"Return":2}`, `test:1: expected a boolean or {"ok": boolean} as "Output" of a cas that returned, found nothing`},
	{`{"ClientId":1,"Input":{"op":"contains","value":1},"Call":1,"Output":1,"Return":2}`, `test:1: expected a boolean or {"ok": boolean} as "Output" of a contains that returned, found an integer 1`},
	{`{"ClientId":1,"Input":{"op":"cas","old":1,"new":2},"Call":1,"Output":{"ok":3},"Return":2}`, `test:1: expected a boolean or {"ok": boolean} as "Output" of a cas that returned, found an integer 3`},
	{`{"ClientId":1,"Input":{"op":"write","value":1},"Call":3,"Output":{},"Return":2}`, `test:1: returned at 2, before its call at 3`},
	{`{"ClientId":1,"Input":{"op":"lock"},"Call":3,"Return":4}
{"ClientId":2,"Input":{"op":"lock"},"Call":0,"Return":4}
{"ClientId":1,"Input":{"op":"unlock"},"Call":4,"Return":6}`, `test:3: client 1 calls at 4, but its operation of line 1 returns only at 4`},
	{`{"Start":9223372036854775807}`, `test:1: expected at most 9223372036854775806 as "Start", found 9223372036854775807`},
	{`{"ClientId":1,"Input":{"Type":"leaseGrant"},"Call":1}`, `test:1: expected a range of one key at the latest revision, or a txn of one put, delete or such range without conditions and leases, found a leaseGrant`},
	{`{"ClientId":1,"Input":{"Type":"range","Range":{"Start":"a","End":"b"}},"Call":1}`, `test:1: expected a range of one key at the latest revision, or a txn of one put, delete or such range without conditions and leases, found a range of several keys`},
	{`{"ClientId":1,"Input":{"Type":"range","Range":{"Start":"a","Revision":5}},"Call":1}`, `test:1: expected a range of one key at the latest revision, or a txn of one put, delete or such range without conditions and leases, found a range at an old revision`},
	{`{"ClientId":1,"Input":{"Type":"txn","Txn":{"Conditions":[{}],"OperationsOnSuccess":[{},{}]}},"Call":1}`, `test:1: expected a range of one key at the latest revision, or a txn of one put, delete or such range without conditions and leases, found a txn with conditions`},
	{`{"ClientId":1,"Input":{"Type":"txn","Txn":{"OperationsOnSuccess":[{"Type":"put-operation","Put":{"LeaseID":7}}]}},"Call":1}`, `test:1: expected a range of one key at the latest revision, or a txn of one put, delete or such range without conditions and leases, found a put with a lease`},
	{`{"ClientId":1,"Input":{"Type":"range","Range":{"Start":"a"}},"Call":1,"Return":2}`, `test:1: expected the result of a range of one key as "Output", found nothing`},
}

func TestBrokenPorcupineNamesTheLineAndWhatWasExpected(t *testing.T) {
	for _, tc := range brokenPorcupine {
		_, err := readPorcupineText(tc.text)
		require.EqualError(t, err, tc.want, tc.text)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
	}
}

func TestOperationsOfPorcupineMayComeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawMoments(t, allKinds, drawAnyValue)
		h.Annotations = nil
		var text strings.Builder
		require.NoError(t, WriteTo(&text, h, PorcupineJSON))
		lines := strings.SplitAfter(strings.TrimSuffix(text.String(), "\n"), "\n")
		shuffled := rapid.Permutation(lines).Draw(t, "lines")
		again, err := readPorcupineText(strings.Join(shuffled, "\n"))
		require.NoError(t, err)
		require.NoError(t, again.Validate())
		require.ElementsMatch(t, h.Operations, again.Operations)
	})
}

func TestAClientThatGoesOnAfterATimeoutIsANewOneEachTime(t *testing.T) {
	h, err := readPorcupineText(`
		{"ClientId":0,"Input":{"op":"write","value":1},"Call":1}
		{"ClientId":9,"Input":{"op":"write","value":1},"Call":2,"Return":8}
		{"ClientId":0,"Input":{"op":"write","value":2},"Call":3}
		{"ClientId":0,"Input":{"op":"write","value":3},"Call":4,"Return":5}
		{"ClientId":0,"Input":{"op":"write","value":4},"Call":6,"Return":7}`)
	require.NoError(t, err)
	require.NoError(t, h.Validate())
	var clients []int
	for _, o := range h.Operations {
		clients = append(clients, o.Client)
	}
	require.Equal(t, []int{0, 9, 10, 11, 11}, clients)
}

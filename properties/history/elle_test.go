package history

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// readElleText reads text as Elle, from a file called test. What is not said to
// be keyed is found out.
func readElleText(text string, keyed bool) (*History, error) {
	opt := ReadOptions{Format: Elle}
	if keyed {
		opt.Keyed = KeyedYes
	}
	return ReadFrom("test", strings.NewReader(text), opt)
}

func TestElleSamplesGiveTheHistoriesTheyDescribe(t *testing.T) {
	for file, want := range map[string]History{
		"elle.json": {
			Operations: []Operation{
				{Client: 0, Key: "x", Kind: Write, Arg: Int(2), Call: 0, Return: 3, CallTime: 1000, ReturnTime: 2000, Node: "n1"},
				{Client: 1, Key: "x", Kind: Read, Out: Int(2), Call: 1, Return: 4},
				{Client: 2, Key: "7", Kind: Write, Arg: Text("seven"), Outcome: Unknown, Call: 5, Return: Pending},
				{Client: 0, Key: "y", Kind: Write, Arg: Bool(true), Outcome: Failed, Call: 6, Return: 7},
			},
			Annotations: []Annotation{{From: 2, To: 2, Label: ":nemesis start partition"}},
		},
		"elle-plain.json": {Operations: []Operation{
			{Client: 4, Key: "x", Kind: Read, Call: 0, Return: 1},
			{Client: 5, Key: "x", Kind: CAS, Arg: Int(4), Call: 2, Return: 3},
			{Client: 4, Key: "x", Kind: Write, Arg: Text("five"), Call: 4, Return: 5},
		}},
	} {
		text, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		h, err := readElleText(string(text), false)
		require.NoError(t, err, file)
		require.Equal(t, &want, h, file)
	}
}

func TestShapesOfElleThatMeanTheSame(t *testing.T) {
	want := &History{Operations: []Operation{
		{Client: 1, Key: "3", Kind: Write, Arg: Int(4), Call: 0, Return: 1},
		{Client: 1, Key: "3", Kind: Read, Out: Int(4), Call: 2, Return: 3},
	}}
	for name, tc := range map[string]struct {
		keyed bool
		text  string
	}{
		"lines": {false, `{"type":"invoke","process":1,"f":"txn","value":[["w",3,4]]}
			{"type":"ok","process":1,"f":"txn","value":[["w",3,4]]}
			{"type":"invoke","process":1,"f":"txn","value":[["r",3,null]]}
			{"type":"ok","process":1,"f":"txn","value":[["r",3,4]]}`},
		"one line without blanks, colons, other fields": {false, `[{"type":":invoke","process":1,"f":":txn","value":[[":w",3,4]],` +
			`"index":0},{"type":":ok","process":1,"f":":txn","value":[[":w",3,4]],"x":"]}\"["},` +
			`{"type":":invoke","process":1,"f":":txn","value":[[":r",3,9]]},{"type":":ok","process":1,"f":":txn","value":[[":r",3,4]]}]`},
		"called by what they do": {false, `[ {"type":"invoke","process":1,"f":"write","value":[ ["w",3,4] ]},
			{"type":"ok","process":1,"f":"write","value":[["w",3,4]]} ]
			[{"type":"invoke","process":1,"f":"read","value":[["r",3,null]]},
			{"type":"ok","process":1,"f":"read","value":[["r",3,4]]}]`},
		"plain events with a key": {true, `{"type":"invoke","process":1,"f":"write","key":3,"value":4}
			{"type":"ok","process":1,"f":"write","key":3,"value":4}
			{"type":"invoke","process":1,"f":"read","key":3}
			{"type":"ok","process":1,"f":"read","key":3,"value":4}`},
		"plain events with tuples, found out": {false, `[{"type":"invoke","process":1,"f":"write","value":[3,4]}
			{"type":"ok","process":1,"f":"write","value":[3,4]},
			{"type":"invoke","process":1,"f":"read","value":[3,null],},
			{"type":"ok","process":1,"f":"read","value":[3,4]},]`},
		"plain events with tuples": {true, `{"type":"invoke","process":1,"f":"write","value":[3,4]}
			{"type":"ok","process":1,"f":"write","value":[3,4]}
			{"type":"invoke","process":1,"f":"read","value":[3,null]}
			{"type":"ok","process":1,"f":"read","value":[3,4]}`},
	} {
		h, err := readElleText(tc.text, tc.keyed)
		require.NoError(t, err, name)
		require.Equal(t, want, h, name)
	}
}

// brokenElle holds input, mostly in its second line, and the error it must give.
var brokenElle = []struct {
	keyed      bool
	text, want string
}{
	{false, "[{\"type\":\"invoke\",\"process\":1,\"f\":\"txn\",\"value\":[[\"w\",3,4]]},\n", "test:2: expected ']', opened in line 1, found the end"},
	{false, "\n{\"type\":\n\"invoke\"", "test:3: expected '}', opened in line 2, found the end"},
	{false, "\n{\"type\":\n\"invoke\"]", `test:3: expected a name in quotes, found "]"`},
	{false, "\n{\"type\":\n7}", `test:2: expected an integer or a name as "process", found nothing`},
	{false, "\ntxn", `test:2: expected an operation in braces, found "t"`},
	{false, "{}", `test:1: expected an integer or a name as "process", found nothing`},
	{false, `{"process":1.5}`, `test:1: expected an integer or a name as "process", found a number that is no 64-bit integer, "1.5"`},
	{false, `{"process":1,"type":"done"}`, `test:1: expected invoke, ok, fail, info, mark, fault or heal as "type", found a string "done"`},
	{false, `{"process":1,"type":"invoke","f":"add-all","value":1}`, `test:1: expected read, write, cas, append, enqueue, dequeue, push, pop, add, remove, contains, acquire or release as "f", found a string "add-all"`},
	{false, `{"process":1,"type":"invoke","f":"txn"}`, `test:1: expected one micro-operation, [r, key, value] or [w, key, value], as the value of a transaction, found nothing`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[]}`, `test:1: expected one micro-operation, [r, key, value] or [w, key, value], as the value of a transaction, found 0: only one is an operation of a register`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[["w",1,2],["r",2,null]]}`, `test:1: expected one micro-operation, [r, key, value] or [w, key, value], as the value of a transaction, found 2: only one is an operation of a register`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[["append",1,2]]}`, `test:1: expected a micro-operation r or w of a register, found append: lists are not registers`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[["x",1,2]]}`, `test:1: expected r or w as the name of a micro-operation, found a string "x"`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[["w",1]]}`, `test:1: expected [r, key, value] or [w, key, value] as a micro-operation, found a list of 2`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[["w",null,2]]}`, `test:1: expected an integer or a name as a key, found null`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[["w",1,99999999999999999999]]}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found a number that is no 64-bit integer, "99999999999999999999"`},
	{false, `{"process":1,"type":"invoke","f":"txn","value":[["w",1,2]]}` + "\n" + `{"process":2,"type":"invoke","f":"txn","value":[["w","1",2]]}`, `test:2: expected one type of key, found 1 as an integer and as a string`},
	{false, `{"process":1,"type":"invoke","f":"write"}`, `test:1: expected null, a boolean, a 64-bit integer, a string or a list as a value, found nothing`},
	{false, `{"process":1,"type":"invoke","f":"cas","value":[1]}`, `test:1: expected [old, new] as the value of a cas, found a list of 1`},
	{true, `{"process":1,"type":"invoke","f":"write","value":1}`, `test:1: expected a key or a [key, value] tuple, which a keyed model needs, found an integer 1`},
	{false, `{"process":1,"type":"ok","f":"txn","value":[["w",1,2]]}`, `test:1: process 1 has ok of a write it did not invoke`},
}

func TestBrokenElleNamesTheLineAndWhatWasExpected(t *testing.T) {
	for _, tc := range brokenElle {
		_, err := readElleText(tc.text, tc.keyed)
		require.EqualError(t, err, tc.want, tc.text)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
	}
}

func TestATransactionOfOneIsAnOperationInEveryFormat(t *testing.T) {
	want := []Operation{
		{Client: 1, Key: "x", Kind: Write, Arg: Int(4), Call: 0, Return: 1},
		{Client: 1, Key: "x", Kind: Read, Out: Int(4), Call: 2, Return: 3},
		{Client: 1, Key: "y", Kind: Write, Arg: Int(5), Outcome: Unknown, Call: 4, Return: Pending},
	}
	for _, text := range []string{
		`{:process 1 :type :invoke :f :txn :value [[:w :x 4]]} {:process 1 :type :ok :f :txn :value [[:w :x 4]]}
		{:process 1 :type :invoke :f :txn :value [[:r :x nil]]} {:process 1 :type :ok :f :txn :value [[:r :x 4]]}
		{:process 1 :type :invoke :f :txn :value [[:w :y 5]]} {:process 1 :type :info :f :txn :value nil}`,
		`{"type":"invoke","process":1,"f":"txn","value":[["w","x",4]]} {"type":"ok","process":1,"f":"txn","value":[["w","x",4]]}
		{"type":"invoke","process":1,"f":"txn","value":[["r","x",9]]} {"type":"ok","process":1,"f":"txn","value":[["r","x",4]]}
		{"type":"invoke","process":1,"f":"txn","value":[["w","y",5]]} {"type":"info","process":1,"f":"txn"}`,
	} {
		for _, keyed := range []Keyed{KeyedAuto, KeyedYes, KeyedNo} {
			h, err := ReadFrom("test", strings.NewReader(text), ReadOptions{Keyed: keyed})
			require.NoError(t, err, text)
			require.Equal(t, want, h.Operations, text)
		}
	}
}

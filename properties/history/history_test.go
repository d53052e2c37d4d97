package history

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestValuesPrintAndParse(t *testing.T) {
	for text, v := range map[string]Value{
		"nil": {}, "3": Int(3), "-7": Int(-7), `"abc"`: Text("abc"), `""`: Text(""), `"nil"`: Text("nil"), `"3"`: Text("3"),
	} {
		require.Equal(t, text, v.String())
		parsed, err := ParseValue(text)
		require.NoError(t, err)
		require.Equal(t, v, parsed)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		parsed, err := ParseValue(v.String())
		require.NoError(t, err)
		require.Equal(t, v, parsed)
	})
}

func drawValue(t *rapid.T) Value {
	return rapid.OneOf(
		rapid.Just(Value{}),
		rapid.Map(rapid.Int64(), Int),
		rapid.Map(rapid.OneOf(rapid.String(), rapid.StringMatching(`-?[0-9]{1,4}|nil|"`)), Text),
	).Draw(t, "value")
}

func TestValuesOnACommandLineNeedNoQuotes(t *testing.T) {
	for text, v := range map[string]Value{"": Text(""), "abc": Text("abc"), "-": Text("-"), "1a": Text("1a"), "+1": Int(1)} {
		parsed, err := ParseValue(text)
		require.NoError(t, err)
		require.Equal(t, v, parsed, text)
	}
	_, err := ParseValue(`"abc`)
	require.EqualError(t, err, `history: value "abc is not a correctly quoted text`)
	_, err = ParseValue("99999999999999999999")
	require.EqualError(t, err, "history: value 99999999999999999999 does not fit in 64 bits")
}

func TestAnInvalidHistoryIsRefusedEverywhere(t *testing.T) {
	write := Operation{Kind: Write, Arg: Int(1), Call: 5, Return: 6}
	with := func(change func(*Operation)) Operation {
		o := write
		change(&o)
		return o
	}
	for _, tc := range []struct {
		ops  []Operation
		want string
	}{
		{[]Operation{with(func(o *Operation) { o.Return = 4 })},
			"operation 0, write 1 by client 0: returned at 4, before its call at 5"},
		{[]Operation{with(func(o *Operation) { o.Return = Pending })},
			"operation 0, write 1 by client 0: its outcome is known, but it never returned"},
		{[]Operation{with(func(o *Operation) { o.Outcome = Unknown })},
			"operation 0, write 1 by client 0 (unknown): its outcome is unknown, but it returned at 6"},
		{[]Operation{with(func(o *Operation) { o.Call, o.Return, o.Outcome = Pending, Pending, Unknown })},
			"operation 0, write 1 by client 0 (unknown): was never called"},
		{[]Operation{with(func(o *Operation) { o.Kind = 99 })},
			"operation 0, kind(99) by client 0: no such kind of operation"},
		{[]Operation{with(func(o *Operation) { o.Kind = Contains })}, "operation 0, contains 1 by client 0: it returned no boolean"},
		{[]Operation{with(func(o *Operation) { o.Outcome = 7 })},
			"operation 0, write 1 by client 0 (outcome(7)): no such outcome"},
		{[]Operation{write, with(func(o *Operation) { o.Client, o.Call = 1, 4 })},
			"operation 1, write 1 by client 1: called at 4, before the operation listed ahead of it at 5"},
		{[]Operation{write, with(func(o *Operation) { o.Key = "y" })},
			"operation 1, write 1 by client 0: called at 5 while the client waited for write 1 by client 0 until 6"},
		{[]Operation{write, with(func(o *Operation) { o.Call = 6 })}, // touching is overlapping
			"operation 1, write 1 by client 0: called at 6 while the client waited for write 1 by client 0 until 6"},
		{[]Operation{with(func(o *Operation) { o.Return, o.Outcome = Pending, Unknown }), with(func(o *Operation) { o.Call = 6 })},
			"operation 1, write 1 by client 0: the client has called write 1 by client 0 (unknown) before, which never returned"},
	} {
		h := &History{Operations: tc.ops}
		for _, err := range []error{h.Validate(), WriteJSONL(io.Discard, h)} {
			require.ErrorIs(t, err, ErrInvalid)
			require.EqualError(t, err, "history: invalid history: "+tc.want)
		}
	}
	for _, a := range []Annotation{{From: 3, To: 2, Label: "crash"}, {From: Pending, To: Pending, Label: "crash"}} {
		require.EqualError(t, (&History{Annotations: []Annotation{a}}).Validate(),
			"history: invalid history: annotation 0 (crash) ends before it begins or never begins")
	}
}

func TestARecorderRefusesEventsThatCannotFollow(t *testing.T) {
	invoke := Event{Kind: Write, Value: Int(1)}
	end := func(typ EventType, change func(*Event)) Event {
		e := Event{Type: typ, Kind: Write}
		if change != nil {
			change(&e)
		}
		return e
	}
	for _, tc := range []struct {
		events []Event
		want   string
	}{
		{[]Event{end(OKEvent, nil)}, "process 0 has ok of a write it did not invoke"},
		{[]Event{invoke, end(FailEvent, nil), end(OKEvent, nil)}, "process 0 has ok of a write it did not invoke"},
		{[]Event{invoke, {Kind: Read}}, "process 0 invokes a read while its write 1 runs"},
		{[]Event{invoke, end(InfoEvent, nil), {Kind: Read}},
			"process 0 invokes a read after an operation of unknown outcome: such a process never returns"},
		{[]Event{invoke, end(InfoEvent, nil), end(OKEvent, nil)}, "process 0 has ok of a write it did not invoke"},
		{[]Event{invoke, {Type: OKEvent, Kind: Read}}, "process 0 has ok of a read, but it invoked a write"},
		{[]Event{invoke, end(OKEvent, func(e *Event) { e.Key = "y" })},
			`process 0 has ok of a write of key "y", but it invoked one of key ""`},
		{[]Event{invoke, end(OKEvent, func(e *Event) { e.Value = Int(2) })}, "process 0 has ok of write 2, but it invoked write 1"},
		{[]Event{{Kind: CAS, Old: Int(1), Value: Int(2)}, {Type: OKEvent, Kind: CAS, Old: Int(3), Value: Int(2)}},
			"process 0 has ok of cas 3 to 2, but it invoked cas 1 to 2"},
		{[]Event{invoke, end(OKEvent, func(e *Event) { e.Answer = Bool(true) })},
			"process 0 has ok of a write with the answer true, expected nil"},
		{[]Event{{Kind: Contains, Value: Int(1)}, {Type: OKEvent, Kind: Contains}},
			"process 0 has ok of a contains with the answer nil, expected true or false"},
		{[]Event{{Kind: Remove, Value: Int(1)}, {Type: OKEvent, Kind: Remove, Answer: Int(1)}},
			"process 0 has ok of a remove with the answer 1, expected true, false or nil"},
		{[]Event{{Kind: 99}}, "no such event: invoke of kind(99)"},
		{[]Event{{Type: 9}}, "no such event: event(9) of read"},
	} {
		var r Recorder
		last := len(tc.events) - 1
		for _, e := range tc.events[:last] {
			require.NoError(t, r.Add(e))
		}
		require.EqualError(t, r.Add(tc.events[last]), tc.want)
		require.NoError(t, r.History().Validate())
	}
}

func TestARecorderOrdersByPositionNotByTime(t *testing.T) {
	var r Recorder
	add := func(e Event) { require.NoError(t, r.Add(e)) }
	add(Event{Process: 4, Kind: Write, Value: Int(1), Time: 70})
	crash := r.Begin("crash n1")
	r.Mark("clock jump")
	add(Event{Type: OKEvent, Process: 4, Kind: Write, Time: 70, Node: "n2"})
	add(Event{Process: 5, Kind: Write, Value: Int(2), Time: 70})
	add(Event{Type: InfoEvent, Process: 5, Kind: Write, Time: 70})
	add(Event{Process: 4, Kind: Read, Time: 70})
	r.End(crash)
	require.Equal(t, &History{
		Operations: []Operation{
			{Client: 4, Kind: Write, Arg: Int(1), Call: 0, Return: 3, CallTime: 70, ReturnTime: 70, Node: "n2"},
			{Client: 5, Kind: Write, Arg: Int(2), Outcome: Unknown, Call: 4, Return: Pending, CallTime: 70},
			{Client: 4, Kind: Read, Outcome: Unknown, Call: 5, Return: Pending, CallTime: 70},
		},
		Annotations: []Annotation{{From: 1, To: 6, Label: "crash n1"}, {From: 2, To: 2, Label: "clock jump"}},
	}, r.History())
	require.PanicsWithValue(t, "history: annotation 0 (crash n1) has ended before", func() { r.End(crash) })
}

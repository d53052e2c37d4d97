package linear

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// script reads lines such as "0 :invoke :write 1", a process, a type, an
// operation and its value; with model kv the value is [key value].
func script(t *testing.T, m Model, lines ...string) *history.History {
	t.Helper()
	text := "INFO  jepsen.util - " + strings.Join(lines, "\nINFO  jepsen.util - ")
	h, err := history.ReadFrom("test", strings.NewReader(text), history.ReadOptions{})
	require.NoError(t, err)
	return h
}

func check(t *testing.T, h *history.History, opt Options) Result {
	t.Helper()
	res, err := Check(context.Background(), h, opt)
	require.NoError(t, err)
	res.Orders = nil // VerifyOrder judges them
	return res
}

// planted are wrong histories, what explains each, and a change of one line
// that makes it right.
var planted = []struct {
	name        string
	opt         Options
	lines       []string
	explanation string
	line        int
	repaired    string
}{
	{"stale read", Options{}, []string{
		"0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :write 2", "0 :ok :write 2",
		"1 :invoke :read nil", "1 :ok :read 1",
	}, "read returned 1 after 2 was acknowledged", 5, "1 :ok :read 2"},
	{"stale read of the initial value", Options{Init: history.Int(0)}, []string{
		"0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :read nil", "1 :ok :read 0",
	}, "read returned 0 after 1 was acknowledged", 3, "1 :ok :read 1"},
	{"read from nowhere", Options{}, []string{
		"0 :invoke :write 1", "1 :invoke :read nil", "1 :ok :read 7", "0 :ok :write 1",
	}, "read returned 7, a value nothing had written", 2, "1 :ok :read 1"},
	{"read from the future", Options{}, []string{
		"1 :invoke :read nil", "1 :ok :read 1", "0 :invoke :write 1", "0 :ok :write 1",
	}, "read returned 1, a value nothing had written", 1, "1 :ok :read nil"},
	{"pending write observed, then unobserved", Options{}, []string{
		"0 :invoke :write 1", "0 :info :write 1",
		"1 :invoke :read nil", "1 :ok :read 1", "1 :invoke :read nil", "1 :ok :read nil",
	}, "read returned nil after an earlier read had returned the newer 1", 5, "1 :ok :read 1"},
	{"two reads see two concurrent writes in turns", Options{}, []string{
		"0 :invoke :write 1", "1 :invoke :write 2",
		"2 :invoke :read nil", "2 :ok :read 1", "2 :invoke :read nil", "2 :ok :read 2",
		"2 :invoke :read nil", "2 :ok :read 1", "0 :ok :write 1", "1 :ok :write 2",
	}, "read returned 1 after an earlier read had returned the newer 2", 7, "2 :ok :read 2"},
	{"more reads of a value than it was written", Options{Init: history.Int(0)}, []string{
		"0 :invoke :write 0", "1 :invoke :read nil", "1 :ok :read 0", "1 :invoke :write 1", "1 :ok :write 1",
		"1 :invoke :read nil", "1 :ok :read 0", "1 :invoke :write 2", "1 :ok :write 2",
		"1 :invoke :read nil", "1 :ok :read 0", // the pending write of 0 can explain one of two reads
	}, "read returned 0, which no order of the operations so far allows", 10, "1 :ok :read 2"},
	{"lost cas", Options{Model: CASRegister, Init: history.Int(0)}, []string{
		"0 :invoke :cas [0 1]", "0 :ok :cas [0 1]", "1 :invoke :read nil", "1 :ok :read 0",
	}, "read returned 0 after a cas from 0 to 1 was acknowledged", 3, "1 :ok :read 1"},
	{"two cas from one value", Options{Model: CASRegister, Init: history.Int(0)}, []string{
		"0 :invoke :cas [0 1]", "1 :invoke :cas [0 2]", "0 :ok :cas [0 1]", "1 :ok :cas [0 2]",
	}, "cas from 0 to 2 succeeded as did a cas from 0 to 1, though 0 was written only once", 3, "1 :fail :cas [0 2]"},
	{"cas from a value replaced", Options{Model: CASRegister, Init: history.Int(0)}, []string{
		"0 :invoke :write 3", "0 :ok :write 3", "1 :invoke :cas [0 1]", "1 :ok :cas [0 1]",
	}, "cas from 0 to 1 succeeded after 3 was acknowledged", 3, "1 :fail :cas [0 1]"},
	{"cas from a value never written", Options{Model: CASRegister}, []string{
		"1 :invoke :cas [7 1]", "1 :ok :cas [7 1]",
	}, "cas from 7 to 1 succeeded, but 7 is a value nothing had written", 1, "1 :fail :cas [7 1]"},
	{"cas failed on its value", Options{Model: CASRegister}, []string{
		"0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :cas [1 2]", "1 :fail :cas [1 2]",
	}, "cas from 1 to 2 failed after 1 was acknowledged and nothing had replaced it", 3, "1 :ok :cas [1 2]"},
	{"cas failed on a value read", Options{Model: CASRegister}, []string{
		"0 :invoke :write 1", "1 :invoke :read nil", "0 :ok :write 1", "2 :invoke :read nil", "2 :ok :read 1",
		"2 :invoke :cas [1 2]", "2 :fail :cas [1 2]",
	}, "cas from 1 to 2 failed after 1 was acknowledged and nothing had replaced it", 6, "2 :ok :cas [1 2]"},
	{"cas failed on the initial value", Options{Model: CASRegister}, []string{
		"1 :invoke :cas [nil 2]", "1 :fail :cas [nil 2]",
	}, "cas from nil to 2 failed, but nothing had replaced the initial nil", 1, "1 :ok :cas [nil 2]"},
	{"failed cas between two possible orders", Options{Model: CASRegister}, []string{
		"0 :invoke :write 1", "1 :invoke :write 2", "0 :ok :write 1", "1 :ok :write 2",
		"2 :invoke :cas [1 3]", "2 :fail :cas [1 3]", "2 :invoke :cas [2 3]", "2 :fail :cas [2 3]",
	}, "cas from 2 to 3 failed, which no order of the operations so far allows", 7, "2 :ok :cas [2 3]"},
	{"stale read of one key of two", Options{Model: KV}, []string{
		`0 :invoke :put ["x" 1]`, `0 :ok :put ["x" 1]`, `0 :invoke :put ["y" 1]`, `0 :ok :put ["y" 1]`,
		`0 :invoke :put ["y" 2]`, `0 :ok :put ["y" 2]`, `1 :invoke :get ["y" nil]`, `1 :ok :get ["y" 1]`,
	}, "read of y returned 1 after 2 was acknowledged", 7, `1 :ok :get ["y" 2]`},
	{"key present that reads as absent", Options{Model: KV}, []string{
		`0 :invoke :put ["x" "a"]`, `0 :ok :put ["x" "a"]`, `1 :invoke :get ["x" nil]`, `1 :ok :get ["x" ""]`,
	}, `read of x returned "" after "a" was acknowledged`, 3, `1 :ok :get ["x" "a"]`},
	{"lost append", Options{Model: KV}, []string{
		`0 :invoke :append ["x" "a"]`, `0 :ok :append ["x" "a"]`, `1 :invoke :append ["x" "b"]`, `1 :ok :append ["x" "b"]`,
		`1 :invoke :get ["x" nil]`, `1 :ok :get ["x" "b"]`,
	}, `read of x returned "b", without "a", whose append was acknowledged`, 5, `1 :ok :get ["x" "ab"]`},
	{"shrunk value", Options{Model: KV}, []string{
		`0 :invoke :append ["x" "a"]`, `1 :invoke :get ["x" nil]`, `1 :ok :get ["x" "a"]`,
		`1 :invoke :get ["x" nil]`, `1 :ok :get ["x" ""]`,
	}, `read of x returned "", less than an earlier read had returned`, 4, `1 :ok :get ["x" "a"]`},
	{"two orders of appends", Options{Model: KV}, []string{
		`0 :invoke :append ["x" "a"]`, `1 :invoke :append ["x" "b"]`, `2 :invoke :get ["x" nil]`, `3 :invoke :get ["x" nil]`,
		`2 :ok :get ["x" "ab"]`, `3 :ok :get ["x" "ba"]`,
	}, `read of x returned "ba", which neither begins nor continues what another read returned`, 5, `3 :ok :get ["x" "ab"]`},
	{"dequeue out of order", Options{Model: Queue}, []string{
		"0 :invoke :enqueue 2", "0 :ok :enqueue 2", "0 :invoke :enqueue 3", "0 :ok :enqueue 3",
		"1 :invoke :dequeue nil", "1 :ok :dequeue 3",
	}, "dequeue returned 3 before 2, though 2 was enqueued first", 5, "1 :ok :dequeue 2"},
	{"lost element", Options{Model: Queue}, []string{
		"0 :invoke :enqueue 4", "0 :ok :enqueue 4", "1 :invoke :dequeue nil", "1 :ok :dequeue nil",
	}, "dequeue found the queue empty though 4 was in it all the time", 3, "1 :ok :dequeue 4"},
	{"element taken twice", Options{Model: Stack}, []string{
		"0 :invoke :push 4", "0 :ok :push 4", "1 :invoke :pop nil", "1 :ok :pop 4", "1 :invoke :pop nil", "1 :ok :pop 4",
	}, "pop returned 4, which an earlier pop had returned", 5, "1 :ok :pop nil"},
	{"pop from below", Options{Model: Stack}, []string{
		"0 :invoke :push 2", "0 :ok :push 2", "0 :invoke :push 3", "0 :ok :push 3", "1 :invoke :pop nil", "1 :ok :pop 2",
	}, "pop returned 2 before 3, though 3 was pushed later and still there", 5, "1 :ok :pop 3"},
	{"two holders", Options{Model: Mutex}, []string{
		"1 :invoke :acquire nil", "1 :ok :acquire nil", "2 :invoke :acquire nil", "2 :ok :acquire nil",
	}, "client 2 acquired the lock while client 1 held it", 3, "2 :fail :acquire nil"},
	{"release of another's lock", Options{Model: Lock}, []string{
		"1 :invoke :acquire nil", "1 :ok :acquire nil", "2 :invoke :release nil", "2 :ok :release nil",
	}, "client 2 released the lock without holding it", 3, "2 :fail :release nil"},
}

func TestPlantedWrongHistoriesFailWithATrueSentence(t *testing.T) {
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			res := check(t, script(t, p.opt.Model, p.lines...), p.opt)
			require.Equal(t, properties.Fail, res.Verdict)
			require.Equal(t, p.explanation, res.Explanation)
			require.NotNil(t, res.Culprit)
		})
	}
}

func TestOneRepairedLineMakesAPlantedHistoryPass(t *testing.T) {
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			lines := append([]string(nil), p.lines...)
			lines[p.line] = p.repaired
			res := check(t, script(t, p.opt.Model, lines...), p.opt)
			require.Equal(t, properties.Pass, res.Verdict, res.Explanation)
			require.Equal(t, Result{Keys: res.Keys, Operations: res.Operations, Overlapping: res.Overlapping}, res)
		})
	}
}

func TestACulpritEndsTheShortestFailingPrefix(t *testing.T) {
	h := script(t, Register,
		"0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :write 2", "0 :ok :write 2",
		"1 :invoke :read nil", "2 :invoke :read nil", "1 :ok :read 2", "2 :ok :read 1", // the culprit
		"1 :invoke :read nil", "1 :ok :read 1", "1 :invoke :read nil", "1 :ok :read 9")
	res := check(t, h, Options{})
	require.Equal(t, &h.Operations[3], res.Culprit)
	require.Equal(t, 4, res.Prefix)
	require.Equal(t, "read of 1 by client 2", res.Culprit.String())
	require.Equal(t, "read returned 1 after 2 was acknowledged", res.Explanation)
}

func TestTouchingOperationsAreConcurrent(t *testing.T) {
	ops := []history.Operation{
		{Client: 0, Kind: history.Write, Arg: history.Int(1), Call: 0, Return: 10},
		{Client: 1, Kind: history.Read, Call: 10, Return: 20}, // nil: before the write, though it begins as that ends
	}
	res := check(t, &history.History{Operations: ops}, Options{})
	require.Equal(t, properties.Pass, res.Verdict)
	require.Equal(t, 2, res.Overlapping)
	ops[1].Call = 11
	res = check(t, &history.History{Operations: ops}, Options{})
	require.Equal(t, properties.Fail, res.Verdict)
	require.Equal(t, 0, res.Overlapping)
}

func TestAWriteThatOverlapsAnotherDoesNotReplaceItForCertain(t *testing.T) {
	h := &history.History{Operations: []history.Operation{
		{Client: 0, Kind: history.Write, Arg: history.Int(2), Call: 0, Return: 5},
		{Client: 1, Kind: history.Write, Arg: history.Int(1), Call: 5, Return: 6}, // touches, so either may be last
		{Client: 1, Kind: history.Read, Out: history.Int(1), Call: 7, Return: 8},  // but this one settles it
		{Client: 1, Kind: history.CAS, Outcome: history.Failed, Old: history.Int(1), Arg: history.Int(3), Call: 9, Return: 10},
	}}
	require.Equal(t, "cas from 1 to 3 failed after 1 was read and nothing had replaced it",
		check(t, h, Options{Model: CASRegister}).Explanation)
}

func TestOnlyAStoreReadsAnAbsentKeyAsAnEmptyText(t *testing.T) {
	h := script(t, Register, "0 :invoke :read nil", `0 :ok :read ""`)
	require.Equal(t, properties.Pass, check(t, h, Options{Model: KV}).Verdict)
	require.Equal(t, properties.Fail, check(t, h, Options{Model: Register}).Verdict)
	require.Equal(t, properties.Pass, check(t, h, Options{Model: Register, Init: history.Text("")}).Verdict)
}

func TestOptionsDecideWhatNilReadsAndFailedCASMean(t *testing.T) {
	nilRead := script(t, CASRegister, "0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :read nil", "0 :ok :read nil")
	require.Equal(t, properties.Fail, check(t, nilRead, Options{}).Verdict)
	require.Equal(t, properties.Pass, check(t, nilRead, Options{NilRead: NilIsAnything}).Verdict)
	failed := script(t, CASRegister, "0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :cas [1 2]", "0 :fail :cas [1 2]")
	require.Equal(t, properties.Fail, check(t, failed, Options{Model: CASRegister}).Verdict)
	dropped := check(t, failed, Options{Model: CASRegister, FailedCAS: FailedCASDropped})
	require.Equal(t, properties.Pass, dropped.Verdict)
	require.Equal(t, 1, dropped.Operations)
}

func TestFailedReadsAndWritesNeverCount(t *testing.T) {
	h := script(t, CASRegister, "0 :invoke :write 1", "0 :fail :write 1", "0 :invoke :read nil", "0 :fail :read 3",
		"0 :invoke :read nil", "0 :ok :read nil")
	require.Equal(t, Result{Keys: 1, Operations: 1}, check(t, h, Options{}))
	require.Equal(t, Result{}, check(t, &history.History{}, Options{}), "an empty history passes and shows that it had nothing")
}

func TestAnOperationTheModelLacksNamesTheModelToUse(t *testing.T) {
	for _, tc := range []struct {
		model Model
		line  string
		want  string
	}{
		{Register, "3 :invoke :cas [1 2]", "linear: model register has no cas, as operation 0 (cas 1 to 2 by client 3 (unknown)) needs: use model cas-register"},
		{CASRegister, `3 :invoke :append "a"`, `linear: model cas-register has no append, as operation 0 (append "a" by client 3 (unknown)) needs: use model kv`},
	} {
		_, err := Check(context.Background(), script(t, tc.model, tc.line), Options{Model: tc.model})
		require.EqualError(t, err, tc.want)
	}
	_, err := Check(context.Background(), &history.History{}, Options{Model: 9})
	require.EqualError(t, err, "linear: there is no model(9)")
}

// hard is a history of a stack whose many pending pushes make the search for an
// order exponential: an element was popped twice before it was pushed again.
func hard(key string, pending int) []history.Event {
	var events []history.Event
	last := pending - 1
	for p := range last {
		events = append(events, history.Event{Process: p, Kind: history.Push, Key: key, Value: history.Int(int64(p))})
	}
	popper := pending
	for _, v := range []int64{0, 1, 0} {
		events = append(events, history.Event{Process: popper, Kind: history.Pop, Key: key},
			history.Event{Type: history.OKEvent, Kind: history.Pop, Process: popper, Key: key, Value: history.Int(v)})
	}
	return append(events, history.Event{Process: last, Kind: history.Push, Key: key, Value: history.Int(0)})
}

func record(t *testing.T, events ...history.Event) *history.History {
	t.Helper()
	var r history.Recorder
	for _, e := range events {
		require.NoError(t, r.Add(e))
	}
	return r.History()
}

func TestASearchThatGivesUpIsInconclusiveNeverPass(t *testing.T) {
	h := record(t, hard("x", 24)...)
	res := check(t, h, Options{Model: Stack, Steps: 100_000})
	require.Equal(t, Result{Verdict: properties.Inconclusive, Key: "x", Keys: 1, Operations: 27, Overlapping: 0,
		Reason: "gave up on the 27 operations of x: the bound on steps was reached"}, res)
	res = check(t, h, Options{Model: Stack, Memory: 1 << 20})
	require.Equal(t, "gave up on the 27 operations of x: the bound on memory was reached", res.Reason)
	require.Equal(t, properties.Inconclusive, res.Verdict)

	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(fmt.Errorf("interrupted"))
	res, err := Check(ctx, h, Options{Model: Stack})
	require.NoError(t, err)
	require.Equal(t, properties.Inconclusive, res.Verdict)
	require.Equal(t, "gave up on the 27 operations of x: interrupted", res.Reason)
}

func TestAnEasyFailureIsFoundBehindAHardKey(t *testing.T) {
	events := hard("x", 24)
	events = append(events, history.Event{Process: 90, Kind: history.Pop, Key: "y"},
		history.Event{Type: history.OKEvent, Kind: history.Pop, Process: 90, Key: "y", Value: history.Int(4)})
	res := check(t, record(t, events...), Options{Model: Stack, Steps: 200_000})
	require.Equal(t, properties.Fail, res.Verdict)
	require.Equal(t, "pop from y returned 4, which nothing had pushed", res.Explanation)
	require.Equal(t, "y", res.Key)
	require.Empty(t, res.Reason)
}

func TestAFailureWithoutStepsForItsCulpritIsStillAFailure(t *testing.T) {
	events := hard("x", 5)
	for range 20 { // after the failure, so that the culprit must be searched for
		events = append(events, history.Event{Process: 5, Kind: history.Pop, Key: "x"},
			history.Event{Type: history.OKEvent, Kind: history.Pop, Process: 5, Key: "x", Value: history.Int(0)})
	}
	h := record(t, events...)
	spend := func(steps int64) Result { return check(t, h, Options{Model: Stack, Steps: steps}) }
	enough := int64(1)
	for spend(enough).Verdict != properties.Fail {
		enough++
	}
	res := spend(enough)
	require.Nil(t, res.Culprit)
	require.Equal(t, "no order of the 28 operations of x explains what they returned", res.Explanation)
	require.Equal(t, "pop from x returned 0, which an earlier pop had returned", spend(10*enough).Explanation)
}

func TestWhatAnUnknownOutcomeSaysItReturnedDoesNotMatter(t *testing.T) {
	add := history.Operation{Client: 1, Kind: history.Add, Arg: history.Int(1), Out: history.Bool(false),
		Call: 0, Return: history.Pending, Outcome: history.Unknown}
	see := history.Operation{Client: 2, Kind: history.Remove, Arg: history.Int(1), Out: history.Bool(true), Call: 1, Return: 2}
	h := &history.History{Operations: []history.Operation{add, see}}
	for _, m := range []Model{Set, Multiset} {
		for e := range engines {
			opt := Options{Model: m, Engine: Engine(e)}
			res, err := Check(context.Background(), h, opt)
			require.NoError(t, err)
			require.Equal(t, properties.Pass, res.Verdict)
			require.NoError(t, VerifyOrder(h, opt, res.Orders[0]))
		}
	}
}

func TestAContainerBeginsWithAList(t *testing.T) {
	for m := Queue; m <= Multiset; m++ {
		res, err := Check(context.Background(), &history.History{}, Options{Model: m, Init: history.Text("a")})
		require.EqualError(t, err, fmt.Sprintf("linear: a %v cannot hold \"a\" at first, expected a list", m))
		require.Equal(t, properties.Inconclusive, res.Verdict)
	}
}

func TestAllThatAMultisetMayHoldIsBounded(t *testing.T) {
	const n = 300
	h := &history.History{}
	for i := range int64(n) {
		h.Operations = append(h.Operations, history.Operation{Kind: history.Add, Arg: history.Int(i), Call: 2 * i, Return: 2*i + 1})
	}
	for c := range 5 { // some n^5 bags
		h.Operations = append(h.Operations, history.Operation{Client: c + 1, Kind: history.Dequeue, Call: 2 * n,
			Return: history.Pending, Outcome: history.Unknown})
	}
	h.Operations = append(h.Operations, history.Operation{Kind: history.Read, Out: history.List(), Call: 2 * n, Return: 2*n + 1})
	for _, e := range []Engine{Search, Porcupine} {
		res := check(t, h, Options{Model: Multiset, Engine: e, Memory: 16 << 20})
		require.Equal(t, properties.Inconclusive, res.Verdict)
		require.Contains(t, res.Reason, outOfMemory)
	}
}

func TestAFailureAmongVeryManyPendingOperationsIsFoundWithinTheBounds(t *testing.T) {
	const n = 20_000
	h := &history.History{}
	for i := range int64(n) {
		h.Operations = append(h.Operations, history.Operation{Client: int(i), Kind: history.Write, Arg: history.Int(i), Call: i,
			Return: history.Pending, Outcome: history.Unknown})
	}
	at := int64(n)
	do := func(op history.Operation) {
		op.Client, op.Call, op.Return = n, at, at+1
		h.Operations = append(h.Operations, op)
		at += 2
	}
	do(history.Operation{Kind: history.Write, Arg: history.Int(-1)})
	do(history.Operation{Kind: history.CAS, Old: history.Int(-1), Arg: history.Int(-2), Outcome: history.Failed})
	do(history.Operation{Kind: history.Read, Out: history.Int(-1)})
	res := check(t, h, Options{Model: CASRegister, Steps: 1_000_000})
	require.Equal(t, properties.Fail, res.Verdict)
	require.Nil(t, res.Contradiction) // any of the writes may have made the CAS fail: too many orders to try
}

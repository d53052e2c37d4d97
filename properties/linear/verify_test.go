package linear

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties/history"
)

// twoKeys is a history of two keys. Of x: a write of 1, one of 2 after it, a read
// of 2 that overlaps that one, a pending write of 3, and a read nobody saw the
// result of. Of y: a write.
func twoKeys(t *testing.T) *history.History {
	return script(t, KV,
		`0 :invoke :put ["x" 1]`, `0 :ok :put ["x" 1]`, // 0
		`0 :invoke :put ["x" 2]`, `1 :invoke :get ["x" nil]`, `0 :ok :put ["x" 2]`, `1 :ok :get ["x" 2]`, // 1 and 2
		`2 :invoke :put ["x" 3]`,                       // 3
		`3 :invoke :get ["x" nil]`,                     // 4
		`0 :invoke :put ["y" 1]`, `0 :ok :put ["y" 1]`) // 5
}

func TestAWrongOrderIsRefused(t *testing.T) {
	h := twoKeys(t)
	for _, tc := range []struct {
		key   string
		order []int32
		want  string
	}{
		{"x", []int32{0, 1, 2}, ""},
		{"x", []int32{0, 1, 2, 3}, ""},
		{"y", []int32{5}, ""},
		{"z", nil, ""},
		{"x", []int32{0, 1}, "linear: order of x: operation 2 (read of 2 by client 1) is missing"},
		{"x", nil, "linear: order of x: operation 0 (write 1 by client 0) is missing"},
		{"x", []int32{0, 1, 1, 2}, "linear: order of x: operation 1 (write 2 by client 0) is there twice"},
		{"x", []int32{0, 1, 2, 5}, `linear: order of x: operation 5 (write 1 by client 0) is of the key "y"`},
		{"x", []int32{0, 1, 2, 6}, "linear: order of x: there is no operation 6 among 6"},
		{"x", []int32{-1}, "linear: order of x: there is no operation -1 among 6"},
		{"x", []int32{0, 1, 2, 4}, "linear: order of x: operation 4 (read by client 3 (unknown)) does not matter"},
		{"x", []int32{0, 2, 1}, "linear: order of x: operation 2 (read of 2 by client 1) cannot happen after those placed ahead of it"},
		{"x", []int32{0, 1, 3, 2}, "linear: order of x: operation 3 (write 3 by client 2 (unknown)) was called at 6 and is ahead of read of 2 by client 1, which had returned at 5"},
		{"x", []int32{1, 0, 2}, "linear: order of x: operation 1 (write 2 by client 0) was called at 2 and is ahead of write 1 by client 0, which had returned at 1"},
	} {
		err := VerifyOrder(h, Options{Model: KV}, Order{tc.key, tc.order})
		if tc.want == "" {
			require.NoError(t, err, tc.order)
		} else {
			require.EqualError(t, err, tc.want, tc.order)
		}
	}
	h.Operations[1].Client, h.Operations[1].Call = 8, 1 // it touches the first write: either may be first, but the read decides
	require.NoError(t, VerifyOrder(h, Options{Model: KV}, Order{"x", []int32{0, 1, 2}}))
	h.Operations[2].Out = history.Int(1)
	require.NoError(t, VerifyOrder(h, Options{Model: KV}, Order{"x", []int32{1, 0, 2}}), "no real time is broken")
}

func TestOrdersMustCoverEveryKeyOnce(t *testing.T) {
	h, opt := twoKeys(t), Options{Model: KV}
	x, y := Order{"x", []int32{0, 1, 2}}, Order{"y", []int32{5}}
	require.NoError(t, verifyOrders(h, &opt, []Order{x, y}))
	require.EqualError(t, verifyOrders(h, &opt, []Order{x}), "linear: order of y: operation 5 (write 1 by client 0) is missing")
	halves := []Order{{"x", []int32{0}}, {"x", []int32{1, 2}}, y}
	require.EqualError(t, verifyOrders(h, &opt, halves), "linear: there are two orders of x")
}

func TestACertificateOfWhatCannotBeJudgedIsRefused(t *testing.T) {
	h := &history.History{Operations: []history.Operation{{Kind: history.Write, Call: 5, Return: 4}}}
	require.ErrorIs(t, VerifyOrder(h, Options{}, Order{}), history.ErrInvalid)
	require.ErrorIs(t, (&Contradiction{}).Verify(h, Options{}), history.ErrInvalid)
	h.Operations[0].Return = 5
	require.ErrorContains(t, VerifyOrder(h, Options{Model: Queue}, Order{}), "model queue has no write")
	require.ErrorContains(t, (&Contradiction{}).Verify(h, Options{Model: Queue}), "model queue has no write")
}

func TestAWrongContradictionIsRefused(t *testing.T) {
	h := script(t, KV,
		`0 :invoke :put ["x" 1]`, `0 :ok :put ["x" 1]`, // 0
		`0 :invoke :put ["x" 2]`, `0 :ok :put ["x" 2]`, // 1
		`1 :invoke :put ["x" 3]`,                         // 2
		`2 :invoke :get ["x" nil]`, `2 :ok :get ["x" 1]`, // 3: stale
		`3 :invoke :put ["x" 1]`,                         // 4
		`0 :invoke :get ["x" nil]`, `0 :ok :get ["x" 1]`, // 5: may be right
		`4 :invoke :put ["y" 1]`, `4 :ok :put ["y" 1]`, // 6
		`5 :invoke :get ["x" nil]`) // 7
	for _, tc := range []struct {
		operations, others []int32
		want               string
	}{
		{[]int32{1, 3}, nil, ""},
		{[]int32{0, 1, 3}, []int32{2}, ""},
		{nil, nil, "it has no operations"},
		{[]int32{3}, nil, "operation 0 (write 1 by client 0) may explain what the operations saw and is missing"},
		{[]int32{3}, []int32{0}, "it has an order: write 1, read of 1"},
		{[]int32{1, 5}, nil, "operation 4 (write 1 by client 3 (unknown)) may explain what the operations saw and is missing"},
		{[]int32{1, 5}, []int32{4}, "it has an order: write 2, write 1, read of 1"},
		{[]int32{1, 2, 3}, nil, "operation 2 (write 3 by client 1 (unknown)) may not have happened"},
		{[]int32{3, 1}, nil, "operation 1 is listed behind 3"},
		{[]int32{1, 1, 3}, nil, "operation 1 is listed behind 1"},
		{[]int32{1, 3}, []int32{2, 0}, "operation 0 is listed behind 2"},
		{[]int32{1, 3}, []int32{1}, "operation 1 (write 2 by client 0) is also among the others"},
		{[]int32{1, 3}, []int32{4}, "operation 4 (write 1 by client 3 (unknown)) was called at 7, after all operations had returned at 6"},
		{[]int32{1, 5}, []int32{3, 4}, "operation 3 (read of 1 by client 2) is among the others and changes nothing"},
		{[]int32{1, 3, 6}, nil, `operation 6 (write 1 by client 4) is of the key "y"`},
		{[]int32{1, 3}, []int32{7}, "operation 7 (read by client 5 (unknown)) does not matter"},
		{[]int32{1, 3, 8}, nil, "there is no operation 8 among 8"},
	} {
		c := Contradiction{Key: "x", Operations: tc.operations, Others: tc.others}
		err := c.Verify(h, Options{Model: KV})
		if tc.want == "" {
			require.NoError(t, err, c)
		} else {
			require.EqualError(t, err, "linear: contradiction of x: "+tc.want, c)
		}
	}
}

// Each line is a rule of verify_closure.go: without the last operation listed a
// set is not closed, with it, the set has an order.
func TestWhatMayExplainAContradictionMustBeAmongTheOthers(t *testing.T) {
	for _, tc := range []struct {
		name       string
		opt        Options
		lines      []string
		operations []int32
		other      int32
	}{
		{"a failed cas is explained by any change", Options{Model: CASRegister}, []string{
			"0 :invoke :write 5", "1 :invoke :cas [nil 2]", "1 :fail :cas [nil 2]"}, []int32{1}, 0},
		{"an append may make any text", Options{Model: KV}, []string{
			`0 :invoke :append ["x" "a"]`, `1 :invoke :get ["x" nil]`, `1 :ok :get ["x" "a"]`}, []int32{1}, 0},
		{"nil explains an empty text", Options{Model: KV, Init: history.Int(1)}, []string{
			`0 :invoke :put ["x" nil]`, `1 :invoke :get ["x" nil]`, `1 :ok :get ["x" ""]`}, []int32{1}, 0},
		{"a dequeue of unknown outcome may take anything", Options{Model: Queue}, []string{
			"0 :invoke :dequeue nil", "1 :invoke :enqueue 1", "1 :ok :enqueue 1", "1 :invoke :dequeue nil", "1 :ok :dequeue nil"}, []int32{1, 2}, 0},
		{"a dequeue that answers later may take anything", Options{Model: Queue}, []string{
			"0 :invoke :dequeue nil", "1 :invoke :enqueue 1", "1 :ok :enqueue 1", "1 :invoke :dequeue nil", "1 :ok :dequeue nil", "0 :ok :dequeue 7"}, []int32{1, 2}, 0},
		{"an add of the element", Options{Model: Set}, []string{
			"0 :invoke :add 1", "1 :invoke :contains 1", "1 :ok :contains [1 true]"}, []int32{1}, 0},
		{"a release", Options{Model: Mutex}, []string{
			"0 :invoke :acquire nil", "0 :ok :acquire nil", "0 :invoke :release nil", "1 :invoke :acquire nil", "1 :ok :acquire nil"}, []int32{0, 2}, 1},
	} {
		h := script(t, tc.opt.Model, tc.lines...)
		c := Contradiction{Key: h.Operations[0].Key, Operations: tc.operations}
		require.ErrorContains(t, c.Verify(h, tc.opt), "may explain what the operations saw and is missing", tc.name)
		c.Others = []int32{tc.other}
		require.ErrorContains(t, c.Verify(h, tc.opt), "it has an order: ", tc.name)
	}
}

func TestWhatIsOverwrittenForCertainIsNotAmongTheOthers(t *testing.T) {
	lines := []string{"9 :invoke :write 1", "9 :ok :write 1"}
	for range 100 {
		lines = append(lines, "0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :read nil", "0 :ok :read 1")
	}
	lines = append(lines, "0 :invoke :write 2", "0 :ok :write 2", "1 :invoke :read nil", "1 :ok :read 1")
	h := script(t, Register, lines...)
	res := check(t, h, Options{})
	require.Equal(t, []int32{201, 202}, res.Contradiction.Operations)
	require.Empty(t, res.Contradiction.Others)
	require.Equal(t, "read of 1 by client 1 began after client 0's write of 2 had returned, which had replaced 1", res.Contradiction.Sentence)
}

func TestAReplayIsTheDefinitionOfTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Model(rapid.IntRange(0, len(models)-1).Draw(t, "model"))
		h, opt := anySmall(m, 12, func(below int) int { return rapid.IntRange(0, below-1).Draw(t, "choice") })
		requireReplay(t, h, opt)
	})
	rng := rand.New(rand.NewPCG(5, 5))
	for range 20_000 {
		h, opt := anySmall(Model(rng.IntN(len(models))), 12, rng.IntN)
		requireReplay(t, h, opt)
	}
}

// requireReplay runs the operations that are possible in the order of h.
func requireReplay(t require.TestingT, h *history.History, opt Options) {
	state := opt.initial()
	var order []int32
	for i := range h.Operations {
		if op := &h.Operations[i]; opt.matters(op) {
			if possible, next := opt.step(state, op); possible {
				order, state = append(order, int32(i)), next
			}
		}
	}
	for i := range h.Operations { // each in turn is asked for after those that are possible
		run := opt.replay(h, append(order, int32(i)))
		for _, at := range order {
			require.True(t, run(&h.Operations[at]), "%v %+v", h.Operations, opt)
		}
		if op := &h.Operations[i]; opt.matters(op) {
			want, _ := opt.step(state, op)
			require.Equal(t, want, run(op), "%v after %v %+v", op, h.Operations, opt)
		}
	}
}

func TestALongQueueIsReplayedInOneGo(t *testing.T) {
	const n = 200_000 // elements in at once: n steps on a list would take n squared
	h := &history.History{}
	o := Order{}
	for i := range 2 * n {
		op := history.Operation{Kind: history.Enqueue, Arg: history.Int(int64(i)), Call: int64(2 * i), Return: int64(2*i + 1)}
		if i >= n {
			op.Kind, op.Arg, op.Out = history.Dequeue, history.Value{}, history.Int(int64(i-n))
		}
		h.Operations, o.Operations = append(h.Operations, op), append(o.Operations, int32(i))
	}
	require.NoError(t, VerifyOrder(h, Options{Model: Queue}, o))
	h.Operations[n+7].Out = history.Int(8)
	require.EqualError(t, VerifyOrder(h, Options{Model: Queue}, o),
		"linear: order: operation 200007 (dequeue of 8 by client 0) cannot happen after those placed ahead of it")
}

func TestContradictionsOfAStepOfTheUsersOwn(t *testing.T) {
	// A counter: a write adds one, a read returns the sum.
	opt := Options{Init: history.Int(0), Step: func(state history.Value, op *history.Operation) (bool, history.Value) {
		n, _ := state.Int()
		if op.Kind == history.Read {
			return op.Out == state, state
		}
		return true, history.Int(n + 1)
	}}
	h := script(t, Register, "0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :read nil", "1 :ok :read 1",
		"2 :invoke :write 1", "1 :invoke :read nil", "1 :ok :read 3")
	res := check(t, h, opt)
	require.Equal(t, []int32{3}, res.Contradiction.Operations)
	require.Equal(t, []int32{0, 2}, res.Contradiction.Others)
	require.NoError(t, res.Contradiction.Verify(h, opt))
	res.Contradiction.Others = []int32{2}
	require.EqualError(t, res.Contradiction.Verify(h, opt),
		"linear: contradiction: operation 0 (write 1 by client 0) may explain what the operations saw and is missing")
	require.True(t, strings.HasPrefix(res.Contradiction.Sentence, "no order explains"), res.Contradiction.Sentence)
}

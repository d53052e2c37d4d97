package linear

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/history"
)

// orderExists tries every order of a few operations, which matter, by the
// definition of the model.
func orderExists(opt *Options, ops []*history.Operation) bool {
	var place func(left []*history.Operation, state history.Value) bool
	place = func(left []*history.Operation, state history.Value) bool {
		if !slices.ContainsFunc(left, func(o *history.Operation) bool { return o.Outcome != history.Unknown }) {
			return true // what is left never happened
		}
		for i, o := range left {
			if slices.ContainsFunc(left, func(p *history.Operation) bool { return p.Return < o.Call }) {
				continue
			}
			if ok, next := opt.step(state, o); ok && place(slices.Delete(slices.Clone(left), i, i+1), next) {
				return true
			}
		}
		return false
	}
	return place(ops, opt.initial())
}

// failingPrefix is the shortest prefix without an order, if there is one.
func failingPrefix(opt *Options, ops []*history.Operation) (prefix, bool) {
	done := slices.DeleteFunc(slices.Clone(ops), func(o *history.Operation) bool { return o.Return == history.Pending })
	slices.SortStableFunc(done, func(a, b *history.Operation) int { return cmp.Compare(a.Return, b.Return) })
	for last, culprit := range done {
		p := prefix{culprit: culprit}
		for _, op := range ops {
			if slices.Contains(done[:last+1], op) {
				p.ops = append(p.ops, op)
			} else if op.Call <= culprit.Return && op.Outcome != history.Failed {
				p.ops = append(p.ops, asPending(op))
			}
		}
		p.ops = thatMatter(opt, p.ops)
		if !orderExists(opt, p.ops) {
			return p, true
		}
	}
	return prefix{}, false
}

func thatMatter(opt *Options, ops []*history.Operation) []*history.Operation {
	return slices.DeleteFunc(slices.Clone(ops), func(o *history.Operation) bool { return !opt.matters(o) })
}

// weakened keeps the witnesses, and of everything else only that it was called,
// unless it certainly changed nothing.
func weakened(opt *Options, ops, witnesses []*history.Operation) []*history.Operation {
	var out []*history.Operation
	for _, op := range ops {
		did, answered := op.Out.Bool()
		nothing := op.Outcome == history.Failed || answered && !did && (opt.Model == Set || op.Kind == history.Remove)
		if slices.Contains(witnesses, op) {
			out = append(out, op)
		} else if !nothing {
			out = append(out, asPending(op))
		}
	}
	return thatMatter(opt, out)
}

// drawHistory draws operations of a model on few elements, with ties, pending
// operations and clients that do several things in a row.
func drawHistory(m Model, rng *rand.Rand) (Options, []*history.Operation) {
	opt := Options{Model: m}
	value := func() history.Value { return history.Int(int64(rng.IntN(3))) }
	answer := func() history.Value { return []history.Value{{}, history.Bool(false), history.Bool(true)}[rng.IntN(3)] }
	bag := func() history.Value {
		items := []history.Value{}
		for range rng.IntN(3) {
			if v := value(); m != Set || !slices.Contains(items, v) {
				items = append(items, v)
			}
		}
		return history.List(items...)
	}
	if m > KV && m < Mutex && rng.IntN(3) == 0 {
		opt.Init = bag()
	} else if m <= KV && rng.IntN(3) > 0 {
		opt.Init = value()
	}
	var ops []*history.Operation
	for client := range 1 + rng.IntN(4) {
		at := int64(rng.IntN(4))
		for range 1 + rng.IntN(3) {
			o := &history.Operation{Client: client, Kind: models[m].kinds[rng.IntN(len(models[m].kinds))], Call: at}
			o.Return = at + int64(rng.IntN(5))
			switch {
			case m <= KV && o.Kind == history.Append:
				o.Arg = history.Text([]string{"a", "b", "c"}[rng.IntN(3)])
			case m <= KV && o.Kind == history.Read && opt.Init.IsNil():
				o.Out = history.Text([]string{"a", "ab", "ba", "abc", "aa", "cab"}[rng.IntN(6)])
			case o.Kind == history.Read && m <= KV || o.Kind == history.Dequeue && rng.IntN(4) > 0 || o.Kind == history.Pop && rng.IntN(4) > 0:
				o.Out = value()
			case o.Kind == history.Read:
				o.Out = bag()
			case o.Kind == history.Contains:
				o.Arg, o.Out = value(), history.Bool(rng.IntN(2) == 0)
			case o.Kind == history.CAS:
				o.Old, o.Arg = value(), value()
			case o.Kind.Answers():
				o.Arg, o.Out = value(), answer()
			case o.Kind.Takes():
				o.Arg = value()
			}
			unknown := rng.IntN(8) == 0
			if unknown {
				o.Outcome, o.Return, o.Out = history.Unknown, history.Pending, history.Value{}
			} else if o.Kind == history.CAS && rng.IntN(3) == 0 {
				o.Outcome = history.Failed
			}
			ops = append(ops, o)
			if unknown {
				break
			}
			at = o.Return + 1 + int64(rng.IntN(3))
		}
	}
	slices.SortStableFunc(ops, func(a, b *history.Operation) int { return int(a.Call - b.Call) })
	return opt, thatMatter(&opt, ops)
}

// grounded is how many drawn prefixes fail, by model, and how many of those have a ground.
var grounded = map[Model][2]int{Register: {4066, 4057}, CASRegister: {4375, 4125}, KV: {3973, 2353}, Queue: {4030, 3885},
	Stack: {3921, 3844}, Set: {4774, 4761}, Multiset: {4268, 4208}, Mutex: {4134, 4116}, Lock: {5161, 4878}}

// A ground is true if its witnesses, with whatever else was called pending,
// have no order.
func TestEachGroundIsAProofOnItsOwn(t *testing.T) {
	for m := range Model(len(models)) {
		t.Run(m.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, uint64(m)))
			counts := [2]int{} // failing, explained
			for range 6000 {
				opt, ops := drawHistory(m, rng)
				p, fails := failingPrefix(&opt, ops)
				if !fails || len(p.ops) > 8 {
					continue
				}
				counts[0]++
				sentence, witnesses := explain(&opt, p)
				story := tell(&opt, p.ops, nil, p.culprit)
				if witnesses == nil {
					require.Contains(t, sentence, "no order of the operations so far allows")
					require.Contains(t, story, "no order explains what these returned")
					continue
				}
				counts[1]++
				require.Contains(t, witnesses, p.culprit, sentence)
				require.False(t, orderExists(&opt, weakened(&opt, p.ops, witnesses)), "%s: %v", sentence, p.ops)
				require.Contains(t, story, client(p.culprit))
			}
			require.Equal(t, grounded[m], counts)
		})
	}
}

// operations reads lines such as "1 0-9 enqueue 3", "2 5-7 contains 3 = false",
// "3 4- write 1" and "4 1-2 cas 1 2 failed": client, call, return.
func operations(t *testing.T, lines ...string) []*history.Operation {
	t.Helper()
	var ops []*history.Operation
	for _, line := range lines {
		words := strings.Fields(line)
		o := &history.Operation{Return: history.Pending, Outcome: history.Unknown}
		_, err := fmt.Sscan(words[0], &o.Client)
		require.NoError(t, err)
		call, end, _ := strings.Cut(words[1], "-")
		_, err = fmt.Sscan(call, &o.Call)
		require.NoError(t, err)
		if end != "" {
			_, err = fmt.Sscan(end, &o.Return)
			require.NoError(t, err)
			o.Outcome = history.OK
		}
		for k := history.Read; k <= history.Release; k++ {
			if k.String() == words[2] {
				o.Kind = k
			}
		}
		value := func(text string) history.Value {
			v, err := history.ParseValue(text)
			require.NoError(t, err)
			return v
		}
		args, out, answered := strings.Cut(strings.Join(words[3:], " "), "= ")
		if answered {
			o.Out = value(out)
		}
		args, failed := strings.CutSuffix(strings.TrimSpace(args), " failed")
		if failed {
			o.Outcome = history.Failed
		}
		if from, to, isCAS := strings.Cut(args, " "); isCAS {
			o.Old, o.Arg = value(from), value(to)
		} else if args != "" {
			o.Arg = value(args)
		}
		ops = append(ops, o)
	}
	return ops
}

// stories are prefixes that fail when their last operation returns, and what is
// told of them: in short and with names.
var stories = []struct {
	opt   Options
	lines []string
	short string
	long  string
}{
	{Options{}, []string{"1 0-1 write 3", "2 2-3 write 5", "7 4-5 read = 3"},
		"read returned 3 after 5 was acknowledged",
		"read of 3 by client 7 began after client 2's write of 5 had returned, which had replaced 3"},
	{Options{Init: history.Int(3)}, []string{"2 2-3 write 5", "7 4-5 read = 3"},
		"read returned 3 after 5 was acknowledged",
		"read of 3 by client 7 began after client 2's write of 5 had returned, which had replaced the initial 3"},
	{Options{}, []string{"2 0- write 5", "4 2-3 read = 5", "7 4-5 read = nil"},
		"read returned nil after an earlier read had returned the newer 5",
		"read of nil by client 7 began after client 4's read of 5 had returned, though nothing had written the initial nil again"},
	{Options{}, []string{"1 0- write 3", "2 0- write 5", "4 1-2 read = 3", "4 3-4 read = 5", "7 5-6 read = 3"},
		"read returned 3 after an earlier read had returned the newer 5",
		"read of 3 by client 7 began after client 4's read of 5 had returned, which itself began after client 4's read of 3 had returned"},
	{Options{}, []string{"1 0-1 write 3", "2 2- write 5", "4 0-3 read = 5", "7 4-9 read = 3"},
		"read returned 3 after an earlier read had returned the newer 5",
		"client 1's write of 3 returned before client 2's write of 5 was called, so 3 came before 5; " +
			"yet client 7's read of 3 began after client 4's read of 5 had returned"},
	{Options{}, []string{"1 0-1 write 3", "7 2-3 read = 4", "2 4-5 write 4"},
		"read returned 4, a value nothing had written",
		"read of 4 by client 7: nothing had written 4 when it returned; client 2's write of 4 was called only later"},
	{Options{Model: CASRegister, Init: history.Int(0)}, []string{"1 0-3 cas 0 1", "2 1-4 cas 0 2"},
		"cas from 0 to 2 succeeded as did a cas from 0 to 1, though 0 was written only once",
		"client 1's cas from 0 to 1 and client 2's cas from 0 to 2 both succeeded, though nothing had written the initial 0 again " +
			"and each of them replaced it"},
	{Options{Model: CASRegister}, []string{"1 0-1 write 1", "2 2-3 cas 1 2 failed"},
		"cas from 1 to 2 failed after 1 was acknowledged and nothing had replaced it",
		"client 2's cas from 1 to 2 failed, though it began after client 1's write of 1 had returned and nothing had replaced 1"},
	{Options{Model: CASRegister}, []string{"1 0-1 write 1", "2 2-9 write 5", "3 2- cas 1 2", "4 3-4 read = 5", "6 5-6 cas 2 3"},
		"cas from 2 to 3 succeeded, though 5 must have come between 1 and 2, and a cas led from 1 to 2 at once",
		"client 1's write of 1 returned before client 4's read of 5 was called, so 1 came before 5; and client 4's read of 5 " +
			"returned before client 6's cas from 2 to 3 was called, so 5 came before 2; yet client 3's cas from 1 to 2 left nothing between 1 and 2"},
	{Options{Model: KV}, []string{"1 0-1 append a", "2 2-3 append b", "3 4-5 read = ba"},
		`read returned "ba", with "b" before "a", though "a" was appended first`,
		`read of "ba" by client 3 has "b" before "a", though client 1's append of "a" returned before client 2's append of "b" was called`},
	{Options{Model: KV}, []string{"1 0-1 append a", "3 4-5 read = aa"},
		`read returned "aa", with "a" more often than it was appended`,
		`read of "aa" by client 3 has "a" twice or more, though it was appended once`},
	{Options{Model: Queue}, []string{"1 0-1 enqueue 2", "1 2-3 enqueue 3", "2 4-5 dequeue = 3"},
		"dequeue returned 3 before 2, though 2 was enqueued first",
		"client 2's dequeue of 3 came while 2, which nothing had taken, was ahead of 3: " +
			"client 1's enqueue of 2 returned before client 1's enqueue of 3 was called"},
	{Options{Model: Queue}, []string{"1 0-1 enqueue 2", "1 2-3 enqueue 3", "4 2- dequeue", "2 4-5 dequeue = 3", "3 6-7 dequeue = 2"},
		"dequeue returned 2 after 3, though 2 was enqueued first",
		"client 3's dequeue of 2 began after client 2's dequeue of 3 had returned, " +
			"though client 1's enqueue of 2 returned before client 1's enqueue of 3 was called"},
	{Options{Model: Stack}, []string{"1 0-1 push 1", "1 2-3 push 2", "4 2- pop", "2 4-5 pop = 1", "3 6-7 pop = 2"},
		"pop returned 2, which no order of the operations so far allows",
		"no order explains what these returned: (1) push of 1 by client 1, (2) push of 2 by client 1, (3) pop of 1 by client 2, " +
			"(4) pop of 2 by client 3; beside them 1 operation may have happened"},
	{Options{Model: Queue}, []string{"1 0-1 enqueue 5", "2 2-3 dequeue = 5", "3 4-5 dequeue = 5"},
		"dequeue returned 5, which an earlier dequeue had returned",
		"client 2's dequeue of 5 and client 3's dequeue of 5 both took 5, though it was enqueued only once"},
	{Options{Model: Queue}, []string{"3 4-5 dequeue = 5", "1 6-7 enqueue 5"},
		"dequeue returned 5, which nothing had enqueued",
		"dequeue of 5 by client 3: nothing had enqueued 5 when it returned; client 1's enqueue of 5 was called only later"},
	{Options{Model: Queue}, []string{"1 0-1 enqueue 4", "2 2-3 dequeue = nil"},
		"dequeue found the queue empty though 4 was in it all the time",
		"client 2's dequeue found the queue empty, though 4 was in it all the time: client 1's enqueue of 4 had returned before, and nothing took it"},
	{Options{Model: Stack}, []string{"1 0-1 push 2", "1 2-3 push 3", "2 4-5 pop = 2"},
		"pop returned 2 before 3, though 3 was pushed later and still there",
		"client 2's pop of 2 took it from under 3, which was there by then and which nothing had popped: " +
			"client 1's push of 2 returned before client 1's push of 3 was called"},
	{Options{Model: Set}, []string{"1 0-1 add 3", "2 2-3 contains 3 = false"},
		"contains 3 returned false after 3 was added and nothing removed it",
		"client 2's contains of 3 (false) began after client 1's add of 3 had returned, and nothing removed it"},
	{Options{Model: Set}, []string{"1 0-1 add 3", "2 2-3 read = [4]"},
		"read returned [4] without 3 after 3 was added and nothing removed it",
		"client 2's read of [4] began after client 1's add of 3 had returned and did not see 3, and nothing removed it"},
	{Options{Model: Set}, []string{"1 0-9 add 1", "2 0-9 add 2", "3 1-5 read = [1]", "4 1-6 read = [2]"},
		"read returned [2] with 2 and without 1, while another read had 1 without 2",
		"client 4's read of [2] saw 2 but no 1, and client 3's read of [1] saw 1 but no 2, though nothing removed either: " +
			"each was added before the other"},
	{Options{Model: Multiset}, []string{"1 0-1 add 3", "2 0-1 add 3", "3 2-3 read = [3]"},
		"read returned [3] with 3 once though 3 had been put in twice and nothing took it",
		"client 3's read of [3] found 3 once, though 3 had been put in twice and nothing took it"},
	{Options{Model: Mutex}, []string{"1 0-1 acquire", "2 2-3 acquire"},
		"client 2 acquired the lock while client 1 held it",
		"client 2's acquire began after client 1's acquire had returned, and nobody had released the lock since"},
	{Options{Model: Mutex}, []string{"1 0-2 acquire", "2 1-3 acquire"},
		"client 2 acquired the lock as client 1 did, and nobody released it",
		"client 1's acquire and client 2's acquire both succeeded, and nobody released the lock in between"},
	{Options{Model: Lock}, []string{"1 0-1 acquire", "2 2-3 release"},
		"client 2 released the lock without holding it",
		"client 2 released the lock, which it had not acquired"},
	{Options{Step: func(state history.Value, op *history.Operation) (bool, history.Value) { return false, state }},
		[]string{"1 0-1 read = 3"}, "read returned 3, which no order of the operations so far allows",
		"no order explains what these returned: (1) read of 3 by client 1"},
}

func TestStoriesNameTheClientsAndTheGround(t *testing.T) {
	for _, s := range stories {
		t.Run(s.short, func(t *testing.T) {
			all := operations(t, s.lines...)
			slices.SortStableFunc(all, func(a, b *history.Operation) int { return cmp.Compare(a.Call, b.Call) })
			p, fails := failingPrefix(&s.opt, all)
			require.True(t, fails)
			sentence, _ := explain(&s.opt, p)
			require.Equal(t, s.short, sentence)
			others := slices.DeleteFunc(slices.Clone(all), func(o *history.Operation) bool { return o.Outcome != history.Unknown })
			returned := slices.DeleteFunc(slices.Clone(all), func(o *history.Operation) bool { return o.Outcome == history.Unknown })
			require.Equal(t, s.long, tell(&s.opt, returned, others, p.culprit))
		})
	}
}

func TestAContradictionIsDrawnInLanesAndListed(t *testing.T) {
	h := script(t, KV,
		`3 :invoke :put ["x" 7]`, `1 :invoke :put ["x" 3]`, `1 :ok :put ["x" 3]`, `2 :invoke :put ["x" 5]`, `4 :invoke :get ["x" nil]`,
		`4 :ok :get ["x" 5]`, `7 :invoke :get ["x" nil]`, `7 :ok :get ["x" 3]`, `2 :ok :put ["x" 5]`)
	c := &Contradiction{Key: "x", Operations: []int32{1, 3, 4}, Others: []int32{0, 2}}
	require.Equal(t, []string{
		"client 1    |-write of 3-|",
		"client 4                     |-read of 5-|",
		"client 7                                   |=read of 3=|",
		"client 3  |.................write of 7.................>",
		"client 2                   |........write of 5.........>",
	}, c.Lanes(h))
	require.Equal(t, []string{
		"  1  client 1  write of 3  x  1..2",
		"  2  client 4  read of 5   x  4..5",
		"> 3  client 7  read of 3   x  6..7  after this no order is left",
		"  4  client 3  write of 7  x  0..   (may have happened at any time after its call)",
		"  5  client 2  write of 5  x  3..   (may have happened at any time after its call)",
	}, c.Table(h))
	for i := range h.Operations {
		h.Operations[i].CallTime, h.Operations[i].ReturnTime = int64(i)*1_234_567, int64(i)*2_000_000+3_000_000
	}
	c.Others = nil
	require.Equal(t, []string{
		"  1  client 1  write of 3  x  1..2  1.235..5.000 ms",
		"  2  client 4  read of 5   x  4..5  3.704..9.000 ms",
		"> 3  client 7  read of 3   x  6..7  4.938..11.000 ms  after this no order is left",
	}, c.Table(h))
}

func TestLanesUseNumbersWhereThereIsNoRoom(t *testing.T) {
	long := history.Text(strings.Repeat("long ", 20))
	h := &history.History{}
	c := &Contradiction{Key: "a\nkey"}
	for i := range int64(30) {
		h.Operations = append(h.Operations, history.Operation{Client: int(i % 2), Key: c.Key, Kind: history.Write, Arg: long, Call: 4 * i, Return: 4*i + 2})
		if i < 12 {
			c.Operations = append(c.Operations, int32(i))
		}
	}
	h.Operations[2].Return = h.Operations[2].Call // a moment
	require.Equal(t, []string{
		"client 0  |-1-|       |3       |-5-|       |-7-|       |-9-|        |-11-|",
		"client 1        |-2-|    |-4-|       |-6-|       |-8-|       |-10-|        |=12=|",
	}, c.Lanes(h))
	require.Contains(t, c.Table(h)[0], `"a\nkey"`)
	for i := int32(12); i < 30; i++ {
		c.Operations = append(c.Operations, i)
	}
	require.Nil(t, c.Lanes(h))
	c.Operations, c.Others = c.Operations[:1], c.Operations[1:]
	require.Len(t, c.Lanes(h), 1+8+1)
	require.Equal(t, "and 21 operations that may have happened at any time after the call", c.Lanes(h)[9])
}

package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/properties"
	"phoenix/properties/history"
)

// tryEveryOrder tries every order of a few operations of one key that matter. It
// shares nothing with the search but the definition of the model.
func tryEveryOrder(opt *Options, ops []*history.Operation) bool {
	var place func(left []*history.Operation, state history.Value) bool
	place = func(left []*history.Operation, state history.Value) bool {
		if !slices.ContainsFunc(left, func(o *history.Operation) bool { return o.Outcome != history.Unknown }) {
			return true // what is left never happened
		}
		for i, o := range left {
			if slices.ContainsFunc(left, func(p *history.Operation) bool { return p.Return < o.Call }) {
				continue
			}
			if possible, next := opt.step(state, o); possible && place(slices.Delete(slices.Clone(left), i, i+1), next) {
				return true
			}
		}
		return false
	}
	return place(ops, opt.initial())
}

// requireProof verifies a linearization of ops from what the words mean.
func requireProof(t require.TestingT, opt *Options, ops []*history.Operation, order []int32) {
	at := make([]int, len(ops)) // from 1
	state := opt.initial()
	for place, i := range order {
		require.Zero(t, at[i], "twice")
		at[i] = place + 1
		possible, next := opt.step(state, ops[i])
		require.True(t, possible, "%v of %v in state %v", ops[i], order, state)
		state = next
	}
	for i, op := range ops {
		require.True(t, at[i] > 0 || op.Outcome == history.Unknown, "%v is missing", op)
		for j, other := range ops {
			require.False(t, at[i] > 0 && at[j] > 0 && op.Return < other.Call && at[i] > at[j], "%v precedes %v", op, other)
		}
	}
}

// countingStep is a user's specification: a counter that add raises, that read
// returns, and that write may only lower.
func countingStep(state history.Value, op *history.Operation) (possible bool, next history.Value) {
	held, _ := state.Int()
	arg, _ := op.Arg.Int()
	switch op.Kind {
	case history.Read:
		return op.Out == history.Int(held), state
	case history.Write:
		return arg < held, op.Arg
	}
	return true, history.Int(held + arg)
}

// counting numbers countingStep among the models.
const counting = Lock + 1

func nameOf(m Model) string {
	if m == counting {
		return "a user's step"
	}
	return m.String()
}

// draws makes small random histories of any model, most of them right or nearly so.
type draws struct {
	draw func(below int) int
	opt  Options
	kind []history.Kind
}

func newDraws(m Model, draw func(below int) int) *draws {
	d := &draws{draw: draw, opt: Options{Model: m, NilRead: NilRead(draw(2))}}
	switch {
	case m == counting:
		d.opt = Options{Step: countingStep, Init: history.Int(1)}
		d.kind = []history.Kind{history.Read, history.Write, history.Add}
		return d
	case m <= KV:
		d.opt.Init, d.opt.FailedCAS = d.value(), FailedCAS(draw(2))
	case m < Mutex && draw(2) == 0:
		d.opt.Init = d.list()
	}
	d.kind = models[m].kinds
	if m == KV && draw(2) == 0 { // as often without as with appends
		d.kind = d.kind[:3]
	}
	return d
}

// value is one of few: nil and what reads as nil among them.
func (d *draws) value() history.Value {
	values := []history.Value{history.Int(0), history.Int(1), history.Int(2), {}}
	if d.opt.Model == KV {
		values = []history.Value{history.Text("a"), history.Text("b"), history.Text("ab"), history.Text(""), {}, history.Int(1)}
	} else if d.opt.Model >= Queue && d.draw(4) > 0 {
		values = values[:3]
	}
	return values[d.draw(len(values))]
}

// list has up to three elements, some twice, in no order.
func (d *draws) list() history.Value {
	var items []history.Value
	for range d.draw(4) {
		items = append(items, d.value())
	}
	return history.List(items...)
}

func (d *draws) out(k history.Kind) history.Value {
	switch {
	case k == history.Contains || k.Answers() && d.draw(2) == 0:
		return history.Bool(d.draw(2) == 0)
	case k == history.Read && (d.opt.Model == Set || d.opt.Model == Multiset) && d.draw(4) > 0:
		return d.list()
	case k == history.Read || k == history.Dequeue || k == history.Pop:
		return d.value()
	}
	return history.Value{}
}

// operation draws one without times.
func (d *draws) operation(client int) history.Operation {
	o := history.Operation{Client: client, Kind: d.kind[d.draw(len(d.kind))]}
	if o.Kind.Takes() {
		o.Arg = d.value()
	}
	switch {
	case d.opt.Step != nil && o.Arg.IsNil():
		o.Arg = history.Int(1)
	case o.Kind == history.Append:
		o.Arg = []history.Value{history.Text("a"), history.Text("b"), history.Int(1)}[d.draw(3)]
	case o.Kind == history.CAS:
		o.Old = d.value()
		o.Outcome = history.Outcome(d.draw(2)) // ok or failed
	}
	o.Out = d.out(o.Kind)
	return o
}

// history draws operations that overlap about so many at a time, with ties. Most
// answer what they would answer if they happened at a certain moment.
func (d *draws) history(most, overlap int) []*history.Operation {
	n := 1 + d.draw(most)
	state := d.opt.initial()
	var ops []*history.Operation
	for i := range n {
		o := d.operation(i % 5)
		if d.opt.Step == nil && d.draw(8) == 0 {
			o.Outcome = history.Unknown
		}
		for range 24 { // until it fits
			if possible, _ := d.opt.step(state, &o); possible || d.draw(3) == 0 {
				break
			}
			unknown := o.Outcome == history.Unknown
			if o = d.operation(i % 5); unknown {
				o.Outcome = history.Unknown
			}
		}
		if possible, next := d.opt.step(state, &o); possible && (o.Outcome != history.Unknown || d.draw(2) == 0) {
			state = next
		}
		o.Call, o.Return = int64(2*i-d.draw(2*overlap)), int64(2*i+d.draw(2*overlap))
		if d.opt.Step != nil && d.draw(8) == 0 {
			o.Outcome = history.Unknown
		}
		if o.Outcome == history.Unknown {
			o.Return = history.Pending
		}
		if d.opt.matters(&o) {
			ops = append(ops, &o)
		}
	}
	slices.SortStableFunc(ops, func(a, b *history.Operation) int { return int(a.Call - b.Call) })
	return ops
}

// requireBothRight compares the engines with the truth.
func requireBothRight(t require.TestingT, opt *Options, ops []*history.Operation, want bool) {
	for _, engine := range []func(context.Context, *Options, []*history.Operation, int64) decision{searchKey, porcupineKey} {
		d := engine(context.Background(), opt, ops, DefaultSteps)
		if !want {
			require.Equal(t, properties.Fail, d.verdict, "%v %+v", ops, opt)
			continue
		}
		require.Equal(t, properties.Pass, d.verdict, "%v %+v", ops, opt)
		requireProof(t, opt, ops, d.order)
	}
}

func TestSearchAndPorcupineAgreeWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	got := map[string][2]int{}
	for m := Register; m <= counting; m++ {
		var passes, fails int
		for range 5000 {
			d := newDraws(m, rng.IntN)
			ops := d.history(7, 4)
			want := tryEveryOrder(&d.opt, ops)
			requireBothRight(t, &d.opt, ops, want)
			if want {
				passes++
			} else {
				fails++
			}
		}
		got[nameOf(m)] = [2]int{passes, fails}
	}
	require.Equal(t, map[string][2]int{
		"register": {3821, 1179}, "cas-register": {3477, 1523}, "kv": {3393, 1607},
		"queue": {3262, 1738}, "stack": {3559, 1441}, "set": {2634, 2366}, "multiset": {3142, 1858},
		"mutex": {3452, 1548}, "lock": {696, 4304}, "a user's step": {3160, 1840},
	}, got)
}

func TestDrawnSearchesAgreeWithTryingEveryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(below int) int { return rapid.IntRange(0, below-1).Draw(t, "choice") }
		d := newDraws(Model(draw(int(counting)+1)), draw)
		ops := d.history(7, 4)
		requireBothRight(t, &d.opt, ops, tryEveryOrder(&d.opt, ops))
	})
}

func TestSearchAgreesWithPorcupineOnLongerHistories(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	var theirs, ours [3]int // by verdict: pass, inconclusive, fail
	for m := Register; m <= counting; m++ {
		for range 150 {
			d := newDraws(m, rng.IntN)
			ops := d.history(60, 3)
			oracle := porcupineKey(context.Background(), &d.opt, ops, 10_000)
			own := searchKey(context.Background(), &d.opt, ops, 10_000)
			theirs[oracle.verdict]++
			ours[own.verdict]++
			if own.verdict == properties.Pass {
				requireProof(t, &d.opt, ops, own.order)
			}
			if oracle.verdict != properties.Inconclusive && own.verdict != properties.Inconclusive {
				require.Equal(t, oracle.verdict, own.verdict, "%v %+v", ops, d.opt)
			}
		}
	}
	require.Equal(t, [3]int{327, 40, 1133}, theirs)
	require.Equal(t, [3]int{329, 33, 1138}, ours)
}

func TestEveryOrderOfTryingGivesTheSameVerdict(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	for m := Register; m <= counting; m++ {
		for range 300 {
			d := newDraws(m, rng.IntN)
			ops := d.history(12, 4)
			want := searchKey(context.Background(), &d.opt, ops, DefaultSteps).verdict
			for i := range orders {
				s, ok := newSearch(context.Background(), &d.opt, ops, DefaultSteps)
				require.True(t, ok)
				s.orders = orders[i : i+1]
				require.Equal(t, want, s.run().verdict, "%d: %v %+v", i, ops, d.opt)
			}
		}
	}
}

func TestWhatChangesNothingNowMayMatterLater(t *testing.T) {
	one := history.Int(1)
	ops := []*history.Operation{ // an add of what is there, which puts it back after the remove
		{Client: 0, Kind: history.Add, Arg: one, Call: 0, Return: 9},
		{Client: 1, Kind: history.Remove, Arg: one, Out: history.Bool(true), Call: 1, Return: 2},
		{Client: 1, Kind: history.Contains, Arg: one, Out: history.Bool(true), Call: 3, Return: 4},
	}
	opt := Options{Model: Set, Init: history.List(one)}
	d := searchKey(context.Background(), &opt, ops, DefaultSteps)
	require.Equal(t, []int32{1, 0, 2}, d.order)
	ops[0].Out = history.Bool(false) // it found it there
	require.Equal(t, properties.Fail, searchKey(context.Background(), &opt, ops, DefaultSteps).verdict)
}

// tangled is a history whose search takes long: queues that many clients fill and
// empty at a time, with the same few elements.
func tangled() (*Options, []*history.Operation) {
	h := generate(workload{Model: Queue, Operations: 400, Clients: 16, Values: 5, Seed: 1})
	return &Options{Model: Queue}, pointers(h)
}

func TestASearchKeepsItsBounds(t *testing.T) {
	opt, ops := tangled()
	for _, steps := range []int64{0, 1, 100, 100_000} {
		d := searchKey(context.Background(), opt, ops, steps)
		require.Equal(t, decision{verdict: properties.Inconclusive, reason: outOfSteps, steps: steps}, d)
		d = porcupineKey(context.Background(), opt, ops, steps)
		require.Equal(t, decision{verdict: properties.Inconclusive, reason: outOfSteps, steps: steps}, d)
	}
	for _, bound := range []int64{1, 50_000, 1 << 20} {
		bounded := *opt
		bounded.Memory = bound
		s, ok := newSearch(context.Background(), &bounded, ops, DefaultSteps)
		if ok {
			require.Equal(t, outOfMemory, s.run().reason)
			require.LessOrEqual(t, s.memory.peak, bound)
			require.Equal(t, int64(16*len(s.dead.slots)), s.memory.held-int64(40*len(ops)+4*cap(s.options)))
		}
		d := searchKey(context.Background(), &bounded, ops, DefaultSteps)
		require.Equal(t, properties.Inconclusive, d.verdict)
		require.Equal(t, outOfMemory, d.reason)
		require.Equal(t, outOfMemory, porcupineKey(context.Background(), &bounded, ops, DefaultSteps).reason)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(fmt.Errorf("interrupted"))
	require.Equal(t, "interrupted", searchKey(ctx, opt, ops, DefaultSteps).reason)
	require.Equal(t, "interrupted", porcupineKey(ctx, opt, ops, DefaultSteps).reason)
	require.Equal(t, decision{order: []int32{}}, searchKey(ctx, opt, nil, 0), "nothing to do needs nothing")
}

func TestTheStatesOfAUsersStepCountAgainstTheMemoryBound(t *testing.T) {
	grow := func(state history.Value, op *history.Operation) (bool, history.Value) {
		text := fmt.Sprintf("%s,%d", state.Bare(), op.Client)
		return op.Kind != history.Read, history.Text(text)
	}
	var ops []*history.Operation
	for client := range 30 {
		ops = append(ops, &history.Operation{Client: client, Kind: history.Write, Call: int64(client), Return: 100})
	}
	ops = append(ops, &history.Operation{Client: 30, Call: 101, Return: 102}) // never possible
	d := searchKey(context.Background(), &Options{Step: grow, Memory: 1 << 22}, ops, DefaultSteps)
	require.Equal(t, outOfMemory, d.reason)
	require.Less(t, d.steps, int64(100_000))
}

func TestAMillionOperationsInARowAreOneStepEach(t *testing.T) {
	const n = 1_000_000
	h := generate(workload{Model: Register, Operations: n, Clients: 1, Values: 5, Seed: 1})
	s, ok := newSearch(context.Background(), &Options{}, pointers(h), DefaultSteps)
	require.True(t, ok)
	d := s.run()
	require.Equal(t, properties.Pass, d.verdict)
	require.Len(t, d.order, n)
	require.True(t, slices.IsSorted(d.order))
	require.Equal(t, int64(n), d.steps)
	require.Less(t, s.memory.peak, int64(44*n))
}

func TestAQueueThatGrowsLongIsNotCopied(t *testing.T) {
	const n = 100_000
	ops := make([]*history.Operation, 0, 2*n)
	for i := range int64(2 * n) {
		op := &history.Operation{Kind: history.Enqueue, Arg: history.Int(i), Call: 2 * i, Return: 2*i + 1}
		if i >= n {
			op.Kind, op.Arg, op.Out = history.Dequeue, history.Value{}, history.Int(i-n)
		}
		ops = append(ops, op)
	}
	s, ok := newSearch(context.Background(), &Options{Model: Queue}, ops, DefaultSteps)
	require.True(t, ok)
	require.Len(t, s.run().order, 2*n)
	ops[n].Out = history.Int(1)
	require.Equal(t, properties.Fail, searchKey(context.Background(), &Options{Model: Queue}, ops, DefaultSteps).verdict)
}

func TestDeadConfigurationsAreFoundAgain(t *testing.T) {
	memory := budget{bound: 1 << 22}
	var d deadSet
	for i := range uint64(30_000) {
		require.False(t, d.has(zobrist(i)))
		require.True(t, d.add(zobrist(i), &memory))
		require.True(t, d.add(zobrist(i), &memory), "it is there")
	}
	for i := range uint64(60_000) {
		require.Equal(t, i < 30_000, d.has(zobrist(i)))
	}
	require.Equal(t, 30_000, d.count)
	require.Equal(t, int64(16*len(d.slots)), memory.held)
	require.Equal(t, memory.held*3/2, memory.peak, "the old table is there while the new is filled")
	for i := uint64(30_000); d.add(zobrist(i), &memory); i++ {
		require.Less(t, d.count, 1<<17)
	}
	require.LessOrEqual(t, memory.peak, memory.bound)
	require.True(t, d.has(zobrist(30_001)), "it is as it was")
}

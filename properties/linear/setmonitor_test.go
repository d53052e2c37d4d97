package linear

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties"
	"phoenix/properties/history"
)

// requireSetDecision checks a decision about a set against what is right, and
// the order or core that comes with it.
func requireSetDecision(t require.TestingT, h *history.History, opt Options, d decision, right bool) {
	if right {
		require.Equal(t, properties.Pass, d.verdict, "%v %s", opt.Init, listing(h))
		requireLinearization(t, &opt, pointers(h), d.order)
		return
	}
	require.Equal(t, properties.Fail, d.verdict, "%v %s", opt.Init, listing(h))
	require.NotEmpty(t, d.core)
	require.True(t, slices.IsSorted(d.core))
	require.False(t, bruteContainer(besides(h.Operations, d.core), opt), "%v of %v %s", d.core, opt.Init, listing(h))
}

// besides returns the operations of a core, and of others only that they may
// have changed the set.
func besides(ops []history.Operation, core []int32) (few []history.Operation) {
	for i, o := range ops {
		if !slices.Contains(core, int32(i)) {
			if o.Kind == history.Contains || o.Kind == history.Read {
				continue
			}
			o.Outcome, o.Out, o.Return = history.Unknown, history.Value{}, history.Pending
		}
		few = append(few, o)
	}
	return few
}

// smallSet draws operations that matter on the elements of a set.
func smallSet(rng *rand.Rand, long bool) (*history.History, Options) {
	for {
		d := newDrawing(rng, Set, long)
		d.keys = 1
		h := d.draw()
		h.Operations = slices.DeleteFunc(h.Operations, func(o history.Operation) bool {
			return o.Kind == history.Read || !d.opt.matters(&o)
		})
		if len(h.Operations) > 0 {
			return h, d.opt
		}
	}
}

func TestSetsSplitByElementAgreeWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	passes := 0
	for range 30_000 {
		h, opt := smallSet(rng, false)
		d, ok := monitorSet(&opt, pointers(h))
		require.True(t, ok)
		right := bruteContainer(h.Operations, opt)
		requireSetDecision(t, h, opt, d, right)
		if right {
			passes++
		}
	}
	require.Equal(t, 23428, passes)
}

// flagOrder looks for an order of the operations on one element.
func flagOrder(opt *Options, ops []*history.Operation) decision {
	type state struct {
		happened uint64
		held     history.Value
	}
	seen := make(map[state]bool)
	var order []int32
	var from func(s state) bool
	from = func(s state) bool {
		if seen[s] {
			return false
		}
		seen[s] = true
		least, left := history.Pending, false
		for i, op := range ops {
			if s.happened>>i&1 == 0 && op.Outcome == history.OK {
				least, left = min(least, op.Return), true
			}
		}
		for i, op := range ops {
			if s.happened>>i&1 == 1 || op.Call > least {
				continue
			}
			if possible, held := opt.step(s.held, op); possible && left {
				order = append(order, int32(i))
				if from(state{s.happened | 1<<i, held}) {
					return true
				}
				order = order[:len(order)-1]
			}
		}
		return !left
	}
	if !from(state{held: opt.initial()}) {
		return decision{verdict: properties.Fail, core: []int32{0}, steps: 1}
	}
	return decision{verdict: properties.Pass, order: order, steps: 1}
}

func TestElementsWithManyOperationsAreLeftToTheSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 3))
	var verdicts [3]int
	searched, unsure := int64(0), 0
	for range 3_000 {
		h, opt := smallSet(rng, true)
		ops := pointers(h)
		asked := int64(0)
		d, ok := decideSet(&opt, ops, func(opt *Options, ops []*history.Operation) decision {
			require.Greater(t, len(ops), fewOperations)
			asked++
			return flagOrder(opt, ops)
		})
		require.True(t, ok)
		require.Equal(t, asked, d.steps)
		searched += asked
		verdicts[d.verdict]++
		_, ok = monitorSet(&opt, ops)
		require.Equal(t, asked == 0, ok)
		if d.verdict == properties.Pass {
			requireLinearization(t, &opt, ops, d.order)
		}
		switch whole := porcupineKey(context.Background(), &opt, ops, opt.Steps); whole.verdict {
		case properties.Inconclusive:
			unsure++
		default:
			require.Equal(t, whole.verdict, d.verdict)
		}
	}
	require.Equal(t, [3]int{2063, 0, 937}, verdicts)
	require.Equal(t, int64(1366), searched)
	require.Equal(t, 2, unsure)
}

func TestASetIsInconclusiveIfAnElementIs(t *testing.T) {
	h := generate(workload{Model: Set, Operations: 100, Clients: 3, Values: 2, Seed: 1})
	gaveUp := decision{verdict: properties.Inconclusive, reason: outOfSteps, steps: 7}
	d, ok := decideSet(&Options{Model: Set}, pointers(h), func(*Options, []*history.Operation) decision { return gaveUp })
	require.True(t, ok)
	require.Equal(t, decision{verdict: properties.Inconclusive, reason: outOfSteps, steps: 14}, d)
}

// growingHistory draws up to so many adds of unique elements and reads of a set.
func growingHistory(draw func(below int) int, most int) (*history.History, Options) {
	opt := Options{Model: Set, NilRead: NilRead(draw(2))}
	held := make([]history.Value, draw(3))
	for i := range held {
		held[i] = history.Int(int64(-i))
	}
	opt.Init = history.List(held...)
	h := &history.History{}
	n, span, length := 1+draw(most), 2+draw(2*most), 1+draw(6)
	moments := make([]int64, n)
	for client := range n {
		o := history.Operation{Client: client, Kind: history.Add, Arg: history.Int(int64(client + 1)), Call: int64(draw(span))}
		o.Return = o.Call + int64(draw(length))
		moments[client] = o.Call + int64(draw(int(o.Return-o.Call)+1))
		switch {
		case draw(2) == 0:
			o.Kind, o.Arg = history.Read, history.Value{}
		case draw(6) == 0:
			o.Outcome, o.Return = history.Unknown, history.Pending
		case draw(4) == 0:
			o.Out = history.Bool(true)
		}
		h.Operations = append(h.Operations, o)
	}
	for i := range h.Operations {
		if o := &h.Operations[i]; o.Kind == history.Read {
			seen := slices.Clone(held)
			for j, other := range h.Operations {
				if other.Kind == history.Add && moments[j] < moments[i] && (other.Outcome == history.OK || j%2 == 0) {
					seen = append(seen, other.Arg)
				}
			}
			o.Out = spoiledList(draw, seen)
		}
	}
	slices.SortStableFunc(h.Operations, func(a, b history.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return h, opt
}

// spoiledList returns a list of what was seen, at times with a mistake.
func spoiledList(draw func(below int) int, seen []history.Value) history.Value {
	switch draw(24) {
	case 0:
		return history.Value{}
	case 1:
		seen = append(seen, history.Int(int64(draw(9))))
	case 2, 3:
		if len(seen) > 0 {
			seen = slices.Delete(seen, len(seen)-1, len(seen))
		}
	case 4:
		return history.Int(1)
	}
	return history.List(seen...)
}

func TestGrowingSetsAgreeWithTryingEveryOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	passes := 0
	for range 20_000 {
		h, opt := growingHistory(rng.IntN, 7)
		right := bruteContainer(h.Operations, opt)
		d, ok := monitorSet(&opt, pointers(h))
		require.True(t, ok)
		if requireSetDecision(t, h, opt, d, right); right {
			passes++
		}
	}
	require.Equal(t, 14823, passes)
}

func TestSetsTheMonitorDoesNotKnow(t *testing.T) {
	read := history.Operation{Kind: history.Read, Out: history.List(), Call: 1, Return: 2}
	add := history.Operation{Client: 1, Kind: history.Add, Arg: history.Int(1), Call: 1, Return: 2}
	again, remove, told := add, add, add
	again.Client, remove.Kind, told.Out = 2, history.Remove, history.Bool(false)
	for _, ops := range [][]history.Operation{{read, add, again}, {read, remove}, {read, told}} {
		_, ok := monitorSet(&Options{Model: Set}, pointers(&history.History{Operations: ops}))
		require.False(t, ok, "%v", ops)
	}
	held := Options{Model: Set, Init: history.List(history.Int(1))}
	_, ok := monitorSet(&held, pointers(&history.History{Operations: []history.Operation{read, add}}))
	require.False(t, ok)
}

func TestGrowingSetsOfManyElements(t *testing.T) {
	h := &history.History{}
	var held []history.Value
	for i := range int64(200_000) {
		o := history.Operation{Client: int(i % 5), Kind: history.Add, Arg: history.Int(i), Call: 2 * i, Return: 2*i + 9}
		held = append(held, o.Arg)
		if i%20_000 == 19_999 {
			o.Kind, o.Arg = history.Read, history.Value{}
			held = held[:len(held)-1]
			o.Out = history.List(held...)
		}
		h.Operations = append(h.Operations, o)
	}
	require.NoError(t, h.Validate())
	opt := Options{Model: Set}
	d, ok := monitorSet(&opt, pointers(h))
	require.True(t, ok)
	require.Equal(t, properties.Pass, d.verdict)
	require.Len(t, d.order, 200_000)

	last := &h.Operations[199_999] // misses 1000, which the others saw
	last.Out = history.List(slices.DeleteFunc(held, func(v history.Value) bool { return v == history.Int(1000) })...)
	d, ok = monitorSet(&opt, pointers(h))
	require.True(t, ok)
	require.Equal(t, decision{verdict: properties.Fail, core: []int32{179_999, 199_999}}, d)
}

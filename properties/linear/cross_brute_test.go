package linear

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/history"
)

// bruteContainer tries every order of at most a dozen operations of one queue,
// stack, set, multiset or lock. It shares no code with the package: its own
// real-time order and its own containers.
func bruteContainer(ops []history.Operation, opt Options) bool {
	var place func(left []history.Operation, held []history.Value) bool
	place = func(left []history.Operation, held []history.Value) bool {
		if !slices.ContainsFunc(left, func(o history.Operation) bool { return o.Outcome == history.OK }) {
			return true // what is left never happened
		}
		for i, o := range left {
			if o.Outcome == history.Failed || slices.ContainsFunc(left, func(p history.Operation) bool {
				return p.Outcome == history.OK && p.Return < o.Call
			}) {
				continue
			}
			rest := slices.Delete(slices.Clone(left), i, i+1)
			for _, after := range bruteContainerStep(held, o, opt) {
				if place(rest, after) {
					return true
				}
			}
		}
		return false
	}
	held, _ := opt.Init.Items()
	if opt.Model == Set {
		slices.SortFunc(held, history.Value.Compare)
		held = slices.Compact(held)
	}
	return place(ops, held)
}

// bruteContainerStep returns what a container may hold after o, nothing if o
// is impossible.
func bruteContainerStep(held []history.Value, o history.Operation, opt Options) [][]history.Value {
	unknown := o.Outcome == history.Unknown
	without := func(i int) []history.Value { return slices.Delete(slices.Clone(held), i, i+1) }
	at := slices.Index(held, o.Arg)
	same := [][]history.Value{held}
	more := [][]history.Value{append(slices.Clone(held), o.Arg)}
	answer := func(want bool, then [][]history.Value) [][]history.Value {
		if got, ok := o.Out.Bool(); ok && !unknown && got != want {
			return nil
		}
		return then
	}
	take := func(i int) [][]history.Value {
		if unknown || held[i] == o.Out {
			return [][]history.Value{without(i)}
		}
		return nil
	}
	switch o.Kind {
	case history.Acquire:
		if len(held) > 0 {
			return nil
		}
		return [][]history.Value{{history.Int(int64(o.Client))}}
	case history.Release:
		if len(held) == 0 || opt.Model == Lock && held[0] != history.Int(int64(o.Client)) {
			return nil
		}
		return [][]history.Value{nil}
	case history.Enqueue, history.Push:
		return more
	case history.Add:
		if opt.Model == Multiset {
			return more
		} else if at < 0 {
			return answer(true, more)
		}
		return answer(false, same)
	case history.Remove:
		if at >= 0 {
			return answer(true, [][]history.Value{without(at)})
		}
		return answer(false, same)
	case history.Contains:
		return answer(at >= 0, same)
	case history.Read:
		return bruteReadAll(held, o, opt, same)
	}
	switch { // Dequeue and Pop
	case len(held) == 0:
		if unknown || o.Out.IsNil() {
			return same
		}
		return nil
	case o.Kind == history.Pop:
		return take(len(held) - 1)
	case opt.Model == Queue:
		return take(0)
	}
	var after [][]history.Value
	for i := range held {
		after = append(after, take(i)...)
	}
	return after
}

func bruteReadAll(held []history.Value, o history.Operation, opt Options, same [][]history.Value) [][]history.Value {
	if o.Outcome == history.Unknown || o.Out.IsNil() && opt.NilRead == NilIsAnything {
		return same
	}
	seen, isList := o.Out.Items()
	held = slices.Clone(held)
	slices.SortFunc(held, history.Value.Compare)
	slices.SortFunc(seen, history.Value.Compare)
	if slices.Equal(held, seen) && (isList || o.Out.IsNil()) {
		return same
	}
	return nil
}

// requireLinearization replays order: what is definite is there, each once and
// none after one that was called when it had returned, and all answers are right.
func requireLinearization(t require.TestingT, opt *Options, ops []*history.Operation, order []int32) {
	state := opt.initial()
	seen := make([]bool, len(ops))
	lastCall := int64(0)
	for i, at := range order {
		op := ops[at]
		require.False(t, seen[at], "twice")
		seen[at] = true
		if i == 0 || op.Call > lastCall {
			lastCall = op.Call
		}
		require.GreaterOrEqual(t, op.Return, lastCall, "operation %d, %v, comes too late in %v", at, op, order)
		possible, next := opt.step(state, op)
		require.True(t, possible, "operation %d, %v, in %v of %v", at, op, order, state)
		state = next
	}
	for i, op := range ops {
		require.True(t, seen[i] || op.Outcome == history.Unknown, "operation %d, %v, is missing", i, op)
	}
}

func pointers(h *history.History) []*history.Operation {
	ops := make([]*history.Operation, len(h.Operations))
	for i := range ops {
		ops[i] = &h.Operations[i]
	}
	return ops
}

func TestAnOrderThatIsWrongIsRefused(t *testing.T) {
	ops := pointers(&history.History{Operations: []history.Operation{
		{Client: 1, Kind: history.Enqueue, Arg: history.Int(1), Call: 0, Return: 1},
		{Client: 1, Kind: history.Enqueue, Arg: history.Int(2), Call: 2, Return: 3},
		{Client: 1, Kind: history.Dequeue, Out: history.Int(2), Call: 4, Return: 5},
	}})
	for _, order := range [][]int32{{0, 1, 2}, {1, 0, 2}, {0, 1}, {1, 1, 2}} {
		refused := &refusal{}
		func() {
			defer func() { _ = recover() }()
			requireLinearization(refused, &Options{Model: Queue}, ops, order)
		}()
		require.True(t, refused.failed, "%v", order)
	}
}

// refusal is a test that may fail.
type refusal struct{ failed bool }

func (r *refusal) Errorf(string, ...any) { r.failed = true }
func (r *refusal) FailNow()              { panic("failed") }

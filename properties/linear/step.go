package linear

import (
	"slices"

	"phoenix/properties/history"
)

// matters reports whether op can tell or change anything: what failed did not
// happen, except that a failed CAS may tell of a mismatch, and a look at the
// object that nobody saw the result of is nothing.
func (o *Options) matters(op *history.Operation) bool {
	switch op.Outcome {
	case history.Failed:
		return op.Kind == history.CAS && o.FailedCAS == FailedCASChecked && o.Step == nil
	case history.Unknown:
		return op.Kind != history.Read && op.Kind != history.Contains
	}
	return true
}

// seen returns op without an answer if its outcome is unknown: nobody saw one,
// whatever Out says. A Step sees op as it is.
func (o *Options) seen(op *history.Operation) *history.Operation {
	if op.Outcome != history.Unknown || op.Out.IsNil() || o.Step != nil {
		return op
	}
	unanswered := *op
	unanswered.Out = history.Value{}
	return &unanswered
}

// initial is what an object holds before the first operation.
func (o *Options) initial() history.Value {
	switch {
	case o.Step != nil || o.Model <= KV:
		return o.Init
	case o.Model == Mutex || o.Model == Lock:
		return history.Value{}
	}
	held := o.Init
	if held.IsNil() {
		held = history.List()
	}
	switch o.Model {
	case Set:
		items, _ := held.Sorted().Items()
		return history.List(slices.Compact(items)...) // whoever lists one twice means one
	case Multiset:
		return history.List(held.Sorted())
	}
	return held
}

// step runs op, which matters and is as seen, on an object that holds state:
// whether the outcome is possible and what it holds afterwards. It is the
// definition of every model; engines may use a faster form of it.
func (o *Options) step(state history.Value, op *history.Operation) (possible bool, next history.Value) {
	switch {
	case o.Step != nil:
		return o.Step(state, op)
	case o.Model <= KV:
		return o.stepRegister(state, op)
	case o.Model == Mutex || o.Model == Lock:
		return stepLock(state, op, o.Model == Lock)
	case o.Model == Multiset:
		return o.stepMultiset(state, op)
	}
	held, ok := state.Items()
	if !ok {
		return false, state
	}
	if o.Model == Set {
		possible, held = o.stepSet(held, op)
	} else {
		possible, held = stepLine(held, op)
	}
	return possible, history.List(held...)
}

// reads reports whether a register that holds state may answer a read with out.
func (o *Options) reads(state, out history.Value) bool {
	if out.IsNil() && o.NilRead == NilIsAnything {
		return true
	}
	return out == state || (o.Model == KV && state.IsNil() && out == history.Text(""))
}

func (o *Options) stepRegister(state history.Value, op *history.Operation) (possible bool, next history.Value) {
	switch op.Kind {
	case history.Read:
		return o.reads(state, op.Out), state
	case history.Write:
		return true, op.Arg
	case history.Append:
		return true, history.Text(state.Bare() + op.Arg.Bare())
	}
	match := state == op.Old
	if op.Outcome == history.Failed {
		return !match, state
	}
	if match {
		return true, op.Arg
	}
	return op.Outcome == history.Unknown, state
}

func stepLock(state history.Value, op *history.Operation, owned bool) (possible bool, next history.Value) {
	holder := history.Bool(true)
	if owned {
		holder = history.Int(int64(op.Client))
	}
	if op.Kind == history.Acquire {
		return state.IsNil(), holder
	}
	return state == holder, history.Value{}
}

// stepLine runs op on a queue, which is taken from at the first element, or a
// stack, which is at the last.
func stepLine(held []history.Value, op *history.Operation) (bool, []history.Value) {
	if op.Kind == history.Enqueue || op.Kind == history.Push {
		return true, append(held, op.Arg)
	}
	if len(held) == 0 {
		return op.Out.IsNil(), held
	}
	taken, left := held[0], held[1:]
	if op.Kind == history.Pop {
		last := len(held) - 1
		taken, left = held[last], held[:last]
	}
	return op.Outcome == history.Unknown || taken == op.Out, left
}

// stepSet runs op on the elements of a set, in ascending order.
func (o *Options) stepSet(held []history.Value, op *history.Operation) (bool, []history.Value) {
	if op.Kind == history.Read {
		return o.lists(held, op), held
	}
	at, there := slices.BinarySearchFunc(held, op.Arg, history.Value.Compare)
	saw, answered := op.Out.Bool()
	switch {
	case op.Kind == history.Contains:
		return saw == there, held
	case op.Kind == history.Add && !there:
		return !answered || saw, slices.Insert(held, at, op.Arg)
	case op.Kind == history.Remove && there:
		return !answered || saw, slices.Delete(held, at, at+1)
	}
	return !answered || !saw, held
}

// lists reports whether a read of all elements may have returned what it did;
// nil stands for no elements.
func (o *Options) lists(held []history.Value, op *history.Operation) bool {
	if op.Out.IsNil() {
		return o.NilRead == NilIsAnything || len(held) == 0
	}
	return op.Out.Sorted() == history.List(held...)
}

// stepMultiset runs op on a multiset. Nobody knows what a dequeue of unknown
// outcome took, so the state is a list of all that the multiset may hold.
func (o *Options) stepMultiset(state history.Value, op *history.Operation) (bool, history.Value) {
	bags, _ := state.Items()
	var next []history.Value
	for _, bag := range bags {
		held, _ := bag.Items()
		if op.Kind == history.Dequeue && op.Outcome == history.Unknown {
			next = append(next, takeAny(held)...)
		} else if possible, after := o.stepBag(held, op); possible {
			next = append(next, history.List(after...))
		}
	}
	slices.SortFunc(next, history.Value.Compare)
	return len(next) > 0, history.List(slices.Compact(next)...)
}

// stepSize bounds from above the bytes of the state that step would lead to, if
// they may be many: a dequeue of unknown outcome multiplies what a multiset may
// hold by the number of elements.
func (o *Options) stepSize(state history.Value, op *history.Operation) (size int64) {
	if o.Step != nil || o.Model != Multiset || op.Kind != history.Dequeue || op.Outcome != history.Unknown {
		return 0
	}
	bags, _ := state.Items()
	for _, bag := range bags {
		held, _ := bag.Items()
		size += int64(len(held)+1) * int64(bag.Size())
	}
	return size
}

// takeAny returns what may be left of held after one element was taken, if any.
func takeAny(held []history.Value) []history.Value {
	left := []history.Value{history.List(held...)}
	for i := range held {
		left = append(left, history.List(slices.Delete(slices.Clone(held), i, i+1)...))
	}
	return left
}

// stepBag runs op on the elements of a multiset, in ascending order.
func (o *Options) stepBag(held []history.Value, op *history.Operation) (bool, []history.Value) {
	sought := op.Arg
	switch op.Kind {
	case history.Read:
		return o.lists(held, op), held
	case history.Dequeue:
		sought = op.Out
		if sought.IsNil() {
			return len(held) == 0, held
		}
	}
	at, there := slices.BinarySearchFunc(held, sought, history.Value.Compare)
	saw, answered := op.Out.Bool()
	switch {
	case op.Kind == history.Contains:
		return saw == there, held
	case op.Kind == history.Add || op.Kind == history.Enqueue:
		return true, slices.Insert(held, at, op.Arg)
	case op.Kind == history.Dequeue && there:
		return true, slices.Delete(held, at, at+1)
	case op.Kind == history.Dequeue:
		return false, held
	case there:
		return !answered || saw, slices.Delete(held, at, at+1)
	}
	return !answered || !saw, held
}

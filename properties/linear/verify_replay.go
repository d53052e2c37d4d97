package linear

import "phoenix/properties/history"

// replay returns a function that runs operations of one key on its object, one
// after another, and reports whether each is possible: Options.step, but on
// containers of a form in which a step is cheap. It is told what order will come.
func (o *Options) replay(h *history.History, order []int32) func(op *history.Operation) bool {
	held, list := o.initial().Items()
	switch {
	case o.Step != nil || !list:
	case o.Model == Queue || o.Model == Stack:
		return replayLine(held)
	case o.Model == Set:
		return o.newBag(held).replaySet
	case o.Model == Multiset && !takesAnything(h, order):
		held, _ = held[0].Items() // all that a multiset may hold at first is one bag
		return o.newBag(held).replayMultiset
	}
	state := o.initial()
	return func(op *history.Operation) (possible bool) {
		possible, state = o.step(state, op)
		return possible
	}
}

// takesAnything reports whether order has a dequeue of which nobody knows what
// it took.
func takesAnything(h *history.History, order []int32) bool {
	for _, i := range order {
		if op := &h.Operations[i]; op.Kind == history.Dequeue && op.Outcome == history.Unknown {
			return true
		}
	}
	return false
}

// replayLine runs a queue or a stack that holds held, the first in ahead.
func replayLine(held []history.Value) func(op *history.Operation) bool {
	first := 0 // what is ahead of it was dequeued
	return func(op *history.Operation) bool {
		if op.Kind == history.Enqueue || op.Kind == history.Push {
			held = append(held, op.Arg)
			return true
		}
		if first == len(held) {
			return op.Out.IsNil()
		}
		taken := held[first]
		if op.Kind == history.Pop {
			last := len(held) - 1
			taken, held = held[last], held[:last]
		} else {
			first++
		}
		return op.Outcome == history.Unknown || taken == op.Out
	}
}

// bag is what a set or multiset holds.
type bag struct {
	opt   *Options
	count map[history.Value]int
	size  int
}

func (o *Options) newBag(held []history.Value) *bag {
	b := &bag{opt: o, count: make(map[history.Value]int)}
	for _, v := range held {
		b.put(v)
	}
	return b
}

func (b *bag) put(v history.Value) {
	b.count[v]++
	b.size++
}

func (b *bag) take(v history.Value) {
	b.count[v]--
	b.size--
}

// replaySet runs op on a set.
func (b *bag) replaySet(op *history.Operation) (possible bool) {
	there := b.count[op.Arg] > 0
	saw, answered := op.Out.Bool()
	switch op.Kind {
	case history.Read:
		return b.lists(op.Out)
	case history.Contains:
		return saw == there
	case history.Add:
		if !there {
			b.put(op.Arg)
		}
		return !answered || saw == !there
	}
	if there {
		b.take(op.Arg)
	}
	return !answered || saw == there
}

// replayMultiset runs op, which is no dequeue of unknown outcome, on a multiset.
func (b *bag) replayMultiset(op *history.Operation) (possible bool) {
	switch op.Kind {
	case history.Read:
		return b.lists(op.Out)
	case history.Add, history.Enqueue:
		b.put(op.Arg)
		return true
	case history.Dequeue:
		if op.Out.IsNil() || b.count[op.Out] == 0 {
			return op.Out.IsNil() && b.size == 0
		}
		b.take(op.Out)
		return true
	}
	there := b.count[op.Arg] > 0
	saw, answered := op.Out.Bool()
	if op.Kind == history.Contains {
		return saw == there
	}
	if there {
		b.take(op.Arg)
	}
	return !answered || saw == there
}

// lists reports whether a read of all elements may have returned out.
func (b *bag) lists(out history.Value) bool {
	if out.IsNil() {
		return b.opt.NilRead == NilIsAnything || b.size == 0
	}
	items, ok := out.Items()
	if !ok || len(items) != b.size {
		return false
	}
	listed := make(map[history.Value]int, len(items))
	for _, v := range items {
		listed[v]++
		if listed[v] > b.count[v] {
			return false
		}
	}
	return true
}

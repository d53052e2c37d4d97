package linear

import (
	"slices"

	"phoenix/properties/history"
)

// automaton is a model compiled for the operations of one key: an object that
// changes in place and goes back. It says of each operation what Options.step
// says, only faster; operations come as their classes. Nothing is stored per
// state but by stepAutomaton, so a search over a long queue costs no memory for it.
type automaton interface {
	// try reports whether an operation may happen now and whether it would change the state.
	try(class int32) (possible, changes bool)
	// apply runs one that may, and returns what revert needs.
	apply(op, class int32) (undo uint32)
	// revert undoes the latest apply that was not undone.
	revert(op, class int32, undo uint32)
	// hash is equal for equal states, and otherwise different as in deadSet.
	hash() hash128
	// bytes is the memory held.
	bytes() int64
}

// pruner is an automaton that knows which operations need not be tried.
type pruner interface {
	// prune keeps, in place, of the operations of s that may be next those that
	// must be tried. No definite observer that may be next has its answer right.
	prune(s *search, ops []int32) []int32
}

// stateHash is the hash of the state or part of a state numbered i, apart from
// the hashes of operations.
func stateHash(i uint32) hash128 { return zobrist(1<<32 | uint64(i)) }

// classes divides operations into those with equal effects: in every state they
// are both possible or both not, and lead to the same state.
type classes struct {
	of    []int32              // the class of each operation
	limit []int32              // of each operation: see search
	ops   []*history.Operation // one of each class
	count []int32              // how many there are
	// observer: the operation is possible only where it changes nothing.
	observer []bool
}

// signature is what the step of a model looks at.
type signature struct {
	kind          history.Kind
	outcome       history.Outcome
	client        int
	arg, old, out history.Value
}

// signatureOf leaves out what plays no part, so that more operations are equal.
func (o *Options) signatureOf(op *history.Operation) signature {
	s := signature{kind: op.Kind}
	switch op.Kind {
	case history.Read:
		s.out = op.Out.Sorted()
		if o.Model <= KV {
			s.out = op.Out
		}
	case history.Write, history.Append, history.Enqueue, history.Push:
		s.arg = op.Arg
	case history.CAS:
		s.outcome, s.arg, s.old = op.Outcome, op.Arg, op.Old
	case history.Dequeue, history.Pop:
		s.outcome, s.out = op.Outcome, op.Out
	case history.Add, history.Remove, history.Contains:
		s.arg, s.out = op.Arg, op.Out
	case history.Acquire, history.Release:
		if o.Model == Lock {
			s.client = op.Client
		}
	}
	return s
}

// classify takes every operation for a class of its own where a Step is given:
// that may look at all of it.
func classify(opt *Options, ops []*history.Operation) *classes {
	c := &classes{of: make([]int32, len(ops))}
	known := make(map[signature]int32)
	for i, op := range ops {
		class := int32(len(c.ops))
		if opt.Step == nil {
			s := opt.signatureOf(op)
			if at, ok := known[s]; ok {
				class = at
			} else {
				known[s] = class
			}
		}
		if int(class) == len(c.ops) {
			c.ops, c.count = append(c.ops, op), append(c.count, 0)
		}
		c.of[i] = class
		c.count[class]++
	}
	nilHeld := opt.holdsNil(c.ops)
	c.observer = make([]bool, len(c.ops))
	for class, op := range c.ops {
		c.observer[class] = opt.observes(op, nilHeld)
	}
	return c
}

// bytes is an estimate from above of what c and a compiled automaton hold.
func (c *classes) bytes() int64 {
	const perClass, perMapEntry = 128, 2 * 120
	return int64(len(c.ops)) * (perClass + perMapEntry)
}

// holdsNil reports whether nil may be an element of a queue or stack, so that
// taking nil does not tell that there was nothing.
func (o *Options) holdsNil(ops []*history.Operation) bool {
	items, _ := o.initial().Items()
	return slices.Contains(items, history.Value{}) || slices.ContainsFunc(ops, func(op *history.Operation) bool {
		return (op.Kind == history.Enqueue || op.Kind == history.Push) && op.Arg.IsNil()
	})
}

// observes reports whether op is possible only where it changes nothing.
func (o *Options) observes(op *history.Operation, nilHeld bool) bool {
	if o.Step != nil {
		return false
	}
	saw, answered := op.Out.Bool()
	switch op.Kind {
	case history.Read, history.Contains:
		return true
	case history.CAS:
		return op.Outcome == history.Failed || op.Old == op.Arg
	case history.Add:
		return o.Model == Set && answered && !saw
	case history.Remove:
		return answered && !saw
	case history.Dequeue, history.Pop:
		return op.Outcome == history.OK && op.Out.IsNil() && (o.Model == Multiset || !nilHeld)
	}
	return false
}

// compile makes the fastest automaton there is for opt and the classes.
func compile(opt *Options, c *classes) automaton {
	if opt.Step != nil {
		return newStepAutomaton(opt, c)
	}
	_, list := opt.initial().Items()
	has := func(kind history.Kind, outcome history.Outcome) bool {
		return slices.ContainsFunc(c.ops, func(op *history.Operation) bool { return op.Kind == kind && op.Outcome == outcome })
	}
	switch opt.Model {
	case Register, CASRegister:
		return newRegisterAutomaton(opt, c)
	case KV:
		if !has(history.Append, history.OK) && !has(history.Append, history.Unknown) {
			return newRegisterAutomaton(opt, c)
		}
		return newAppendAutomaton(opt, c)
	case Queue, Stack:
		if list {
			return newLineAutomaton(opt, c)
		}
	case Set:
		if list {
			return newBagAutomaton(opt, c)
		}
	case Multiset:
		if !has(history.Dequeue, history.Unknown) {
			return newBagAutomaton(opt, c)
		}
	case Mutex, Lock:
		return newLockAutomaton(opt, c)
	}
	return newStepAutomaton(opt, c)
}

// numbers gives values numbers from 0, in the order in which they are asked for.
type numbers map[history.Value]uint32

func (n numbers) of(v history.Value) uint32 {
	at, ok := n[v]
	if !ok {
		at = uint32(len(n))
		n[v] = at
	}
	return at
}

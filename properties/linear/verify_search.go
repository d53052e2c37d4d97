package linear

import (
	"errors"
	"math"
	"slices"
	"strings"

	"phoenix/properties/history"
)

// errTooLarge tells that the verifier of contradictions spent its steps.
var errTooLarge = errors.New("too many orders to try all of them")

// verifySteps bounds the steps of the model that the verification of one
// contradiction tries.
const verifySteps = 1 << 20

// exhaustive tries all orders of operations of one key, except those that surely
// fail if another one does. It shares no code with the engines.
type exhaustive struct {
	opt    *Options
	ops    []*history.Operation // by Call; those of unknown outcome may be left out
	twin   []int                // of each: the latest earlier one that does the same, or -1
	placed []byte               // of each: 1 if it is in the order
	order  []int32
	left   int                  // operations to place that happened
	failed map[attempt]struct{} // from where no order was found
	steps  int
}

// attempt is a set of placed operations and the state that they led to.
type attempt struct {
	placed string
	state  history.Value
}

// anyOrder returns an order of ops if there is one, positions of ops, and
// errTooLarge if it could not try them all.
func anyOrder(opt *Options, ops []*history.Operation, steps int) (order []int32, exists bool, err error) {
	x := exhaustive{opt: opt, ops: ops, placed: make([]byte, len(ops)), failed: make(map[attempt]struct{}), steps: steps}
	latest := make(map[history.Operation]int)
	for i, op := range ops {
		x.twin = append(x.twin, -1)
		if op.Outcome != history.Unknown {
			x.left++
			continue
		}
		alike := x.alike(op)
		if twin, ok := latest[alike]; ok && opt.Step == nil {
			x.twin[i] = twin
		}
		latest[alike] = i
	}
	exists = x.extend(opt.initial())
	if x.steps < 0 {
		return nil, false, errTooLarge
	}
	return x.order, exists, nil
}

// alike returns what op, of unknown outcome, has in common with those which could
// take its place: as none of them ever returns, an order with a later one alone,
// or ahead, is still one when they change places. So the earlier is placed first.
func (x *exhaustive) alike(op *history.Operation) history.Operation {
	a := history.Operation{Kind: op.Kind, Arg: op.Arg, Old: op.Old, Out: op.Out}
	if x.opt.Model == Lock {
		a.Client = op.Client
	}
	return a
}

// extend reports whether the placed operations, which led to state, can be
// followed by the others. x.order is the order then.
func (x *exhaustive) extend(state history.Value) bool {
	if x.left == 0 {
		return true
	}
	if x.steps -= len(x.ops) / perStep; x.steps < 0 { // bounds the bytes of x.failed, too
		return false
	}
	here := attempt{string(x.placed), state}
	if _, failed := x.failed[here]; failed || x.outgrown(state) {
		return false
	}
	first := int64(math.MaxInt64) // return of those to place: what is called later must wait
	for i, op := range x.ops {
		if x.placed[i] == 0 {
			first = min(first, op.Return)
		}
	}
	for i, op := range x.ops {
		if x.placed[i] == 0 && op.Call <= first && (x.twin[i] < 0 || x.placed[x.twin[i]] == 1) && x.place(int32(i), state) {
			return true
		}
		if x.steps < 0 {
			return false
		}
	}
	x.failed[here] = struct{}{}
	return false
}

// place tries the orders that go on with ops[i].
func (x *exhaustive) place(i int32, state history.Value) bool {
	op := x.ops[i]
	optional := op.Outcome == history.Unknown
	x.steps--
	possible, next := x.opt.step(state, op)
	if !possible || (optional && next == state) { // what changes nothing may as well be left out
		return false
	}
	need := 1
	if optional {
		need = 0
	}
	x.placed[i], x.order, x.left = 1, append(x.order, i), x.left-need
	if x.extend(next) {
		return true
	}
	x.placed[i], x.order, x.left = 0, x.order[:len(x.order)-1], x.left+need
	return false
}

// outgrown reports whether a text that from here on only grows does not begin
// what a read has yet to return.
func (x *exhaustive) outgrown(state history.Value) bool {
	if x.opt.Step != nil || x.opt.Model != KV {
		return false
	}
	replaced := func(i int, op *history.Operation) bool {
		return x.placed[i] == 0 && (op.Kind == history.Write || op.Kind == history.CAS && op.Outcome != history.Failed)
	}
	for i, op := range x.ops {
		if replaced(i, op) {
			return false
		}
	}
	text := state.Bare()
	return slices.ContainsFunc(x.toRead(), func(v history.Value) bool { return !strings.HasPrefix(v.Bare(), text) })
}

// toRead lists what reads that are not placed returned.
func (x *exhaustive) toRead() []history.Value {
	var values []history.Value
	for i, op := range x.ops {
		wild := op.Out.IsNil() && x.opt.NilRead == NilIsAnything
		if x.placed[i] == 0 && op.Kind == history.Read && !wild {
			values = append(values, op.Out)
		}
	}
	return values
}

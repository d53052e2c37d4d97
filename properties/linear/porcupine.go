package linear

import (
	"context"
	"slices"

	"github.com/anishathalye/porcupine"

	"phoenix/properties"
	"phoenix/properties/history"
)

// oracle is one run of porcupine over the operations of one key, and what it may
// still spend. Porcupine implements Wing and Gong's algorithm with Lowe's cache
// ("Testing for linearizability", CPAE 2017), as searchKey does, and shares no
// code with it but the definition of the model: an independent opinion. This
// file is all that knows of it, besides the HTML view.
type oracle struct {
	ctx     context.Context
	opt     *Options
	steps   int64
	memory  int64
	perStep int64  // bytes, from above
	gaveUp  string // why, once spent
	latest  *moment
}

// moment is a state of porcupine's: what the object holds, and how it came so.
type moment struct {
	held history.Value
	last *moment // nil at the beginning
	op   *history.Operation
}

// porcupineKey decides about the operations of one key, which matter and come by
// Call. Inconclusive means that the bounds were reached.
func porcupineKey(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) decision {
	o := newOracle(ctx, opt, steps, len(ops))
	linearizable := porcupine.CheckOperations(o.model(), o.operations(ops))
	d := decision{verdict: properties.Fail, steps: min(steps-o.steps, steps)}
	switch {
	case linearizable:
		d.verdict, d.order = properties.Pass, o.order(ops)
	case o.gaveUp != "":
		d.verdict, d.reason = properties.Inconclusive, o.gaveUp
	}
	return d
}

// newOracle sets the bounds for a search over n operations. Each new
// configuration clones a set of n bits beside a cache entry and a state.
func newOracle(ctx context.Context, opt *Options, steps int64, n int) *oracle {
	const entry = 200 // bytes: cache entry, bucket, moment, stack entry
	return &oracle{ctx: ctx, opt: opt, steps: steps, memory: opt.memoryBound(), perStep: int64(n)/8 + entry}
}

// step is Options.step as long as there is something left to spend, and
// impossible afterwards, which makes porcupine unwind and end. Porcupine places
// every operation, so one of unknown outcome that is not possible where it is
// placed stands for one that never happens.
func (o *oracle) step(state history.Value, op *history.Operation) (possible bool, next history.Value) {
	if o.gaveUp != "" || o.spent() {
		return false, state
	}
	if o.opt.stepSize(state, op) > o.memory {
		o.gaveUp = outOfMemory
		return false, state
	}
	possible, next = o.opt.step(state, op)
	if !possible && op.Outcome == history.Unknown {
		possible, next = true, state
	}
	if possible {
		o.memory -= o.perStep + int64(next.Size())
	}
	return possible, next
}

func (o *oracle) spent() bool {
	const pollEvery = 1024 // steps between looks at the context
	o.steps--
	switch {
	case o.steps < 0:
		o.gaveUp = outOfSteps
	case o.memory < 0:
		o.gaveUp = outOfMemory
	case o.steps%pollEvery == 0 && o.ctx.Err() != nil:
		o.gaveUp = context.Cause(o.ctx).Error()
	}
	return o.gaveUp != ""
}

// model is o.opt in porcupine's terms.
func (o *oracle) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return &moment{held: o.opt.initial()} },
		Step: func(state, input, _ any) (bool, any) {
			before, op := state.(*moment), input.(*history.Operation)
			possible, held := o.step(before.held, op)
			if !possible {
				return false, state
			}
			o.latest = &moment{held, before, op}
			return true, o.latest
		},
		Equal: func(a, b any) bool { return a.(*moment).held == b.(*moment).held },
		Hash:  func(state any) uint64 { return state.(*moment).held.Hash() },
	}
}

// operations translates valid operations: a pending one ends after everything
// else and its output is not checked.
func (o *oracle) operations(ops []*history.Operation) []porcupine.Operation {
	out := make([]porcupine.Operation, len(ops))
	for i, op := range ops {
		out[i] = porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: op.Return}
	}
	return out
}

// order lists what led to the latest moment, with which porcupine was content:
// positions in ops. It leaves out the operations of unknown outcome that did
// nothing.
func (o *oracle) order(ops []*history.Operation) []int32 {
	at := make(map[*history.Operation]int32, len(ops))
	for i, op := range ops {
		at[op] = int32(i)
	}
	var order []int32
	for m := o.latest; m != nil && m.last != nil; m = m.last {
		if m.op.Outcome != history.Unknown || m.held != m.last.held {
			order = append(order, at[m.op])
		}
	}
	slices.Reverse(order)
	return order
}

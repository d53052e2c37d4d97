package linear

import (
	"context"

	"github.com/anishathalye/porcupine"

	"phoenix/properties"
	"phoenix/properties/history"
)

// search is one run of the general search over the operations of one key, and
// what it may still spend. Porcupine implements Wing and Gong's algorithm with
// Lowe's cache ("Testing for linearizability", CPAE 2017); this file is all
// that knows of it, besides the HTML view.
type search struct {
	ctx     context.Context
	opt     *Options
	steps   int64
	memory  int64
	perStep int64  // bytes, from above
	gaveUp  string // why, once spent
}

// Reasons to give up, besides the context's.
const (
	outOfSteps  = "the bound on steps was reached"
	outOfMemory = "the bound on memory was reached"
)

// call is an operation on its way through porcupine.
type call struct {
	op *history.Operation
	in *search
}

func newSearch(ctx context.Context, opt *Options, steps int64) *search {
	return &search{ctx: ctx, opt: opt, steps: steps}
}

// decide returns whether the operations of one key, which matter and come by
// Call, are linearizable; Inconclusive means that s.gaveUp says why not known.
// Steps are spent over all calls, memory is free again after each.
func (s *search) decide(ops []*history.Operation) decision {
	s.allow(len(ops))
	before := s.steps
	d := decision{verdict: properties.Fail}
	if porcupine.CheckOperations(s.opt.porcupineModel(), s.porcupineOperations(ops)) {
		d.verdict = properties.Pass
	} else if s.gaveUp != "" {
		d = decision{verdict: properties.Inconclusive, reason: s.gaveUp}
	}
	d.steps = before - s.steps
	return d
}

// allow sets the memory bound for a search over n operations. Each new
// configuration clones a set of n bits beside a cache entry and a state.
func (s *search) allow(n int) {
	const entry = 160 // bytes: cache entry, bucket, boxed state, stack entry
	s.memory, s.perStep = s.opt.memoryBound(), int64(n)/8+entry
}

// step is Options.step as long as there is something left to spend, and
// impossible afterwards, which makes porcupine unwind and end.
func (s *search) step(state history.Value, op *history.Operation) (possible bool, next history.Value) {
	if s.gaveUp != "" || s.spent() {
		return false, state
	}
	possible, next = s.opt.step(state, op)
	if possible {
		s.memory -= s.perStep + int64(next.Size())
	}
	return possible, next
}

func (s *search) spent() bool {
	const pollEvery = 1024 // steps between looks at the context
	s.steps--
	switch {
	case s.steps < 0:
		s.gaveUp = outOfSteps
	case s.memory < 0:
		s.gaveUp = outOfMemory
	case s.steps%pollEvery == 0 && s.ctx.Err() != nil:
		s.gaveUp = context.Cause(s.ctx).Error()
	}
	return s.gaveUp != ""
}

// porcupineModel is o in porcupine's terms. Its steps spend from the search
// that each call belongs to.
func (o *Options) porcupineModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return o.initial() },
		Step: func(state, input, _ any) (bool, any) {
			c, before := input.(call), state.(history.Value)
			possible, after := c.in.step(before, c.op)
			if after == before {
				return possible, state // the same box: nothing to allocate
			}
			return possible, after
		},
		Hash: func(state any) uint64 { return state.(history.Value).Hash() },
	}
}

// porcupineOperations translates valid operations: a pending one ends after
// everything else and its output is not checked.
func (s *search) porcupineOperations(ops []*history.Operation) []porcupine.Operation {
	out := make([]porcupine.Operation, len(ops))
	for i, op := range ops {
		out[i] = porcupine.Operation{ClientId: op.Client, Input: call{op, s}, Call: op.Call, Return: op.Return}
	}
	return out
}

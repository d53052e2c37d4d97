package linear

import (
	"cmp"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"phoenix/properties/history"
)

// around returns up to pageOperations of ops: all of them, or if those are too
// many, what overlaps the time of what is shown and a few before, or if those are
// too many, the neighbours of each that is shown.
func around(ops []*history.Operation, of []shown) []*history.Operation {
	const before = 20 // operations
	if len(ops) <= pageOperations {
		return ops
	}
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	inside := make(map[*history.Operation]bool)
	for _, o := range of {
		from, to = min(from, o.Call), max(to, o.Call)
		if o.Return != history.Pending {
			to = max(to, o.Return)
		}
		inside[o.Operation] = true
	}
	overlaps := func(op *history.Operation) bool { return op.Call <= to && op.Return >= from }
	first, count := -1, 0
	for i, op := range ops {
		if overlaps(op) {
			count++
		}
		if first < 0 && inside[op] {
			first = i
		}
	}
	var out []*history.Operation
	if count+before <= pageOperations {
		for i, op := range ops {
			if overlaps(op) || (i < first && i >= first-before) {
				out = append(out, op)
			}
		}
		return out
	}
	half := pageOperations / (2 * len(of))
	until := 0 // what is below was taken
	for i, op := range ops {
		if inside[op] {
			start, end := max(until, i-half), min(len(ops), i+half)
			out = append(out, ops[min(start, end):end]...)
			until = max(until, end)
		}
	}
	return out
}

// ordered shows the beginning of a linearization, and if all of it fits what it
// lacks, too.
func (p *page) ordered(o *object, order []int32, limit int) part {
	out := part{key: o.key}
	placed := make(map[*history.Operation]bool)
	for i, at := range order[:min(len(order), limit)] {
		op := &p.h.Operations[at]
		placed[op] = true
		out.ops = append(out.ops, shown{op, plain})
		if i == 0 {
			out.orders = [][]int{nil}
		}
		out.orders[0] = append(out.orders[0], i)
	}
	if len(o.ops) <= limit {
		for _, op := range o.ops {
			if !placed[op] {
				out.ops = append(out.ops, shown{op, plain})
			}
		}
	}
	return out
}

// first shows the first operations of o and the linearizations that a search of
// so many steps finds. What had not returned when the next was called may not
// have happened yet.
func (p *page) first(o *object, limit, steps int) part {
	ops, end := o.ops, history.Pending
	if len(ops) > limit {
		ops, end = ops[:limit], ops[limit].Call
	}
	out := part{key: o.key}
	known := make([]*history.Operation, len(ops))
	for i, op := range ops {
		out.ops = append(out.ops, shown{op, plain})
		if known[i] = op; op.Return >= end {
			known[i] = asPending(op)
		}
	}
	out.orders = within(p.linearizations(known, steps), len(ops))
	return out
}

// search looks for linearizations of a contradiction, in which of others only
// the calls count. Positions are in of and then others.
func (p *page) search(of, others []shown) [][]int {
	var ops []*history.Operation
	for _, s := range of {
		ops = append(ops, s.Operation)
	}
	for _, s := range others {
		ops = append(ops, asPending(s.Operation))
	}
	if len(ops) > pageOperations {
		return nil
	}
	return p.linearizations(ops, pageSteps)
}

// linearizations returns the longest linearizations of ops that porcupine finds
// for each of them within so many steps, the longest first. After the last step
// nothing is possible, which makes porcupine end.
func (p *page) linearizations(ops []*history.Operation, steps int) [][]int {
	steps = int(min(int64(steps), p.opt.stepBound()))
	model := porcupine.Model{
		Init: func() any { return p.opt.initial() },
		Step: func(state, input, _ any) (bool, any) {
			op := input.(*history.Operation)
			if steps--; steps < 0 || (steps%1024 == 0 && p.ctx.Err() != nil) || !p.opt.matters(op) {
				return false, state
			}
			possible, next := p.step(state.(history.Value), op)
			return possible, next
		},
		Hash: func(state any) uint64 { return state.(history.Value).Hash() },
	}
	calls := make([]porcupine.Operation, len(ops))
	for i, op := range ops {
		calls[i] = porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: op.Return}
	}
	_, info := porcupine.CheckOperationsVerbose(model, calls, 0)
	var found [][]int
	for _, of := range info.PartialLinearizations() {
		found = append(found, of...)
	}
	slices.SortFunc(found, func(a, b []int) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), slices.Compare(a, b))
	})
	return found
}

// step is the model's, except that what nobody knows the outcome of is always
// possible: where it cannot happen, as an acquire of a lock that is held, it does
// not. Porcupine places every operation.
func (p *page) step(state history.Value, op *history.Operation) (bool, history.Value) {
	const most = 1 << 20 // bytes of a state
	if op = p.opt.seen(op); p.opt.stepSize(state, op) > most {
		return false, state
	}
	possible, next := p.opt.step(state, op)
	if !possible && op.Outcome == history.Unknown {
		return true, state
	}
	return possible, next
}

// within keeps the linearizations that name only the first n operations: at
// most 20 of them, and of 4,000 steps in all beside the longest.
func within(orders [][]int, n int) [][]int {
	const most, steps = 20, 4000
	var kept [][]int
	total := 0
	for _, order := range orders {
		if len(order) == 0 || slices.Max(order) >= n {
			continue
		}
		if len(kept) > 0 && (len(kept) == most || total+len(order) > steps) {
			break
		}
		kept = append(kept, order)
		total += len(order)
	}
	return kept
}

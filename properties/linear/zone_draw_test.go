package linear

import (
	"cmp"
	"slices"

	"phoenix/properties/history"
)

// plausible describes histories of one key such as a store that is nearly right
// leaves behind: each operation happens at some moment of its interval, most
// writes are unique, and few answers are wrong.
type plausible struct {
	draw       func(below int) int
	opt        Options
	operations int
	moments    int // that calls are drawn from: few, so that many tie
	length     int // of an operation, at most
	wrong      int // one in so many answers is wrong
	again      int // one in so many writes writes what was written before
	lost       int // one in so many writes never returns
	written    int64
}

// newPlausible draws what kind of history it is to be.
func newPlausible(draw func(below int) int, operations int) *plausible {
	p := &plausible{draw: draw, operations: operations, moments: 1 + draw(4*operations), length: 1 + draw(4),
		wrong: 1 + draw(4), again: 48, lost: 8}
	p.opt = Options{Model: Model(draw(int(KV) + 1)), NilRead: NilRead(draw(2)), FailedCAS: FailedCAS(draw(2))}
	if draw(3) == 0 {
		p.opt.Init = p.value()
	}
	return p
}

// value is new, as a rule.
func (p *plausible) value() history.Value {
	n := p.written
	if p.draw(p.again) == 0 {
		n = int64(p.draw(int(n) + 1))
	} else {
		p.written++
	}
	if p.opt.Model == KV {
		return []history.Value{history.Text("a"), history.Text(""), history.Int(n)}[min(n, 2)]
	}
	return history.Int(n)
}

// history draws one. Nobody promises that a client waits for itself.
func (p *plausible) history() []history.Operation {
	ops := make([]history.Operation, p.operations)
	kinds := []history.Kind{history.Read, history.Write, history.Read, history.Write, history.CAS, history.CAS}
	if p.opt.Model == Register {
		kinds = kinds[:4]
	}
	moment := make([]int64, len(ops)) // of effect
	for i := range ops {
		o := &ops[i]
		*o = history.Operation{Client: i, Kind: kinds[p.draw(len(kinds))], Call: int64(p.draw(p.moments))}
		o.Return = o.Call + int64(p.draw(p.length))
		moment[i] = o.Call + int64(p.draw(int(o.Return-o.Call)+1))
		if o.Kind != history.Read && p.draw(p.lost) == 0 {
			o.Outcome, o.Return = history.Unknown, history.Pending
		}
	}
	order := make([]int, len(ops))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(moment[i], moment[j]) })
	held, past := p.opt.Init, []history.Value{p.opt.Init}
	for _, i := range order {
		held = p.apply(&ops[i], held, past)
		past = append(past, held)
	}
	slices.SortStableFunc(ops, func(a, b history.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return ops
}

// apply lets o happen, if it does, and answer what it may, as a rule.
func (p *plausible) apply(o *history.Operation, held history.Value, past []history.Value) history.Value {
	saw := held
	if p.draw(p.wrong) == 0 {
		saw = past[p.draw(len(past))]
	}
	switch o.Kind {
	case history.Read:
		o.Out = saw
		if p.opt.Model == KV && saw.IsNil() && p.draw(2) == 0 {
			o.Out = history.Text("")
		} else if p.opt.NilRead == NilIsAnything && p.draw(8) == 0 {
			o.Out = history.Value{}
		}
		return held
	case history.Write:
		o.Arg = p.value()
	case history.CAS:
		o.Old, o.Arg = saw, p.value()
		if o.Outcome == history.OK && p.draw(3) == 0 {
			o.Outcome, o.Old = history.Failed, past[p.draw(len(past))]
			return held
		}
		if p.draw(16) == 0 {
			o.Arg = o.Old
		}
	}
	if o.Outcome == history.Unknown && p.draw(3) == 0 {
		return held
	}
	return o.Arg
}

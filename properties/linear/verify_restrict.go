package linear

import (
	"maps"
	"slices"

	"phoenix/properties/history"
)

// restrict returns the history of a closed set, by Call, and what to judge it
// by: nothing but the operations that have a part, as verify_closure.go says.
func (s *scene) restrict(roles []role) (*Options, []*history.Operation) {
	opt, keep := s.opt, func(history.Value) bool { return true }
	var open map[history.Value]bool
	switch {
	case s.opt.Step != nil:
	case s.cell():
		open = s.open(roles)
	default:
		opt, keep = s.project(roles)
	}
	var ops []*history.Operation
	for _, i := range members(roles) {
		switch op := s.ops[i]; {
		case roles[i] == optional:
			ops = append(ops, s.relaxed(op, open[op.Old]))
		case op.Kind == history.Read && !s.cell():
			read := *op
			read.Out = filtered(op.Out, keep)
			ops = append(ops, &read)
		default:
			ops = append(ops, op)
		}
	}
	return opt, ops
}

// relaxed returns op as an other. A CAS from what is open writes.
func (s *scene) relaxed(op *history.Operation, open bool) *history.Operation {
	r := *op
	r.Outcome, r.Return = history.Unknown, history.Pending
	if s.opt.Step == nil {
		r.Out = history.Value{}
	}
	if op.Kind == history.CAS && open && s.cell() {
		r.Kind, r.Old = history.Write, history.Value{}
	}
	return &r
}

// open returns the values from which a CAS among the others may have led
// although the restricted history did not hold them.
func (s *scene) open(roles []role) map[history.Value]bool {
	isCAS := func(p role, op *history.Operation) bool { return p == optional && op.Kind == history.CAS }
	seen := s.windows(roles, isCAS)
	if len(seen.all) == 0 {
		return nil
	}
	open, all := make(map[history.Value]bool), false
	for i, op := range s.ops {
		if roles[i] == outside && changes(op) && seen.touched(s.opt, op) {
			all = all || op.Kind == history.Append || seen.any.touch(op)
			open[s.opt.sets(op)] = true
		}
	}
	for _, i := range members(roles) {
		if op := s.ops[i]; all && isCAS(roles[i], op) {
			open[op.Old] = true
		}
	}
	return open
}

// project returns which elements the restricted history keeps, and the options
// with the others dropped from the initial state.
func (s *scene) project(roles []role) (opt *Options, keep func(history.Value) bool) {
	dropped := s.droppedBy(roles)
	keep = func(v history.Value) bool { return !dropped[v] }
	projected := *s.opt
	projected.Init = filtered(projected.Init, keep)
	return &projected, keep
}

// droppedBy returns the elements that operations outside may put in or take. It
// is nil where no state and no answer lists elements.
func (s *scene) droppedBy(roles []role) map[history.Value]bool {
	isRead := func(op *history.Operation) bool { return op.Kind == history.Read }
	if _, list := s.opt.Init.Items(); s.cell() || s.opt.Step != nil || !list && !slices.ContainsFunc(s.ops, isRead) {
		return nil
	}
	dropped := maps.Clone(s.dropped)
	if dropped == nil {
		dropped = make(map[history.Value]bool)
	}
	for i, op := range s.ops {
		if v, ok := s.element(op); ok && roles[i] == outside && changes(op) {
			dropped[v] = true
		}
	}
	return dropped
}

// filtered returns the items of a list that are kept, and any other value as it is.
func filtered(list history.Value, keep func(history.Value) bool) history.Value {
	items, ok := list.Items()
	if !ok {
		return list
	}
	return history.List(slices.DeleteFunc(items, func(v history.Value) bool { return !keep(v) })...)
}

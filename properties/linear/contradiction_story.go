package linear

import (
	"slices"

	"phoenix/properties/history"
)

// story returns the part of the prefix p that a contradiction is told with: its
// operations and others, as they are in p, and what else set a value that they
// speak of, even if that was overwritten long before. So whatever is said of the
// story is true of p. Where people might speak of everything, it is all of p:
// texts that grow, a CAS that failed, reads and initial states that list
// elements, locks, and the user's Step.
func (s *scene) story(p prefix, contradiction []int32) prefix {
	member := make([]bool, len(s.ops))
	for _, i := range contradiction {
		member[i] = true
	}
	told := func(op *history.Operation) bool { return false }
	switch items, _ := s.opt.Init.Items(); {
	case s.opt.Step != nil || s.opt.Model >= Mutex:
		return p
	case s.cell():
		failedCAS := func(i int32) bool { return s.ops[i].Outcome == history.Failed }
		append := func(op *history.Operation) bool { return op.Kind == history.Append }
		if slices.ContainsFunc(contradiction, failedCAS) || s.opt.Model.Has(history.Append) && slices.ContainsFunc(s.ops, append) {
			return p
		}
		values := s.values(contradiction)
		told = func(op *history.Operation) bool { return changes(op) && values[op.Arg] }
	default:
		read := func(i int32) bool { return s.ops[i].Kind == history.Read }
		if len(items) > 0 || slices.ContainsFunc(contradiction, read) {
			return p
		}
	}
	part := prefix{culprit: p.culprit}
	for i, op := range p.ops {
		if member[p.at[i]] || told(op) {
			part.ops, part.at = append(part.ops, op), append(part.at, p.at[i])
		}
	}
	return part
}

// values returns what operations on a register set and accept.
func (s *scene) values(list []int32) map[history.Value]bool {
	values := make(map[history.Value]bool)
	for _, i := range list {
		op := s.ops[i]
		states, _ := s.opt.accepted(op)
		for _, v := range states {
			values[v] = true
		}
		if changes(op) {
			values[op.Arg] = true
		}
	}
	return values
}

// pick returns the operations at these positions.
func (s *scene) pick(list []int32) []*history.Operation {
	ops := make([]*history.Operation, len(list))
	for i, at := range list {
		ops[i] = s.ops[at]
	}
	return ops
}

package linear

import (
	"slices"

	"phoenix/properties/history"
)

// around returns a scene of only what may play a part when operations of D
// have one, and, for that scene, the roles and the positions in s.
func (s *scene) around(roles []role) (near *scene, nearRoles []role, at []int32) {
	matters := func(*history.Operation) bool { return true }
	switch {
	case s.opt.Step != nil || s.opt.Model >= Mutex:
	case s.cell():
		matters = s.aroundValues(roles)
	default:
		mentioned := make(map[history.Value]bool)
		for i, op := range s.ops {
			if v, ok := s.element(op); ok && roles[i] == definite {
				mentioned[v] = true
			}
		}
		matters = func(op *history.Operation) bool {
			v, ok := s.element(op)
			return changes(op) && (ok && mentioned[v] || s.takesAny(op))
		}
	}
	copied := *s
	near = &copied
	near.ops = nil
	outer := slices.Clone(roles)
	for i, op := range s.ops {
		if roles[i] == definite || matters(op) {
			near.ops, nearRoles, at = append(near.ops, op), append(nearRoles, roles[i]), append(at, int32(i))
			outer[i] = definite
		}
	}
	near.dropped = s.droppedBy(outer)
	return near, nearRoles, at
}

// aroundValues returns whether an operation may set what D or such an operation
// accepts. Everything may play a part where any change counts.
func (s *scene) aroundValues(roles []role) func(*history.Operation) bool {
	accepted := make(map[history.Value]bool)
	for _, i := range members(roles) {
		states, anyChange := s.opt.accepted(s.ops[i])
		if anyChange {
			return func(*history.Operation) bool { return true }
		}
		for _, v := range states {
			accepted[v] = true
		}
	}
	writers := func(op *history.Operation) bool { return changes(op) && accepted[op.Arg] }
	var from []history.Value
	for _, op := range s.ops {
		switch {
		case op.Kind == history.Append:
			return func(*history.Operation) bool { return true }
		case op.Kind == history.CAS && writers(op):
			from = append(from, op.Old)
		}
	}
	for _, v := range from {
		accepted[v] = true
	}
	return writers
}

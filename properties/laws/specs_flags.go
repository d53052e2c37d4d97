package laws

import (
	"slices"
	"strconv"

	"phoenix/crdt"
)

// RemoveWinsSet specifies crdt.RemoveWinsSet: an element is there if of the last
// operations on it, those that no other saw, one is an add and none a remove.
func RemoveWinsSet() Type[crdt.RemoveWinsSet[string]] {
	type set = crdt.RemoveWinsSet[string]
	return Type[set]{
		Name: "RemoveWinsSet",
		Ops: setOps(
			func(s *set, e *Event) *set { return s.Add(e.Replica, e.Key) },
			func(s *set, e *Event) *set { return s.Remove(e.Replica, e.Key) }, nil),
		Read:   func(s *set) []string { return slices.AppendSeq([]string{}, s.All()) },
		Covers: sameKey,
		Spec: func(v View) []string {
			removed := v.Keys(v.Where(v.Alive(), func(e *Event) bool { return e.Kind == "remove" }))
			return slices.DeleteFunc(added(v), func(key string) bool { return slices.Contains(removed, key) })
		},
	}
}

// GSet specifies crdt.GSet: what was added is there.
func GSet() Type[crdt.GSet[string]] {
	type set = crdt.GSet[string]
	typ := Type[set]{
		Name: "GSet",
		Read: func(s *set) []string { return slices.AppendSeq([]string{}, s.All()) },
		Spec: added,
	}
	for _, l := range letters {
		typ.Ops = append(typ.Ops, Op[set]{
			Name:  "add " + l,
			Event: Event{Kind: "add", Key: l},
			When:  func(v View, e *Event) bool { return !aliveKey(v, e) },
			Do:    func(s *set, e *Event) *set { return s.Add(e.Key) },
		})
	}
	return typ
}

// TwoPhaseSet specifies crdt.TwoPhaseSet: what was added and never removed is there.
func TwoPhaseSet() Type[crdt.TwoPhaseSet[string]] {
	type set = crdt.TwoPhaseSet[string]
	keys := func(v View, kind string) []string {
		return v.Keys(v.Where(v.Visible(), func(e *Event) bool { return e.Kind == kind }))
	}
	present := func(v View) []string {
		removed := keys(v, "remove")
		return slices.DeleteFunc(keys(v, "add"), func(key string) bool { return slices.Contains(removed, key) })
	}
	typ := Type[set]{
		Name: "TwoPhaseSet",
		Ops: setOps(
			func(s *set, e *Event) *set { return s.Add(e.Key) },
			func(s *set, e *Event) *set { return s.Remove(e.Key) },
			func(v View, e *Event) bool { return slices.Contains(present(v), e.Key) }),
		Read: func(s *set) []string { return slices.AppendSeq([]string{}, s.All()) },
		Spec: present,
	}
	for i := range typ.Ops {
		if o := &typ.Ops[i]; o.Event.Kind == "add" {
			o.When = func(v View, e *Event) bool { return !slices.Contains(keys(v, "add"), e.Key) }
		}
	}
	return typ
}

// flag is the type of a flag that is on if spec says so of the last operations, those
// that no other saw: whether one of them enables, and one disables.
func flag[S any](name string, enable, disable func(*S, crdt.Replica) *S, value func(*S) bool,
	spec func(on, off bool) bool) Type[S] {
	do := func(change func(*S, crdt.Replica) *S) func(*S, *Event) *S {
		return func(s *S, e *Event) *S { return change(s, e.Replica) }
	}
	return Type[S]{
		Name: name,
		Ops: []Op[S]{
			{Name: "enable", Event: Event{Kind: "on"}, Do: do(enable)},
			{Name: "disable", Event: Event{Kind: "off"}, Do: do(disable)},
		},
		Read:   func(s *S) []string { return []string{strconv.FormatBool(value(s))} },
		Covers: sameKey,
		Spec: func(v View) []string {
			is := func(kind string) bool {
				return v.Where(v.Alive(), func(e *Event) bool { return e.Kind == kind }) != 0
			}
			return []string{strconv.FormatBool(spec(is("on"), is("off")))}
		},
	}
}

// EnableWinsFlag specifies crdt.EnableWinsFlag: on if an enabling is visible that no
// visible operation saw.
func EnableWinsFlag() Type[crdt.EnableWinsFlag] {
	type f = crdt.EnableWinsFlag
	return flag("EnableWinsFlag", (*f).Enable, (*f).Disable, (*f).Value, func(on, _ bool) bool { return on })
}

// DisableWinsFlag specifies crdt.DisableWinsFlag: on if such an enabling is visible
// and no such disabling.
func DisableWinsFlag() Type[crdt.DisableWinsFlag] {
	type f = crdt.DisableWinsFlag
	return flag("DisableWinsFlag", (*f).Enable, (*f).Disable, (*f).Value, func(on, off bool) bool { return on && !off })
}

// MVRegister specifies crdt.MVRegister: the values of the writes visible that no visible write or clearing saw.
func MVRegister() Type[crdt.MVRegister[string]] {
	type reg = crdt.MVRegister[string]
	typ := Type[reg]{
		Name:   "MVRegister",
		Read:   func(s *reg) []string { return slices.AppendSeq([]string{}, s.All()) },
		Covers: func(_, _ *Event) bool { return true },
		Spec:   added,
		Ops: []Op[reg]{{
			Name:  "clear",
			Event: Event{Kind: "clear"},
			When:  func(v View, _ *Event) bool { return len(added(v)) > 0 },
			Do:    func(s *reg, e *Event) *reg { return s.Clear(e.Replica) },
		}},
	}
	for _, l := range letters {
		typ.Ops = append(typ.Ops, Op[reg]{
			Name:  "set " + l,
			Event: Event{Kind: "add", Key: l},
			Do:    func(s *reg, e *Event) *reg { return s.Set(e.Replica, e.Key) },
		})
	}
	return typ
}

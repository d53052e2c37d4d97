package linear

import (
	"phoenix/properties"
	"phoenix/properties/history"
)

// monitorSet decides about a set whose elements have few operations each, or
// that only grows and is read as a whole, in O(n log n). ok is false for others:
// decideSet or the general search must decide.
func monitorSet(opt *Options, ops []*history.Operation) (d decision, ok bool) {
	if growing(ops) {
		return monitorGrowingSet(opt, ops)
	}
	return decideSet(opt, ops, nil)
}

// decideSet decides about a set that is never read as a whole. That is one
// independent flag for each element, in or out, so the set is linearizable if
// and only if each flag is (locality: Herlihy and Wing, TOPLAS 1990, section
// 3.1). Flags with few operations are tried exhaustively, which is O(1) for
// each; search is asked about others, with options of their own. If it is nil,
// ok is false if there are any, and so it is if somebody reads the whole set.
//
// The verdict is Fail if one flag's is, else Inconclusive if one flag's is;
// steps is the sum of the searches'.
func decideSet(
	opt *Options, ops []*history.Operation, search func(*Options, []*history.Operation) decision,
) (d decision, ok bool) {
	s, ok := newFlags(opt, ops)
	if !ok {
		return decision{}, false
	}
	var many []int
	var wrong violation
	for e := range s.in {
		at := s.list[s.start[e]:s.start[e+1]]
		if len(at) > fewOperations {
			many = append(many, e)
		} else if !s.try(at, s.in[e]) {
			end := s.firstFailing(at, s.in[e])
			wrong.keepFirst(end, func() []int32 { return s.returnedBy(at, end) })
		}
	}
	if wrong.core != nil {
		return decision{verdict: properties.Fail, core: wrong.core}, true
	}
	if len(many) > 0 && search == nil {
		return decision{}, false
	}
	for _, e := range many {
		one := s.searched(opt, e, search)
		d.steps += one.steps
		switch {
		case one.verdict == properties.Fail:
			one.steps = d.steps
			return one, true
		case one.verdict == properties.Inconclusive:
			d.verdict, d.reason = one.verdict, one.reason
		default:
			s.merged.append(ops, one.order)
		}
	}
	if d.verdict == properties.Pass {
		d.order = s.merged.order()
	}
	return d, true
}

// fewOperations bounds the operations on an element that are tried in every
// order: 2 to that power sets of them, times two states.
const fewOperations = 10

// flags are the elements of a set and the operations on each.
type flags struct {
	ops    []*history.Operation
	in     []bool // whether the set holds an element initially
	values []history.Value
	list   []int32 // positions in ops, by element and Call
	start  []int32 // of each element's operations in list, and the end
	merged interleaving
	few    fewOrders
}

// newFlags sorts operations by element. It returns false if there is one on the
// whole set.
func newFlags(opt *Options, ops []*history.Operation) (s *flags, ok bool) {
	held, isList := opt.initial().Items()
	if !isList {
		return nil, false
	}
	s = &flags{ops: ops, list: make([]int32, len(ops))}
	index := newValueIndex(len(ops))
	element := make([]int32, len(ops))
	for i, op := range ops {
		if op.Kind == history.Read {
			return nil, false
		}
		element[i], _ = index.add(op.Arg)
	}
	s.values = index.values
	s.in = make([]bool, len(s.values))
	for _, v := range held {
		if e, ok := index.find(v); ok {
			s.in[e] = true
		}
	}
	s.start = make([]int32, len(s.values)+2)
	for _, e := range element {
		s.start[e+2]++
	}
	for e := range s.values {
		s.start[e+1] += s.start[e]
	}
	for i, e := range element {
		s.list[s.start[e+1]] = int32(i)
		s.start[e+1]++
	}
	s.merged, ok = newInterleaving(ops)
	return s, ok
}

// searched asks search about element e. Positions in its answer are in s.ops.
func (s *flags) searched(opt *Options, e int, search func(*Options, []*history.Operation) decision) decision {
	at := s.list[s.start[e]:s.start[e+1]]
	own := *opt
	own.Init = history.List()
	if s.in[e] {
		own.Init = history.List(s.values[e])
	}
	ops := make([]*history.Operation, len(at))
	for i, place := range at {
		ops[i] = s.ops[place]
	}
	d := search(&own, ops)
	for _, places := range [...][]int32{d.order, d.core} {
		for i, place := range places {
			places[i] = at[place]
		}
	}
	return d
}

// try looks for an order of the operations on an element and appends it to the
// merged one.
func (s *flags) try(at []int32, in bool) bool {
	order, ok := s.few.find(s.ops, at, in, history.Pending)
	if ok {
		s.merged.append(s.ops, order)
	}
	return ok
}

// firstFailing returns the end of the shortest prefix of an element's history
// that has no order.
func (s *flags) firstFailing(at []int32, in bool) int64 {
	end := history.Pending
	for _, i := range at {
		if ret := s.ops[i].Return; ret < end {
			if _, ok := s.few.find(s.ops, at, in, ret); !ok {
				end = ret
			}
		}
	}
	return end
}

func (s *flags) returnedBy(at []int32, end int64) (core []int32) {
	for _, i := range at {
		if s.ops[i].Return <= end {
			core = append(core, i)
		}
	}
	return core
}

// interleaving merges orders of disjoint operations into one that respects
// real time as each of them does: every operation takes effect as soon as it is
// called and those ahead of it in its own order have, which is no later than it
// returns. So what returned before another was called takes effect earlier.
type interleaving struct {
	first int64 // Call
	timed []timed
}

// newInterleaving returns one for some of ops, or false if the differences of
// their moments overflow.
func newInterleaving(ops []*history.Operation) (m interleaving, ok bool) {
	if len(ops) == 0 {
		return m, true
	}
	m.first = ops[0].Call
	m.timed = make([]timed, 0, len(ops))
	return m, ops[len(ops)-1].Call-m.first >= 0
}

func (m *interleaving) append(ops []*history.Operation, order []int32) {
	at := int64(0)
	for _, i := range order {
		at = max(at, ops[i].Call-m.first)
		m.timed = append(m.timed, timed{at, i})
	}
}

func (m *interleaving) order() []int32 {
	order := make([]int32, 0, len(m.timed))
	for _, t := range byMoment(m.timed) {
		order = append(order, t.id)
	}
	return order
}

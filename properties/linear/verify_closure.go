package linear

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"phoenix/properties/history"
)

// What makes a few operations of a key prove that its history is wrong.
//
// Let D be operations that happened, T the last of their returns, O ("others")
// further operations that were called by T and change the object, and S both.
// S proves the history wrong if it is closed, as said below, and if the history
// made by restrict has no order: D as it was, and the others pending, with
// nothing known of what they answered.
//
// Proof. Suppose that the history has a linearization L. Cut L behind the last
// operation of D. What is called after T comes after all of D, so everything
// left was called by T. Drop from that what is not in S. The sequence that is
// left, R, respects real time, has all of D, and an other at most once and after
// whatever returned before it was called. We show that R is an order of
// the restricted history, against the assumption.
//
// Registers and locks. An operation of D that saw something (a read, a CAS, a
// release ...) accepts some states and no others. The last f of D to be called,
// of those that returned before c was called and that set or saw the state,
// pins c's past: c's window is from the call of f, or from the beginning, to the
// return of c. An operation outside S that takes effect between f and c touches
// the window: else it would precede f or follow c. S is closed if no operation
// outside of it that touches the window of an operation c of D may set a state
// that c accepts. To be simple, any change counts if c is a CAS that failed,
// which accepts all states but one; so does an append outside S, and any change
// if S has an append, whose effect depends on the state.
//
// Claim: when c comes in L, R has the same state. It has at the beginning, and
// after each pin: after a write trivially, after what saw the state by this
// claim for it. From the pin of c to c, as long as L's state is one that c
// accepts, R's is the same: operations of S do the same to both if both are
// equal and to any state if they write; one outside S leaves a state that c does
// not accept, or, being a CAS of unknown outcome that did not match, the same.
// Where any change counts there is none outside S. As L's state is accepted by c
// when c comes, R's is the same.
//
// An other that is a CAS and did not match is left out of R, and if it matched,
// its condition holds in R by the same argument if no operation outside S that
// touches its window may set its Old. If one may, the restricted history has a
// write in its place, which may happen anyhow. An other that is an acquire or a
// release has no such substitute: S must be closed for its window, too.
//
// Queues, stacks, sets and multisets. S is closed if it has each operation called
// by T that may put in or take an element which S mentions. What takes an unknown
// element may touch any; a take that had not returned before T counts as one.
// Dropping all other elements from the states of L leaves a sequence of states
// that R runs through: the elements that are left keep their order, what is empty
// stays empty, and a read of all elements answers with those that are left. So
// the restricted history drops them from the initial state and from the reads. An
// other that took one of the dropped elements is left out of R.
//
// With the user's Step, S is closed if it has all that was called by T and is
// not a mere look. Step is assumed to allow to an operation of unknown outcome
// what it allows to it when it happened.

// role is the part that an operation has in a contradiction.
type role uint8

const (
	outside role = iota
	optional
	definite
)

// scene is where operations of one key may contradict each other.
type scene struct {
	opt *Options
	ops []*history.Operation // that matter, by Call; all that were called by end
	end int64                // T
	// dropped are elements that operations change which were left out of ops.
	dropped map[history.Value]bool
	// nilElement tells that nil may be an element of the queue or stack, so that
	// who took nil may have taken it.
	nilElement bool
}

// newScene returns the scene of ops, which were all called by end.
func newScene(opt *Options, ops []*history.Operation, end int64) *scene {
	s := &scene{opt: opt, ops: ops, end: end}
	if opt.Step == nil && (opt.Model == Queue || opt.Model == Stack) {
		held, _ := opt.initial().Items()
		isNil := func(op *history.Operation) bool { return op.Kind.Takes() && op.Arg.IsNil() }
		s.nilElement = slices.Contains(held, history.Value{}) || slices.ContainsFunc(ops, isNil)
	}
	return s
}

// cell reports whether the object is a register or a lock, one cell.
func (s *scene) cell() bool {
	return s.opt.Step == nil && (s.opt.Model <= KV || s.opt.Model >= Mutex)
}

// wanted lists the operations outside that must have a part for S to be closed.
// Those that get one may make others wanted. O(n log n).
func (s *scene) wanted(roles []role) []int32 {
	wants := changes
	switch {
	case s.opt.Step != nil:
	case s.cell():
		seen := s.windows(roles, func(p role, op *history.Operation) bool {
			return p == definite || (p == optional && s.opt.Model >= Mutex)
		})
		wants = func(op *history.Operation) bool { return changes(op) && seen.touched(s.opt, op) }
	default:
		mentioned := make(map[history.Value]bool)
		for _, i := range members(roles) {
			op := s.ops[i]
			if v, ok := s.element(op); ok && (roles[i] == definite || op.Kind.Takes()) {
				mentioned[v] = true
			}
		}
		wants = func(op *history.Operation) bool {
			v, ok := s.element(op)
			return changes(op) && (ok && mentioned[v] || s.takesAny(op))
		}
	}
	var list []int32
	for i, op := range s.ops {
		if roles[i] == outside && wants(op) {
			list = append(list, int32(i))
		}
	}
	return list
}

// members lists what has a part.
func members(roles []role) []int32 {
	var list []int32
	for i, r := range roles {
		if r != outside {
			list = append(list, int32(i))
		}
	}
	return list
}

// changes reports whether op may change the object. What merely looks at it does
// not, by Options.matters even if there is a Step.
func changes(op *history.Operation) bool {
	return op.Outcome != history.Failed && op.Kind != history.Read && op.Kind != history.Contains
}

// element returns the element that op is about.
func (s *scene) element(op *history.Operation) (v history.Value, ok bool) {
	switch {
	case op.Kind.Takes():
		return op.Arg, true
	case op.Kind == history.Read || op.Outcome == history.Unknown:
		return history.Value{}, false
	}
	return op.Out, !op.Out.IsNil() || s.nilElement
}

// takesAny reports whether nobody knew before the end what op takes.
func (s *scene) takesAny(op *history.Operation) bool {
	return isTake(op) && op.Return >= s.end
}

// windows are moments at which a change would be seen.
type windows struct {
	setting map[history.Value]moments // a change to this state
	any     moments                   // any change
	all     moments                   // all windows
}

// touched reports whether op, which changes the object, may set what is accepted
// at the end of a window that it touches.
func (w *windows) touched(opt *Options, op *history.Operation) bool {
	if op.Kind == history.Append {
		return w.all.touch(op)
	}
	return w.any.touch(op) || w.setting[opt.sets(op)].touch(op)
}

// windows returns those of the operations that are asked for.
func (s *scene) windows(roles []role, asked func(p role, op *history.Operation) bool) *windows {
	pins, w := s.pins(roles), &windows{setting: make(map[history.Value]moments)}
	all := members(roles)
	appends := slices.ContainsFunc(all, func(i int32) bool { return s.ops[i].Kind == history.Append })
	for _, i := range all {
		op := s.ops[i]
		if !asked(roles[i], op) {
			continue
		}
		states, anyChange := s.opt.accepted(op)
		if len(states) == 0 && !anyChange {
			continue
		}
		from := pins.before(op)
		w.all = w.all.add(from, op.Return)
		if anyChange || appends {
			w.any = w.any.add(from, op.Return)
		}
		for _, v := range states {
			w.setting[v] = w.setting[v].add(from, op.Return)
		}
	}
	return w
}

// sets returns the state that op leaves behind if it takes effect: a write, CAS,
// acquire or release.
func (o *Options) sets(op *history.Operation) history.Value {
	switch {
	case op.Kind == history.Acquire && o.Model == Lock:
		return history.Int(int64(op.Client))
	case op.Kind == history.Acquire:
		return history.Bool(true)
	case op.Kind == history.Release:
		return history.Value{}
	}
	return op.Arg
}

// accepted returns the only states in which op is possible, nothing if it always
// is. Of a failed CAS it says instead that any change may matter.
func (o *Options) accepted(op *history.Operation) (states []history.Value, anyChange bool) {
	switch op.Kind {
	case history.Read:
		if op.Out.IsNil() && o.NilRead == NilIsAnything {
			return nil, false
		}
		if o.Model == KV && op.Out == history.Text("") {
			return []history.Value{op.Out, {}}, false
		}
		return []history.Value{op.Out}, false
	case history.CAS:
		if op.Outcome == history.Failed {
			return nil, true
		}
		return []history.Value{op.Old}, false
	case history.Acquire:
		return []history.Value{{}}, false
	case history.Release:
		return []history.Value{o.sets(&history.Operation{Kind: history.Acquire, Client: op.Client})}, false
	}
	return nil, false
}

// pins are the operations of D that set or saw the state, by Return: when each
// returned, and the latest call of those up to it.
type pins []struct{ returned, called int64 }

func (s *scene) pins(roles []role) pins {
	var p pins
	for _, i := range members(roles) {
		if roles[i] != definite {
			continue
		}
		op := s.ops[i]
		states, anyChange := s.opt.accepted(op)
		if len(states) > 0 || anyChange || op.Kind == history.Write {
			p = append(p, struct{ returned, called int64 }{op.Return, op.Call})
		}
	}
	slices.SortFunc(p, func(a, b struct{ returned, called int64 }) int { return cmp.Compare(a.returned, b.returned) })
	for i := 1; i < len(p); i++ {
		p[i].called = max(p[i].called, p[i-1].called)
	}
	return p
}

// before returns the latest call of a pin that returned before op was called.
func (p pins) before(op *history.Operation) int64 {
	i := sort.Search(len(p), func(i int) bool { return p[i].returned >= op.Call })
	if i == 0 {
		return math.MinInt64
	}
	return p[i-1].called
}

// moments is a union of closed intervals, by from; to is the latest end so far.
type moments []struct{ from, to int64 }

// add adds an interval that begins no earlier than those before.
func (m moments) add(from, to int64) moments {
	if len(m) > 0 {
		to = max(to, m[len(m)-1].to)
	}
	return append(m, struct{ from, to int64 }{from, to})
}

// touch reports whether op's interval has a moment in common with m.
func (m moments) touch(op *history.Operation) bool {
	i := sort.Search(len(m), func(i int) bool { return m[i].from > op.Return })
	return i > 0 && m[i-1].to >= op.Call
}

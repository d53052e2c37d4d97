package linear

import (
	"math"
	"strings"

	"phoenix/properties/history"
)

// appendAutomaton is the automaton of a KV with Append. It knows that an object
// which is not set only grows, so that what will be read must begin with what it holds.
type appendAutomaton struct {
	*stepAutomaton
	reads []int32 // to come, where prune works
}

// lookAhead is how many reads to come prune looks at.
const lookAhead = 64

func newAppendAutomaton(opt *Options, c *classes) *appendAutomaton {
	return &appendAutomaton{stepAutomaton: newStepAutomaton(opt, c), reads: make([]int32, 0, lookAhead)}
}

// prune leaves out what leads to a value that a definite read to come cannot
// continue. That read happens before any operation that it precedes; so if it
// precedes all other writes and CASes that are left, only appends come until
// then, and what it returns begins with the value.
func (a *appendAutomaton) prune(s *search, ops []int32) []int32 {
	first, second := a.scan(s)
	kept := ops[:0]
	for _, op := range ops {
		next := a.after(s.class[op])
		sets := first
		if op == first {
			sets = second
		}
		if !a.strands(s, next, sets) {
			kept = append(kept, op)
		}
	}
	return kept
}

// scan lists the definite reads to come, and returns the first two
// operations left that set the object: numbers from below are as good.
func (a *appendAutomaton) scan(s *search) (first, second int32) {
	first, end := int32(math.MaxInt32), int32(len(s.class))
	a.reads = a.reads[:0]
	for i := s.next[end]; i < end; i = s.next[i] {
		op := a.ops[s.class[i]]
		switch {
		case len(a.reads) == lookAhead:
			return min(first, i), i
		case op.Kind == history.Read:
			if !op.Out.IsNil() || a.opt.NilRead == NilIsValue {
				a.reads = append(a.reads, i)
			}
		case op.Kind == history.Append || op.Outcome == history.Failed:
		case first < math.MaxInt32:
			return first, i
		default:
			first = i
		}
	}
	return first, math.MaxInt32
}

// after is what the object holds after an operation that is possible.
func (a *appendAutomaton) after(class int32) history.Value {
	next, _ := a.step(class)
	return a.states[next]
}

// strands reports whether a read that comes before the operation sets does not
// continue what is held.
func (a *appendAutomaton) strands(s *search, held history.Value, sets int32) bool {
	bare := held.Bare()
	for _, read := range a.reads {
		out := a.ops[s.class[read]].Out
		text, ok := out.Text()
		if s.limit[read] <= sets && !a.opt.reads(held, out) && !(ok && strings.HasPrefix(text, bare)) {
			return true
		}
	}
	return false
}

package linear

import "phoenix/properties/history"

// registerAutomaton is the automaton of Register and CASRegister, and of KV unless there
// is an Append.
//
// Values that no operation tests are one value, numbered 0: no answer depends on
// which of them the register holds. In the same way the state is hashed as that
// value once no operation that is left tests what the register holds.
type registerAutomaton struct {
	codes []registerCode // per class
	state uint32
	// Per value, of the operations left: how many test for it; how many of these
	// are sure to happen, and only where the register holds it; and how many set it.
	tests, needs, sets []int32
	mismatches         int32 // operations left that test for another value
	hopeless           bool  // a value is needed that is never set
}

type registerCode struct {
	test      registerTest
	pending   bool // when it does not pass the test it changes nothing instead
	writes    bool
	a, b, set uint32
}

type registerTest uint8

const (
	passes  registerTest = iota
	equal                // a or b
	unequal              // neither
)

func newRegisterAutomaton(opt *Options, c *classes) *registerAutomaton {
	r := &registerAutomaton{codes: make([]registerCode, len(c.ops))}
	tested := numbers{}
	other := history.List(history.Text("a value that is not tested")) // takes number 0
	tested.of(other)
	for class, op := range c.ops {
		code := &r.codes[class]
		switch {
		case op.Kind == history.Read && op.Out.IsNil() && opt.NilRead == NilIsAnything:
		case op.Kind == history.Read:
			code.test, code.a = equal, tested.of(op.Out)
			code.b = code.a
			if opt.Model == KV && op.Out == history.Text("") {
				code.b = tested.of(history.Value{})
			}
		case op.Kind == history.CAS:
			code.test, code.a = equal, tested.of(op.Old)
			code.b = code.a
			if op.Outcome == history.Failed {
				code.test = unequal
			}
			code.pending = op.Outcome == history.Unknown
		}
	}
	r.state = tested[opt.Init] // or 0
	for class, op := range c.ops {
		if op.Kind == history.Write || op.Kind == history.CAS && op.Outcome != history.Failed {
			r.codes[class].writes, r.codes[class].set = true, tested[op.Arg]
		}
	}
	r.tests, r.needs, r.sets = make([]int32, len(tested)), make([]int32, len(tested)), make([]int32, len(tested))
	for class, n := range c.count {
		r.count(&r.codes[class], n)
	}
	for v := range r.needs {
		r.hopeless = r.hopeless || r.needs[v] > 0 && r.sets[v] == 0 && r.state != uint32(v)
	}
	return r
}

// count adds n operations to those left.
func (r *registerAutomaton) count(c *registerCode, n int32) {
	switch c.test {
	case equal:
		r.tests[c.a] += n
		if c.b != c.a {
			r.tests[c.b] += n
		} else if !c.pending {
			r.needs[c.a] += n
		}
	case unequal:
		r.mismatches += n
	}
	if c.writes {
		r.sets[c.set] += n
	}
}

func (r *registerAutomaton) try(class int32) (possible, changes bool) {
	c := &r.codes[class]
	match := c.test == passes || (c.test == equal) == (r.state == c.a || r.state == c.b)
	return match || c.pending, match && c.writes && c.set != r.state
}

func (r *registerAutomaton) apply(_, class int32) (undo uint32) {
	c, before := &r.codes[class], r.state
	if _, changes := r.try(class); changes {
		r.state = c.set
	}
	r.count(c, -1)
	return before
}

func (r *registerAutomaton) revert(_, class int32, undo uint32) {
	r.state = undo
	r.count(&r.codes[class], 1)
}

func (r *registerAutomaton) hash() hash128 {
	if r.tests[r.state] == 0 && r.mismatches == 0 {
		return stateHash(0)
	}
	return stateHash(r.state)
}

func (r *registerAutomaton) bytes() int64 { return int64(len(r.codes))*20 + int64(len(r.tests))*12 }

// prune leaves out, in this order:
//
//   - what replaces a value that is needed later and that nothing left sets again:
//     it leads nowhere. If a value is needed from the beginning that is nowhere to be
//     had, everything does.
//   - a pending operation that sets a value for which nothing left tests, if nothing
//     left tests for any other value than the one it expects either: on a way to
//     success what comes behind it up to the next change of the register does not
//     depend on what that holds, so it can be spared.
//   - blind writes, pending ones too, if there is a definite blind write w of that
//     kind. For if a way to success begins with another write, then w can be placed
//     ahead of that, where nobody sees its value, and where it was it can be spared
//     as above. Only w is tried and what tests for the present value.
func (r *registerAutomaton) prune(s *search, ops []int32) []int32 {
	if r.hopeless {
		return ops[:0]
	}
	hidden, kept := int32(-1), ops[:0]
	for _, op := range ops {
		c := &r.codes[s.class[op]]
		unseen := c.writes && r.tests[c.set] == 0 && r.mismatches == 0
		switch {
		case r.strands(c) || unseen && s.limit[op] == s.pending:
			continue
		case unseen && c.test == passes && hidden < 0:
			hidden = op
		}
		kept = append(kept, op)
	}
	if hidden < 0 {
		return kept
	}
	ops, kept = kept, kept[:0]
	for _, op := range ops {
		if op == hidden || r.codes[s.class[op]].test != passes {
			kept = append(kept, op)
		}
	}
	return kept
}

// strands reports whether an operation that may be next makes the register leave
// a value for good that something else needs.
func (r *registerAutomaton) strands(c *registerCode) bool {
	needs := r.needs[r.state]
	if c.test == equal && c.a == c.b && !c.pending {
		needs-- // its own
	}
	return c.writes && c.set != r.state && needs > 0 && r.sets[r.state] == 0
}

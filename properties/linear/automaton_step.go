package linear

import "phoenix/properties/history"

// stepAutomaton is the automaton of every model: states are numbered as they are met,
// and what Options.step says of a state and a class is remembered.
type stepAutomaton struct {
	opt    *Options
	ops    []*history.Operation // per class
	states []history.Value
	number map[history.Value]uint32
	state  uint32
	size   int64 // bytes of the texts and lists in states
	bound  int64 // of size: a state that would exceed it is not made

	// An open-addressing table, at most three quarters full.
	slots []stepped
	count int
}

// stepped is what is remembered of a step: 12 bytes. next is one more than the
// state, so that the zero value is a free slot.
type stepped struct {
	state uint32
	class int32
	next  uint32
}

const noState = ^uint32(0) // next of an impossible step

func newStepAutomaton(opt *Options, c *classes) *stepAutomaton {
	s := &stepAutomaton{opt: opt, ops: c.ops, number: map[history.Value]uint32{}, slots: make([]stepped, 64),
		bound: opt.memoryBound()}
	s.intern(opt.initial())
	return s
}

func (s *stepAutomaton) intern(v history.Value) uint32 {
	at, known := s.number[v]
	if !known {
		at = uint32(len(s.states))
		s.number[v] = at
		s.states = append(s.states, v)
		s.size += int64(v.Size())
	}
	return at
}

// slot returns where the step of class in the present state is or has to go.
func (s *stepAutomaton) slot(state uint32, class int32) *stepped {
	mask := uint64(len(s.slots) - 1)
	at := mix(uint64(state)<<32|uint64(class)) & mask
	for s.slots[at].next != 0 && (s.slots[at].state != state || s.slots[at].class != class) {
		at = (at + 1) & mask
	}
	return &s.slots[at]
}

// step returns the number of the state that class leads to. If that might not fit
// into memory it only counts its bytes, with which the search gives up.
func (s *stepAutomaton) step(class int32) (next uint32, possible bool) {
	found := s.slot(s.state, class)
	next = found.next
	if next == 0 {
		next = noState
		if size := s.opt.stepSize(s.states[s.state], s.ops[class]); s.size+size > s.bound {
			s.size += size
			return 0, false
		}
		if possible, after := s.opt.step(s.states[s.state], s.ops[class]); possible {
			next = s.intern(after) + 1
		}
		*found = stepped{s.state, class, next}
		s.count++
		s.grow()
	}
	return next - 1, next != noState
}

func (s *stepAutomaton) grow() {
	if 4*s.count < 3*len(s.slots) {
		return
	}
	old := s.slots
	s.slots = make([]stepped, 2*len(old))
	for _, done := range old {
		if done.next != 0 {
			*s.slot(done.state, done.class) = done
		}
	}
}

func (s *stepAutomaton) try(class int32) (possible, changes bool) {
	next, possible := s.step(class)
	return possible, possible && next != s.state
}

func (s *stepAutomaton) apply(_, class int32) (undo uint32) {
	before := s.state
	s.state, _ = s.step(class)
	return before
}

func (s *stepAutomaton) revert(_, _ int32, undo uint32) { s.state = undo }

func (s *stepAutomaton) hash() hash128 { return stateHash(s.state) }

// bytes counts a state as 128 bytes, from above: the value, its number, the
// content that equal values share. While the table grows there are one and a
// half of it.
func (s *stepAutomaton) bytes() int64 {
	return int64(len(s.states))*128 + s.size + int64(len(s.slots))*18
}

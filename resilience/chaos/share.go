package chaos

import "phoenix/sim"

// share is what a counter of the world gained while one fault had a hand in it.
type share struct {
	count *sim.FaultCount
	from  uint64
	final uint64
	over  bool
}

// measure begins to count what a counter gains, until settle. Overlapping faults
// share what they do to a host together.
func (in *Injection) measure(counter string) *share {
	c := in.counter(counter)
	return &share{count: c, from: c.Effect}
}

// take is measure for what one fault alone can have done, such as the last crash:
// it settles the share of the fault before.
func (in *Injection) take(counter string) *share {
	in.settle(counter)
	s := in.measure(counter)
	in.holders[counter] = s
	return s
}

// settle ends the share of whoever took a counter last.
func (in *Injection) settle(counter string) {
	if s := in.holders[counter]; s != nil {
		s.settle()
		delete(in.holders, counter)
	}
}

// settle ends the count.
func (s *share) settle() {
	if !s.over {
		s.final, s.over = s.count.Effect-s.from, true
	}
}

// touched returns what the counter gained.
func (s *share) touched() uint64 {
	if s.over {
		return s.final
	}
	return s.count.Effect - s.from
}

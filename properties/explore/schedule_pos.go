package explore

import "phoenix/sim"

// pos is partial order sampling (Yuan, Yang, Gu, "Partial order aware concurrency
// sampling", CAV 2018, section 4): each pending event has a random priority, the highest is
// taken, and those that depend on it get new ones. Events depend on each other here iff
// they are of one host. So events of different hosts, whose order does not matter, do not
// make the orders that do matter less likely, as they do in a random walk.
//
// A priority is a function of the event, its host and how many events of the host came
// before: that makes it new for all that are pending at the host once one is taken.
type pos struct {
	draws
	key  sim.Key
	past []past // by host + 1
}

// past is what a host has done.
type past struct {
	events uint64
	key    sim.Key // of the priorities since the last of them
	known  bool    // key is made
}

// Next takes the option of the highest priority.
func (s *pos) Next(options []sim.Pending) int {
	best, highest := 0, uint64(0)
	for i := range options {
		if p := s.priority(&options[i]); p > highest {
			best, highest = i, p
		}
	}
	p := &s.past[options[best].Host+1]
	p.events++
	p.known = false
	return best
}

func (s *pos) priority(o *sim.Pending) uint64 {
	s.past = grown(s.past, o.Host)
	p := &s.past[o.Host+1]
	if !p.known {
		p.key, p.known = s.key.Num(uint64(o.Host+1)).Num(p.events), true
	}
	return p.key.Num(uint64(o.Kind)<<32 | uint64(uint32(o.Peer))).Num(o.ID).Uint64()
}

package explore

import (
	"slices"

	"phoenix/sim"
)

// pct is PCT for messages, in two variants. PCT (Burckhardt, Kothari, Musuvathi,
// Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding bugs",
// ASPLOS 2010, section 3) runs the thread of the highest random priority, and lowers that
// of the running one at d-1 random steps. Here chains of events are in the place of threads:
//
//   - A new chain has a random priority: a uniformly random place among all chains.
//   - Events are numbered from 1 as they become pending. At d-1 different random numbers of
//     1 to k, the chain of that event falls below all others, as deep as it was drawn, at
//     the moment when the event would be taken.
//   - An event of the chain with the highest priority is taken, any of several.
//
// In PCT a chain is a channel: the messages from one node to another; a timer; what else
// a host does. In PCTCP (Ozkan, Majumdar, Niksic, Befrouei, Weissenbacher, "Randomized
// testing of distributed systems with probabilistic guarantees", OOPSLA 2018, section 4)
// chains are causal: an event becomes pending because of the event before it, and of the
// events that one brings about one, whichever is drawn, continues its chain; every other
// one begins a chain, and so does what is pending at first.
//
// A bug that shows whenever d events come in some order, each as late as the order and
// causality allow, is found with a probability of at least 1/(c k^(d-1)), in runs of at most
// c chains and k events whose chains have one event pending at a time: the first of the d has
// to be in the lowest chain, and each other to be the one event that was drawn for its depth.
// Causal chains always are like that. Where each event is brought about by one other, c is
// the width of the run, the greatest number of its events without causality between any two
// (the paper has the square of it, for orders in general), since every chain ends in an event
// that brings about nothing. Messages of Ordered links wait for two, and timers are reset: c
// may be greater then. In timed worlds what falls due after an event counts as brought about
// by it. Channels are like that if they are Ordered, and else only if no second message is
// sent before the first arrives: PCT promises less than PCTCP, but there are fewer channels
// than causal chains, and in protocols that broadcast it finds more.
//
// Neither is fair: a timer that is set again as it fires, on a chain of high priority, keeps
// all else from happening until its chain falls. Bound the time of such runs.
type pct struct {
	draws
	causal bool
	falls  []int // the numbers of events at which chains fall; those of the past are 0

	priorities []uint64     // by chain
	lanes      map[lane]int // the chain of each channel, unless chains are causal
	running    int          // the chain whose event was taken last, -1 before the first

	live, spare []member
	fresh       []int // scratch: places of new events in live
	numbers     int   // events that became pending so far
}

// member is a pending event of a chain.
type member struct {
	event  identity
	chain  int
	number int // of the event
}

// identity tells pending events apart.
type identity struct {
	kind       sim.Kind
	host, peer sim.HostID
	id         uint64
}

// lane is a channel: the events of one kind from one node to another, or of one timer.
type lane struct {
	kind       sim.Kind
	host, peer sim.HostID
	name       string
}

func newPCT(d draws, causal bool, depth, events int) *pct {
	s := &pct{draws: d, causal: causal, lanes: map[lane]int{}, running: -1}
	for len(s.falls) < min(depth-1, events) {
		if p := 1 + d.rand.IntN(events); !slices.Contains(s.falls, p) {
			s.falls = append(s.falls, p)
		}
	}
	return s
}

// Next takes an event of the chain with the highest priority.
func (s *pct) Next(options []sim.Pending) int {
	s.meet(options)
	for {
		best, ties := 0, 1
		for i := 1; i < len(s.live); i++ {
			switch at, than := s.live[i].chain, s.live[best].chain; {
			case at == than:
				if ties++; s.rand.IntN(ties) == 0 {
					best = i
				}
			case s.priorities[at] > s.priorities[than]:
				best, ties = i, 1
			}
		}
		m := s.live[best]
		if fall := slices.Index(s.falls, m.number); fall >= 0 {
			s.falls[fall] = 0
			s.priorities[m.chain] = uint64(len(s.falls) - fall)
			continue
		}
		s.running = m.chain
		s.live = slices.Delete(s.live, best, best+1)
		return best
	}
}

// meet makes live the events of the options, in their order: those that are still pending
// and new ones. As a rule both are in the order of scheduling, and one pass is enough.
func (s *pct) meet(options []sim.Pending) {
	next := s.spare[:0]
	at := 0
	s.fresh = s.fresh[:0]
	for i := range options {
		o := &options[i]
		event := identity{o.Kind, o.Host, o.Peer, o.ID}
		if j := s.find(event, at); j >= 0 {
			next = append(next, s.live[j])
			at = j + 1
			continue
		}
		s.numbers++
		s.fresh = append(s.fresh, i)
		next = append(next, member{event: event, number: s.numbers})
	}
	s.live, s.spare = next, s.live
	s.join(options)
}

// join gives new events their chains.
func (s *pct) join(options []sim.Pending) {
	if !s.causal {
		for _, i := range s.fresh {
			o := &options[i]
			in := lane{o.Kind, o.Host, o.Peer, o.Name}
			chain, known := s.lanes[in]
			if !known {
				chain = s.begin()
				s.lanes[in] = chain
			}
			s.live[i].chain = chain
		}
		return
	}
	heir := -1
	if len(s.fresh) > 0 && s.running >= 0 {
		heir = s.fresh[s.rand.IntN(len(s.fresh))]
	}
	for _, i := range s.fresh {
		if i == heir {
			s.live[i].chain = s.running
		} else {
			s.live[i].chain = s.begin()
		}
	}
}

// begin adds a chain.
func (s *pct) begin() int {
	s.priorities = append(s.priorities, s.rand.Uint64()|1<<63) // above all that fell
	return len(s.priorities) - 1
}

// find returns the place of an event in live, from a place on and then before it, or -1.
func (s *pct) find(event identity, from int) int {
	is := func(m member) bool { return m.event == event }
	if j := slices.IndexFunc(s.live[from:], is); j >= 0 {
		return from + j
	}
	return slices.IndexFunc(s.live[:from], is)
}

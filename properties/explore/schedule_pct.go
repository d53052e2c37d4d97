package explore

import (
	"slices"

	"phoenix/sim"
)

// pct is PCT for messages. PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized
// scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010, section 3) orders
// threads by random priorities, and lowers that of the running one at d-1 random steps.
// PCTCP (Ozkan, Majumdar, Niksic, Befrouei, Weissenbacher, "Randomized testing of
// distributed systems with probabilistic guarantees", OOPSLA 2018, section 4) does so with
// chains of causally ordered events in the place of threads, and this is a variant of it:
//
//   - An event becomes pending because of the event before it. One of the events that one
//     brings about, whichever is drawn, continues its chain; every other one begins a chain.
//   - A new chain has a random priority: a uniformly random place among all chains.
//   - Events are numbered from 1 as they become pending. At d-1 distinct random numbers of
//     1 to k, the chain of that event falls below all others, as deep as it was drawn, at
//     the moment when the event would be taken.
//   - The event of the chain with the highest priority is taken.
//
// A bug that shows whenever d events come in some order, each as late as the order and
// causality allow, is found with a probability of at least 1/(c k^(d-1)), if the run has at
// most c chains and k events: the first of the d has to be in the lowest of the chains, and
// each other has to be the one event that was drawn for its depth. Where each event is
// brought about by one other, c is the width of the run, the greatest number of its events
// without causality between any two, as every chain ends in an event that nothing follows.
// Messages of Ordered links wait for two, and timers are reset: then c may be greater. In
// timed worlds what falls due after an event counts as brought about by it.
type pct struct {
	draws
	points  []int // the numbers of events at which chains fall; those of the past are 0
	live    []chain
	spare   []chain
	fresh   []int // scratch: places of new events
	numbers int   // events that became pending so far
	// The priority of the chain whose event was taken last, 0 before the first.
	running uint64
}

// chain is a chain with a pending event; those without can never go on.
type chain struct {
	event    identity
	priority uint64
	number   int // of the event
}

// identity tells pending events apart.
type identity struct {
	kind       sim.Kind
	host, peer sim.HostID
	id         uint64
}

func identityOf(o *sim.Pending) identity { return identity{o.Kind, o.Host, o.Peer, o.ID} }

func newPCT(d draws, depth, events int) *pct {
	s := &pct{draws: d}
	for len(s.points) < min(depth-1, events) {
		if p := 1 + d.rand.IntN(events); !slices.Contains(s.points, p) {
			s.points = append(s.points, p)
		}
	}
	return s
}

// Next takes the event of the chain with the highest priority.
func (s *pct) Next(options []sim.Pending) int {
	s.meet(options)
	for {
		best := 0
		for i := range s.live {
			if s.live[i].priority > s.live[best].priority {
				best = i
			}
		}
		c := &s.live[best]
		if fall := slices.Index(s.points, c.number); fall >= 0 {
			s.points[fall] = 0
			c.priority = uint64(len(s.points) - fall)
			continue
		}
		s.running = c.priority
		s.live = slices.Delete(s.live, best, best+1)
		return best
	}
}

// meet makes live the chains of the options, in their order: those that are still pending
// and new ones. As a rule both are in the order of scheduling, and one pass is enough.
func (s *pct) meet(options []sim.Pending) {
	next := s.spare[:0]
	at := 0
	s.fresh = s.fresh[:0]
	for i := range options {
		event := identityOf(&options[i])
		if j := s.find(event, at); j >= 0 {
			next = append(next, s.live[j])
			at = j + 1
			continue
		}
		s.numbers++
		s.fresh = append(s.fresh, i)
		next = append(next, chain{event, s.rand.Uint64() | 1<<63, s.numbers}) // above all that fell
	}
	if n := len(s.fresh); n > 0 && s.running > 0 {
		next[s.fresh[s.rand.IntN(n)]].priority = s.running
	}
	s.live, s.spare = next, s.live
}

// find returns the place of an event in live, from a place on and then before it, or -1.
func (s *pct) find(event identity, from int) int {
	is := func(c chain) bool { return c.event == event }
	if j := slices.IndexFunc(s.live[from:], is); j >= 0 {
		return from + j
	}
	return slices.IndexFunc(s.live[:from], is)
}

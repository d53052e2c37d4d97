package explore

import (
	"slices"

	"phoenix/sim"
)

// surw is the selectively uniform random walk ("Selectively uniform concurrency testing",
// ASPLOS 2025, section 3) with hosts as threads. It intends a host to have the next
// interesting event, with a probability in proportion to the interesting events that the
// host has left, and holds back those of others until it had it; what is not interesting
// goes on meanwhile, each host that has such an event as likely as another. Where each host
// has one event pending at a time and the estimates are exact, all orders of the
// interesting events are equally likely. Of several pending events of the host each is
// equally likely.
//
// Once all that is pending is held back, for a host that waits for others or was expected
// to do more, another host is intended, out of those with an interesting event pending. There
// a host that does more than estimated counts as having one left.
type surw struct {
	draws
	left        []int // interesting events by host + 1
	interesting func(*sim.Pending) bool
	intended    sim.HostID
	hasIntent   bool
	hosts       tally // of interesting options
	free        tally // of options that may be taken
}

func newSURW(d draws, o ScheduleOptions) *surw {
	return &surw{draws: d, left: slices.Clone(o.Estimates.Hosts), interesting: o.Interesting}
}

// Next takes an option that the intention allows.
func (s *surw) Next(options []sim.Pending) int {
	s.hosts.count(options, s.interesting)
	if !s.hasIntent {
		s.intend()
	}
	s.free.count(options, s.allowed)
	if len(s.free.present) == 0 {
		s.intendPending()
		s.free.count(options, s.allowed)
	}
	h := s.free.present[s.rand.IntN(len(s.free.present))]
	i := s.pick(options, h, s.rand.IntN(s.free.of(h)))
	if s.isInteresting(&options[i]) {
		s.left = grown(s.left, h)
		s.left[h+1] = max(0, s.left[h+1]-1)
		s.hasIntent = false
	}
	return i
}

// intend draws the host of the next interesting event among those expected to have one.
func (s *surw) intend() {
	total := 0
	for _, n := range s.left {
		total += n
	}
	if s.hasIntent = total > 0; !s.hasIntent {
		return
	}
	r := s.rand.IntN(total)
	for i, n := range s.left {
		if r -= n; r < 0 {
			s.intended = sim.HostID(i - 1)
			return
		}
	}
}

// intendPending draws it among those that have one pending.
func (s *surw) intendPending() {
	total := 0
	for _, h := range s.hosts.present {
		total += s.weight(h)
	}
	r := s.rand.IntN(total)
	for _, h := range s.hosts.present {
		if r -= s.weight(h); r < 0 {
			s.intended, s.hasIntent = h, true
			return
		}
	}
}

// weight is what h has left, at least the one that is pending.
func (s *surw) weight(h sim.HostID) int {
	if int(h)+1 >= len(s.left) {
		return 1
	}
	return max(1, s.left[h+1])
}

func (s *surw) isInteresting(o *sim.Pending) bool { return s.interesting == nil || s.interesting(o) }

func (s *surw) allowed(o *sim.Pending) bool {
	return !s.isInteresting(o) || s.hasIntent && o.Host == s.intended
}

// pick returns the place of the i-th allowed option of a host.
func (s *surw) pick(options []sim.Pending, h sim.HostID, i int) int {
	for at := range options {
		if o := &options[at]; o.Host == h && s.allowed(o) {
			if i == 0 {
				return at
			}
			i--
		}
	}
	panic("explore: a host has fewer options than were counted")
}

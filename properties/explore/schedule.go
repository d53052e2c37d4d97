package explore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"phoenix/sim"
)

// The names of schedules, see Schedule.
const (
	// Uniform takes each pending event with the same probability: a random walk.
	Uniform = "uniform"
	// NodeThenMessage takes one of the nodes that have something pending, each with the
	// same probability, and then one of its pending events.
	NodeThenMessage = "node-then-message"
	// PCT gives channels random priorities, takes what has the highest, and lowers the
	// priority of a channel at a few random events.
	PCT = "pct"
	// PCTCP is PCT with causal chains of events in the place of channels: it promises more
	// than PCT, for any network, and on most protocols it finds less.
	PCTCP = "pctcp"
	// POS gives each event a random priority, drawn anew when the event is overtaken at
	// its node: it samples partial orders rather than orders.
	POS = "pos"
	// SURW takes nodes by how much they have left to do, which makes all orders equally
	// likely where the estimates are right.
	SURW = "surw"
)

// Schedules returns the names of all schedules.
func Schedules() []string { return []string{Uniform, NodeThenMessage, PCT, PCTCP, POS, SURW} }

// DefaultDepth is the depth of the bugs that PCT and PCTCP look for where ScheduleOptions has none.
const DefaultDepth = 3

// ScheduleOptions says what the schedules need beside randomness. The zero value is enough
// for those without estimates.
type ScheduleOptions struct {
	// Depth is the d of PCT and PCTCP, at least 1: how many events have to come in a certain order
	// for the bug to show. 0 means DefaultDepth.
	Depth int
	// Estimates of the run, which PCT, PCTCP and SURW need. A first run under a Profiler has them.
	Estimates Estimates
	// Interesting are the events whose orders SURW makes equally likely; nil means all.
	Interesting func(*sim.Pending) bool
}

// Estimates tell how long a run is. They need not be exact: the guarantees of the
// schedules hold for runs that are as estimated, and fade with the difference.
type Estimates struct {
	Events int   // how many events there are to order in all; the k of PCT
	Hosts  []int // how many interesting ones each host has: place 0 those of the world, place i+1 of host i
}

// Schedule returns the randomised schedule of a name: a chooser of what comes next in a
// world with sim.Config.Interleave or Untimed, and in Sample. All it draws comes from the
// key, for one run: make another, with another key, for the next. What is chosen within an
// event is uniform. It returns an error if there is no schedule of that name, or an
// option that it needs is missing or negative.
func Schedule(name string, key sim.Key, o ScheduleOptions) (sim.Scheduler, error) {
	if o.Depth < 0 || o.Estimates.Events < 0 || slices.ContainsFunc(o.Estimates.Hosts, func(n int) bool { return n < 0 }) {
		return nil, fmt.Errorf("explore: an option of schedule %q is negative", name)
	}
	d := draws{Chooser: sim.Seeded(key.Sub("choices")), rand: key.Sub("next").Rand()}
	switch name {
	case Uniform:
		return &uniform{d}, nil
	case NodeThenMessage:
		return &nodeThenMessage{draws: d}, nil
	case PCT, PCTCP:
		if o.Estimates.Events == 0 {
			return nil, fmt.Errorf("explore: schedule %q needs an estimate of the number of events", name)
		}
		if o.Depth == 0 {
			o.Depth = DefaultDepth
		}
		return newPCT(d, name == PCTCP, o.Depth, o.Estimates.Events), nil
	case POS:
		return &pos{draws: d, key: key.Sub("priority")}, nil
	case SURW:
		if len(o.Estimates.Hosts) == 0 {
			return nil, fmt.Errorf("explore: schedule %q needs estimates of the events of hosts", name)
		}
		return newSURW(d, o), nil
	}
	return nil, fmt.Errorf("explore: schedule %q, expected %s", name, strings.Join(Schedules(), ", "))
}

// draws is the randomness of a schedule, and its answer to choices that are none of order.
type draws struct {
	sim.Chooser
	rand *rand.Rand
}

type uniform struct{ draws }

// Next takes any option.
func (s *uniform) Next(options []sim.Pending) int { return s.rand.IntN(len(options)) }

type nodeThenMessage struct {
	draws
	hosts tally
}

// Next takes a host and then one of its options.
func (s *nodeThenMessage) Next(options []sim.Pending) int {
	s.hosts.count(options, nil)
	h := s.hosts.present[s.rand.IntN(len(s.hosts.present))]
	return nth(options, h, s.rand.IntN(s.hosts.of(h)))
}

// tally counts options by host.
type tally struct {
	counts  []int        // by host + 1
	present []sim.HostID // with a count, in order of their first option
}

// count counts the options for which want is true; nil wants all.
func (t *tally) count(options []sim.Pending, want func(*sim.Pending) bool) {
	for _, h := range t.present {
		t.counts[h+1] = 0
	}
	t.present = t.present[:0]
	for i := range options {
		if want != nil && !want(&options[i]) {
			continue
		}
		h := options[i].Host
		t.counts = grown(t.counts, h)
		if t.counts[h+1] == 0 {
			t.present = append(t.present, h)
		}
		t.counts[h+1]++
	}
}

func (t *tally) of(h sim.HostID) int {
	if int(h)+1 >= len(t.counts) {
		return 0
	}
	return t.counts[h+1]
}

// grown returns a table by host that has a place for h.
func grown[T any](table []T, h sim.HostID) []T {
	if need := int(h) + 2 - len(table); need > 0 {
		table = append(table, make([]T, need)...)
	}
	return table
}

// nth returns the place of the i-th option of a host, from 0.
func nth(options []sim.Pending, h sim.HostID, i int) int {
	for at := range options {
		if options[at].Host == h {
			if i == 0 {
				return at
			}
			i--
		}
	}
	panic("explore: a host has fewer options than were counted")
}

// Profiler is a Scheduler that counts what another one orders: the Estimates of a run.
type Profiler struct {
	sim.Scheduler
	// Interesting are the events to be counted by host; nil means all.
	Interesting func(*sim.Pending) bool
	// Estimates is what was counted so far.
	Estimates Estimates
}

// Next asks the other Scheduler and counts the answer.
func (p *Profiler) Next(options []sim.Pending) int {
	i := p.Scheduler.Next(options)
	o := &options[i]
	p.Estimates.Events++
	if p.Interesting == nil || p.Interesting(o) {
		p.Estimates.Hosts = grown(p.Estimates.Hosts, o.Host)
		p.Estimates.Hosts[o.Host+1]++
	}
	return i
}

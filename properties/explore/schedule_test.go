package explore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"phoenix/properties/explore"
	"phoenix/sim"
)

// forest is a run whose events are known beforehand: each is pending from the beginning or
// once another has happened.
type forest []growth

// growth is one event: of a host, after another event, -1 for none.
type growth struct {
	host  sim.HostID
	after int
}

// run has a schedule order all events, and returns them in order.
func (f forest) run(s sim.Scheduler) []int {
	var pending, order []int
	bring := func(by int) {
		for i, g := range f {
			if g.after == by {
				pending = append(pending, i)
			}
		}
	}
	bring(-1)
	var options []sim.Pending
	for len(pending) > 0 {
		options = options[:0]
		for _, i := range pending {
			options = append(options, sim.Pending{Kind: sim.Deliver, Host: f[i].host, Peer: sim.NoHost, ID: uint64(i)})
		}
		next := s.Next(options)
		i := pending[next]
		pending = append(pending[:next], pending[next+1:]...)
		order = append(order, i)
		bring(i)
	}
	return order
}

// ends returns how many events bring about nothing: the width of f.
func (f forest) ends() int {
	ends := len(f)
	for i := range f {
		for _, g := range f {
			if g.after == i {
				ends--
				break
			}
		}
	}
	return ends
}

// estimates returns what a Profiler would count.
func (f forest) estimates(interesting func(*sim.Pending) bool) explore.Estimates {
	p := &explore.Profiler{Scheduler: schedule(explore.Uniform, 0, explore.ScheduleOptions{}), Interesting: interesting}
	f.run(p)
	return p.Estimates
}

// line is so many events of a host, one after another.
func (f forest) line(host sim.HostID, n int) forest {
	after := -1
	for range n {
		f = append(f, growth{host, after})
		after = len(f) - 1
	}
	return f
}

func schedule(name string, seed uint64, o explore.ScheduleOptions) sim.Scheduler {
	s, err := explore.Schedule(name, sim.NewKey(seed), o)
	if err != nil {
		panic(err)
	}
	return s
}

// share returns in which part of n runs of a schedule something is so.
func (f forest) share(name string, o explore.ScheduleOptions, n int, is func([]int) bool) float64 {
	count := 0
	for seed := range n {
		if is(f.run(schedule(name, uint64(seed), o))) {
			count++
		}
	}
	return float64(count) / float64(n)
}

// before reports whether a comes before b.
func before(order []int, a, b int) bool {
	for _, i := range order {
		if i == a || i == b {
			return i == a
		}
	}
	return false
}

func TestUniformTakesEachPendingEventEquallyOften(t *testing.T) {
	f := forest{{0, -1}, {0, -1}, {0, -1}, {1, -1}}
	for i := range f {
		require.InDelta(t, 1./4, f.share(explore.Uniform, explore.ScheduleOptions{}, 4000, func(o []int) bool { return o[0] == i }), .02)
	}
}

func TestNodeThenMessageTakesEachNodeEquallyOften(t *testing.T) {
	f := forest{{0, -1}, {0, -1}, {0, -1}, {sim.NoHost, -1}, {4, -1}}
	for i, want := range []float64{1. / 9, 1. / 9, 1. / 9, 1. / 3, 1. / 3} {
		require.InDelta(t, want, f.share(explore.NodeThenMessage, explore.ScheduleOptions{}, 4000, func(o []int) bool { return o[0] == i }), .02)
	}
}

// strongly reports whether an order hits a tuple of events strongly: the events come in
// the order of the tuple, and whatever comes after one of them, or is it, is brought about
// by it or a later one of them, or is that (Ozkan et al., section 3).
func (f forest) strongly(order, tuple []int) bool {
	since := -1 // the last of the tuple that was met
	for _, e := range order {
		if since+1 < len(tuple) && e == tuple[since+1] {
			since++
		}
		if since < 0 {
			continue
		}
		due := false
		for _, last := range tuple[since:] {
			due = due || f.descends(e, last)
		}
		if !due {
			return false
		}
	}
	return since == len(tuple)-1
}

// descends reports whether e is brought about by a, or is a.
func (f forest) descends(e, a int) bool {
	for ; e >= 0; e = f[e].after {
		if e == a {
			return true
		}
	}
	return false
}

// tuples calls fn with all tuples of d different events that some order hits strongly.
func (f forest) tuples(d int, fn func([]int)) {
	var tuple []int
	var add func()
	add = func() {
		if len(tuple) == d {
			fn(append([]int(nil), tuple...))
			return
		}
	next:
		for e := range f {
			for _, a := range tuple {
				if f.descends(a, e) {
					continue next
				}
			}
			tuple = append(tuple, e)
			add()
			tuple = tuple[:len(tuple)-1]
		}
	}
	add()
}

// The guarantees of PCT and PCTCP, for all bugs of depth 1 to 3 that there can be in small
// runs. In the tree, messages bring about several others, and a host has several pending.
func TestPCTFindsEveryBugOfItsDepthAsOftenAsItPromises(t *testing.T) {
	chains := forest{}.line(0, 3).line(1, 2).line(2, 1)
	tree := forest{{0, -1}, {1, 0}, {2, 0}, {0, 1}, {0, 2}, {1, 2}}
	relay := forest{{0, -1}, {1, 0}, {0, 1}, {1, 2}, {2, -1}, {2, 4}}
	keepsPromise(t, explore.PCT, chains, 3)
	keepsPromise(t, explore.PCT, relay, 3)
	for _, f := range []forest{chains, tree, relay} {
		keepsPromise(t, explore.PCTCP, f, f.ends())
	}
}

// keepsPromise requires of a run that has so many chains that 1/(chains k^(d-1)) of the
// schedules hit each tuple of d events strongly.
func keepsPromise(t *testing.T, name string, f forest, chains int) {
	const runs = 20_000
	promised := 1 / float64(chains)
	for depth := 1; depth <= 3; depth++ {
		var orders [][]int
		for seed := range uint64(runs) {
			o := explore.ScheduleOptions{Depth: depth, Estimates: explore.Estimates{Events: len(f)}}
			orders = append(orders, f.run(schedule(name, seed, o)))
		}
		tuples := 0
		f.tuples(depth, func(tuple []int) {
			tuples++
			hits := 0
			for _, o := range orders {
				if f.strongly(o, tuple) {
					hits++
				}
			}
			require.Greater(t, float64(hits)/runs, 0.85*promised, "%s, depth %d: %v of %v", name, depth, tuple, f)
		})
		require.GreaterOrEqual(t, tuples, len(f))
		promised /= float64(len(f))
	}
}

// What a random walk hardly ever finds: one event in the middle of a long chain.
func TestPCTFindsAShallowBugOfALongRunWhereARandomWalkDoesNot(t *testing.T) {
	f := forest{}.line(0, 30).line(1, 1)
	between := func(o []int) bool { return before(o, 19, 30) && before(o, 30, 20) }
	o := explore.ScheduleOptions{Depth: 2, Estimates: f.estimates(nil)}
	require.Equal(t, 31, o.Estimates.Events)
	require.Greater(t, f.share(explore.PCT, o, 5000, between), 0.85/(2*31))
	require.Greater(t, f.share(explore.PCTCP, o, 5000, between), 0.85/(2*31))
	require.Less(t, f.share(explore.Uniform, o, 5000, between), 0.001)
}

// Of several messages of a channel, PCT takes any.
func TestPCTTakesAnyMessageOfAChannel(t *testing.T) {
	f := forest{{0, -1}, {0, -1}, {0, -1}}
	o := explore.ScheduleOptions{Estimates: f.estimates(nil)}
	for i := range f {
		require.InDelta(t, 1./3, f.share(explore.PCT, o, 4000, func(o []int) bool { return o[0] == i }), .03)
	}
}

// The example that POS begins with: whether a message that is pending from the beginning
// comes before one that becomes pending late. There are two partial orders, and a random
// walk finds one of them with a probability of 2^-(n+1), POS with 1/(n+2).
func TestPOSSamplesPartialOrdersMoreUniformlyThanARandomWalk(t *testing.T) {
	const n = 6
	f := forest{}.line(0, n)
	f = append(f, growth{9, n - 1}, growth{9, -1})
	late := func(o []int) bool { return before(o, n, n+1) }
	require.InDelta(t, 1./(1<<(n+1)), f.share(explore.Uniform, explore.ScheduleOptions{}, 20_000, late), .003)
	require.InDelta(t, 1./(n+2), f.share(explore.POS, explore.ScheduleOptions{}, 20_000, late), .01)
}

// What a pending event of a host is overtaken by there does not tell what comes next: the
// priorities are new each time. If they were kept, the event would come last with 1/(n+1).
func TestPOSForgetsThePrioritiesOfEventsThatDependOnEachOther(t *testing.T) {
	f := append(forest{}.line(0, 3), growth{0, -1})
	require.InDelta(t, 1./8, f.share(explore.POS, explore.ScheduleOptions{}, 20_000, func(o []int) bool { return o[3] == 3 }), .01)
	f[3].host = 1
	require.InDelta(t, 1./4, f.share(explore.POS, explore.ScheduleOptions{}, 20_000, func(o []int) bool { return o[3] == 3 }), .01)
}

// Of the events of one host each order is equally likely: priorities are drawn anew when
// an event is overtaken, which does not matter for what is pending all the time.
func TestPOSOrdersTheEventsOfAHostUniformly(t *testing.T) {
	f := forest{{0, -1}, {0, -1}, {0, -1}, {1, -1}}
	counts := map[string]int{}
	for seed := range uint64(6000) {
		o := f.run(schedule(explore.POS, seed, explore.ScheduleOptions{}))
		counts[fmt.Sprint(before(o, 0, 1), before(o, 1, 2), before(o, 0, 2))]++
	}
	require.Len(t, counts, 6)
	for _, n := range counts { // order: each is judged by itself
		require.InDelta(t, 1000, n, 120)
	}
}

func TestSURWMakesAllInterleavingsOfChainsEquallyLikely(t *testing.T) {
	f := forest{}.line(0, 2).line(1, 4)
	o := explore.ScheduleOptions{Estimates: f.estimates(nil)}
	require.Equal(t, []int{0, 2, 4}, o.Estimates.Hosts)
	spread := func(name string) (orders int, least, most int) {
		counts := map[string]int{}
		for seed := range uint64(15_000) {
			counts[fmt.Sprint(f.run(schedule(name, seed, o)))]++
		}
		least = 15_000
		for _, n := range counts { // order: of least and most there is one each
			least, most = min(least, n), max(most, n)
		}
		return len(counts), least, most
	}
	orders, least, most := spread(explore.SURW)
	require.Equal(t, 15, orders)
	require.InDelta(t, 1000, least, 120)
	require.InDelta(t, 1000, most, 120)
	_, least, most = spread(explore.Uniform)
	require.Greater(t, most, 3*least, "a random walk is not uniform")
}

// Selective: of two interesting events, one behind a long chain, each comes first equally
// often, though not all interleavings of the chain are then.
func TestSURWMakesOrdersOfInterestingEventsEquallyLikely(t *testing.T) {
	f := forest{}.line(0, 8).line(1, 1)
	interesting := func(p *sim.Pending) bool { return p.ID >= 7 }
	o := explore.ScheduleOptions{Interesting: interesting, Estimates: f.estimates(interesting)}
	require.Equal(t, explore.Estimates{Events: 9, Hosts: []int{0, 1, 1}}, o.Estimates)
	late := func(o []int) bool { return before(o, 7, 8) }
	require.InDelta(t, .5, f.share(explore.SURW, o, 5000, late), .025)
	o = explore.ScheduleOptions{Estimates: f.estimates(nil)}
	require.InDelta(t, 1./9, f.share(explore.SURW, o, 5000, late), .02)
}

// Estimates may be wrong, in either direction and of hosts that nobody has counted.
func TestSchedulesEndWithWrongEstimates(t *testing.T) {
	f := forest{}.line(0, 5).line(sim.NoHost, 3).line(7, 4)
	f = append(f, growth{3, 1}, growth{3, 1}, growth{3, 6})
	for _, hosts := range [][]int{{0}, {1, 100}, {0, 1, 50, 1}, {0, 0, 0, 0, 0, 0, 0, 0, 9}} {
		for _, name := range explore.Schedules() {
			for seed := range uint64(50) {
				o := explore.ScheduleOptions{Depth: 5, Estimates: explore.Estimates{Events: 3, Hosts: hosts},
					Interesting: func(p *sim.Pending) bool { return p.ID%3 > 0 }}
				require.Len(t, f.run(schedule(name, seed, o)), len(f))
			}
		}
	}
}

func TestASchedulesChoicesAreThoseOfItsKey(t *testing.T) {
	f := forest{}.line(0, 5).line(1, 5).line(2, 5)
	o := explore.ScheduleOptions{Estimates: f.estimates(nil)}
	for _, name := range explore.Schedules() {
		different := map[string]bool{}
		for seed := range uint64(20) {
			order := f.run(schedule(name, seed, o))
			require.Equal(t, order, f.run(schedule(name, seed, o)))
			different[fmt.Sprint(order)] = true
			a, b := schedule(name, seed, o), schedule(name, seed, o)
			f.run(b) // what is ordered has no part in other choices
			for range 20 {
				require.Equal(t, a.Choose("coin", 1000), b.Choose("coin", 1000))
			}
		}
		require.Greater(t, len(different), 5, name)
	}
}

func TestASchedulesNameAndOptionsAreChecked(t *testing.T) {
	all := explore.Estimates{Events: 1, Hosts: []int{1}}
	for want, try := range map[string]struct {
		name string
		o    explore.ScheduleOptions
	}{
		`explore: schedule "fifo", expected uniform, node-then-message, pct, pctcp, pos, surw`: {"fifo", explore.ScheduleOptions{}},
		`explore: schedule "pct" needs an estimate of the number of events`:                    {explore.PCT, explore.ScheduleOptions{}},
		`explore: schedule "surw" needs estimates of the events of hosts`:                      {explore.SURW, explore.ScheduleOptions{}},
		`explore: an option of schedule "pct" is negative`:                                     {explore.PCT, explore.ScheduleOptions{Depth: -1, Estimates: all}},
		`explore: an option of schedule "pos" is negative`:                                     {explore.POS, explore.ScheduleOptions{Estimates: explore.Estimates{Hosts: []int{-1}}}},
	} {
		_, err := explore.Schedule(try.name, sim.Key{}, try.o)
		require.EqualError(t, err, want)
	}
}

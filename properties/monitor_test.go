package properties_test

import (
	"errors"
	"testing"
	"time"

	"phoenix/properties"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const ms = sim.Time(time.Millisecond)

// elections is a world with a planted bug: node a leads for 100 ms on its own
// clock, then node b does. Nothing makes sure that their clocks agree.
type elections struct {
	*sim.World
	leads [2]bool
}

func newElections(seed uint64) *elections {
	e := &elections{World: sim.New(sim.Config{Seed: seed})}
	e.AddHost("a", func(h *sim.Host) {
		e.leads[0] = true
		h.After(100*time.Millisecond, func() { e.leads[0] = false; h.Note("steps down") })
	})
	e.AddHost("b", func(h *sim.Host) {
		h.After(100*time.Millisecond, func() { e.leads[1] = true; h.Note("takes over") })
	})
	return e
}

// oneLeader is the invariant that the planted bug violates.
func (e *elections) oneLeader() error {
	if e.leads[0] && e.leads[1] {
		return errors.New("a and b both lead")
	}
	return nil
}

// down is nil once a leads no more.
func (e *elections) down() error {
	if e.leads[0] {
		return errors.New("a still leads")
	}
	return nil
}

func TestAlwaysFindsTwoLeadersAtTheStepThatMadeThem(t *testing.T) {
	w := newElections(1)
	defer w.Close()
	set := properties.New(w.World)
	set.Always("one leader", w.oneLeader)
	w.Host(0).SetDrift(-1_000_000) // a is slow by a tenth of a percent
	require.Equal(t, sim.Stopped, w.Run(sim.Limit{}))
	require.Equal(t, 100*ms, w.Now(), "the run went on after the violation")
	// 1: the clock, 2 and 3: boot, 4: the timer of b, 5: its note.
	require.Equal(t, []properties.Outcome{{
		Name: "one leader", Kind: properties.Always, Verdict: properties.Fail,
		Detail: "a and b both lead", Event: 5, At: 100 * ms,
	}}, set.Judge(sim.Stopped, false))
}

func TestAlwaysPassesWhereClocksAgree(t *testing.T) {
	w := newElections(1)
	defer w.Close()
	set := properties.New(w.World)
	asked := 0
	set.Always("one leader", func() error { asked++; return w.oneLeader() })
	end := w.Run(sim.Limit{})
	require.Equal(t, sim.Quiescent, end)
	require.Equal(t, []properties.Outcome{{Name: "one leader", Kind: properties.Always}}, set.Judge(end, false))
	require.Equal(t, 4, asked, "once a step: two boots and two timers")
}

func TestAViolationIsReportedOnceAndNotForgottenWhenTheRunGoesOn(t *testing.T) {
	w := newElections(1)
	defer w.Close()
	set := properties.New(w.World)
	asked := 0
	set.Always("one leader", func() error { asked++; return w.oneLeader() })
	set.Always("something else", func() error { return nil })
	w.Host(0).SetDrift(-1_000_000)
	require.Equal(t, sim.Stopped, w.Run(sim.Limit{}))
	before := asked
	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, before, asked)
	out := set.Judge(sim.Quiescent, false)
	require.Equal(t, properties.Fail, out[0].Verdict)
	require.Equal(t, 100*ms, out[0].At)
	require.Equal(t, properties.Pass, out[1].Verdict)
	require.Equal(t, properties.Fail, properties.Overall(out))
}

func TestSometimesIsInconclusiveUntilItHappens(t *testing.T) {
	w := newElections(1)
	defer w.Close()
	set := properties.New(w.World)
	asked := 0
	set.Sometimes("b leads", func() bool { asked++; return w.leads[1] })
	set.Sometimes("nobody leads", func() bool { return !w.leads[0] && !w.leads[1] })
	set.Sometimes("a leads", func() bool { return w.leads[0] })
	require.Equal(t, sim.TimeLimit, w.Run(sim.Limit{Until: 50 * ms}))
	never := properties.Outcome{Name: "b leads", Kind: properties.Sometimes, Verdict: properties.Inconclusive, Detail: "never happened"}
	require.Equal(t, never, set.Judge(sim.TimeLimit, false)[0])
	require.Equal(t, properties.Inconclusive, properties.Overall(set.Judge(sim.TimeLimit, false)))

	require.Equal(t, sim.Quiescent, w.Run(sim.Limit{}))
	require.Equal(t, []properties.Outcome{
		{Name: "b leads", Kind: properties.Sometimes, Event: 6, At: 100 * ms},
		{Name: "nobody leads", Kind: properties.Sometimes, Event: 4, At: 100 * ms},
		{Name: "a leads", Kind: properties.Sometimes, Event: 1},
	}, set.Judge(sim.Quiescent, false))
	require.Equal(t, 4, asked, "not asked again once it happened")
}

func TestEventuallyIsJudgedWhenTheRunIsOver(t *testing.T) {
	stuck := errors.New("s2 waits for a vote")
	for _, c := range []struct {
		stuck  error
		limit  sim.Limit
		healed bool
		want   properties.Outcome
	}{
		{nil, sim.Limit{}, false, properties.Outcome{Verdict: properties.Pass, Event: 6, At: 100 * ms}},
		{stuck, sim.Limit{}, false, properties.Outcome{Verdict: properties.Fail,
			Detail: "did not hold when nothing was left to happen: s2 waits for a vote", Event: 6, At: 100 * ms}},
		{stuck, sim.Limit{Until: 50 * ms}, false, properties.Outcome{Verdict: properties.Inconclusive,
			Detail: "did not hold when the run was ended (time limit): s2 waits for a vote", Event: 2, At: 50 * ms}},
		{stuck, sim.Limit{Until: 50 * ms}, true, properties.Outcome{Verdict: properties.Fail,
			Detail: "did not hold after the faults had healed: s2 waits for a vote", Event: 2, At: 50 * ms}},
		{stuck, sim.Limit{Events: 1}, false, properties.Outcome{Verdict: properties.Inconclusive,
			Detail: "did not hold when the run was ended (event limit): s2 waits for a vote", Event: 1}},
		{nil, sim.Limit{Until: 50 * ms}, true, properties.Outcome{Verdict: properties.Pass, Event: 2, At: 50 * ms}},
	} {
		w := newElections(1)
		set := properties.New(w.World)
		require.True(t, set.Settled(), "nothing is claimed")
		set.Eventually("settled", func() error { return c.stuck })
		require.Equal(t, c.stuck == nil, set.Settled())
		end := w.Run(c.limit)
		c.want.Name, c.want.Kind = "settled", properties.Eventually
		require.Equal(t, []properties.Outcome{c.want}, set.Judge(end, c.healed), end)
		w.Close()
	}
}

func TestPropertiesDoNotChangeTheRun(t *testing.T) {
	plain, watched := newElections(3), newElections(3)
	defer plain.Close()
	defer watched.Close()
	set := properties.New(watched.World)
	set.Always("one leader", watched.oneLeader)
	set.Sometimes("b leads", func() bool { return watched.leads[1] })
	plain.Run(sim.Limit{})
	watched.Run(sim.Limit{})
	require.Equal(t, plain.Digest(), watched.Digest())
}

func TestTwoPropertiesOfOneNamePanic(t *testing.T) {
	w := newElections(1)
	defer w.Close()
	set := properties.New(w.World)
	set.Always("one leader", w.oneLeader)
	require.PanicsWithValue(t, `properties: two properties are named "one leader"`, func() {
		set.Sometimes("one leader", func() bool { return true })
	})
}

func TestOverManyRunsTheBestSometimesAndTheWorstOfTheOthersCount(t *testing.T) {
	pass, inconclusive, fail := properties.Pass, properties.Inconclusive, properties.Fail
	for _, c := range []struct {
		kind        properties.Kind
		first, next properties.Verdict
		want        properties.Verdict
		detail      string
	}{
		{properties.Always, pass, fail, fail, "next"},
		{properties.Always, fail, pass, fail, "first"},
		{properties.Always, inconclusive, fail, fail, "next"},
		{properties.Always, fail, fail, fail, "first"},
		{properties.Eventually, pass, inconclusive, inconclusive, "next"},
		{properties.Eventually, inconclusive, pass, inconclusive, "first"},
		{properties.Sometimes, inconclusive, pass, pass, "next"},
		{properties.Sometimes, pass, inconclusive, pass, "first"},
		{properties.Sometimes, inconclusive, inconclusive, inconclusive, "first"},
	} {
		sum := properties.Merge(nil, []properties.Outcome{{Name: "p", Kind: c.kind, Verdict: c.first, Detail: "first"}})
		sum = properties.Merge(sum, []properties.Outcome{{Name: "p", Kind: c.kind, Verdict: c.next, Detail: "next"}})
		require.Equal(t, []properties.Outcome{{Name: "p", Kind: c.kind, Verdict: c.want, Detail: c.detail}}, sum,
			"%s: %s and %s", c.kind, c.first, c.next)
	}
}

func TestMergingKeepsTheOrderOfFirstMention(t *testing.T) {
	sum := properties.Merge(nil, []properties.Outcome{{Name: "b"}, {Name: "a"}})
	sum = properties.Merge(sum, []properties.Outcome{{Name: "c"}, {Name: "a"}})
	require.Equal(t, []properties.Outcome{{Name: "b"}, {Name: "a"}, {Name: "c"}}, sum)
}

func TestMergedVerdictsDoNotDependOnTheOrderOfTheRuns(t *testing.T) {
	kinds := map[string]properties.Kind{"a": properties.Always, "s": properties.Sometimes, "e": properties.Eventually}
	run := rapid.Custom(func(t *rapid.T) []properties.Outcome {
		var out []properties.Outcome
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "s", "e"}), rapid.ID).Draw(t, "names") {
			out = append(out, properties.Outcome{Name: name, Kind: kinds[name], Verdict: rapid.SampledFrom(verdicts).Draw(t, name)})
		}
		return out
	})
	verdictsOf := func(runs [][]properties.Outcome) map[string]properties.Verdict {
		var sum []properties.Outcome
		for _, r := range runs {
			sum = properties.Merge(sum, r)
		}
		all := map[string]properties.Verdict{}
		for _, o := range sum {
			all[o.Name] = o.Verdict
		}
		return all
	}
	rapid.Check(t, func(t *rapid.T) {
		runs := rapid.SliceOfN(run, 0, 6).Draw(t, "runs")
		mixed := rapid.Permutation(runs).Draw(t, "mixed")
		require.Equal(t, verdictsOf(runs), verdictsOf(mixed))
	})
}

package gen

import (
	"fmt"

	"phoenix/properties"
	"phoenix/properties/scenario"

	"pgregory.net/rapid"
)

// Options say what Check and Run draw and keep. The zero value draws small cases and
// keeps nothing but what rapid does.
type Options struct {
	Bounds Bounds
	// Cases is what to draw from instead of Cases(s, Bounds), to keep something fixed
	// or to go beyond.
	Cases *rapid.Generator[Case]
	// Save keeps a failing run of a test, in place of what it kept for that test
	// before, and returns what to print of it, with how to see it again. Package traces
	// has one that leaves .simfail files.
	Save func(test string, s *scenario.Scenario, r *scenario.Result) (string, error)
}

// Check runs s on cases that rapid draws, and fails t if a property of s fails in one.
// Shrinking keeps to the property that failed first. The smallest case is printed with
// how to run it again: by rapid's file, and by what Options.Save left.
//
// Small cases often show nothing, so single ones that are inconclusive do not count.
// If all are, not even counting faults without effect, t fails too: nothing was tested.
// What Check returns adds up the cases that did not fail, with the faults by sort; its
// verdict says whether together they showed what the scenario asks for.
func Check(t rapid.TB, s *scenario.Scenario, o Options) *scenario.Campaign {
	t.Helper()
	var (
		sum    scenario.Campaign
		shown  int // cases that were conclusive
		failed *scenario.Result
	)
	defer func() { // also when rapid ends the test
		if failed != nil {
			t.Log(o.keep(t.Name(), s, failed))
		}
	}()
	rapid.Check(t, func(rt *rapid.T) {
		r := o.run(rt, s)
		if r.Verdict != properties.Fail {
			sum.Add(bySort(r))
			if conclusive(r) {
				shown++
			}
			return
		}
		if failed != nil && failed.Failed().Name != r.Failed().Name {
			rt.Skip("another property failed than in the case to shrink")
		}
		failed = r
		rt.Fatalf("%s", brief(s, r))
	})
	if shown == 0 {
		t.Errorf("%s: inconclusive: none of %d cases showed anything", s.Name, sum.Runs)
	}
	return &sum
}

// conclusive reports whether a run showed all that is asked for but for faults that
// had no effect.
func conclusive(r *scenario.Result) bool {
	for _, o := range r.Outcomes {
		if o.Verdict != properties.Pass && o.Name != properties.EffectName {
			return false
		}
	}
	return true
}

// bySort returns r with its faults added up by sort: no two cases have the same ones.
func bySort(r *scenario.Result) *scenario.Result {
	var sum properties.Coverage
	listed := map[string]bool{}
	for _, e := range r.Effects {
		listed[e.Label()] = true
		sum = sum.Add(properties.Coverage{{Name: e.Fault.Sort(), Configured: 1, Fired: e.Fired, Effect: e.Touched}})
	}
	for _, f := range r.Faults {
		if !listed[f.Name] {
			sum = sum.Add(properties.Coverage{f})
		}
	}
	sorted := *r
	sorted.Faults = sum
	return &sorted
}

// Run runs s on one case that it draws from t, and returns what became of it. If a
// property failed, that fails t; Options.Save is asked for every such case, so that
// what it kept last is of the smallest.
func Run(t *rapid.T, s *scenario.Scenario, o Options) *scenario.Result {
	t.Helper()
	r := o.run(t, s)
	if r.Verdict == properties.Fail {
		text := o.keep(t.Name(), s, r)
		t.Fatalf("%s", text)
	}
	return r
}

// run draws a case and runs it.
func (o *Options) run(t *rapid.T, s *scenario.Scenario) *scenario.Result {
	cases := o.Cases
	if cases == nil {
		cases = Cases(s, o.Bounds)
	}
	c := cases.Draw(t, "case")
	return s.Run(scenario.Options{Seed: c.Seed, Config: &c.Config, Scripts: c.Scripts, Chooser: Chooser(t)})
}

// keep saves a failing run, and returns what to print.
func (o *Options) keep(test string, s *scenario.Scenario, r *scenario.Result) string {
	if o.Save == nil {
		return brief(s, r)
	}
	text, err := o.Save(test, s, r)
	if err != nil {
		return fmt.Sprintf("%s\n  the run is not saved: %v", brief(s, r), err)
	}
	return text
}

// brief tells what failed.
func brief(s *scenario.Scenario, r *scenario.Result) string {
	o := r.Failed()
	return fmt.Sprintf("FAIL %s: %s: %s", s.Name, o.Name, o.Detail)
}

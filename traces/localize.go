package traces

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
)

// LocalizeOptions say how thoroughly to look for the moment of a failure. The zero
// value takes 16 moments and 32 runs of each.
type LocalizeOptions struct {
	Points  int // moments in the first grid, and as many in the second; 0 is 16
	Samples int // runs for each moment; 0 is 32
	// Parallel calls run for 0 to n-1, in any order and side by side; nil calls one
	// after the other. The result does not depend on it.
	Parallel func(n int, run func(i int))
	// Progress is called when so many of all runs are done; it may be nil.
	Progress func(done, all int)
}

// Moment tells how often the failure comes about if all chance is drawn anew from a
// time on, while what happened before stays as it was.
type Moment struct {
	At      sim.Time `json:"at_ns"`
	Failed  int      `json:"failed"`  // runs that failed the same property
	Samples int      `json:"samples"` // of so many
	// Low and High are the ends of the 95 % interval of the probability.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Rate returns the share of runs that failed.
func (m Moment) Rate() float64 { return float64(m.Failed) / float64(m.Samples) }

// Localization tells where a bug became unavoidable.
type Localization struct {
	Property string   `json:"property"`
	Moments  []Moment `json:"moments"` // in order of time
	// After and By are the moments between which the failure rate rises most: before
	// After it was a matter of chance, from By on it is settled. Both are 0 if the rate
	// hardly rises: Settled tells whether it is high from the beginning.
	After   sim.Time `json:"after_ns"`
	By      sim.Time `json:"by_ns"`
	Settled bool     `json:"settled"`
	// Events tell what happened from After to By.
	Events []string `json:"events,omitempty"`
}

// Localize re-runs f, which ParseFailure returned together with s, and draws all
// chance anew from a time on, for a grid of times and then for a finer one where the
// probability of the failure rises most. Faults of the plan and operations stay as
// they are. It takes 2*Points*Samples runs, and two of the file itself. The failure is that of the same property,
// whatever its message. An error says that f as it stands does not fail.
//
// The idea is that of delta debugging over time (Zeller, "Isolating cause-effect chains
// from computer programs", FSE 2002), with probabilities in the place of outcomes.
func Localize(s *scenario.Scenario, f *Failure, opt LocalizeOptions) (*Localization, error) {
	var last sim.Time
	r, _ := f.run(s, func(w *sim.World) { w.Observe(func(e *sim.Event) { last = e.At }) })
	failed := r.Failed()
	if failed == nil {
		return nil, fmt.Errorf("traces: the file leads to a run of %d events whose verdict is %s, expected one that fails", r.Events, r.Verdict)
	}
	l := &localizer{s: s, f: f, property: failed.Name, opt: opt, points: 16, samples: 32}
	if opt.Points > 0 {
		l.points = opt.Points
	}
	if opt.Samples > 0 {
		l.samples = opt.Samples
	}
	moments := l.measure(grid(0, last.Add(1), l.points))
	after, by := steepest(moments)
	moments = append(moments, l.measure(grid(after, by, l.points+2)[1:l.points+1])...)
	slices.SortFunc(moments, func(a, b Moment) int { return int(a.At - b.At) })
	moments = slices.CompactFunc(moments, func(a, b Moment) bool { return a.At == b.At })
	out := &Localization{Property: failed.Name, Moments: moments, Settled: moments[0].Rate() > 0.5}
	if after, by = steepest(moments); rise(moments, after, by) >= 0.25 {
		out.After, out.By, out.Settled = after, by, false
		out.Events = l.between(after, by)
	}
	return out, nil
}

// between runs the file again and tells what happened from one time to before another.
func (l *localizer) between(after, by sim.Time) (lines []string) {
	l.f.run(l.s, func(w *sim.World) {
		w.Observe(func(e *sim.Event) {
			if e.At >= after && e.At < by {
				lines = append(lines, string(e.AppendText(nil, w.HostName)))
			}
		})
	})
	return lines
}

// grid returns n times from lo to hi, both included.
func grid(lo, hi sim.Time, n int) []sim.Time {
	n = max(n, 2)
	all := make([]sim.Time, n)
	for i := range all {
		all[i] = lo + (hi-lo)/sim.Time(n-1)*sim.Time(i)
	}
	all[n-1] = hi
	return all
}

// steepest returns the neighbouring moments between which the rate rises most, the
// first of several.
func steepest(all []Moment) (after, by sim.Time) {
	best := math.Inf(-1)
	for i := 1; i < len(all); i++ {
		if d := all[i].Rate() - all[i-1].Rate(); d > best {
			best, after, by = d, all[i-1].At, all[i].At
		}
	}
	return after, by
}

// rise returns by how much the rate is higher from by on than up to after: means of
// both sides, so that a single lucky moment counts little.
func rise(all []Moment, after, by sim.Time) float64 {
	var sum, n [2]float64
	for _, m := range all {
		side := 0
		if m.At >= by {
			side = 1
		}
		if m.At <= after || m.At >= by {
			sum[side] += m.Rate()
			n[side]++
		}
	}
	return sum[1]/n[1] - sum[0]/n[0]
}

// localizer measures moments.
type localizer struct {
	s               *scenario.Scenario
	f               *Failure
	property        string
	opt             LocalizeOptions
	points, samples int
	done            int
}

// measure runs the samples of some moments.
func (l *localizer) measure(times []sim.Time) []Moment {
	fails := make([]bool, len(times)*l.samples)
	one := func(i int) { fails[i] = l.fails(times[i/l.samples], uint64(i%l.samples)) }
	// In shares, so that progress can be told between them.
	for at := 0; at < len(fails); at += l.samples {
		if l.opt.Parallel == nil {
			for i := range l.samples {
				one(at + i)
			}
		} else {
			l.opt.Parallel(l.samples, func(i int) { one(at + i) })
		}
		l.done += l.samples
		if l.opt.Progress != nil {
			l.opt.Progress(l.done, 2*l.points*l.samples)
		}
	}
	all := make([]Moment, len(times))
	for i, t := range times {
		m := Moment{At: t, Samples: l.samples}
		for _, failed := range fails[i*l.samples : (i+1)*l.samples] {
			if failed {
				m.Failed++
			}
		}
		m.Low, m.High = wilson(m.Failed, m.Samples)
		all[i] = m
	}
	return all
}

// fails runs the file with chance drawn anew from a time on.
func (l *localizer) fails(from sim.Time, sample uint64) bool {
	seed, picks, scripts := l.f.parts()
	w := sim.New(sim.Config{Seed: seed, Chooser: sim.Replay(picks), Interleave: l.f.Config.Interleave,
		Reroll: &sim.Reroll{At: from, Seed: sample}})
	defer w.Close()
	cfg := l.f.Config
	r := l.s.Run(scenario.Options{World: w, Config: &cfg, Scripts: scripts})
	return slices.ContainsFunc(r.Outcomes, func(o properties.Outcome) bool {
		return o.Name == l.property && o.Verdict == properties.Fail
	})
}

// wilson returns the 95 % score interval of a share (Wilson, "Probable inference, the
// law of succession, and statistical inference", JASA 22, 1927).
func wilson(k, n int) (low, high float64) {
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	z2 := float64(z * z / m)
	mid := p + z2/2
	half := z * math.Sqrt(float64(p*(1-p)/m)+float64(z2/m)/4)
	low, high = max(0, (mid-half)/(1+z2)), min(1, (mid+half)/(1+z2))
	return min(low, p), max(high, p) // at 0 and 1 rounding would leave the share outside
}

// settled tells how sure a failure is that hardly becomes more likely with time.
func (l *Localization) settled() string {
	if slices.ContainsFunc(l.Moments, func(m Moment) bool { return m.Failed < m.Samples }) {
		return "It fails for most of what chance may bring, from the beginning: no moment settles it."
	}
	return "It fails whatever chance brings: the faults and operations of the file are enough."
}

// WriteText prints the failure probability against time, and what happened when it
// rose.
func (l *Localization) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: how often it fails if chance is drawn anew from T on\n\n", l.Property)
	fmt.Fprintf(&b, "  %12s  failed   95%% interval\n", "T")
	for _, m := range l.Moments {
		const width = 40
		bar := strings.Repeat("#", int(math.Round(m.Rate()*width)))
		line := fmt.Sprintf("  %12s  %3d/%-3d  %3.0f%%..%3.0f%%  %s", time.Duration(m.At).Round(time.Microsecond), m.Failed, m.Samples,
			100*m.Low, 100*m.High, bar)
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
	}
	fmt.Fprintln(&b)
	switch {
	case l.By > 0:
		fmt.Fprintf(&b, "It became unavoidable between %s and %s:\n", time.Duration(l.After), time.Duration(l.By))
		const most = 40
		for i, e := range l.Events {
			if i == most {
				fmt.Fprintf(&b, "  ... and %d more events\n", len(l.Events)-most)
				break
			}
			fmt.Fprintf(&b, "  %s\n", e)
		}
	case l.Settled:
		fmt.Fprintln(&b, l.settled())
	default:
		fmt.Fprintln(&b, "No moment settles it: the failure hangs on chance up to its end.")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

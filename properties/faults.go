package properties

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"phoenix/sim"
)

// Coverage tells of every fault how often it was configured, fired and had an
// effect, over one run or many. The order is that of first mention.
type Coverage []sim.FaultCount

// CoverageOf returns the coverage of one run. A fault that fired without having
// been planned, by a call from a test, counts as configured.
func CoverageOf(w *sim.World) Coverage {
	c := Coverage(w.Faults())
	for i := range c {
		c[i].Configured = max(c[i].Configured, min(c[i].Fired, 1))
	}
	return c
}

// Add adds the counts of another run, by name.
func (c Coverage) Add(run Coverage) Coverage {
	for _, f := range run {
		known := false
		for i := range c {
			if c[i].Name == f.Name {
				c[i].Configured += f.Configured
				c[i].Fired += f.Fired
				c[i].Effect += f.Effect
				known = true
				break
			}
		}
		if !known {
			c = append(c, f)
		}
	}
	return c
}

// EffectName is the name of the property that Outcome judges.
const EffectName = "faults had an effect"

// Outcome judges whether the faults bit: Inconclusive, naming them, if some were
// configured and had no effect. Over many runs it is a Sometimes of the sum. A
// run without faults passes: it claims nothing about them.
func (c Coverage) Outcome() Outcome {
	o := Outcome{Name: EffectName, Kind: Sometimes}
	var idle []string
	for _, f := range c {
		if f.Configured > 0 && f.Effect == 0 {
			what := "never fired"
			if f.Fired > 0 {
				what = "fired without effect"
			}
			idle = append(idle, f.Name+" "+what)
		}
	}
	if len(idle) > 0 {
		o.Verdict, o.Detail = Inconclusive, strings.Join(idle, ", ")
	}
	return o
}

// WriteText prints the coverage as a table.
func (c Coverage) WriteText(w io.Writer) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "fault\tconfigured\tfired\thad an effect on")
	for _, f := range c {
		fmt.Fprintf(tab, "%s\t%d\t%d\t%d\n", f.Name, f.Configured, f.Fired, f.Effect)
	}
	return tab.Flush()
}

// String tells the coverage in a line, such as "partition 1/1 fired, 12 touched".
func (c Coverage) String() string {
	parts := make([]string, len(c))
	for i, f := range c {
		parts[i] = fmt.Sprintf("%s %d/%d fired, %d touched", f.Name, f.Fired, max(f.Configured, f.Fired), f.Effect)
	}
	return strings.Join(parts, "; ")
}

package properties

import (
	"cmp"
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

// Add adds the counts of another run, by name, and returns the sum, which takes
// the place of c. It is O(len(c)) for each fault of the run.
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
	fmt.Fprintln(tab, "fault\tconfigured\tfired\teffect")
	for _, f := range c {
		fmt.Fprintf(tab, "%s\t%d\t%d\t%d %s\n", f.Name, f.Configured, f.Fired, f.Effect, effectsOf(f.Name))
	}
	return tab.Flush()
}

// touched says what the effects of a fault are counts of, by the first word of
// its name.
var touched = map[string]string{
	"partition": "messages cut",
	"crash":     "messages, timers and tasks lost",
	"pause":     "tasks held up",
	"slow":      "tasks slowed",
	"restart":   "booted",
	"clock":     "set",
	"clog":      "messages held",
	"loss":      "messages lost",
	"duplicate": "second copies delivered",
	"reorder":   "messages overtaken",
	"corrupt":   "messages corrupted",
	"bandwidth": "messages dropped",
}

// effectsOf says what the effects of the fault of that name are counts of.
func effectsOf(name string) string {
	kind, _, _ := strings.Cut(name, " ")
	return cmp.Or(touched[kind], "touched")
}

// String tells the coverage in a line, faults of one kind added up, such as
// "partition 1/1 fired, 12 messages cut". It is empty without faults.
func (c Coverage) String() string {
	var kinds Coverage
	for _, f := range c {
		f.Name, _, _ = strings.Cut(f.Name, " ")
		f.Configured = max(f.Configured, f.Fired)
		kinds = kinds.Add(Coverage{f})
	}
	parts := make([]string, len(kinds))
	for i, f := range kinds {
		parts[i] = fmt.Sprintf("%s %d/%d fired, %d %s", f.Name, f.Fired, f.Configured, f.Effect, effectsOf(f.Name))
	}
	return strings.Join(parts, "; ")
}

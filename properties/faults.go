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
		_, unit := sortOf(f.Name)
		fmt.Fprintf(tab, "%s\t%d\t%d\t%d %s\n", f.Name, f.Configured, f.Fired, f.Effect, unit)
	}
	return tab.Flush()
}

// units says what the effects of a fault are counts of, by the first word of its
// name; where that depends on the mode, by both.
var units = map[string]string{
	"crash":     "messages, timers and tasks lost",
	"restart":   "hosts booted",
	"pause":     "tasks held up",
	"resume":    "hosts resumed",
	"slow":      "tasks slowed",
	"clock":     "clocks set",
	"partition": "messages cut",
	"loss":      "messages lost",
	"delay":     "messages delayed",
	"duplicate": "second copies delivered",
	"reorder":   "messages overtaken",
	"corrupt":   "messages corrupted",
	"bandwidth": "messages dropped",
	"clog":      "messages held",
	"swizzle":   "messages held",
	"lose":      "messages lost",
	"hold":      "messages held back",
	"repeat":    "second copies delivered",
	"inbox":     "messages dropped",
	"end":       "faults ended",

	"disturbance": "messages lost or changed on their way",
	"betrayal":    "messages falsified",
	"message":     "messages struck",

	"disk":             "operations hit",
	"disk torn":        "sectors torn",
	"disk misdirected": "reads of wrong sectors",
	"disk rot":         "reads of rotten sectors",
	"disk lost-write":  "reads of lost writes",
	"disk lost-rename": "names lost",
	"disk full":        "writes refused",
	"disk read-error":  "reads failed",
	"disk write-error": "writes failed",
	"disk sync-error":  "syncs failed",
	"disk slow":        "syncs slowed",
	"disk stall":       "syncs held up",

	"exhaust":           "refused or delayed",
	"exhaust inbox":     "messages dropped",
	"exhaust bandwidth": "messages delayed or dropped",
	"exhaust disk":      "writes refused",

	"byzantine":            "messages falsified",
	"byzantine equivocate": "messages of another story",
	"byzantine lie":        "lies told",
	"byzantine silent":     "messages kept back",
	"byzantine replay":     "messages replayed",
	"byzantine corrupt":    "messages corrupted",
}

// sortOf returns what a fault of that name is added up under, and what its effects
// are counts of. Names begin with the kind; the mode, where there is one, is a word
// of its own, as in "disk s1 rot 5%", or in "disk-rot s1" belongs to the first.
func sortOf(name string) (sort, unit string) {
	words := strings.Fields(name)
	if len(words) == 0 {
		return name, "touched"
	}
	kind, mode, _ := strings.Cut(words[0], "-")
	for _, word := range append([]string{mode}, words[1:]...) {
		if u := units[kind+" "+word]; u != "" {
			return kind + " " + word, u
		}
	}
	return words[0], cmp.Or(units[words[0]], "touched")
}

// String tells the coverage in a line, faults of one sort added up, such as
// "partition 1/1 fired, 12 messages cut". It is empty without faults.
func (c Coverage) String() string {
	var sorts Coverage
	for _, f := range c {
		f.Name, _ = sortOf(f.Name)
		f.Configured = max(f.Configured, f.Fired)
		sorts = sorts.Add(Coverage{f})
	}
	parts := make([]string, len(sorts))
	for i, f := range sorts {
		_, unit := sortOf(f.Name)
		parts[i] = fmt.Sprintf("%s %d/%d fired, %d %s", f.Name, f.Fired, f.Configured, f.Effect, unit)
	}
	return strings.Join(parts, "; ")
}

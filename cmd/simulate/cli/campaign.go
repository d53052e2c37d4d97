package cli

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/properties/scenario"
	"phoenix/sim"
)

// campaign is the runs of a subject over seeds.
type campaign struct {
	invocation string // how commands begin
	sub        *subject
	seeds      sim.SeedRange
	sum        scenario.Campaign
	failures   []failure
	shown      []*scenario.Result // the first that failed
	only       *scenario.Result   // the run, if there is one seed
	unsaved    []error            // what could not be written
}

func newCampaign(invocation string, sub *subject, seeds sim.SeedRange) *campaign {
	return &campaign{invocation: invocation, sub: sub, seeds: seeds, failures: []failure{}}
}

func (c *campaign) add(r *scenario.Result) {
	c.sum.Add(r)
	if c.seeds.Count == 1 {
		c.only = r
	}
	if r.Failed() == nil {
		return
	}
	c.failures = append(c.failures, newFailure(r, c.command(sim.SeedRange{First: r.Seed, Count: 1})))
	if len(c.shown) < shownFailures {
		c.shown = append(c.shown, r)
	}
}

// command is the command line that runs some seeds of c.
func (c *campaign) command(seeds sim.SeedRange) string {
	return c.invocation + " run " + c.sub.command(seeds)
}

// pictured is the run whose history and events are kept: the first that failed,
// or the only one; else nil.
func (c *campaign) pictured() *scenario.Result {
	if len(c.shown) > 0 {
		return c.shown[0]
	}
	return c.only
}

// saveFailures writes a .simfail file for each failure that is shown.
func (c *campaign) saveFailures(dir string) {
	for i, r := range c.shown {
		file, err := saveFailure(dir, c.sub.scenario, r)
		if err != nil {
			c.unsaved = append(c.unsaved, err)
			continue
		}
		c.failures[i].replayedBy(c.invocation, file)
	}
}

// runReport is the JSON object of run.
type runReport struct {
	header
	Scenario    string             `json:"scenario"`
	Seeds       string             `json:"seeds"`
	Runs        int                `json:"runs"`
	Failed      int                `json:"failed"`
	Operations  linear.Counts      `json:"operations"`
	Overlapping int                `json:"overlapping"`
	Events      uint64             `json:"events"`
	Virtual     sim.Time           `json:"virtual_ns"`
	Digest      sim.Digest         `json:"digest"`
	Properties  []property         `json:"properties"`
	Faults      []fault            `json:"faults"`
	Metrics     scenario.Summaries `json:"metrics,omitempty"`
	Failures    []failure          `json:"failures"`
	Shrunk      *shrinkReport      `json:"shrunk,omitempty"` // the first failure, with --shrink
	Interrupted bool               `json:"interrupted"`
	Resume      string             `json:"resume,omitempty"` // the seeds that are left
}

// property is what became of a property over all runs.
type property struct {
	Name    string             `json:"name"`
	Kind    string             `json:"kind"` // always, sometimes or eventually
	Verdict properties.Verdict `json:"verdict"`
	Detail  string             `json:"detail,omitempty"`
}

// fault is what became of a fault over all runs.
type fault struct {
	Name       string `json:"name"`
	Configured uint64 `json:"configured"`
	Fired      uint64 `json:"fired"`
	Effect     uint64 `json:"effect"`
}

func (c *campaign) report(interrupted bool) runReport {
	rep := runReport{
		header: headed(c.sum.Verdict()), Scenario: c.sub.scenario.Name, Seeds: c.seeds.String(),
		Runs: c.sum.Runs, Failed: c.sum.Failed, Operations: c.sum.Operations, Overlapping: c.sum.Overlapping,
		Events: c.sum.Events, Virtual: c.sum.Virtual, Digest: c.sum.Digest,
		Properties: []property{}, Faults: []fault{}, Metrics: c.sum.Metrics(), Failures: c.failures, Interrupted: interrupted,
	}
	for _, o := range c.sum.Outcomes() {
		rep.Properties = append(rep.Properties, property{o.Name, o.Kind.String(), o.Verdict, o.Detail})
	}
	for _, f := range c.faults() {
		rep.Faults = append(rep.Faults, fault{f.Name, f.Configured, f.Fired, f.Effect})
	}
	if left := rest(c.seeds, c.sum.Runs); left.Count > 0 {
		rep.Resume = left.String()
	}
	return rep
}

// faults returns the coverage by name, so that faults of a kind stand together.
func (c *campaign) faults() properties.Coverage {
	all := slices.Clone(c.sum.Faults)
	slices.SortFunc(all, func(a, b sim.FaultCount) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// text tells people of a campaign, as out shows it: the summary, then the failures.
func (c *campaign) text(out *sink, rep *runReport) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s: %s", out.verdict(rep.Verdict), rep.Scenario, plural(rep.Runs, "run"))
	if uint64(rep.Runs) < c.seeds.Count {
		fmt.Fprintf(&b, " of %d", c.seeds.Count)
	}
	if rep.Failed > 0 {
		fmt.Fprintf(&b, ", %d failed", rep.Failed)
	}
	fmt.Fprintf(&b, ", seeds %s\n", rep.Seeds)
	o := rep.Operations
	fmt.Fprintf(&b, "  operations %d: %d ok, %d failed, %d unknown; %d overlapped\n",
		o.Invoked, o.OK, o.Failed, o.Unknown, rep.Overlapping)
	fmt.Fprintf(&b, "  events %d  virtual %s  digest %s\n", rep.Events, rep.Virtual, rep.Digest)
	if err := c.writeTables(&b, rep); err != nil {
		return nil, err
	}
	for i, r := range c.shown {
		fmt.Fprintln(&b)
		if err := writeBlock(&b, c.sub.scenario, r, c.failures[i].replayLine()); err != nil {
			return nil, err
		}
	}
	if n := rep.Failed - len(c.shown); n > 0 {
		last := c.failures[len(c.failures)-1]
		fmt.Fprintf(&b, "\n%d more failed, the last with seed %s\n", n, last.Seed)
	}
	return b.Bytes(), nil
}

func (c *campaign) writeTables(b io.Writer, rep *runReport) error {
	if rep.Runs == 0 {
		return nil
	}
	fmt.Fprintln(b)
	tab := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "  verdict\tproperty")
	for _, p := range rep.Properties {
		fmt.Fprintf(tab, "  %s\t%s %s", p.Verdict, p.Kind, p.Name)
		if p.Detail != "" {
			fmt.Fprintf(tab, ": %s", p.Detail)
		}
		fmt.Fprintln(tab)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if len(rep.Faults) > 0 {
		if err := writeTable(b, c.faults().WriteText); err != nil {
			return err
		}
	}
	if len(rep.Metrics) > 0 {
		return writeTable(b, func(w io.Writer) error { return rep.Metrics.WriteText(w, rep.Runs) })
	}
	return nil
}

// writeTable writes a table of its own, indented.
func writeTable(b io.Writer, write func(io.Writer) error) error {
	var table bytes.Buffer
	if err := write(&table); err != nil {
		return err
	}
	fmt.Fprintln(b)
	for line := range bytes.Lines(table.Bytes()) {
		fmt.Fprintf(b, "  %s", line)
	}
	return nil
}

package scenario

import (
	"context"
	"io"

	"phoenix/properties"
	"phoenix/properties/linear"
	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// Campaign adds up the results of runs of one scenario with one configuration
// over many seeds. The zero value is a campaign of no runs. What it says depends
// on the results and their order only. It takes eight bytes for each metric of each
// run; all else takes the same room however many runs there were.
type Campaign struct {
	Runs        int
	Failed      int // runs whose verdict is Fail
	Operations  linear.Counts
	Overlapping int
	Events      uint64
	Virtual     sim.Time // the sum over the runs
	Faults      properties.Coverage
	// Digest depends on every event of every run, in order.
	Digest sim.Digest

	outcomes []properties.Outcome
	metrics  []values
}

// Add adds a result. It keeps no part of it.
func (c *Campaign) Add(r *Result) {
	c.Runs++
	if r.Verdict == properties.Fail {
		c.Failed++
	}
	c.Operations = c.Operations.Add(r.Operations)
	c.Overlapping += r.Overlapping
	c.Events += r.Events
	c.Virtual += r.Virtual
	c.Faults = c.Faults.Add(r.Faults)
	c.outcomes = properties.Merge(c.outcomes, r.Outcomes)
	c.measured(r.Metrics)
	c.Digest = xxh3.Hash128(append(c.Digest[:], r.Digest[:]...)).Bytes()
}

// Outcomes returns what became of each property over all runs, in the order of
// the first. Whether the faults had an effect is judged on their sum: it takes no
// single run in which all of them had.
func (c *Campaign) Outcomes() []properties.Outcome {
	all := make([]properties.Outcome, len(c.outcomes))
	for i, o := range c.outcomes {
		if o.Name == properties.EffectName {
			o = c.Faults.Outcome()
		}
		all[i] = o
	}
	return all
}

// Verdict returns the worst verdict of Outcomes; Inconclusive if there were no
// runs.
func (c *Campaign) Verdict() properties.Verdict {
	if c.Runs == 0 {
		return properties.Inconclusive
	}
	return properties.Overall(c.Outcomes())
}

// WriteHTML writes the interactive picture of what the clients of a run saw: see
// linear.WriteHTML.
func (r *Result) WriteHTML(ctx context.Context, w io.Writer) error {
	return linear.WriteHTML(ctx, w, r.History, checkOptions(), linear.Result{})
}

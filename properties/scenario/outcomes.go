package scenario

import (
	"cmp"
	"context"
	"fmt"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
	"phoenix/sim"
)

// The names of the properties that every scenario has.
const (
	LinearizableName = "linearizable"
	NoPanicName      = "no panic"
	OverlapName      = "operations overlapped"
	AnsweredName     = "answers were checked"
	EndedName        = "every operation ended"
	RecoveredName    = "answers again after the faults"
)

// judge puts the outcomes together.
func (r *Result) judge(c *Cluster, declared []properties.Outcome, hist *linear.Watcher) {
	r.Outcomes = []properties.Outcome{r.panics(c.World)}
	if !c.noStore {
		r.Outcomes = append(r.Outcomes, r.linearizable(hist))
	}
	r.Outcomes = append(r.Outcomes, declared...)
	if !c.noStore {
		overlap := properties.Outcome{Name: OverlapName, Kind: properties.Sometimes}
		if r.Overlapping == 0 {
			overlap.Verdict, overlap.Detail = properties.Inconclusive, "no two operations on one key were concurrent"
		}
		r.Outcomes = append(r.Outcomes, overlap, r.answered())
	}
	r.Outcomes = append(r.Outcomes, r.ended(), r.Faults.Outcome())
	r.Verdict = properties.Overall(r.Outcomes)
}

// answered judges whether any answer could have been wrong: whether a read was
// answered, or a compare-and-set decided.
func (r *Result) answered() properties.Outcome {
	o := properties.Outcome{Name: AnsweredName, Kind: properties.Sometimes}
	if r.History != nil {
		for i := range r.History.Operations {
			op := &r.History.Operations[i]
			if r.Healed > 0 && op.CallTime >= int64(r.Healed) {
				continue // the probe's
			}
			if op.Kind == history.Read && op.Outcome == history.OK || op.Kind == history.CAS && op.Outcome != history.Unknown {
				return o
			}
		}
	}
	o.Verdict, o.Detail = properties.Inconclusive, "no read and no compare-and-set was answered"
	return o
}

// ended judges whether the clients got to the end of their scripts. A client that
// crashed does not, nor does one that the limits of the run cut short.
func (r *Result) ended() properties.Outcome {
	o := properties.Outcome{Name: EndedName, Kind: properties.Eventually}
	total := r.planned()
	if n := r.Operations.Ended(); n < total {
		o.Verdict = properties.Inconclusive
		o.Detail = fmt.Sprintf("%d of %d had ended when the chaos did (%s)", n, total, r.chaos)
	}
	return o
}

// planned returns how many operations the clients are to issue.
func (r *Result) planned() int {
	total := 0
	for _, script := range r.Scripts {
		total += len(script)
	}
	return total
}

// panics judges whether node code panicked or broke a rule, and names the host.
func (r *Result) panics(w *sim.World) properties.Outcome {
	o := properties.Outcome{Name: NoPanicName, Kind: properties.Always}
	if len(r.Findings) > 0 {
		f := r.Findings[0]
		o.Verdict, o.Event, o.At = properties.Fail, f.Event, f.At
		o.Detail = f.Message + " at " + w.HostName(f.Host)
		if len(f.Stack) > 0 {
			o.Detail += ": " + f.Stack[0]
		}
	}
	return o
}

func (r *Result) linearizable(hist *linear.Watcher) properties.Outcome {
	o := properties.Outcome{Name: LinearizableName, Kind: properties.Always}
	var err error
	if r.History, err = hist.History(); err != nil {
		o.Verdict, o.Detail = properties.Inconclusive, err.Error()
		return o
	}
	res, err := linear.Check(context.Background(), r.History, checkOptions())
	if err != nil {
		o.Verdict, o.Detail = properties.Inconclusive, err.Error()
		return o
	}
	r.Overlapping = res.Overlapping
	o.Verdict = res.Verdict
	switch res.Verdict {
	case properties.Fail:
		o.Detail = "not linearizable"
		if res.Key != "" {
			o.Detail += " (key " + res.Key + ")"
		}
		o.Detail += ": " + cmp.Or(res.Explanation, "no order of the operations explains the answers")
	case properties.Inconclusive:
		o.Detail = res.Reason
	}
	return o
}

// checkOptions are how histories of scenarios are judged: stores begin empty, and
// a compare-and-set that failed saw another value.
func checkOptions() linear.Options { return linear.Options{Model: linear.KV, Steps: checkSteps} }

// checkSteps bounds the search for each key, a tenth of what linear takes by
// default: a campaign has other seeds to look at. Histories of the scenarios here
// take some thousands of steps.
const checkSteps = 2_000_000

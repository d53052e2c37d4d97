package cli

import (
	"context"
	"fmt"
	"strings"

	"phoenix/properties"
	"phoenix/properties/history"
)

// tell prints the line of a file, a verdict or an error, and what --explain adds.
func (a *app) tell(j *judged, explain bool) {
	switch {
	case j.Error != "":
		fmt.Fprintln(a.err, j.Error)
	case !a.json:
		fmt.Fprintln(a.out, j.line(a.out))
		if explain {
			indent(a.out, j.proof())
		}
		indent(a.out, j.guaranteed(a.out))
	}
}

// indent prints lines below the one that they belong to.
func indent(out *sink, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(out, strings.TrimRight("  "+line, " "))
	}
}

// line tells the verdict in a line, such as "PASS a.edn  3 operations, 1 key".
func (j *judged) line(out *sink) string {
	head := out.verdict(j.Verdict) + " " + j.File
	if j.Verdict != properties.Pass {
		return head + ": " + j.Detail
	}
	text := fmt.Sprintf("%s  %s, %s", head, plural(j.Operations, "operation"), plural(j.Keys, "key"))
	if j.Overlapping == 0 {
		text += ", none of them concurrent"
	}
	return text
}

// shownOrder is the longest order of a key that --explain writes down.
const shownOrder = 20 // operations

// proof tells what shows that the verdict is right.
func (j *judged) proof() []string {
	var lines []string
	if c := j.result.Contradiction; c != nil {
		lines = append(lines, c.Sentence)
		lines = append(lines, c.Table(j.history)...)
	}
	if j.result.Culprit != nil {
		lines = append(lines, fmt.Sprintf("the shortest prefix that fails has %s%s", plural(j.result.Prefix, "operation"), ofKey(j.Key)))
	}
	if n := len(j.result.Failing); n > 0 && j.Keys > 1 {
		lines = append(lines, fmt.Sprintf("%d of %s fail: %s", n, plural(j.Keys, "key"), strings.Join(j.result.Failing, " ")))
	}
	for _, o := range j.result.Orders {
		if len(o.Operations) == 0 {
			continue
		}
		head := fmt.Sprintf("an order of %s%s explains every answer", plural(len(o.Operations), "operation"), ofKey(o.Key))
		if len(o.Operations) > shownOrder {
			lines = append(lines, head)
			continue
		}
		var actions []string
		for _, at := range o.Operations {
			op := &j.history.Operations[at]
			action := op.Action()
			if op.Outcome == history.Failed {
				action += " (failed)"
			}
			actions = append(actions, action)
		}
		lines = append(lines, head+": "+strings.Join(actions, ", "))
	}
	return lines
}

// ofKey is " of x" for key x and nothing where there is a single object.
func ofKey(key string) string {
	if key == "" {
		return ""
	}
	return " of " + key
}

// checkReport is the JSON object of check.
type checkReport struct {
	header
	Files []judged `json:"files"`

	explain         bool
	worst           properties.Verdict
	refused, failed int
}

func (r *checkReport) add(j judged) {
	if r.explain && j.result.Contradiction != nil {
		j.Contradiction = j.contradiction()
	}
	j.history, j.result.Orders = nil, nil // may be large
	r.Files = append(r.Files, j)
	r.worst = max(r.worst, j.Verdict)
	if j.Verdict == properties.Fail {
		r.failed++
	}
	if j.Error != "" {
		r.refused++
	}
}

// contradiction is what --explain adds to the JSON object.
type contradiction struct {
	Sentence   string        `json:"sentence"`
	Prefix     int           `json:"prefix"` // operations of the key, in the shortest prefix that fails
	Operations []contradicts `json:"operations"`
}

// contradicts is one of the operations that contradict each other. Call and
// return are positions in the history.
type contradicts struct {
	Client   int    `json:"client"`
	Action   string `json:"action"`
	Call     int64  `json:"call"`
	Return   *int64 `json:"return,omitempty"`
	Possible bool   `json:"possible,omitempty"` // it may have happened or not, which does not help
}

func (j *judged) contradiction() *contradiction {
	found := j.result.Contradiction
	c := &contradiction{Sentence: found.Sentence, Prefix: j.result.Prefix}
	add := func(at int32, possible bool) {
		op := &j.history.Operations[at]
		o := contradicts{Client: op.Client, Action: op.Action(), Call: op.Call, Possible: possible}
		if !possible {
			o.Return = &op.Return
		}
		c.Operations = append(c.Operations, o)
	}
	for _, at := range found.Operations {
		add(at, false)
	}
	for _, at := range found.Others {
		add(at, true)
	}
	return c
}

// status returns how check exits: interrupted, else with an error if a file could
// not be judged, else with the worst verdict.
func (r *checkReport) status(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case r.refused > 0:
		return status(exitBadInput)
	}
	return statusOf(r.worst)
}

package cli

import (
	"errors"
	"fmt"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/sim"
	"phoenix/traces"
)

// retraceReport is the JSON object of replay for a counterexample that explore found.
type retraceReport struct {
	header
	File     string   `json:"file"`
	Model    string   `json:"model"`
	Options  []string `json:"options"`
	Status   string   `json:"status"` // reproduced, stale or nondeterministic
	Reason   string   `json:"reason,omitempty"`
	Property string   `json:"property"`
	Detail   string   `json:"detail,omitempty"`
	State    string   `json:"state"` // the fingerprint of the last state, in the file
	Steps    []string `json:"steps"`
	// World is what the path did as a world: as in the explorer, unless the status says so.
	World *followed `json:"world,omitempty"`
}

// followed is a path as a world.
type followed struct {
	Events uint64     `json:"events"`
	Digest sim.Digest `json:"digest"`
}

// retrace replays the counterexample in a file: in the explorer, and as a world, whose events
// go to the file called trace unless that is "".
func (a *app) retrace(path, name string, data []byte, trace string) error {
	file, m, err := traces.ParseCounterexample(name, data, a.modelOf)
	if err != nil {
		return badInput(err)
	}
	events := newTrace(trace, file.Model, seedText(m.Seed))
	out, err := file.Replay(m, events.watch)
	if err != nil {
		return badInput(fmt.Errorf("%s: %w", name, err))
	}
	rep := newRetraceReport(path, file, out)
	if a.json {
		a.report(rep)
	} else if err := a.tellRetraced(&rep, out); err != nil {
		return err
	}
	if out.Status == traces.Stale {
		if trace != "" {
			fmt.Fprintln(a.err, "simulate: --trace: what is stale leads to no world, so there are no events to write")
		}
		return a.exit(replayStatus(out.Status))
	}
	if err = events.save(); err != nil {
		err = usagef("--trace: %w", err)
	}
	if out.Differs != nil {
		return a.exit(status(exitDivergent), err)
	}
	return a.exit(replayStatus(out.Status), err)
}

func newRetraceReport(path string, file *traces.Counterexample, out *traces.Retraced) retraceReport {
	options, _ := file.Strings()
	rep := retraceReport{
		header: headed(verdictOf(out.Status)), File: path, Model: file.Model, Options: append([]string{}, options...),
		Status: out.Status.String(), Reason: out.Reason, Property: string(file.Property), Detail: out.Detail,
		State: file.State(), Steps: []string{},
	}
	if out.Path != nil {
		rep.Steps = stepLines(out.Path)
	}
	switch {
	case out.Differs != nil:
		rep.Status, rep.Reason = traces.Nondeterministic.String(), out.Differs.Error()
	case out.Status == traces.Reproduced:
		rep.World = &followed{out.World.Events, out.World.Digest}
	}
	return rep
}

// stepLines returns a line for each step of a path.
func stepLines(p *explore.Path) []string {
	lines := []string{}
	for _, s := range p.Stops()[1:] {
		lines = append(lines, s.Line)
	}
	return lines
}

// tellRetraced prints the outcome of a replay for people.
func (a *app) tellRetraced(rep *retraceReport, out *traces.Retraced) error {
	if out.Status == traces.Stale {
		_, err := fmt.Fprintf(a.out, "stale: %s: %s\n", rep.File, out.Reason)
		return err
	}
	fmt.Fprintf(a.out, "reproduced: %s, the same %s to state %s\n", rep.File, plural(len(rep.Steps), "step"), rep.State)
	if out.Differs != nil {
		fmt.Fprintf(a.out, "nondeterministic: %s\n", rep.Reason)
	} else {
		fmt.Fprintf(a.out, "and as a world: %s, digest %s, and every node ends in the same state\n",
			plural(rep.World.Events, "event"), rep.World.Digest)
	}
	detail, _ := firstLine(out.Detail)
	fmt.Fprintf(a.out, "\n%s %s: %s: %s\n", a.out.verdict(properties.Fail), rep.Model, rep.Property, detail)
	return tellPath(a.out, &explore.Outcome{Name: rep.Property, Detail: out.Detail, Path: out.Path})
}

// errShortest is what shrink says of a counterexample of explore.
var errShortest = errors.New("a counterexample of explore: a breadth-first search, which is the default, finds " +
	"shortest ones.\nTo find a smaller one, explore the model with smaller options, or, if it was found by another " +
	"search, with --search bfs")

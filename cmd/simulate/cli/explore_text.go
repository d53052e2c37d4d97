package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"phoenix/properties"
	"phoenix/properties/explore"
)

// subject tells what is explored in a line.
func (x *exploration) subject() string {
	m := &x.model
	var names []string
	for _, n := range m.Nodes {
		names = append(names, n.Name)
	}
	text := fmt.Sprintf("%s: nodes %s; network %s", m.Name, strings.Join(names, " "), m.Network)
	if m.Lossy {
		text += ", lossy"
	}
	b := m.Faults
	var faults []string
	for _, f := range []struct {
		n    int
		what string
	}{
		{b.Crashes, "crash"}, {b.Restarts, "restart"}, {b.Drops, "drop"}, {b.Duplicates, "duplicate"},
		{b.Partitions, "partition"},
	} {
		if f.n > 0 {
			faults = append(faults, fmt.Sprintf("%s %d", f.what, f.n))
		}
	}
	text += "; faults at most: " + cmp.Or(strings.Join(faults, ", "), "none")
	if b.Partitions > 0 {
		text += " of " + cutNames(b.Cuts)
	}
	if x.bug.Name != "" {
		text += "; bug " + x.bug.Name
	}
	return text
}

// cutNames tells which partitions there may be: all of a few, else the first and the last.
func cutNames(cuts []explore.NamedCut) string {
	const few = 4
	var names []string
	for i, c := range cuts {
		switch {
		case len(cuts) <= few || i < few-2 || i == len(cuts)-1:
			names = append(names, c.Name)
		case i == few-2:
			names = append(names, "...")
		}
	}
	return strings.Join(names, ", ")
}

// limitText says which flag ended a search early.
func (x *exploration) limitText() string {
	f := x.flags
	switch {
	case x.limit == "states":
		return fmt.Sprintf("states: --max-states %d, which is looked at now and then", f.config.MaxStates)
	case x.limit == "memory":
		return fmt.Sprintf("memory: --max-bytes %s, which is looked at now and then", f.maxBytes)
	case x.limit == "runs":
		return fmt.Sprintf("runs: --max-runs %d", f.stateless.MaxRuns)
	case x.limit == "depth" && x.runs != nil:
		text := fmt.Sprintf("depth: --max-depth %d cut %s", cmp.Or(f.maxDepth, explore.DefaultSteps),
			plural(x.runs.Cut, "run"))
		if f.stateless.Reduction == explore.Optimal {
			text += "; --reduction sleep-sets misses no order up to there"
		}
		return text
	case x.limit == "depth":
		return fmt.Sprintf("depth: --max-depth %d", f.maxDepth)
	}
	return x.limit
}

// text is the report for people.
func (x *exploration) text(out *sink) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", out.verdict(x.verdict), x.subject())
	if x.bug.Name != "" {
		fmt.Fprintf(&b, "  the bug: %s\n", x.bug.Wrong)
	}
	x.figures(&b)
	if x.limit != "" {
		fmt.Fprintf(&b, "  not everything was visited: %s\n", x.limitText())
	}
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, o := range x.outcomes {
		detail, _ := firstLine(o.Detail)
		fmt.Fprintf(tab, "  %s\t%s\t%s\t%s\n", o.Verdict, o.Kind, o.Name, detail)
	}
	tab.Flush()
	for _, o := range x.outcomes {
		if _, rest := firstLine(o.Detail); rest != "" && !isViolation(&o) { // else its story ends with it
			fmt.Fprintf(&b, "\n%s: %s\n", o.Name, indented(o.Detail))
		}
	}
	for i, o := range x.violations() {
		if err := tellPath(&b, o); err != nil {
			return nil, err
		}
		if i < len(x.replay) {
			fmt.Fprintf(&b, "\n  replay:  %s\n", x.replay[i])
		}
	}
	return b.Bytes(), nil
}

// figures prints how large the exploration was.
func (x *exploration) figures(w io.Writer) {
	switch seconds := max(x.seconds, 1e-6); {
	case x.states != nil:
		r := x.states
		fmt.Fprintf(w, "  unique %d  generated %d  depth %d  terminal %d\n", r.Unique, r.Generated, r.Depth, r.Terminal)
		fmt.Fprintf(w, "  time %.2fs (%.0f states/s)  memory %s (%.1f bytes/state)", x.seconds, float64(r.Unique)/seconds,
			bytesText(r.Bytes), float64(r.Bytes)/float64(max(r.Unique, 1)))
		fmt.Fprintf(w, "  handler runs %d  expected collisions %.2g\n", r.Handlers, r.Collisions)
		if r.Unreduced != "" {
			fmt.Fprintf(w, "  --partial-order leaves out nothing: %s\n", r.Unreduced)
		} else if r.Rounds > 0 {
			fmt.Fprintf(w, "  reduced by partial order, in %s\n", plural(r.Rounds, "round"))
		}
		if x.flags.config.SleepSets {
			fmt.Fprintf(w, "  sleep sets left out %s\n", plural(int(r.Asleep), "step"))
		}
	case x.runs != nil:
		r := x.runs
		fmt.Fprintf(w, "  runs %d  steps %d  longest %d  cut %d  blocked %d  reduction %s\n", r.Runs, r.Steps, r.Depth,
			r.Cut, r.Blocked, x.flags.reduction)
		fmt.Fprintf(w, "  time %.2fs (%.0f steps/s)\n", x.seconds, float64(r.Steps)/seconds)
	default:
		r := x.sampled
		fmt.Fprintf(w, "  runs %d  steps %d  cut %d  seed %s\n", r.Runs, r.Steps, r.Cut, seedText(x.seed))
		fmt.Fprintf(w, "  time %.2fs (%.0f steps/s)\n", x.seconds, float64(r.Steps)/seconds)
	}
}

// violations are the properties that do not hold, each with its counterexample.
func (x *exploration) violations() []*explore.Outcome {
	var all []*explore.Outcome
	for i := range x.outcomes {
		if o := &x.outcomes[i]; isViolation(o) {
			all = append(all, o)
		}
	}
	return all
}

// isViolation reports whether there is a counterexample.
func isViolation(o *explore.Outcome) bool { return o.Verdict == properties.Fail && o.Path != nil }

// firstLine returns the first line of a detail and the others.
func firstLine(detail string) (first, rest string) {
	first, rest, _ = strings.Cut(strings.TrimRight(detail, "\n"), "\n")
	return first, rest
}

// indented returns a detail with all lines but the first indented.
func indented(detail string) string {
	return strings.ReplaceAll(strings.TrimRight(detail, "\n"), "\n", "\n  ")
}

const storyKey = "In parentheses: the step that a message was sent in. In brackets: how the state of the node changes."

// tellPath prints a counterexample as a story and in lanes.
func tellPath(w io.Writer, o *explore.Outcome) error {
	story, err := o.Path.Story()
	if err != nil {
		return err
	}
	lanes, err := o.Path.Lanes()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s is violated after %s, with %s of node.\n%s\n\n", o.Name, plural(len(o.Path.Steps), "step"),
		plural(o.Path.Switches(), "change"), storyKey)
	for _, line := range story {
		fmt.Fprintf(w, "%s\n", line)
	}
	fmt.Fprintf(w, "Then %s is violated: %s\n\n", o.Name, indented(o.Detail))
	for _, line := range lanes {
		fmt.Fprintf(w, "%s\n", line)
	}
	return nil
}

package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"phoenix/properties"
	"phoenix/properties/explore"
	"phoenix/traces"
)

// exploreReport is the JSON object of explore.
type exploreReport struct {
	header
	Model   string         `json:"model"`
	Options map[string]any `json:"options"` // those that were given, by name
	Search  string         `json:"search"`
	Network string         `json:"network"`
	Nodes   []string       `json:"nodes"`
	Limit   string         `json:"limit,omitempty"` // what ended the search early
	Seconds float64        `json:"seconds"`
	// Of a search that remembers states; else 0, but for the depth.
	Unique     uint64  `json:"unique"`
	Generated  uint64  `json:"generated"`
	Depth      int     `json:"depth"`
	Terminal   uint64  `json:"terminal"`
	Bytes      uint64  `json:"bytes"`
	Handlers   uint64  `json:"handlers"`
	Collisions float64 `json:"collisions"`
	Rounds     int     `json:"rounds,omitempty"`    // with --partial-order: searches, the last of which counts
	Unreduced  string  `json:"unreduced,omitempty"` // why --partial-order leaves out nothing
	// Of one that takes runs.
	Runs  uint64 `json:"runs,omitempty"`
	Steps uint64 `json:"steps,omitempty"`
	Seed  string `json:"seed,omitempty"` // of a sample
	Run   uint64 `json:"run,omitempty"`  // of a sample, the number of the one that showed a violation

	Properties []exploreProperty `json:"properties"`
	Replay     []string          `json:"replay,omitempty"` // a command for each violation
}

// exploreProperty is a property in the JSON object of explore.
type exploreProperty struct {
	Name    string             `json:"name"`
	Kind    string             `json:"kind"`
	Verdict properties.Verdict `json:"verdict"`
	Detail  string             `json:"detail"`
	Path    []string           `json:"path"` // a line for each step; empty if there is none
}

// concludeExploration reports what is known, and leaves the counterexample in a file.
func (a *app) concludeExploration(ctx context.Context, f *exploreFlags, x *exploration) error {
	interrupted := ctx.Err() != nil && x.limit != ""
	unsaved := a.saveCounterexamples(f.failDir, x)
	if a.json {
		a.report(x.report())
	} else {
		text, err := x.text(a.out)
		if err != nil {
			return err
		}
		a.out.Write(text)
	}
	if interrupted {
		fmt.Fprintln(a.err, "simulate: interrupted: not all was visited")
		return a.exit(status(exitInterrupted), unsaved)
	}
	return a.exit(statusOf(x.verdict), unsaved)
}

// saveCounterexamples leaves a file for each violation, and notes the commands that replay
// them.
func (a *app) saveCounterexamples(dir string, x *exploration) error {
	for _, o := range x.violations() {
		c, err := traces.NewCounterexample(x.model.Name, x.options, o)
		if err != nil {
			return err
		}
		text, err := c.Text()
		if err != nil {
			return err
		}
		path, err := saveIn(dir, c.FileName(), c.State(), text, func(there []byte) bool { return bytes.Equal(there, text) })
		if err != nil {
			return usagef("--fail-dir: the counterexample is not saved: %w", plainPath(err))
		}
		x.replay = append(x.replay, a.invocation+" replay "+quoted(path))
	}
	return nil
}

func (x *exploration) report() exploreReport {
	rep := exploreReport{
		header: headed(x.verdict), Model: x.model.Name, Options: map[string]any{}, Search: x.search,
		Network: x.model.Network.String(), Limit: x.limit, Seconds: x.seconds,
		Properties: []exploreProperty{}, Replay: x.replay,
	}
	switch {
	case x.states != nil:
		r := x.states
		rep.Unique, rep.Generated, rep.Depth, rep.Terminal = r.Unique, r.Generated, r.Depth, r.Terminal
		rep.Bytes, rep.Handlers, rep.Collisions = r.Bytes, r.Handlers, r.Collisions
		rep.Rounds, rep.Unreduced = r.Rounds, r.Unreduced
	case x.runs != nil:
		rep.Runs, rep.Steps, rep.Depth = x.runs.Runs, x.runs.Steps, x.runs.Depth
	default:
		rep.Runs, rep.Steps, rep.Run, rep.Seed = x.sampled.Runs, x.sampled.Steps, x.sampled.Run, seedText(x.seed)
	}
	for _, option := range x.options {
		name, value, _ := strings.Cut(strings.TrimPrefix(option, "--"), "=")
		rep.Options[name] = optionValue(value)
	}
	for _, n := range x.model.Nodes {
		rep.Nodes = append(rep.Nodes, n.Name)
	}
	for _, o := range x.outcomes {
		p := exploreProperty{Name: o.Name, Kind: o.Kind.String(), Verdict: o.Verdict, Detail: o.Detail, Path: []string{}}
		if o.Path != nil {
			p.Path = stepLines(o.Path)
		}
		rep.Properties = append(rep.Properties, p)
	}
	return rep
}

// optionValue is the value of an option as JSON has it.
func optionValue(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if on, err := strconv.ParseBool(text); err == nil {
		return on
	}
	return text
}

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
		{b.Crashes, "crash"}, {b.Restarts, "restart"}, {b.Drops, "drop"}, {b.Duplicates, "duplicate"}, {b.Partitions, "partition"},
	} {
		if f.n > 0 {
			faults = append(faults, fmt.Sprintf("%s %d", f.what, f.n))
		}
	}
	text += "; faults at most: " + cmp.Or(strings.Join(faults, ", "), "none")
	if x.bug.Name != "" {
		text += "; bug " + x.bug.Name
	}
	return text
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
		fmt.Fprintf(&b, "  not everything was visited: %s\n", x.limit)
	}
	tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, o := range x.outcomes {
		detail, _, _ := strings.Cut(o.Detail, "\n")
		fmt.Fprintf(tab, "  %s\t%s\t%s\t%s\n", o.Verdict, o.Kind, o.Name, detail)
	}
	tab.Flush()
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
	case x.runs != nil:
		r := x.runs
		fmt.Fprintf(w, "  runs %d  steps %d  longest %d  blocked %d\n", r.Runs, r.Steps, r.Depth, r.Blocked)
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
		if o := &x.outcomes[i]; o.Verdict == properties.Fail && o.Path != nil {
			all = append(all, o)
		}
	}
	return all
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
	fmt.Fprintf(w, "\n%s is violated after %s, with %s of node.\n%s\n\n", o.Name, plural(len(o.Path.Steps), "step"), plural(o.Path.Switches(), "change"), storyKey)
	for _, line := range story {
		fmt.Fprintf(w, "%s\n", line)
	}
	fmt.Fprintf(w, "Then %s is violated: %s\n\n", o.Name, o.Detail)
	for _, line := range lanes {
		fmt.Fprintf(w, "%s\n", line)
	}
	return nil
}

package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"phoenix/properties"
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
	// Limit is what ended the search early: depth (--max-depth), states (--max-states), memory
	// (--max-bytes), runs (--max-runs) or interrupted.
	Limit   string  `json:"limit,omitempty"`
	Seconds float64 `json:"seconds"`
	// Of a search that remembers states; else 0, but for the depth.
	Unique     uint64  `json:"unique"`
	Generated  uint64  `json:"generated"`
	Asleep     uint64  `json:"asleep,omitempty"` // steps that --sleep-sets left out
	Depth      int     `json:"depth"`
	Terminal   uint64  `json:"terminal"`
	Bytes      uint64  `json:"bytes"`
	Handlers   uint64  `json:"handlers"`
	Collisions float64 `json:"collisions"`
	Rounds     int     `json:"rounds,omitempty"`    // with --partial-order: searches, the last of which counts
	Unreduced  string  `json:"unreduced,omitempty"` // why --partial-order leaves out nothing
	// Of one that takes runs.
	Runs      uint64 `json:"runs,omitempty"`
	Steps     uint64 `json:"steps,omitempty"`
	Cut       uint64 `json:"cut,omitempty"`       // runs that were longer than allowed
	Blocked   uint64 `json:"blocked,omitempty"`   // runs broken off because nothing new could follow
	Reduction string `json:"reduction,omitempty"` // of a stateless search
	Seed      string `json:"seed,omitempty"`      // of a sample
	Run       uint64 `json:"run,omitempty"`       // of a sample, the number of the one that showed a violation

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
func (a *app) concludeExploration(ctx context.Context, x *exploration) error {
	interrupted := ctx.Err() != nil && x.limit != ""
	unsaved := a.saveCounterexamples(x.flags.failDir, x)
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
		if x.states != nil && !x.flags.bounded() {
			fmt.Fprintln(a.err, "simulate: a search that finds no end is bounded by --max-depth, --max-states or --max-bytes")
		}
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
		same := func(there []byte) bool { return bytes.Equal(there, text) }
		path, err := saveIn(dir, c.FileName(), fileDigits(c, text), text, same)
		if err != nil {
			return usagef("--fail-dir: the counterexample is not saved: %w", plainPath(err))
		}
		x.replay = append(x.replay, a.invocation+" replay "+quoted(path))
	}
	return nil
}

// fileDigits are what tells the file of a counterexample from others of the same property: four
// digits of the state, as in its name, and where that is not enough some of what it holds. So
// files of other options, other paths or other code are not written over.
func fileDigits(c *traces.Counterexample, text []byte) string {
	const digits = 32 // of which saveIn takes 4, 8, 16 or all
	return (c.State()[:4] + fmt.Sprintf("%x", sha256.Sum256(text)))[:digits]
}

func (x *exploration) report() exploreReport {
	rep := exploreReport{
		header: headed(x.verdict), Model: x.model.Name, Options: map[string]any{}, Search: x.flags.search,
		Network: x.model.Network.String(), Limit: x.limit, Seconds: x.seconds,
		Properties: []exploreProperty{}, Replay: x.replay,
	}
	switch {
	case x.states != nil:
		r := x.states
		rep.Unique, rep.Generated, rep.Depth, rep.Terminal = r.Unique, r.Generated, r.Depth, r.Terminal
		rep.Bytes, rep.Handlers, rep.Collisions = r.Bytes, r.Handlers, r.Collisions
		rep.Rounds, rep.Unreduced, rep.Asleep = r.Rounds, r.Unreduced, r.Asleep
	case x.runs != nil:
		r := x.runs
		rep.Runs, rep.Steps, rep.Depth, rep.Cut, rep.Blocked = r.Runs, r.Steps, r.Depth, r.Cut, r.Blocked
		rep.Reduction = x.flags.reduction
	default:
		r := x.sampled
		rep.Runs, rep.Steps, rep.Cut, rep.Run, rep.Seed = r.Runs, r.Steps, r.Cut, r.Run, seedText(x.seed)
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

package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
)

func (a *app) replayCommand() *cobra.Command {
	var trace string
	var where localizeFlags
	cmd := &cobra.Command{
		Use:   "replay FILE.simfail|-",
		Short: "Run a failure again from its file",
		Long: `Run a failure again from its file, which run, shrink, explore and failing tests leave; -
is a file on standard input. A counterexample of explore is followed step by step in the
explorer, and then as a world, in which every node must end in the same state.

Says whether the same events happened again (reproduced, exit code 1), other ones
because the scenario, the code or the file has changed (stale, 2), or other ones
each time (nondeterministic, 3).

With --localize it is run many times more, with all chance drawn anew from a time T
on, for a grid of T: the table of how often it fails then tells when the failure
became unavoidable. The exit code is 1 if there is a table, and 2 if the file, as it
stands, does not fail. A file as it was found tells more than a shrunk one, which has
little chance left in it.`,
		Example: `  simulate replay testdata/sim/single-copy-1f3a.simfail
  simulate replay testdata/sim/single-copy-1f3a.simfail --localize
  simulate replay testdata/sim/single-copy-1f3a.simfail --trace events.txt`,
		Args: cobra.ExactArgs(1),
	}
	fl := cmd.Flags()
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, name := range []string{"points", "samples", "workers"} {
			if fl.Changed(name) && !where.on {
				return usagef("--%s is for --localize, which is not given", name)
			}
		}
		return a.replay(cmd.Context(), args[0], trace, &where)
	}
	fl.BoolVar(&where.on, "localize", false, "tell when the failure became unavoidable")
	fl.IntVar(&where.points, "points", 16, "with --localize: times in the first grid, and as many where the probability "+
		"rises most")
	fl.IntVar(&where.samples, "samples", 32, "with --localize: runs for each time")
	fl.IntVar(&where.workers, "workers", runtime.NumCPU(), "with --localize: how many worlds to run at the same time")
	fl.StringVar(&trace, "trace", "", "write the events, of a counterexample those of its world, to this file: "+
		traceForms)
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"simfail"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return cmd
}

// replayReport is the JSON object of replay.
type replayReport struct {
	header
	File     string     `json:"file"`
	Scenario string     `json:"scenario"`
	Seed     string     `json:"seed"`
	Status   string     `json:"status"` // reproduced, stale or nondeterministic
	Reason   string     `json:"reason,omitempty"`
	Property string     `json:"property,omitempty"` // what failed in the run
	Detail   string     `json:"detail,omitempty"`
	Digest   sim.Digest `json:"digest"`
	Events   uint64     `json:"events"`
}

func (a *app) replay(ctx context.Context, path, trace string, where *localizeFlags) error {
	if err := where.check(); err != nil {
		return err
	}
	if where.on && trace != "" {
		return usagef("--localize and --trace are both given, expected one of them")
	}
	if err := checkFile("trace", trace); err != nil {
		return err
	}
	name, data, err := a.read(ctx, path, scenario.MaxDocument)
	if err != nil {
		return err
	}
	if traces.IsCounterexample(data) {
		if where.on {
			return usagef("--localize draws the chance of a run anew; %s is a counterexample of explore, without any", name)
		}
		return a.retrace(path, name, data, trace)
	}
	s, f, err := traces.ParseFailure(name, data, a.scenarios)
	if err != nil {
		return badInput(err)
	}
	if where.on {
		return a.localize(ctx, where, path, s, f)
	}
	events := newTrace(trace, s.Name, f.Seed)
	out := f.Replay(s, events.watch)
	if out.Status == traces.Reproduced && out.Result.Failed() == nil {
		out.Status = traces.Stale
		out.Reason = "the same events happened, but they are no longer judged a violation: the properties have changed"
	}
	if a.json {
		a.report(newReplayReport(path, s, out))
	} else if err := a.tellReplay(path, s, out); err != nil {
		return err
	}
	err = events.save()
	if err != nil {
		err = usagef("--trace: %w", err)
	}
	return a.exit(replayStatus(out.Status), err)
}

// verdictOf is what a replay says of its file.
func verdictOf(s traces.Status) properties.Verdict {
	if s == traces.Stale {
		return properties.Inconclusive // it proves nothing now
	}
	return properties.Fail
}

func replayStatus(s traces.Status) error {
	if s == traces.Nondeterministic {
		return status(exitDivergent)
	}
	return statusOf(verdictOf(s))
}

func newReplayReport(path string, s *scenario.Scenario, out *traces.Replayed) replayReport {
	r := out.Result
	rep := replayReport{
		header: headed(verdictOf(out.Status)), File: path, Scenario: s.Name, Seed: seedText(r.Seed),
		Status: out.Status.String(), Reason: out.Reason, Digest: r.Digest, Events: r.Events,
	}
	if o := r.Failed(); o != nil {
		rep.Property, rep.Detail = o.Name, o.Detail
	}
	return rep
}

// tellReplay prints the outcome of a replay for people.
func (a *app) tellReplay(path string, s *scenario.Scenario, out *traces.Replayed) error {
	r, again := out.Result, a.invocation+" replay "+quoted(path)
	if path == stdin {
		again += " < FILE"
	}
	if out.Status == traces.Reproduced {
		fmt.Fprintf(a.out, "reproduced: %s, the same %d events, digest %s\n\n", path, r.Events, r.Digest)
		return writeBlock(a.out, s, r, again)
	}
	fmt.Fprintf(a.out, "%s: %s: %s\n", out.Status, path, out.Reason)
	if r.Failed() == nil {
		_, err := fmt.Fprintf(a.out, "As it stands, the file now leads to a run of %d events whose verdict is %s.\n",
			r.Events, r.Verdict)
		return err
	}
	fmt.Fprint(a.out, "As it stands, the file still leads to a failing run:\n\n")
	return writeBlock(a.out, s, r, again)
}

package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
)

// demoSeeds is where demo looks for a planted bug.
var demoSeeds = sim.SeedRange{First: 0, Count: 200}

func (a *app) demoCommand() *cobra.Command {
	var failDir string
	cmd := &cobra.Command{
		Use:   "demo [SCENARIO|FILE.yaml|-]",
		Short: "Find a planted bug, and show how it is reproduced",
		Long: `Find a planted bug, and show how it is reproduced: runs a scenario that is wrong on
purpose over some seeds, prints the failing run with the fewest events, and shrinks
it to its story. Exits with 1 because it found a violation.

Names a scenario, a planted bug (see list, list bugs) or a YAML document.`,
		Example: `  simulate demo
  simulate demo register/primary-backup
  simulate demo store/log:ack-before-sync`,
		ValidArgsFunction: a.completeScenarios,
		Args:              cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.demo(cmd.Context(), append(args, "register/single-copy")[0], failDir)
		},
	}
	cmd.Flags().StringVar(&failDir, "fail-dir", defaultFailDir, "folder for the file that replays the failure")
	a.jsonFlag(cmd)
	return cmd
}

// demo looks for the shortest failing run.
func (a *app) demo(ctx context.Context, name, failDir string) error {
	sub, err := a.subject(ctx, name, nil)
	if err != nil {
		return err
	}
	if err := checkFailDir(failDir); err != nil {
		return err
	}
	if !a.json {
		name, doc := sub.scenario.Name, sub.scenario.Doc
		if b := plantedBug(sub.arg); b != nil {
			name, doc = b.Name, b.Doc
		}
		fmt.Fprintf(a.out, "%s: %s.\nLooking for a violation in seeds %s.\n\n", name, doc, demoSeeds)
	}
	var sum scenario.Campaign
	var shortest *scenario.Result
	for _, r := range inOrder(ctx, runtime.NumCPU(), demoSeeds.All(), sub.run) {
		sum.Add(r)
		if r.Failed() != nil && (shortest == nil || r.Events < shortest.Events) {
			shortest = r
		}
	}
	rep := demoReport{
		header: headed(sum.Verdict()), Scenario: sub.scenario.Name,
		Runs: sum.Runs, Failed: sum.Failed, Interrupted: ctx.Err() != nil,
	}
	var small *traces.Shrunk
	var unsaved error
	if shortest != nil {
		small, unsaved = a.demonstrate(ctx, sub, failDir, shortest, &rep)
	}
	if a.json {
		a.report(rep)
	} else if err := a.tellDemo(sub.scenario, shortest, small, &rep); err != nil {
		return err
	}
	if rep.Interrupted {
		return a.exit(status(exitInterrupted), unsaved)
	}
	return a.exit(statusOf(rep.Verdict), unsaved)
}

// demonstrate describes the failing run in the report, saves it and shrinks it: not if
// there was an interrupt, or where it cannot be saved.
func (a *app) demonstrate(ctx context.Context, sub *subject, failDir string, r *scenario.Result, rep *demoReport) (*traces.Shrunk, error) {
	rep.Failure = newFailure(r, a.invocation+" run "+sub.command(sim.SeedRange{First: r.Seed, Count: 1}))
	file, err := saveFailure(failDir, sub.scenario, r)
	if err != nil {
		return nil, err
	}
	rep.Failure.replayedBy(a.invocation, file)
	if rep.Interrupted {
		return nil, nil
	}
	f := &shrinkFlags{out: minPath(file), runs: traces.DefaultShrinkRuns, workers: runtime.NumCPU()}
	small, err := a.shrinkFile(ctx, f, sub.scenario, traces.NewFailure(sub.scenario, r))
	if err != nil {
		return nil, err
	}
	rep.Interrupted = ctx.Err() != nil
	rep.Shrunk = newShrinkReport(sub.scenario, f, small)
	rep.Shrunk.File, rep.Shrunk.Replay = file, a.invocation+" replay "+quoted(f.out)
	return small, nil
}

// demoReport is the JSON object of demo.
type demoReport struct {
	header
	Scenario    string        `json:"scenario"`
	Runs        int           `json:"runs"`
	Failed      int           `json:"failed"`
	Failure     failure       `json:"failure,omitzero"` // the one with the fewest events
	Shrunk      *shrinkReport `json:"shrunk,omitempty"` // what that was shrunk to
	Interrupted bool          `json:"interrupted"`
}

// tellDemo prints for people what demo found, r, and what that was shrunk to, if it was;
// or that there was nothing.
func (a *app) tellDemo(s *scenario.Scenario, r *scenario.Result, small *traces.Shrunk, rep *demoReport) error {
	runs := plural(rep.Runs, "run")
	if rep.Interrupted {
		runs += fmt.Sprintf(" of %d before the interrupt", demoSeeds.Count)
	}
	if r == nil {
		fmt.Fprintf(a.out, "%s: %s and no violation.\n", a.out.verdict(rep.Verdict), runs)
		return nil
	}
	var more []string
	if small != nil {
		more = []string{rep.Shrunk.line}
	}
	if err := writeBlock(a.out, s, r, rep.Failure.replayLine(), more...); err != nil {
		return err
	}
	if small != nil {
		if err := rep.Shrunk.story.WriteText(a.out); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.out, "\n%d of %s failed; this is the one with the fewest events.", rep.Failed, runs)
	if rep.Failure.saved != "" {
		fmt.Fprint(a.out, " The replay line gives the same events\nagain, to the last one; with --trace events.txt it writes them down.")
	}
	if small != nil {
		fmt.Fprintf(a.out, " The run of\nthe story is in %s, and replays as well.", rep.Shrunk.Out)
	}
	fmt.Fprintln(a.out)
	return nil
}

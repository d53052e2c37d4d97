package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"phoenix/properties/scenario"
	"phoenix/sim"
)

// demoSeeds is where demo looks for a planted bug.
var demoSeeds = sim.SeedRange{First: 0, Count: 200}

func (a *app) demoCommand() *cobra.Command {
	var failDir string
	cmd := &cobra.Command{
		Use:   "demo [SCENARIO]",
		Short: "Find a planted bug, and show how it is reproduced",
		Long: `Find a planted bug, and show how it is reproduced: runs a scenario that is wrong on
purpose over some seeds and prints the failing run with the fewest events. Exits
with 1 because it found a violation.`,
		Example: `  simulate demo
  simulate demo register/primary-backup`,
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
	s, err := a.find(name)
	if err != nil {
		return err
	}
	if err := checkFailDir(failDir); err != nil {
		return err
	}
	if !a.json {
		fmt.Fprintf(a.out, "%s: %s.\nLooking for a violation in seeds %s.\n\n", s.Name, s.Doc, demoSeeds)
	}
	var sum scenario.Campaign
	var shortest *scenario.Result
	one := func(seed uint64) *scenario.Result { return s.Run(scenario.Options{Seed: seed}) }
	for _, r := range inOrder(ctx, runtime.NumCPU(), demoSeeds.All(), one) {
		sum.Add(r)
		if r.Failed() != nil && (shortest == nil || r.Events < shortest.Events) {
			shortest = r
		}
	}
	rep := demoReport{
		header: headed(sum.Verdict()), Scenario: s.Name, Runs: sum.Runs, Failed: sum.Failed, Interrupted: ctx.Err() != nil,
	}
	var unsaved error
	if shortest != nil {
		rep.Failure = newFailure(shortest, fmt.Sprintf("%s run %s --seed %s", a.invocation, quoted(s.Name), seedText(shortest.Seed)))
		var file string
		if file, unsaved = saveFailure(failDir, s, shortest); unsaved == nil {
			rep.Failure.replayedBy(a.invocation, file)
		}
	}
	if a.json {
		a.report(rep)
	} else if err := a.tellDemo(s, shortest, &rep); err != nil {
		return err
	}
	if rep.Interrupted {
		return a.exit(status(exitInterrupted), unsaved)
	}
	return a.exit(statusOf(rep.Verdict), unsaved)
}

// demoReport is the JSON object of demo.
type demoReport struct {
	header
	Scenario    string  `json:"scenario"`
	Runs        int     `json:"runs"`
	Failed      int     `json:"failed"`
	Failure     failure `json:"failure,omitzero"` // the one with the fewest events
	Interrupted bool    `json:"interrupted"`
}

// tellDemo prints for people what demo found, r, or that there was nothing.
func (a *app) tellDemo(s *scenario.Scenario, r *scenario.Result, rep *demoReport) error {
	runs := plural(rep.Runs, "run")
	if rep.Interrupted {
		runs += fmt.Sprintf(" of %d before the interrupt", demoSeeds.Count)
	}
	if r == nil {
		fmt.Fprintf(a.out, "%s: %s and no violation.\n", a.out.verdict(rep.Verdict), runs)
		return nil
	}
	if err := writeBlock(a.out, s, r, rep.Failure.replayLine()); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%d of %s failed; this is the one with the fewest events.", rep.Failed, runs)
	if rep.Failure.saved != "" {
		fmt.Fprint(a.out, " The replay line gives the same events\nagain, to the last one; with --trace events.txt it writes them down.")
	}
	fmt.Fprintln(a.out)
	return nil
}

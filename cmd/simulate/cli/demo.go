package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"phoenix/properties"
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
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case shortest == nil:
		return a.noDemo(s, &sum)
	}
	file, err := saveFailure(failDir, s, shortest)
	if err != nil {
		return usagef("--fail-dir: %v", err)
	}
	return a.tellDemo(s, shortest, &sum, file)
}

func (a *app) noDemo(s *scenario.Scenario, sum *scenario.Campaign) error {
	if a.json {
		a.report(demoReport{header: headed(sum.Verdict()), Scenario: s.Name, Runs: sum.Runs})
	} else {
		fmt.Fprintf(a.out, "%s: %d runs and no violation.\n", a.out.verdict(sum.Verdict()), sum.Runs)
	}
	return statusOf(sum.Verdict())
}

// demoReport is the JSON object of demo.
type demoReport struct {
	header
	Scenario string  `json:"scenario"`
	Runs     int     `json:"runs"`
	Failed   int     `json:"failed"`
	Failure  failure `json:"failure,omitzero"`
}

func (a *app) tellDemo(s *scenario.Scenario, r *scenario.Result, sum *scenario.Campaign, file string) error {
	if a.json {
		a.report(demoReport{headed(properties.Fail), s.Name, sum.Runs, sum.Failed, newFailure(r, "replay "+file)})
		return status(exitFail)
	}
	if err := writeBlock(a.out, s, r, file); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%d of %d runs failed; this is the one with the fewest events. The replay line gives the same events\n"+
		"again, to the last one; with --trace events.txt it writes them down.\n", sum.Failed, sum.Runs)
	return status(exitFail)
}

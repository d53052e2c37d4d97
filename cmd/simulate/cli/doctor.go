package cli

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"phoenix/properties"
	"phoenix/sim"
)

// doctorFlags are the flags of doctor as they were given.
type doctorFlags struct {
	subjectFlags
	workers int
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [SCENARIO|FILE.yaml|-]",
		Short: "Check that the same seed gives the same run",
		Long: `Check that the same seed gives the same run: every seed runs twice on one thread
(GOMAXPROCS 1) and twice on all cores with a world on each, and the digests of the
events must be equal. Without an argument, all scenarios are checked.

On a difference, prints the first event that differs and those around it, and exits
with 3.`,
		Example: `  simulate doctor
  simulate doctor register/abd --seeds 0..10000`,
		ValidArgsFunction: a.completeScenarios,
		Args:              cobra.MaximumNArgs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.doctor(cmd.Context(), &f, args) },
	}
	fl := cmd.Flags()
	f.subjectFlags.add(fl, "0..20")
	fl.IntVar(&f.workers, "workers", runtime.NumCPU(), "how many worlds to run at the same time in the second half")
	a.jsonFlag(cmd)
	return cmd
}

// doctorReport is the JSON object of doctor.
type doctorReport struct {
	header
	Scenarios   []examined `json:"scenarios"`
	Interrupted bool       `json:"interrupted"`
	Resume      []string   `json:"resume,omitempty"` // the commands that do what is left
}

// doctor examines one scenario or all.
func (a *app) doctor(ctx context.Context, f *doctorFlags, args []string) error {
	subjects, err := a.patients(ctx, f, args)
	if err != nil {
		return err
	}
	rep := doctorReport{header: headed(properties.Pass), Scenarios: []examined{}}
	for _, sub := range subjects {
		seeds, err := sim.ParseSeeds(sub.doc.Seeds)
		if err != nil {
			return err
		}
		left := seeds
		if ctx.Err() == nil {
			fmt.Fprintf(a.err, "simulate: %s, seeds %s, each four times\n", sub.scenario.Name, seeds)
			bar := startProgress(a.err, doctorRounds*seeds.Count, "runs")
			e := examine(ctx, sub, seeds, f.workers, bar)
			bar.stop()
			rep.Scenarios, rep.Verdict = append(rep.Scenarios, e), max(rep.Verdict, e.Verdict)
			if !a.json {
				a.tellExamined(&e)
			}
			left = e.left
		}
		if left.Count > 0 {
			rep.Interrupted, rep.Verdict = true, max(rep.Verdict, properties.Inconclusive)
			rep.Resume = append(rep.Resume, a.invocation+" doctor "+sub.command(left))
		}
	}
	if a.json {
		a.report(rep)
	}
	switch {
	case rep.Interrupted:
		fmt.Fprintf(a.err, "simulate: interrupted; go on with:\n%s\n", strings.Join(rep.Resume, "\n"))
		return status(exitInterrupted)
	case rep.Verdict == properties.Fail:
		return status(exitDivergent)
	}
	return statusOf(rep.Verdict)
}

// patients returns what doctor is to examine, with the seeds in the documents.
func (a *app) patients(ctx context.Context, f *doctorFlags, args []string) ([]*subject, error) {
	if err := checkWorkers(f.workers); err != nil {
		return nil, err
	}
	if len(args) == 0 {
		for _, s := range a.scenarios {
			args = append(args, s.Name)
		}
	}
	var subjects []*subject
	for _, arg := range args {
		sub, err := a.subject(ctx, arg, f.settings())
		if err != nil {
			return nil, err
		}
		seeds, err := f.choose(sub.doc, "0..20")
		if err != nil {
			return nil, err
		}
		sub.doc.Seeds = seeds.String()
		subjects = append(subjects, sub)
	}
	return subjects, nil
}

func (a *app) tellExamined(e *examined) {
	head := a.out.verdict(e.Verdict) + " " + e.Scenario
	switch {
	case e.Seed != "":
		fmt.Fprintf(a.out, "%s: two runs of seed %s differ\n%s", head, e.Seed, e.Divergence)
	case e.left.Count > 0:
		fmt.Fprintf(a.out, "%s: no difference in %s, and then an interrupt; seeds %s are left\n", head, plural(e.Runs, "run"), e.left)
	default:
		fmt.Fprintf(a.out, "%s: seeds %s four times each, %d events, digest %s\n", head, e.Seeds, e.Events, e.Digest)
	}
}

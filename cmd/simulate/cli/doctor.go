package cli

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
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

// examined is what doctor found of a scenario.
type examined struct {
	Scenario string             `json:"scenario"`
	Verdict  properties.Verdict `json:"verdict"`
	Seeds    string             `json:"seeds"`
	Runs     int                `json:"runs"`
	Events   uint64             `json:"events"` // of the first round
	Digest   sim.Digest         `json:"digest"` // of all seeds, in order
	// Of the first seed whose runs differ:
	Seed       *uint64 `json:"seed,omitempty"`
	Divergence string  `json:"divergence,omitempty"`
}

// doctor examines one scenario or all.
func (a *app) doctor(ctx context.Context, f *doctorFlags, args []string) error {
	if err := checkWorkers(f.workers); err != nil {
		return err
	}
	var subjects []*subject
	if len(args) == 0 {
		for _, s := range a.scenarios {
			args = append(args, s.Name)
		}
	}
	for _, arg := range args {
		sub, err := a.subject(arg, f.set)
		if err != nil {
			return err
		}
		subjects = append(subjects, sub)
	}
	found := []examined{}
	worst := properties.Pass
	for _, sub := range subjects {
		seeds, err := f.choose(sub.doc, "0..20")
		if err != nil {
			return err
		}
		fmt.Fprintf(a.err, "simulate: %s, seeds %s, each four times\n", sub.scenario.Name, seeds)
		bar := startProgress(a.err, doctorRounds*seeds.Count)
		e := examine(ctx, sub, seeds, f.workers, bar)
		bar.stop()
		if ctx.Err() != nil {
			return status(exitInterrupted)
		}
		found, worst = append(found, e), max(worst, e.Verdict)
		if !a.json {
			a.tellExamined(&e)
		}
	}
	if a.json {
		a.report(struct {
			header
			Scenarios []examined `json:"scenarios"`
		}{headed(worst), found})
	}
	if worst == properties.Fail {
		return status(exitDivergent)
	}
	return statusOf(worst)
}

func (a *app) tellExamined(e *examined) {
	if e.Seed == nil {
		fmt.Fprintf(a.out, "%s %s: seeds %s four times each, %d events, digest %s\n",
			a.out.verdict(e.Verdict), e.Scenario, e.Seeds, e.Events, e.Digest)
		return
	}
	fmt.Fprintf(a.out, "%s %s: two runs of seed 0x%x differ\n%s", a.out.verdict(e.Verdict), e.Scenario, *e.Seed, e.Divergence)
}

// doctorRounds is how often each seed runs: half of them on one thread.
const doctorRounds = 4

// examine runs every seed four times and compares the digests.
func examine(ctx context.Context, sub *subject, seeds sim.SeedRange, workers int, bar *progress) examined {
	e := examined{Scenario: sub.scenario.Name, Seeds: seeds.String()}
	var first []sim.Digest
	var sum scenario.Campaign
	for round := range doctorRounds {
		procs, side := 1, 1
		if round >= doctorRounds/2 {
			procs, side = allProcs(), workers
		}
		e.Seed = withProcs(procs, func() *uint64 {
			i := 0
			for seed, r := range inOrder(ctx, side, seeds.All(), sub.run) {
				e.Runs++
				bar.step(0)
				if round == 0 {
					first = append(first, r.Digest)
					sum.Add(r)
				} else if r.Digest != first[i] {
					return &seed
				}
				i++
			}
			return nil
		})
		if e.Seed != nil {
			e.Verdict, e.Divergence = properties.Fail, diverge(sub, *e.Seed)
			break
		}
	}
	e.Events, e.Digest = sum.Events, sum.Digest
	return e
}

// run runs one seed.
func (s *subject) run(seed uint64) *scenario.Result {
	return s.scenario.Run(scenario.Options{Seed: seed, Config: &s.doc.Config})
}

// allProcs is at least 4: also on a small machine threads are to get in each
// other's way.
func allProcs() int { return max(runtime.NumCPU(), 4) }

func withProcs[R any](procs int, do func() R) R {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	return do()
}

// shownEvents is how many events are shown before and after a divergence.
const shownEvents = 5

// diverge runs a seed twice again and tells where the runs part.
func diverge(sub *subject, seed uint64) string {
	under := func(procs int) func(func(*sim.World)) error {
		return func(watch func(*sim.World)) error {
			withProcs(procs, func() *scenario.Result {
				return sub.scenario.Run(scenario.Options{Seed: seed, Config: &sub.doc.Config, Watch: watch})
			})
			return nil
		}
	}
	d, err := traces.Compare(under(1), under(allProcs()), shownEvents)
	switch {
	case err != nil:
		return fmt.Sprintf("where they part could not be found: %v\n", err)
	case d == nil:
		return "two further runs did not differ: the difference is a rare one\n"
	}
	return strings.TrimRight(d.String(), "\n") + "\n"
}

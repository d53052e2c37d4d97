package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"phoenix/properties/scenario"
)

// runFlags are the flags of run as they were given.
type runFlags struct {
	subjectFlags
	workers, maxFailures int
	failDir              string
	out                  string
	noOut, record        bool
	shrink               bool
	junit, html          string
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SCENARIO|FILE.yaml|-",
		Short: "Run a scenario over seeds and judge what happened",
		Long: `Run a scenario over seeds and judge what happened.

Names a scenario (see list) or a YAML document that sets the parameters of one
(see schema); - is a document on standard input. Seeds are decimal, 0x and
hexadecimal, or a commit of 40 digits; FIRST..END is a range without END.

Worlds run side by side, one for each worker. The results do not depend on how
many there are. The first failures are printed, each with the line that replays
it. A folder under runs/ keeps the results, the history and the events of the
first failing seed (or of the only one).

An interrupt finishes the seeds that have begun, reports on them, and says how to
go on; a second one kills.`,
		Example: `  simulate run register/abd --seeds 0..1000
  simulate run register/primary-backup --max-failures 1
  simulate run register/abd --nemesis swarm --seeds 0..500
  simulate run register/abd --fault 'at 300ms for 200ms crash s1' --fault 'at 1s for 1s pause 2 of servers'
  simulate run store/log:ack-before-sync --max-failures 1 --shrink
  simulate run cmd/simulate/testdata/abd-partition.yaml --seed 0x2a --html history.html
  simulate run register/abd --seeds $(git rev-parse HEAD) --json`,
		ValidArgsFunction: a.completeScenarios,
		Args:              a.oneScenario,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), &f, args[0]) },
	}
	fl := cmd.Flags()
	f.subjectFlags.add(fl, "0..100, or what the document says")
	fl.IntVar(&f.workers, "workers", runtime.NumCPU(), "how many worlds to run at the same time")
	fl.IntVar(&f.maxFailures, "max-failures", 0, "stop after so many failing seeds (0: run all seeds)")
	fl.StringVar(&f.failDir, "fail-dir", defaultFailDir, "folder for the files that replay failures")
	fl.StringVar(&f.out, "out", "", "folder for the results (default runs/SCENARIO/TIME-HASH, and the link runs/latest)")
	fl.BoolVar(&f.noOut, "no-out", false, "leave no folder of results")
	fl.BoolVar(&f.shrink, "shrink", false, "shrink the first failure and tell its story, as the command shrink does")
	fl.BoolVar(&f.record, "record", false, "write the event log of every seed to the folder of results")
	fl.StringVar(&f.junit, "junit", "", "write the properties as JUnit XML to this file")
	fl.StringVar(&f.html, "html", "", "write a picture of the history of the first failing seed, or of the only one")
	a.jsonFlag(cmd)
	return cmd
}

// oneScenario wants exactly one argument, and names the scenarios if there is none.
func (a *app) oneScenario(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	text := fmt.Sprintf("expected one scenario or document, found %d. The scenarios are:", len(args))
	for _, s := range a.scenarios {
		text += "\n  " + s.Name
	}
	return usagef("%s", text)
}

// run runs a campaign and reports it.
func (a *app) run(ctx context.Context, f *runFlags, arg string) error {
	if err := f.check(); err != nil {
		return err
	}
	sub, err := a.subject(ctx, arg, f.settings())
	if err != nil {
		return err
	}
	seeds, err := f.choose(sub.doc, "0..100")
	if err != nil {
		return err
	}
	sub.doc.Seeds = seeds.String()
	dir, err := f.prepare(sub)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.err, "simulate: %s, seeds %s (%s) on %s\n",
		sub.scenario.Name, seeds, plural(seeds.Count, "run"), plural(f.workers, "worker"))
	c := newCampaign(a.invocation, sub, seeds)
	a.runSeeds(ctx, f, c, dir)
	return a.conclude(ctx, f, c, dir)
}

func (f *runFlags) check() error {
	switch {
	case f.maxFailures < 0:
		return usagef("--max-failures is %d, expected 0 or more", f.maxFailures)
	case f.noOut && f.out != "":
		return usagef("--out and --no-out are both given, expected one of them")
	case f.noOut && f.record:
		return usagef("--record needs the folder of results that --no-out leaves out")
	}
	if err := f.checkFaults(); err != nil {
		return err
	}
	return checkWorkers(f.workers)
}

// prepare makes the folder of results, nil if there is to be none, and sees to it
// that also the other files can be written.
func (f *runFlags) prepare(sub *subject) (*folder, error) {
	if f.out != "" { // the other files may be in it
		if err := os.MkdirAll(f.out, 0o777); err != nil {
			return nil, usagef("--out: %w", plainPath(err))
		}
	}
	for _, err := range []error{checkFailDir(f.failDir), checkFile("junit", f.junit), checkFile("html", f.html)} {
		if err != nil {
			return nil, err
		}
	}
	if f.noOut {
		return nil, nil
	}
	return newFolder(f.out, sub, f.record)
}

// ran is one run of a campaign.
type ran struct {
	result *scenario.Result
	err    error // of recording it
}

// runSeeds runs the seeds of c side by side and adds up the results in order.
func (a *app) runSeeds(ctx context.Context, f *runFlags, c *campaign, dir *folder) {
	one := func(seed uint64) ran {
		if !f.record {
			return ran{result: c.sub.run(seed)}
		}
		r, err := recordTo(dir.eventLog(seed), c.sub, seed)
		return ran{r, err}
	}
	bar := startProgress(a.err, c.seeds.Count, "runs")
	defer bar.stop()
	for _, r := range inOrder(ctx, f.workers, c.seeds.All(), one) {
		if r.err != nil && len(c.unsaved) == 0 { // the others are the same
			c.unsaved = append(c.unsaved, dir.blame(r.err))
		}
		c.add(r.result)
		bar.step(c.sum.Failed)
		if f.maxFailures > 0 && c.sum.Failed >= f.maxFailures {
			break
		}
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/traces"
)

// localizeFlags are those of replay --localize.
type localizeFlags struct {
	on      bool
	points  int
	samples int
	workers int
}

func (f *localizeFlags) check() error {
	switch {
	case f.points < 2 || f.points > 1000:
		return usagef("--points is %d, expected 2 to 1000", f.points)
	case f.samples < 1 || f.samples > 100_000:
		return usagef("--samples is %d, expected 1 to 100000", f.samples)
	}
	return checkWorkers(f.workers)
}

// localizeReport is the JSON object of replay --localize.
type localizeReport struct {
	header
	File     string `json:"file"`
	Scenario string `json:"scenario"`
	Seed     string `json:"seed"`
	*traces.Localization
}

// errStopped is what ends a localization that was interrupted: a part of it says
// nothing.
var errStopped = errors.New("interrupted")

// localize prints the failure probability against the time from which chance is
// drawn anew.
func (a *app) localize(ctx context.Context, f *localizeFlags, path string, s *scenario.Scenario, file *traces.Failure) (err error) {
	bar := startProgress(a.err, uint64(2*f.points*f.samples), "runs")
	defer bar.stop()
	defer func() {
		if r := recover(); r == errStopped {
			err = status(exitInterrupted)
		} else if r != nil {
			panic(r)
		}
	}()
	l, err := traces.Localize(s, file, traces.LocalizeOptions{
		Points: f.points, Samples: f.samples,
		Parallel: func(n int, run func(int)) {
			for range inOrder(ctx, f.workers, upTo(n), func(i int) bool { run(i); return true }) {
				bar.step(0)
			}
			if ctx.Err() != nil {
				panic(errStopped)
			}
		},
	})
	if err != nil {
		fmt.Fprintf(a.err, "simulate: %s: %v\n", path, err)
		return status(exitInconclusive)
	}
	if a.json {
		a.report(localizeReport{headed(properties.Fail), path, s.Name, file.Seed, l})
		return statusOf(properties.Fail)
	}
	if err := l.WriteText(a.out); err != nil {
		return err
	}
	return statusOf(properties.Fail)
}

// upTo yields 0 to n-1.
func upTo(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

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

// errStopped is what ends a localization that was interrupted.
var errStopped = errors.New("interrupted: there is no table, as a part of one says little")

// localize prints the failure probability against the time from which chance is
// drawn anew.
func (a *app) localize(ctx context.Context, f *localizeFlags, path string, s *scenario.Scenario, file *traces.Failure) error {
	if out := file.Replay(s, nil); out.Status != traces.Reproduced {
		fmt.Fprintf(a.err, "simulate: %s: %s: %s; what follows is about the run that it leads to now\n", out.Status, path, out.Reason)
	}
	l, err := a.located(ctx, f, s, file)
	if err != nil {
		code := exitInconclusive
		if err == errStopped {
			code = exitInterrupted
		}
		why := fmt.Sprintf("%s: %v", path, err)
		fmt.Fprintf(a.err, "simulate: %s\n", why)
		if a.json {
			a.report(failed{unknown(), why})
		}
		return status(code)
	}
	if a.json {
		a.report(localizeReport{headed(properties.Fail), path, s.Name, file.Seed, l})
	} else if err := l.WriteText(a.out); err != nil {
		return err
	}
	return statusOf(properties.Fail)
}

// located runs a file as often as the table takes. An error is errStopped, or says
// that the file does not fail.
func (a *app) located(ctx context.Context, f *localizeFlags, s *scenario.Scenario, file *traces.Failure) (l *traces.Localization, err error) {
	bar := startProgress(a.err, uint64(2*f.points*f.samples), "runs")
	defer bar.stop()
	defer func() {
		if r := recover(); r == errStopped {
			err = errStopped
		} else if r != nil {
			panic(r)
		}
	}()
	return traces.Localize(s, file, traces.LocalizeOptions{
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

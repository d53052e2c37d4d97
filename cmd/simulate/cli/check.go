package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"phoenix/properties"
	"phoenix/properties/history"
	"phoenix/properties/linear"
)

// checkFlags are the flags of check as they were given.
type checkFlags struct {
	model, engine, init, nilRead, failedCAS, format string
	steps, memory                                   int64
	timeout                                         time.Duration
	workers                                         int
	explain, guarantees                             bool
	html                                            string
}

// modelAuto tells the model from the operations.
const modelAuto = "auto"

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check FILE|FOLDER...",
		Short: "Judge whether recorded histories are linearizable",
		Long: `Judge whether recorded histories are linearizable.

Reads Jepsen and Knossos EDN, Jepsen logs, elle-cli and porcupine JSON and the
project's own JSON lines, also compressed as .gz or .zst; the format is told from
the content. A folder stands for the histories below it: a Maelstrom or Jepsen
store, the runs of this command, or plain files. FILE - is standard input; at most
4 GiB of text are read. Prints a line for each file, and exits with the worst
verdict: 0 pass, 1 violation, 2 inconclusive; 65 if a file could not be read,
after judging the others.

Every key is an object of its own. An operation that does not end, or ends in
:info, may have taken effect at any time after its call, or never. The model is
told from the operations; only a lock that its holder alone may release looks
like any other.`,
		Example: `  simulate check history.edn
  simulate check store/ --explain
  simulate check --model lock locks.jsonl.gz --html locks.html
  simulate check --init 0 --nil-read any --failed-cas dropped knossos.edn
  cat history.edn | simulate check - --guarantees`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.check(cmd.Context(), &f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.model, "model", modelAuto, "what clients believed to use: auto, "+strings.Join(linear.ModelNames(), ", "))
	fl.StringVar(&f.init, "init", "nil", "what each key holds at first: nil, an integer or a text, or a list such as [1 2]")
	fl.StringVar(&f.nilRead, "nil-read", "nil", "what a read that returned nil saw: nil, or any value")
	fl.StringVar(&f.failedCAS, "failed-cas", "checked", "a failed cas saw another value (checked), or says nothing (dropped)")
	fl.StringVar(&f.format, "format", "auto", fmt.Sprintf("format of the files: auto, %s", formats(", ")))
	fl.BoolVar(&f.explain, "explain", false, "tell every key that fails, and the operations that contradict each other or their order")
	fl.BoolVar(&f.guarantees, "guarantees", false, "tell what registers do give: staleness, sequential consistency, session guarantees")
	fl.StringVar(&f.engine, "engine", linear.Auto.String(), "what decides: "+strings.Join(linear.EngineNames(), ", "))
	fl.Int64Var(&f.steps, "steps", linear.DefaultSteps, "bound on the steps of the search for each key")
	fl.Int64Var(&f.memory, "memory", linear.DefaultMemory, "bound on the bytes of the search for each key")
	fl.DurationVar(&f.timeout, "timeout", 0, "give up on what is not judged after so long; verdicts then depend on the machine (0: never)")
	fl.IntVar(&f.workers, "workers", runtime.NumCPU(), "how many files to judge at the same time")
	fl.StringVar(&f.html, "html", "", "write an interactive picture of the first file that is not a pass, else of the first")
	a.jsonFlag(cmd)
	completes(cmd, "model", append([]string{modelAuto}, linear.ModelNames()...)...)
	completes(cmd, "engine", linear.EngineNames()...)
	completes(cmd, "nil-read", "nil", "any")
	completes(cmd, "failed-cas", "checked", "dropped")
	completes(cmd, "format", strings.Split("auto "+formats(" "), " ")...)
	return cmd
}

// formats lists the names of the formats of histories.
func formats(separator string) string {
	var names []string
	for _, f := range history.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, separator)
}

// task is what to do with every file.
type task struct {
	read       history.ReadOptions
	opt        linear.Options
	infer      bool // the model
	guarantees bool
}

// task turns the flags into what packages history and linear take.
func (f *checkFlags) task() (t task, err error) {
	if t.infer = f.model == modelAuto; !t.infer {
		if t.opt.Model, err = linear.ModelByName(f.model); err != nil {
			return t, usagef("--model: %v, or %s", unprefixed(err), modelAuto)
		}
	}
	if t.opt.Model == linear.KV && !t.infer {
		t.read.Keyed = history.KeyedYes
	}
	if t.opt.Engine, err = linear.ParseEngine(f.engine); err != nil {
		return t, usagef("--engine: %v", unprefixed(err))
	}
	if t.opt.Init, err = history.ParseValue(f.init); err != nil {
		return t, usagef("--init: %v", unprefixed(err))
	}
	if t.opt.NilRead, err = linear.ParseNilRead(f.nilRead); err != nil {
		return t, usagef("--nil-read: %v", unprefixed(err))
	}
	if t.opt.FailedCAS, err = linear.ParseFailedCAS(f.failedCAS); err != nil {
		return t, usagef("--failed-cas: %v", unprefixed(err))
	}
	if t.read.Format, err = readFormat("format", f.format); err != nil {
		return t, err
	}
	switch {
	case f.steps < 1:
		return t, usagef("--steps is %d, expected at least 1", f.steps)
	case f.memory < 1:
		return t, usagef("--memory is %d, expected at least 1", f.memory)
	case f.timeout < 0:
		return t, usagef("--timeout is %s, expected 0 or more", f.timeout)
	}
	t.opt.Steps, t.opt.Memory, t.opt.EveryKey = f.steps, f.memory, f.explain
	t.guarantees = f.guarantees
	return t, checkWorkers(f.workers)
}

// readFormat reads the value of a flag that names the format of files to read.
func readFormat(flag, name string) (history.Format, error) {
	if name == "auto" {
		return history.Auto, nil
	}
	if f := history.Format(name); slices.Contains(history.Formats(), f) {
		return f, nil
	}
	return history.Auto, usagef("--%s: no format %q, expected one of auto, %s", flag, name, formats(", "))
}

func checkWorkers(n int) error {
	if n < 1 {
		return usagef("--workers is %d, expected at least 1", n)
	}
	return nil
}

// unprefixed removes the package's name from an error that people read.
func unprefixed(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "linear: "), "history: ")
}

// check judges the files side by side and reports in their order.
func (a *app) check(ctx context.Context, f *checkFlags, args []string) error {
	t, err := f.task()
	if err != nil {
		return err
	}
	if n := len(slices.DeleteFunc(slices.Clone(args), func(p string) bool { return p != stdin })); n > 1 {
		return usagef("- is standard input, which can be read once, but is named %d times", n)
	}
	if err := checkFile("html", f.html); err != nil {
		return err
	}
	search := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		search, cancel = context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("the time-out of %s was reached", f.timeout))
		defer cancel()
	}
	files := found(args)
	rep := checkReport{Files: []judged{}, explain: f.explain}
	var shown picture
	bar := startProgress(a.err, uint64(len(files)), "files")
	one := func(file source) judged { return a.judge(search, file, t) }
	for _, j := range inOrder(ctx, f.workers, slices.Values(files), one) {
		shown.consider(&j)
		rep.add(j)
		bar.step(rep.failed)
		bar.aside(func() { a.tell(&j, f.explain) })
	}
	bar.stop()
	if a.json {
		rep.header = headed(rep.worst)
		a.report(rep)
	}
	var unsaved error
	if f.html != "" && shown.of != nil {
		if err := shown.write(ctx, f.html); err != nil {
			unsaved = usagef("--html: %w", err)
		}
	}
	return a.exit(rep.status(ctx), unsaved)
}

// source is a file to judge, or why there is none.
type source struct {
	path string
	err  error
}

// found returns the files that the arguments stand for, in their order.
func found(args []string) []source {
	var files []source
	for _, arg := range args {
		if arg == stdin {
			files = append(files, source{path: arg})
			continue
		}
		paths, err := history.Find(arg)
		if err != nil {
			files = append(files, source{path: arg, err: plainPath(err)})
		}
		for _, path := range paths {
			files = append(files, source{path: path})
		}
	}
	return files
}

// picture is the history that --html shows: the first that is not a pass, else
// the first.
type picture struct {
	of *judged
}

func (p *picture) consider(j *judged) {
	if j.history != nil && (p.of == nil || p.of.Verdict == properties.Pass && j.Verdict != properties.Pass) {
		kept := *j
		p.of = &kept
	}
}

func (p *picture) write(ctx context.Context, path string) error {
	return writeFile(path, func(w io.Writer) error {
		return linear.WriteHTML(ctx, w, p.of.history, p.of.opt, p.of.result)
	})
}

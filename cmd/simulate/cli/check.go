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
	model, init, nilRead, failedCAS, format string
	steps, memory                           int64
	timeout                                 time.Duration
	workers                                 int
	html                                    string
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Judge whether recorded histories are linearizable",
		Long: `Judge whether recorded histories are linearizable.

Reads Jepsen and Knossos EDN, Jepsen logs, porcupine's key-value files and the
project's own JSON lines; the format is told from the content. FILE - is standard
input; at most 1 GiB of a file is read. Prints a line for each file, and exits with the worst verdict: 0 pass,
1 violation, 2 inconclusive; 65 if a file could not be read, after judging the
others.

Every key is an object of its own. An operation that does not end, or ends in
:info, may have taken effect at any time after its call, or never.`,
		Example: `  simulate check history.edn
  simulate check --model kv store.jsonl --html store.html
  simulate check --model cas-register --init 0 --nil-read any --failed-cas dropped knossos.edn
  cat history.edn | simulate check - --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.check(cmd.Context(), &f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.model, "model", linear.CASRegister.String(), "what clients believed to use: "+strings.Join(linear.ModelNames(), ", "))
	fl.StringVar(&f.init, "init", "nil", "what each key holds at first: nil, an integer or a text")
	fl.StringVar(&f.nilRead, "nil-read", "nil", "what a read that returned nil saw: nil, or any value")
	fl.StringVar(&f.failedCAS, "failed-cas", "checked", "a failed cas saw another value (checked), or says nothing (dropped)")
	fl.StringVar(&f.format, "format", "auto", fmt.Sprintf("format of the files: auto, %s", formats(", ")))
	fl.Int64Var(&f.steps, "steps", linear.DefaultSteps, "bound on the steps of the search for each key")
	fl.Int64Var(&f.memory, "memory", linear.DefaultMemory, "bound on the bytes of the search for each key")
	fl.DurationVar(&f.timeout, "timeout", 0, "give up on what is not judged after so long; verdicts then depend on the machine (0: never)")
	fl.IntVar(&f.workers, "workers", runtime.NumCPU(), "how many files to judge at the same time")
	fl.StringVar(&f.html, "html", "", "write an interactive picture of the first file that is not a pass, else of the first")
	a.jsonFlag(cmd)
	completes(cmd, "model", linear.ModelNames()...)
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

// options turns the flags into what package linear takes.
func (f *checkFlags) options() (read history.ReadOptions, opt linear.Options, err error) {
	if opt.Model, err = linear.ModelByName(f.model); err != nil {
		return read, opt, usagef("--model: %v", unprefixed(err))
	}
	if opt.Init, err = history.ParseValue(f.init); err != nil {
		return read, opt, usagef("--init: %v", unprefixed(err))
	}
	if opt.NilRead, err = linear.ParseNilRead(f.nilRead); err != nil {
		return read, opt, usagef("--nil-read: %v", unprefixed(err))
	}
	if opt.FailedCAS, err = linear.ParseFailedCAS(f.failedCAS); err != nil {
		return read, opt, usagef("--failed-cas: %v", unprefixed(err))
	}
	read.Keyed = opt.Model.Keyed()
	if f.format != "auto" {
		read.Format = history.Format(f.format)
		if !slices.Contains(history.Formats(), read.Format) {
			return read, opt, usagef("--format: no format %q, expected one of auto, %s", f.format, formats(", "))
		}
	}
	switch {
	case f.steps < 1:
		return read, opt, usagef("--steps is %d, expected at least 1", f.steps)
	case f.memory < 1:
		return read, opt, usagef("--memory is %d, expected at least 1", f.memory)
	case f.timeout < 0:
		return read, opt, usagef("--timeout is %s, expected 0 or more", f.timeout)
	}
	opt.Steps, opt.Memory = f.steps, f.memory
	return read, opt, checkWorkers(f.workers)
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
func (a *app) check(ctx context.Context, f *checkFlags, files []string) error {
	read, opt, err := f.options()
	if err != nil {
		return err
	}
	if n := len(slices.DeleteFunc(slices.Clone(files), func(p string) bool { return p != stdin })); n > 1 {
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
	rep := checkReport{Files: []judged{}}
	var shown picture
	one := func(path string) judged { return a.judge(search, path, read, opt) }
	for _, j := range inOrder(ctx, f.workers, slices.Values(files), one) {
		shown.consider(&j)
		rep.add(j)
		a.tell(&j)
	}
	if a.json {
		rep.header = headed(rep.worst)
		a.report(rep)
	}
	var unsaved error
	if f.html != "" && shown.history != nil {
		if err := shown.write(ctx, f.html, opt); err != nil {
			unsaved = usagef("--html: %w", err)
		}
	}
	return a.exit(rep.status(ctx), unsaved)
}

// picture is the history that --html shows: the first that is not a pass, else
// the first.
type picture struct {
	history *history.History
	verdict properties.Verdict
}

func (p *picture) consider(j *judged) {
	if j.history != nil && (p.history == nil || p.verdict == properties.Pass && j.Verdict != properties.Pass) {
		p.history, p.verdict = j.history, j.Verdict
	}
}

func (p *picture) write(ctx context.Context, path string, opt linear.Options) error {
	return writeFile(path, func(w io.Writer) error { return linear.WriteHTML(ctx, w, p.history, opt) })
}

// tell prints the line of a file: a verdict, or an error.
func (a *app) tell(j *judged) {
	switch {
	case j.Error != "":
		fmt.Fprintln(a.err, j.Error)
	case !a.json:
		fmt.Fprintln(a.out, j.line(a.out))
	}
}

// checkReport is the JSON object of check.
type checkReport struct {
	header
	Files []judged `json:"files"`

	worst   properties.Verdict
	refused int
}

func (r *checkReport) add(j judged) {
	j.history = nil // may be large
	r.Files = append(r.Files, j)
	r.worst = max(r.worst, j.Verdict)
	if j.Error != "" {
		r.refused++
	}
}

// status returns how check exits: interrupted, else with an error if a file could
// not be judged, else with the worst verdict.
func (r *checkReport) status(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return status(exitInterrupted)
	case r.refused > 0:
		return status(exitBadInput)
	}
	return statusOf(r.worst)
}

package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
	"phoenix/traces"
)

// shrinkFlags are the flags of shrink as they were given.
type shrinkFlags struct {
	out           string
	runs, workers int
	events        uint64
	all           bool
}

func (a *app) shrinkCommand() *cobra.Command {
	var f shrinkFlags
	cmd := &cobra.Command{
		Use:   "shrink FILE.simfail",
		Short: "Find the smallest run that fails like a failure, and tell its story",
		Long: `Find the smallest run that fails like a failure, and tell its story.

Faults, operations, clients, servers and keys go as long as the same property
fails; what is left becomes plain: early, short, round. Noise of the links that is
needed becomes faults of single messages. Each candidate is a whole run. The result
does not depend on the number of workers.

The smallest failure so far is always in FILE.min.simfail, which is a failure like
others. A shrinking that ended early (--runs, --events, an interrupt) goes on from there when
either file is shrunk again.

Prints the failure, its story (what matters, in order of virtual time) and the line
that replays it. The exit code is that of replay.`,
		Example: `  simulate shrink testdata/sim/single-copy-1f3a.simfail
  simulate shrink testdata/sim/single-copy-1f3a.simfail --out small.simfail --all`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.shrink(cmd.Context(), &f, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "file for the smallest failure (default FILE.min.simfail)")
	fl.IntVar(&f.runs, "runs", traces.DefaultShrinkRuns, "how many runs to make at most")
	fl.Uint64Var(&f.events, "events", traces.DefaultShrinkEvents, "after how many events of all runs to make no more")
	fl.IntVar(&f.workers, "workers", runtime.NumCPU(), "how many worlds to run at the same time")
	fl.BoolVar(&f.all, "all", false, "tell every event, not only those that matter")
	a.jsonFlag(cmd)
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"simfail"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return cmd
}

func (f *shrinkFlags) check(path string) error {
	switch {
	case f.runs < 1:
		return usagef("--runs is %d, expected 1 or more", f.runs)
	case f.events < 1:
		return usagef("--events is 0, expected 1 or more")
	case path == stdin && f.out == "":
		return usagef("a failure on standard input needs --out, the file for the smallest one")
	}
	return checkWorkers(f.workers)
}

// place chooses the file for the smallest failure, unless one is named: that of a
// shrinking that goes on is its own.
func (f *shrinkFlags) place(path string, file *traces.Failure) error {
	switch {
	case f.out == "" && file.Shrink != nil:
		f.out = path
	case f.out == "":
		f.out = minPath(path)
	}
	return checkFile("out", f.out)
}

// minExt ends the name of what a failure was shrunk to.
const minExt = ".min.simfail"

// minPath is where the smallest failure goes that is like the one in a file.
func minPath(path string) string { return strings.TrimSuffix(path, ".simfail") + minExt }

// shrink shrinks the failure in a file.
func (a *app) shrink(ctx context.Context, f *shrinkFlags, path string) error {
	if err := f.check(path); err != nil {
		return err
	}
	name, data, err := a.read(ctx, path, scenario.MaxDocument)
	if err != nil {
		return err
	}
	if traces.IsCounterexample(data) {
		return usagef("%s is %w", name, errShortest)
	}
	s, file, err := traces.ParseFailure(name, data, a.scenarios)
	if err != nil {
		return badInput(err)
	}
	if f.out == path && file.Shrink == nil {
		return usagef("--out names the failure as it was found, expected another file")
	}
	if err := f.place(path, file); err != nil {
		return err
	}
	if out := reproduce(s, file); out.Status != traces.Reproduced {
		return a.unshrinkable(path, s, out)
	}
	small, err := a.shrinkFile(ctx, f, s, a.goOn(f.out, file))
	if err != nil {
		return err
	}
	rep := newShrinkReport(s, f, small)
	rep.File, rep.Replay = path, a.invocation+" replay "+quoted(f.out)
	if a.json {
		a.report(rep)
	} else if err := rep.writeText(a.out, s, small.Result); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		a.interrupted(small, f.out)
		return status(exitInterrupted)
	case !small.Failure.Shrink.Done:
		fmt.Fprintf(a.err, "simulate: not finished after %s; go on with: %s shrink %s\n",
			plural(small.Runs, "run"), a.invocation, quoted(f.out))
	}
	return statusOf(properties.Fail)
}

// shrinkFirst shrinks the first failure of a campaign if that was asked for. It puts what
// it found into the report, and returns it for people. What goes wrong takes nothing from
// the report.
func (a *app) shrinkFirst(ctx context.Context, f *runFlags, c *campaign, rep *runReport) []byte {
	if !f.shrink || len(c.shown) == 0 || c.failures[0].saved == "" {
		return nil
	}
	s, file := c.sub.scenario, c.failures[0].saved
	sf := &shrinkFlags{out: minPath(file), runs: traces.DefaultShrinkRuns, events: traces.DefaultShrinkEvents, workers: f.workers}
	small, err := a.shrinkFile(ctx, sf, s, a.goOn(sf.out, traces.NewFailure(s, c.shown[0])))
	if err != nil {
		c.unsaved = append(c.unsaved, err)
		return nil
	}
	if ctx.Err() != nil {
		a.interrupted(small, sf.out)
	}
	rep.Shrunk = newShrinkReport(s, sf, small)
	rep.Shrunk.File, rep.Shrunk.Replay = file, a.invocation+" replay "+quoted(sf.out)
	if a.json {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintln(&b)
	if err := rep.Shrunk.writeText(&b, s, small.Result); err != nil {
		c.unsaved = append(c.unsaved, err)
	}
	return b.Bytes()
}

// interrupted says how to go on with a shrinking that was.
func (a *app) interrupted(small *traces.Shrunk, out string) {
	fmt.Fprintf(a.err, "simulate: interrupted after %s; go on with: %s shrink %s\n",
		plural(small.Runs, "run"), a.invocation, quoted(out))
}

// reproduce is Failure.Replay, for which a run that is judged no failure is stale.
func reproduce(s *scenario.Scenario, f *traces.Failure) *traces.Replayed {
	out := f.Replay(s, nil)
	if o := out.Result.Failed(); out.Status == traces.Reproduced && (o == nil || o.Name != string(f.Property)) {
		out.Status = traces.Stale
		out.Reason = "the same events happened, but they are no longer judged that violation: the properties have changed"
	}
	return out
}

// unshrinkable reports a file that proves nothing now.
func (a *app) unshrinkable(path string, s *scenario.Scenario, out *traces.Replayed) error {
	if a.json {
		a.report(newReplayReport(path, s, out))
	} else if err := a.tellReplay(path, s, out); err != nil {
		return err
	}
	return replayStatus(out.Status)
}

// goOn returns the failure to begin with: what an earlier shrinking of f has left at a
// path, if it still holds, or f.
func (a *app) goOn(path string, f *traces.Failure) *traces.Failure {
	data, err := os.ReadFile(path)
	if err != nil {
		return f
	}
	s, earlier, err := traces.ParseFailure(path, data, a.scenarios)
	if err != nil || earlier.Shrink == nil || f.Shrink != nil || earlier.Shrink.Of != f.Digest ||
		reproduce(s, earlier).Status != traces.Reproduced {
		return f
	}
	fmt.Fprintf(a.err, "simulate: goes on with %s\n", path)
	return earlier
}

// shrinkFile shrinks a failure and keeps the smallest so far in a file.
func (a *app) shrinkFile(
	ctx context.Context, f *shrinkFlags, s *scenario.Scenario, file *traces.Failure,
) (*traces.Shrunk, error) {
	bar := startProgress(a.err, uint64(f.runs), "runs at most")
	defer bar.stop()
	var unsaved error
	save := func(file *traces.Failure) {
		text, err := file.Text()
		if err == nil {
			err = replaceFile(f.out, text)
		}
		unsaved = err
	}
	all := context.WithoutCancel(ctx) // what has begun is finished
	small, err := traces.Shrink(ctx, s, file, traces.ShrinkOptions{
		Runs: f.runs, Events: f.events, Width: f.workers, Accepted: save, Tried: func(int) { bar.step(0) },
		Parallel: func(n int, run func(int)) {
			for range inOrder(all, min(n, f.workers), upTo(n), func(i int) bool { run(i); return true }) {
			}
		},
	})
	if err != nil {
		return nil, err
	}
	save(small.Failure) // also where nothing was smaller, and to say that it is done
	if unsaved != nil {
		return nil, usagef("--out: %w", plainPath(unsaved))
	}
	return small, nil
}

// replaceFile writes a file so that whatever ends the program leaves the one that was
// there, or the new one.
func replaceFile(path string, text []byte) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, text, 0o666) // a device stays one
	}
	next := path + ".next"
	err := os.WriteFile(next, text, 0o666)
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		os.Remove(next)
	}
	return err
}

// shrinkReport is the JSON object of shrink.
type shrinkReport struct {
	header
	File     string        `json:"file,omitempty"` // what was shrunk
	Out      string        `json:"out"`            // the smallest failure
	Scenario string        `json:"scenario"`
	Seed     string        `json:"seed"`
	Status   string        `json:"status"` // reproduced
	Property string        `json:"property"`
	Detail   string        `json:"detail"`
	Digest   sim.Digest    `json:"digest"`
	From     traces.Size   `json:"from"`
	To       traces.Size   `json:"to"`
	Matter   int           `json:"matter"` // events of the story that matter
	Story    []traces.Step `json:"story"`
	Runs     int           `json:"runs"` // made this time
	Done     bool          `json:"done"` // nothing smaller is found by more runs
	Replay   string        `json:"replay"`

	story *traces.Story
	line  string
}

func newShrinkReport(s *scenario.Scenario, f *shrinkFlags, small *traces.Shrunk) *shrinkReport {
	o, r := small.Result.Failed(), small.Result
	story, _ := traces.Tell(s, small.Failure, f.all)
	return &shrinkReport{
		header: headed(properties.Fail), Out: f.out, Scenario: s.Name, Seed: seedText(r.Seed),
		Status: traces.Reproduced.String(), Property: o.Name, Detail: o.Detail, Digest: r.Digest,
		From: small.Failure.Shrink.From, To: small.To, Matter: story.Matter, Story: story.Steps,
		Runs: small.Runs, Done: small.Failure.Shrink.Done,
		story: story, line: small.Line(story.Matter),
	}
}

// writeText prints the failure and its story.
func (rep *shrinkReport) writeText(w io.Writer, s *scenario.Scenario, r *scenario.Result) error {
	var b bytes.Buffer
	if err := writeBlock(&b, s, r, rep.Replay, rep.line); err != nil {
		return err
	}
	if err := rep.story.WriteText(&b); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

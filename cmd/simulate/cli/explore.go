package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
)

// exploreFlags are the flags of explore as they were given.
type exploreFlags struct {
	modelFlags
	workers, maxDepth       int
	maxStates               uint64
	maxBytes                string
	search                  string
	exact, symmetry, noStop bool
	failDir                 string
}

func (a *app) exploreCommand() *cobra.Command {
	var f exploreFlags
	cmd := &cobra.Command{
		Use:   "explore MODEL",
		Short: "Visit every state that a small cluster can get into",
		Long: `Visit every state that a small cluster can get into, by all orders of its steps and all
faults that are allowed, each state once, and judge them all.

Names a model (see list models). The nodes of a model run the same code in a world. Which
options it takes depends on the model; what it does not take is refused.

The search is breadth-first, and ends with the depth at which a property is violated, so
that the counterexample is a shortest one. It is told as a story and drawn in lanes, one for
each node, and left in a file that replay takes. Bounds (--max-depth, --max-states,
--max-bytes) end a search as inconclusive with what was visited up to then, and so does an
interrupt.`,
		Example: `  simulate explore paxos --clients 2 --servers 3
  simulate explore paxos --clients 2 --servers 3 --bug accept-any-ballot
  simulate explore 2pc --rms 7 --symmetry
  simulate explore single-copy --clients 2 --servers 2 --network ordered --lossy
  simulate explore raft --crashes 1 --restarts 1 --max-states 1000000 --json`,
		Args:              oneModel,
		ValidArgsFunction: completeModels,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explore(cmd, &f, args[0])
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	f.modelFlags.add(fl)
	fl.StringVar(&f.search, "search", explore.BreadthFirst.String(), "bfs (shortest counterexamples) or dfs (less memory)")
	fl.BoolVar(&f.symmetry, "symmetry", false, "count states once that differ only by an exchange of interchangeable nodes or values")
	fl.BoolVar(&f.exact, "exact", false, "keep states whole instead of 64 bits of them")
	fl.BoolVar(&f.noStop, "no-stop", false, "visit all states in spite of a violation")
	fl.IntVar(&f.workers, "workers", runtime.NumCPU(), "how many threads search")
	fl.IntVar(&f.maxDepth, "max-depth", 0, "how deep to go; the first states have depth 1 (0: no bound)")
	fl.Uint64Var(&f.maxStates, "max-states", 0, "after how many states to end (0: no bound)")
	fl.StringVar(&f.maxBytes, "max-bytes", "", "at how much memory to end, such as 500MB or 2GiB (default no bound)")
	fl.StringVar(&f.failDir, "fail-dir", defaultFailDir, "folder for the file that replays a counterexample")
	a.jsonFlag(cmd)
	completes(cmd, "search", "bfs", "dfs")
	completes(cmd, "network", "nonduplicating", "duplicating", "ordered")
	return cmd
}

// oneModel wants exactly one argument, and names the models if there is none.
func oneModel(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	text := fmt.Sprintf("expected one model, found %d. The models are:", len(args))
	for _, e := range models.All() {
		text += "\n  " + e.Name
	}
	return usagef("%s", text)
}

// completeModels tells shells the models.
func completeModels(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, e := range models.All() {
		if len(args) == 0 {
			names = append(names, e.Name+"\t"+e.About)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// explore explores a model and reports what it found.
func (a *app) explore(cmd *cobra.Command, f *exploreFlags, name string) error {
	e, err := findModel(name)
	if err != nil {
		return usagef("%w", err)
	}
	m, err := f.model(e, cmd.Flags())
	if err != nil {
		return usagef("%w", err)
	}
	cfg, err := f.config()
	if err == nil {
		err = checkFailDir(f.failDir)
	}
	if err != nil {
		return err
	}
	x := &exploration{model: m, bug: bugOf(e, f.Bug), options: f.given(cmd.Flags()), order: cfg.Order}
	fmt.Fprintf(a.err, "simulate: %s on %s\n", x.subject(), plural(cfg.Workers, "worker"))
	if err := a.searchModel(cmd.Context(), x, cfg); err != nil {
		return usagef("%s cannot be explored so: %w", m.Name, err)
	}
	return a.concludeExploration(cmd.Context(), f, x)
}

// config returns how to search.
func (f *exploreFlags) config() (explore.Config, error) {
	var cfg explore.Config
	order, err := explore.ParseOrder(f.search)
	if err != nil {
		return cfg, usagef("--%w", err)
	}
	if f.maxDepth < 0 {
		return cfg, usagef("--max-depth is %d, expected 0 or more", f.maxDepth)
	}
	bytes := uint64(0)
	if f.maxBytes != "" {
		if bytes, err = parseBytes(f.maxBytes); err != nil {
			return cfg, usagef("--max-bytes: %w", err)
		}
	}
	return explore.Config{Order: order, Workers: f.workers, MaxDepth: f.maxDepth, MaxStates: f.maxStates, MaxBytes: bytes,
		NoStop: f.noStop, Exact: f.exact, Symmetry: f.symmetry}, checkWorkers(f.workers)
}

// parseBytes reads an amount of memory such as 1000000, 500MB or 1.5GiB.
func parseBytes(text string) (uint64, error) {
	number := strings.TrimRight(text, "kKMGTiB")
	unit := map[string]float64{"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}[strings.TrimSpace(text[len(number):])]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || unit == 0 || !(n*unit >= 1 && n*unit < 1<<63) {
		return 0, fmt.Errorf("%q, expected an amount of memory such as 500MB or 2GiB", text)
	}
	return uint64(n * unit), nil
}

// exploration is what explore was asked for and what it found.
type exploration struct {
	model   explore.Model
	bug     models.Bug
	options []string // of the model, as on a command line
	order   explore.Order

	result  explore.Result
	seconds float64
	replay  []string // the commands that replay the violations, as far as they are saved
}

func bugOf(e *models.Entry, name string) models.Bug {
	for _, b := range e.Bugs {
		if b.Name == name {
			return b
		}
	}
	return models.Bug{}
}

// searchModel searches until the end, a bound or an interrupt.
func (a *app) searchModel(ctx context.Context, x *exploration, cfg explore.Config) error {
	begun := time.Now()
	var last atomic.Pointer[explore.Progress]
	bar := startTelling(a.err, func() string { return progressText(last.Load(), time.Since(begun)) })
	defer bar.stop()
	var lean leaner
	defer lean.undo()
	cfg.Progress = func(p explore.Progress) {
		last.Store(&p)
		lean.at(p.Bytes)
	}
	cfg.Stop = func() bool { return ctx.Err() != nil }
	res, err := explore.Search(x.model, cfg)
	x.result, x.seconds = res, time.Since(begun).Seconds()
	return err
}

// progressText is one line of progress, "" while nothing is known.
func progressText(p *explore.Progress, since time.Duration) string {
	if p == nil {
		return ""
	}
	rate := float64(p.Unique) / max(since.Seconds(), 1e-3)
	return fmt.Sprintf("%d states, %.0f/s, %d generated, queue %d, depth %d, %s",
		p.Unique, rate, p.Generated, p.Queue, p.Depth, bytesText(p.Bytes))
}

// leaner has the garbage collector keep the heap near what a search holds, once that is
// much: tables without pointers, which cost little to collect.
type leaner struct {
	on     bool
	before int
}

const (
	leanFrom    = 64 << 20 // bytes
	leanPercent = 20
)

// at notes how much the search holds.
func (l *leaner) at(bytes uint64) {
	if !l.on && bytes >= leanFrom {
		l.on, l.before = true, debug.SetGCPercent(leanPercent)
	}
}

func (l *leaner) undo() {
	if l.on {
		debug.SetGCPercent(l.before)
	}
}

// bytesText is an amount of memory as people read it.
func bytesText(n uint64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if float64(n) >= u.size {
			return fmt.Sprintf("%.1f %s", float64(n)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"phoenix/properties/explore"
	"phoenix/properties/explore/models"
	"phoenix/sim"
)

// exploreFlags are the flags of explore as they were given.
type exploreFlags struct {
	modelFlags
	config     explore.Config
	search     string
	maxDepth   int
	maxBytes   string
	noStop     bool
	schedules  uint64
	seed       string
	seedNumber uint64
	failDir    string
	serve      bool
	listen     string
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
interrupt. With --search stateless it takes one run for each order of steps that depend on
each other, and remembers no states; a sample of runs takes random ones, and shows no more
than that there is a violation.

With --serve it shows the states in a browser, on this machine only: where to go next, what
a step changes, the way up to here as a diagram.`,
		Example: `  simulate explore paxos --clients 2 --servers 3
  simulate explore paxos --clients 2 --servers 3 --bug accept-any-ballot
  simulate explore 2pc --rms 7 --symmetry
  simulate explore abd --clients 1 --servers 3 --search stateless
  simulate explore paxos --clients 3 --bug lowest-vote --search pos --schedules 50000
  simulate explore single-copy --clients 2 --servers 2 --network ordered --lossy
  simulate explore raft --crashes 1 --restarts 1 --max-states 1000000 --json
  simulate explore paxos --bug accept-any-ballot --serve`,
		Args:              oneModel,
		ValidArgsFunction: completeModels,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explore(cmd, &f, args[0])
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	f.modelFlags.add(fl)
	fl.StringVar(&f.search, "search", "bfs", "bfs (shortest counterexamples), dfs (less memory), stateless (each order of "+
		"dependent steps once), or a sample of runs: random, node, pct, pctcp, pos or surw")
	fl.BoolVar(&f.noStop, "no-stop", false, "go on after a violation, to visit all")
	fl.IntVar(&f.maxDepth, "max-depth", 0, "how deep to go; the first states have depth 1 (0: no bound); "+
		"stateless and samples: steps of a run (0: 1000)")
	fl.Uint64Var(&f.config.MaxStates, "max-states", 0, "bfs, dfs: after how many states to end (0: no bound)")
	fl.StringVar(&f.maxBytes, "max-bytes", "", "bfs, dfs: at how much memory to end, such as 500MB or 2GiB (default no bound)")
	fl.BoolVar(&f.config.Symmetry, "symmetry", false, "bfs, dfs: count states once that differ only by an exchange "+
		"of interchangeable nodes or values")
	fl.BoolVar(&f.config.Exact, "exact", false, "bfs, dfs: keep states whole instead of 64 bits of them")
	fl.BoolVar(&f.config.PartialOrder, "partial-order", false, "bfs, dfs: leave out states that only the order of "+
		"independent steps leads to, as far as the properties allow")
	fl.IntVar(&f.config.Workers, "workers", runtime.NumCPU(), "bfs, dfs: how many threads search")
	fl.Uint64Var(&f.schedules, "schedules", explore.DefaultRuns, "samples: how many runs")
	fl.StringVar(&f.seed, "seed", "0", "samples: what decides all runs")
	fl.StringVar(&f.failDir, "fail-dir", defaultFailDir, "folder for the file that replays a counterexample")
	fl.BoolVar(&f.serve, "serve", false, "walk through the states in a browser instead")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "with --serve: a port, or an address of this machine only")
	a.jsonFlag(cmd)
	completes(cmd, "search", searches...)
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
	err = f.check(a, cmd.Flags())
	if err == nil {
		err = checkFailDir(f.failDir)
	}
	if err != nil {
		return err
	}
	x := &exploration{model: m, bug: bugOf(e, f.Bug), options: f.given(cmd.Flags()), search: f.search}
	if f.serve {
		return a.serve(cmd.Context(), f, x)
	}
	fmt.Fprintf(a.err, "simulate: %s; search %s\n", x.subject(), f.search)
	if x.findings, err = a.search(cmd.Context(), f, m); err != nil {
		return usagef("%s cannot be explored so: %w", m.Name, err)
	}
	return a.concludeExploration(cmd.Context(), f, x)
}

// Which options are for some searches only.
var (
	stateOptions  = []string{"max-states", "max-bytes", "symmetry", "exact", "partial-order", "workers"}
	sampleOptions = []string{"schedules", "seed"}
)

// check completes how to search. Errors are of usage.
func (f *exploreFlags) check(a *app, fl *pflag.FlagSet) error {
	if !slices.Contains(searches, f.search) {
		return usagef("--search %q%s\nThe searches are: %s", f.search, suggest(f.search, searches),
			strings.Join(searches, ", "))
	}
	_, samples := schedules[f.search]
	for _, name := range stateOptions {
		if fl.Changed(name) && (samples || f.search == stateless) {
			return usagef("--%s is for searches that remember states, bfs and dfs, not for %s", name, f.search)
		}
	}
	for _, name := range sampleOptions {
		if fl.Changed(name) && !samples {
			return usagef("--%s is for samples of runs, expected --search random, node, pct, pctcp, pos or surw", name)
		}
	}
	if fl.Changed("listen") && !f.serve {
		return usagef("--listen is for --serve, which is not given")
	}
	if f.serve && (a.json || samples || f.search == stateless) {
		return usagef("--serve prints no results and searches by bfs or dfs: expected neither --json nor --search %s", f.search)
	}
	if samples && f.noStop {
		return usagef("--no-stop is not for samples of runs, which end with the first violation")
	}
	if f.maxDepth < 0 {
		return usagef("--max-depth is %d, expected 0 or more", f.maxDepth)
	}
	if samples && f.schedules == 0 {
		return usagef("--schedules is 0, expected 1 or more")
	}
	var err error
	if f.seedNumber, err = sim.ParseSeed(f.seed); err != nil {
		return usagef("--seed: %v", err)
	}
	if f.maxBytes != "" {
		if f.config.MaxBytes, err = parseBytes(f.maxBytes); err != nil {
			return usagef("--max-bytes: %w", err)
		}
	}
	if f.search == explore.DepthFirst.String() {
		f.config.Order = explore.DepthFirst
	}
	f.config.MaxDepth, f.config.NoStop = f.maxDepth, f.noStop
	return checkWorkers(f.config.Workers)
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
	search  string
	findings
	replay []string // the commands that replay the violations, as far as they are saved
}

func bugOf(e *models.Entry, name string) models.Bug {
	for _, b := range e.Bugs {
		if b.Name == name {
			return b
		}
	}
	return models.Bug{}
}

package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"phoenix/properties/explore"
	"phoenix/sim"
)

// exploreFlags are the flags of explore as they were given.
type exploreFlags struct {
	modelFlags
	config     explore.Config
	stateless  explore.StatelessConfig
	search     string
	reduction  string
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

func (f *exploreFlags) add(fl *pflag.FlagSet) {
	fl.SortFlags = false
	f.modelFlags.add(fl)
	fl.StringVar(&f.search, "search", "bfs", "bfs (shortest counterexamples), dfs (less memory), stateless (each "+
		"order of dependent steps once), or a sample of runs: random, node, pct, pctcp, pos or surw")
	fl.BoolVar(&f.noStop, "no-stop", false, "go on after a violation, to visit all")
	fl.IntVar(&f.maxDepth, "max-depth", 0, "how deep to go; the first states have depth 1 (0: no bound); "+
		"stateless and samples: steps of a run (0: 1000)")
	fl.Uint64Var(&f.config.MaxStates, "max-states", 0, "bfs, dfs: after how many states to end (0: no bound); "+
		"looked at now and then, so there may be some thousands more")
	fl.StringVar(&f.maxBytes, "max-bytes", "", "bfs, dfs: at how much memory to end, such as 500MB or 2GiB "+
		"(default no bound); looked at now and then")
	fl.BoolVar(&f.config.Symmetry, "symmetry", false, "bfs, dfs: count states once that differ only by an exchange "+
		"of interchangeable nodes or values")
	fl.BoolVar(&f.config.Exact, "exact", false, "bfs, dfs: keep states whole instead of 64 bits of them")
	fl.BoolVar(&f.config.PartialOrder, "partial-order", false, "bfs, dfs: leave out states that only the order of "+
		"independent steps leads to, as far as the properties allow")
	fl.BoolVar(&f.config.SleepSets, "sleep-sets", false, "bfs: take of two orders of independent steps one only; "+
		"all states are visited, in fewer steps")
	fl.IntVar(&f.config.Workers, "workers", runtime.NumCPU(), "bfs, dfs: how many threads search")
	fl.StringVar(&f.reduction, "reduction", reductionNames[0], "stateless: optimal (one run for each order of dependent "+
		"steps), sleep-sets (breaks off some runs, and misses no order where --max-depth cuts runs) or none (all orders)")
	fl.BoolVar(&f.stateless.Refine, "refine", false, "stateless: take deliveries for independent, too, that change "+
		"nothing of their node: fewer runs")
	fl.Uint64Var(&f.stateless.MaxRuns, "max-runs", 0, "stateless: after how many runs to end (0: no bound)")
	fl.Uint64Var(&f.schedules, "schedules", explore.DefaultRuns, "samples: how many runs")
	fl.StringVar(&f.seed, "seed", "0", "samples: what decides all runs")
	fl.StringVar(&f.failDir, "fail-dir", defaultFailDir, "folder for the file that replays a counterexample")
	fl.BoolVar(&f.serve, "serve", false, "walk through the states in a browser instead")
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "with --serve: a port, or an address of this machine only")
}

// reductionNames are the values of --reduction, in the order of explore.Reduction.
var reductionNames = []string{"optimal", "sleep-sets", "none"}

// Which options are for some searches only.
var (
	stateOptions  = []string{"max-states", "max-bytes", "symmetry", "exact", "partial-order", "sleep-sets", "workers"}
	runOptions    = []string{"reduction", "refine", "max-runs"}
	sampleOptions = []string{"schedules", "seed"}
)

// check completes how to search. Errors are of usage.
func (f *exploreFlags) check(a *app, fl *pflag.FlagSet) error {
	if !slices.Contains(searches, f.search) {
		return usagef("--search %q%s\nThe searches are: %s", f.search, suggest(f.search, searches),
			strings.Join(searches, ", "))
	}
	_, samples := schedules[f.search]
	if err := f.checkSearch(fl, samples); err != nil {
		return err
	}
	if fl.Changed("listen") && !f.serve {
		return usagef("--listen is for --serve, which is not given")
	}
	if f.serve && (a.json || samples || f.search == stateless) {
		return usagef("--serve prints no results and searches by bfs or dfs: expected neither --json nor --search %s",
			f.search)
	}
	if err := f.checkSleep(); err != nil {
		return err
	}
	if samples && f.noStop {
		return usagef("--no-stop is not for samples of runs, which end with the first violation")
	}
	if samples && f.schedules == 0 {
		return usagef("--schedules is 0, expected 1 or more")
	}
	return f.read()
}

// checkSleep refuses what does not go with --sleep-sets.
func (f *exploreFlags) checkSleep() error {
	switch c := &f.config; {
	case !c.SleepSets:
	case f.search != explore.BreadthFirst.String():
		return usagef("--sleep-sets is for --search bfs, not for %s", f.search)
	case c.Symmetry:
		return usagef("--sleep-sets tells nodes apart, and --symmetry does not: leave out one of the two")
	case c.PartialOrder:
		return usagef("--sleep-sets needs all orders of steps, and --partial-order leaves some out: leave out one of the two")
	}
	return nil
}

// checkSearch refuses options of other searches.
func (f *exploreFlags) checkSearch(fl *pflag.FlagSet, samples bool) error {
	for _, name := range stateOptions {
		if fl.Changed(name) && (samples || f.search == stateless) {
			return usagef("--%s is for searches that remember states, bfs and dfs, not for %s", name, f.search)
		}
	}
	for _, name := range runOptions {
		if fl.Changed(name) && f.search != stateless {
			return usagef("--%s is for --search stateless, not for %s", name, f.search)
		}
	}
	for _, name := range sampleOptions {
		if fl.Changed(name) && !samples {
			return usagef("--%s is for samples of runs, expected --search random, node, pct, pctcp, pos or surw", name)
		}
	}
	return nil
}

// read reads the values of flags.
func (f *exploreFlags) read() error {
	if f.maxDepth < 0 {
		return usagef("--max-depth is %d, expected 0 or more", f.maxDepth)
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
	reduction := slices.Index(reductionNames, f.reduction)
	if reduction < 0 {
		return usagef("--reduction %q%s, expected %s", f.reduction, suggest(f.reduction, reductionNames),
			strings.Join(reductionNames, ", "))
	}
	f.stateless.Reduction = explore.Reduction(reduction)
	f.stateless.MaxDepth, f.stateless.NoStop = f.maxDepth, f.noStop
	if f.search == explore.DepthFirst.String() {
		f.config.Order = explore.DepthFirst
	}
	f.config.MaxDepth, f.config.NoStop = f.maxDepth, f.noStop
	return checkWorkers(f.config.Workers)
}

// bounded reports whether a search that remembers states has a bound.
func (f *exploreFlags) bounded() bool {
	return f.maxDepth > 0 || f.config.MaxStates > 0 || f.config.MaxBytes > 0
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

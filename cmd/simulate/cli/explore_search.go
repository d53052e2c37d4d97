package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"phoenix/properties"
	"phoenix/properties/explore"
)

// stateless is the search that remembers no states; schedules are those that sample runs.
const stateless = "stateless"

var schedules = map[string]string{"random": explore.Uniform, "node": explore.NodeThenMessage, "pct": explore.PCT,
	"pctcp": explore.PCTCP, "pos": explore.POS, "surw": explore.SURW}

// searches are the values of --search.
var searches = []string{"bfs", "dfs", stateless, "random", "node", "pct", "pctcp", "pos", "surw"}

// inFlags says with flags what the explorer says with fields of its configurations. Whether
// all claims of a model are about one node at a time, which StatelessConfig.Local declares,
// who runs the command cannot know.
var inFlags = strings.NewReplacer("see StatelessConfig.Local",
	"with --reduction none all are, and --search bfs visits all states")

// findings are what an exploration found, by whatever search.
type findings struct {
	verdict  properties.Verdict
	outcomes []explore.Outcome
	limit    string // what ended the search early
	seconds  float64

	states  *explore.Result          // of bfs and dfs
	runs    *explore.StatelessResult // of stateless
	sampled *explore.Sampled         // of the others
	seed    uint64                   // of those
}

// search searches until the end, a bound or an interrupt.
func (a *app) search(ctx context.Context, f *exploreFlags, m explore.Model) (found findings, err error) {
	begun := time.Now()
	stop := func() bool { return ctx.Err() != nil }
	switch schedule := schedules[f.search]; {
	case schedule != "":
		var r explore.Sampled
		stop, end := a.tellRuns(stop)
		defer end()
		r, err = explore.Sample(m, explore.SampleConfig{Schedule: schedule, Seed: f.seedNumber, Runs: f.schedules,
			Steps: f.maxDepth, Stop: stop})
		found = findings{verdict: r.Verdict, outcomes: r.Outcomes, sampled: &r, seed: f.seedNumber}
	case f.search == stateless:
		var r explore.StatelessResult
		stop, end := a.tellRuns(stop)
		defer end()
		cfg := f.stateless
		cfg.Stop = stop
		r, err = explore.Stateless(m, cfg)
		found = findings{verdict: r.Verdict, outcomes: r.Outcomes, limit: r.Limit, runs: &r}
	default:
		var r explore.Result
		r, err = a.searchStates(m, f.config, stop)
		found = findings{verdict: r.Verdict, outcomes: r.Outcomes, limit: r.Limit, states: &r}
	}
	for i := range found.outcomes {
		found.outcomes[i].Detail = inFlags.Replace(found.outcomes[i].Detail)
	}
	found.seconds = time.Since(begun).Seconds()
	if r := found.sampled; r != nil && r.Runs < f.schedules && found.verdict != properties.Fail {
		found.limit = "interrupted"
	}
	return found, err
}

// tellRuns tells how many runs there have been, until end is called. The stop that it returns
// is asked once for each run.
func (a *app) tellRuns(stop func() bool) (counting func() bool, end func()) {
	var runs atomic.Uint64
	begun := time.Now()
	bar := startTelling(a.err, func() string {
		n := runs.Load()
		return fmt.Sprintf("%d runs, %.0f/s", n, float64(n)/max(time.Since(begun).Seconds(), 1e-3))
	})
	return func() bool { runs.Add(1); return stop() }, bar.stop
}

// searchStates visits states, and tells how far it is.
func (a *app) searchStates(m explore.Model, cfg explore.Config, stop func() bool) (explore.Result, error) {
	begun := time.Now()
	var last atomic.Pointer[explore.Progress]
	bar := startTelling(a.err, func() string { return progressText(last.Load(), time.Since(begun)) })
	defer bar.stop()
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	}
	percent := gcPercent
	cfg.Progress = func(p explore.Progress) { // by one at a time
		if now := percentFor(p); now != percent && os.Getenv("GOGC") == "" {
			debug.SetGCPercent(now)
			percent = now
		}
		last.Store(&p)
	}
	cfg.Stop = stop
	return explore.Search(m, cfg)
}

// How much the heap of a search may grow between collections once it holds manyBytes, unless
// GOGC says something: that is tables without pointers mostly, which cost little to collect. Of
// models with manyLocals states of nodes and the observer it is these, and they have more behind
// them than the search counts.
const (
	leanPercent, roomyPercent = 20, 100

	manyBytes  = 100 << 20
	manyLocals = 20_000
)

func percentFor(p explore.Progress) int {
	switch {
	case p.Locals > manyLocals:
		return roomyPercent
	case p.Bytes > manyBytes:
		return leanPercent
	}
	return gcPercent
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

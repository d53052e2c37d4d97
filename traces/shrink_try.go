package traces

import (
	"context"
	"slices"

	"phoenix/properties"
	"phoenix/properties/scenario"
	"phoenix/sim"
)

// shrinker is a shrinking under way.
type shrinker struct {
	ctx      context.Context
	s        *scenario.Scenario
	opt      ShrinkOptions
	property quoted
	kind     properties.Kind

	best     *trial
	state    Shrinking
	memo     map[fingerprint]*trial
	patience uint64 // events that a run may take
	wild     bool   // the failure itself is excessive
	skip     int    // candidates that an earlier shrinking has tried
	runs     int
	events   uint64
}

func newShrinker(ctx context.Context, s *scenario.Scenario, f *Failure, opt ShrinkOptions) *shrinker {
	if opt.Runs == 0 {
		opt.Runs = DefaultShrinkRuns
	}
	if opt.Events == 0 {
		opt.Events = DefaultShrinkEvents
	}
	opt.Width = max(opt.Width, 1)
	if opt.Parallel == nil {
		opt.Parallel = func(n int, run func(int)) {
			for i := range n {
				run(i)
			}
		}
	}
	return &shrinker{ctx: ctx, s: s, opt: opt, property: f.Property, memo: map[fingerprint]*trial{}}
}

// trial is a draft and what became of it.
type trial struct {
	failed  *properties.Outcome // nil unless it failed like the failure that is being shrunk
	measure measure             // if it failed so
	draft   *draft              // this and what follows are nil unless it failed so, and in the memory
	result  *scenario.Result
	account *account
	events  uint64
	bound   uint64 // after which the run was not followed; 0: it came to its end
	counted bool   // among the runs
}

// over reports whether the shrinking has to end.
func (sh *shrinker) over() bool {
	return sh.runs >= sh.opt.Runs || sh.events >= sh.opt.Events || sh.ctx.Err() != nil
}

// attempt runs a draft. One that makes no sense has no events.
func (sh *shrinker) attempt(d *draft) *trial {
	t := &trial{}
	if len(d.scripts) != d.cfg.Clients || sh.s.Validate(&d.cfg) != nil {
		return t
	}
	if sh.best != nil && (sh.hasty(d) || !sh.wild && sh.excessive(d)) {
		return t
	}
	cfg := d.cfg
	acc := newAccount(&cfg)
	if sh.best != nil { // one that gets lost is not followed to its end
		cfg.Events = min(cfg.Events, sh.patience)
	}
	r := sh.s.Run(scenario.Options{
		Seed: d.seed, Config: &cfg, Scripts: d.scripts, Chooser: sim.Replay(d.picks), Watch: acc.watch,
	})
	t.events = r.Events
	if cfg.Events < d.cfg.Events && r.Events >= cfg.Events {
		t.bound = cfg.Events
		return t
	}
	if o := r.Failed(); sh.like(o) {
		r.Config.Events = d.cfg.Events
		t.failed, t.draft, t.result, t.account = o, d, r, acc
		t.measure = d.measure(t.events)
	}
	return t
}

// hasty reports whether what is to come about in the end has less time for it than it had,
// or faults that do not end: without a bug it would not come about either.
func (sh *shrinker) hasty(d *draft) bool {
	return sh.kind == properties.Eventually && d.cfg.Heal < sh.best.draft.cfg.Heal
}

// whole returns a trial of a draft with all that the memory may have put away.
func (sh *shrinker) whole(t *trial, d *draft) *trial {
	if t.result == nil {
		return sh.attempt(d)
	}
	c := *t
	return &c
}

// putAway leaves of some trials in the memory what is small: their runs may be long.
func (sh *shrinker) putAway(keys []fingerprint) {
	for _, key := range keys {
		t := sh.memo[key]
		t.draft, t.result, t.account = nil, nil, nil
	}
}

// first tries drafts and takes the first, in their order, that fails alike and is
// smaller than the best. It returns its position, or -1.
func (sh *shrinker) first(drafts []*draft) int {
	known := min(sh.skip, len(drafts))
	sh.skip -= known
	for from := known; from < len(drafts); from += sh.opt.Width {
		part := drafts[from:min(from+sh.opt.Width, len(drafts))]
		if sh.over() {
			return -1
		}
		if i := sh.firstOf(part); i >= 0 {
			return from + i
		}
	}
	return -1
}

// firstOf is first for drafts that are tried side by side.
func (sh *shrinker) firstOf(drafts []*draft) int {
	keys := sh.look(drafts)
	defer sh.putAway(keys)
	for i, key := range keys {
		if sh.over() {
			return -1
		}
		t := sh.memo[key]
		sh.spend(t)
		sh.state.Step++
		if sh.alike(t) && sh.best.larger(t) {
			sh.accept(sh.whole(t, drafts[i]))
			return i
		}
	}
	return -1
}

// alike reports whether a trial failed alike, within the events that a run may take
// now: those of a batch may have been allowed more.
func (sh *shrinker) alike(t *trial) bool { return t.failed != nil && t.events < sh.patience }

// look fills the memory with what becomes of drafts, and returns their keys. What was
// not followed for as long as it would be now is run again.
func (sh *shrinker) look(drafts []*draft) []fingerprint {
	keys := make([]fingerprint, len(drafts))
	var fresh []int
	for i, d := range drafts {
		keys[i] = d.key()
		known := sh.memo[keys[i]]
		if (known == nil || 0 < known.bound && known.bound < sh.patience) && !slices.Contains(keys[:i], keys[i]) {
			fresh = append(fresh, i)
		}
	}
	trials := make([]*trial, len(fresh))
	sh.opt.Parallel(len(fresh), func(i int) { trials[i] = sh.attempt(drafts[fresh[i]]) })
	for i, at := range fresh {
		if known := sh.memo[keys[at]]; known != nil {
			trials[i].counted = known.counted
		}
		sh.memo[keys[at]] = trials[i]
	}
	return keys
}

// spend counts a run when its turn has come, not when it was made: a batch looks
// ahead.
func (sh *shrinker) spend(t *trial) {
	if t.counted || t.events == 0 {
		return
	}
	t.counted = true
	sh.runs++
	if !sh.state.Done { // then it was only looked at again
		sh.state.Runs++
	}
	sh.events += min(t.events, sh.patience)
	if sh.opt.Tried != nil {
		sh.opt.Tried(sh.runs)
	}
}

// accept takes a trial for the best.
func (sh *shrinker) accept(t *trial) {
	sh.best = t
	sh.state.Idle, sh.state.Step, sh.skip = 0, 0, 0
	sh.patience = min(sh.patience, 2*t.events+5000)
	if sh.opt.Accepted != nil {
		sh.opt.Accepted(sh.failure())
	}
}

// thin takes away from a list that has n parts now as many as it can: halves, then
// quarters, down to single ones, from the end. without returns drafts that lack the
// parts from lo to hi, the most promising first.
func (sh *shrinker) thin(n func() int, without func(lo, hi int) []*draft) {
	for size := n(); size >= 1; size /= 2 {
		for hi := n(); hi > 0 && !sh.over(); {
			var batch []*draft
			var los []int
			for h := hi; h > 0 && len(batch) < sh.opt.Width; h -= size {
				lo := max(0, h-size)
				for _, d := range without(lo, h) {
					batch, los = append(batch, d), append(los, lo)
				}
			}
			if k := sh.first(batch); k >= 0 {
				hi = min(los[k], n())
			} else {
				hi -= size * max(1, distinct(los))
			}
		}
	}
}

// distinct returns how many different numbers a list has in which equal ones stand
// together.
func distinct(list []int) int { return len(slices.Compact(slices.Clone(list))) }

// edit changes a draft that nobody else has.
type edit func(d *draft)

// simplify tries edits in groups: of each group the first that helps counts. edits
// returns the groups for the best so far; a success leaves the numbering of the later
// groups as it is.
func (sh *shrinker) simplify(edits func(t *trial) [][]edit) {
	for at := 0; !sh.over(); {
		groups := edits(sh.best)
		if at >= len(groups) {
			return
		}
		var batch []*draft
		var group []int
		next := at
		for ; next < len(groups) && len(batch) < sh.opt.Width; next++ {
			for _, e := range groups[next] {
				d := sh.best.draft.clone()
				e(d)
				batch, group = append(batch, d), append(group, next)
			}
		}
		if k := sh.first(batch); k >= 0 {
			next = group[k] + 1
		}
		at = next
	}
}

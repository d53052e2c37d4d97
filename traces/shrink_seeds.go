package traces

import (
	"slices"
	"time"

	"phoenix/network"
)

// How many other seeds a reduction is tried with, and one that is of faults.
const (
	otherChances = 16
	faultChances = 64
)

// otherSeeds tries reductions that failed, now with other chances: with other seeds, and
// with other messages for the faults of single ones. What is left to chance may then come
// about without what was taken away. It comes last, when nothing else finds anything
// smaller.
func (sh *shrinker) otherSeeds() {
	for again := true; again && !sh.over(); {
		again = slices.ContainsFunc(sh.best.reductions(), func(d *draft) bool { return sh.first(sh.best.chances(d)) >= 0 })
	}
}

// chances returns drafts that are d but for chance.
func (t *trial) chances(d *draft) []*draft {
	var all []*draft
	add := func(change func(d *draft)) {
		c := d.clone()
		change(c)
		all = append(all, c)
	}
	n := uint64(otherChances)
	fewer := len(d.cfg.Faults) < len(t.draft.cfg.Faults)
	if fewer {
		n = faultChances
	}
	for i := range n {
		add(func(d *draft) { d.seed = i })
	}
	for i := range d.cfg.Faults {
		f := &d.cfg.Faults[i]
		for _, number := range smallerNumbers(f) {
			add(func(d *draft) { d.cfg.Faults[i].N = number })
			for _, by := range lateness {
				if f.By > 0 && fewer {
					add(func(d *draft) { d.cfg.Faults[i].N, d.cfg.Faults[i].By = number, by })
				}
			}
		}
		if fewer && !isMessage(f) {
			for _, at := range plainer(f.At) {
				add(func(d *draft) { d.cfg.Faults[i].At = at })
			}
		}
	}
	return all
}

// lateness is by how much messages are tried to be late.
var lateness = []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}

// reductions returns drafts that are smaller by one thing.
func (t *trial) reductions() []*draft {
	var all []*draft
	add := func(change func(d *draft)) {
		d := t.draft.clone()
		change(d)
		all = append(all, d)
	}
	for i := range t.draft.cfg.Faults {
		add(func(d *draft) { d.cfg.Faults = d.cfg.Faults.Without(i) })
	}
	if noisy, _ := t.draft.noises(); noisy > 0 || t.draft.cfg.Links.Delay.Min() != t.draft.cfg.Links.Delay.Max() {
		add(quiet(network.Constant(time.Millisecond)))
		add(quiet(network.Constant(leading(t.draft.cfg.Links.Delay.Mean(), 1, true))))
		for _, e := range single {
			add(e)
		}
	}
	for c, script := range t.draft.scripts {
		for i := range script {
			all = append(all, t.without(map[place]bool{{c, i}: true}, true))
		}
	}
	if len(t.account.order(t.draft.scripts)) == 0 {
		n := t.draft.cfg.Workload.Operations
		for _, fewer := range []int{1, 2, n / 2, n - 1} {
			if 0 < fewer && fewer < n {
				add(func(d *draft) { d.cfg.Workload.Operations = fewer })
			}
		}
	}
	all = append(all, t.withoutClients()...)
	return slices.Concat(all, t.withoutServers())
}

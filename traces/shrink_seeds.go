package traces

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
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
	for d := range sh.best.reductions {
		if sh.over() || sh.first(sh.best.chances(d)) >= 0 {
			return // the other passes are cheaper
		}
	}
}

// chances returns drafts that are d but for chance.
func (t *trial) chances(d *draft) []*draft {
	var all []*draft
	add := func(change func(d *draft)) {
		c := *d // nothing else that they share is changed
		c.cfg.Faults = slices.Clone(d.cfg.Faults)
		change(&c)
		all = append(all, &c)
	}
	n := uint64(otherChances)
	fewer := len(d.cfg.Faults) < len(t.draft.cfg.Faults)
	if fewer {
		n = faultChances
		if d.cfg.Links.Delay.Min() != d.cfg.Links.Delay.Max() {
			n = delayChances
		}
	}
	for i := range n {
		add(func(d *draft) { d.seed = i })
	}
	if !fewer {
		return all
	}
	for i := range d.cfg.Faults {
		f := &d.cfg.Faults[i]
		for _, number := range smallerNumbers(f) {
			add(func(d *draft) { d.cfg.Faults[i].N = number })
			for _, by := range lateness {
				if f.By > 0 {
					add(func(d *draft) { d.cfg.Faults[i].N, d.cfg.Faults[i].By = number, by })
				}
			}
		}
		if !isMessage(f) {
			for _, at := range plainer(f.At) {
				add(func(d *draft) { d.cfg.Faults[i].At = at })
			}
		}
	}
	return all
}

// lateness is by how much messages are tried to be late.
var lateness = []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}

// reductions yields drafts that are smaller by one thing.
func (t *trial) reductions(yield func(*draft) bool) {
	for _, change := range t.reducing() {
		d := t.draft.clone()
		change(d)
		if !yield(d) {
			return
		}
	}
	for _, hosts := range []func() []*draft{t.withoutClients, t.withoutServers} {
		for _, d := range hosts() {
			if !yield(d) {
				return
			}
		}
	}
}

// reducing returns the edits of reductions, but for those of hosts.
func (t *trial) reducing() []edit {
	var all []edit
	if plan := t.draft.cfg.Faults; len(plan)-len(plan.Keep(isNoHold)) > 1 {
		for _, kept := range []func(int, *chaos.Fault) bool{
			func(int, *chaos.Fault) bool { return false },
			isNoHold,
		} {
			for _, delay := range wavering {
				all = append(all, func(d *draft) {
					d.cfg.Faults = d.cfg.Faults.Keep(kept)
					d.cfg.Links.Delay = delay
				})
			}
		}
	}
	all = append(all, t.joined()...)
	for i := range t.draft.cfg.Faults {
		all = append(all, func(d *draft) { d.cfg.Faults = d.cfg.Faults.Without(i) })
	}
	if noisy, _ := t.draft.noises(); noisy > 0 || t.draft.cfg.Links.Delay.Min() != t.draft.cfg.Links.Delay.Max() {
		all = append(all, quiet(network.Constant(time.Millisecond)))
		all = append(all, quiet(network.Constant(leading(t.draft.cfg.Links.Delay.Mean(), 1, true))))
		all = append(all, single...)
	}
	for c, script := range t.draft.scripts {
		for i := range script {
			all = append(all, func(d *draft) { *d = *t.without(map[place]bool{{c, i}: true}, true) })
		}
	}
	if len(t.account.order(t.draft.scripts)) == 0 {
		n := t.draft.cfg.Workload.Operations
		for _, fewer := range []int{1, 2, n / 2, n - 1} {
			if 0 < fewer && fewer < n {
				all = append(all, func(d *draft) { d.cfg.Workload.Operations = fewer })
			}
		}
	}
	return all
}

// wavering are delays that may take the place of those of single messages.
var wavering = []network.Delay{
	network.Uniform(time.Millisecond, 10*time.Millisecond), network.Exponential(10 * time.Millisecond),
}

func isNoHold(_ int, f *chaos.Fault) bool { return f.Kind != chaos.Hold }

// joined returns edits by which a moment's cut of a server from the others takes the
// place of two faults, of which one is of a message that it sent then.
func (t *trial) joined() []edit {
	var all []edit
	plan := t.draft.cfg.Faults
	for i := range plan {
		at, ok := t.account.sentAt(&plan[i])
		var others []string
		for s := range t.draft.cfg.Servers {
			if name := hostName("s", s); name != plan[i].On.String() {
				others = append(others, name)
			}
		}
		if !ok || len(others) == 0 || len(others) == t.draft.cfg.Servers {
			continue
		}
		for j := range plan {
			if j == i {
				continue
			}
			for _, lasts := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond} {
				all = append(all, func(d *draft) {
					d.cfg.Faults[i] = chaos.Fault{
						Kind: chaos.Partition, Mode: chaos.OneWay, At: at, For: lasts,
						Groups: []chaos.Target{plan[i].On, chaos.Hosts(others...)},
					}
					d.cfg.Faults = d.cfg.Faults.Without(j)
				})
			}
		}
	}
	return all
}

package traces

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
	simdisk "phoenix/sim/disk"
)

// quieten switches off what is not a fault of the plan: the noise of links, regions,
// slow disks, the healed phase, all at once or one by one. What is left takes a plain time.
func (sh *shrinker) quieten() {
	links := &sh.best.draft.cfg.Links
	const ms = time.Millisecond
	delays := []time.Duration{ms, 5 * ms, 10 * ms, leading(links.Delay.Mean(), 1, true)}
	var all []edit
	for _, delay := range delays {
		all = append(all, quiet(network.Constant(delay)))
	}
	all = append(all, quiet(links.Delay))
	for _, e := range slices.Clone(all) { // what is stuck is judged in the healed phase
		all = append(all, func(d *draft) {
			heal := d.cfg.Heal
			e(d)
			d.cfg.Heal = heal
		})
	}
	sh.simplify(func(*trial) [][]edit {
		groups := [][]edit{all}
		for _, e := range single {
			groups = append(groups, []edit{e})
		}
		var constant []edit
		for _, delay := range delays {
			constant = append(constant, func(d *draft) { d.cfg.Links.Delay = network.Constant(delay) },
				func(d *draft) { d.pace(sh.best, delay) })
		}
		return append(groups, constant)
	})
}

// pace gives all messages one delay, and has each operation begin when it did in t: if
// delays were the same before, operations take as much longer as messages do.
func (d *draft) pace(t *trial, delay time.Duration) {
	before := max(d.cfg.Links.Delay.Mean(), 1)
	d.cfg.Links.Delay = network.Constant(delay)
	for c, script := range d.scripts {
		var free sim.Time
		for i := range script {
			if ran, ok := t.account.span(place{c, i}); ok {
				script[i].Wait = max(0, ran.from.Sub(free))
				lasts := min(ran.to.Sub(ran.from), time.Minute)
				free = ran.from.Add(time.Duration(float64(lasts) * (float64(delay) / float64(before))))
			}
		}
	}
}

// quiet returns the edit to links that only delay, disks that take no time and one
// place for all.
func quiet(delay network.Delay) edit {
	return func(d *draft) {
		d.cfg.Links, d.cfg.Heal = network.Link{Delay: delay}, 0
		d.cfg.Regions, d.cfg.Disk, d.cfg.Interleave, d.picks = nil, simdisk.Config{}, false, nil
	}
}

// single are the parts of quiet.
var single = []edit{
	func(d *draft) { d.cfg.Heal = 0 },
	func(d *draft) { d.cfg.Links.Loss = 0 },
	func(d *draft) { d.cfg.Links.Burst = network.GilbertElliott{} },
	func(d *draft) { d.cfg.Links.Duplicate = 0 },
	func(d *draft) { d.cfg.Links.Reorder, d.cfg.Links.ReorderBy = 0, network.Delay{} },
	func(d *draft) { d.cfg.Links.Corrupt = 0 },
	func(d *draft) { d.cfg.Links.Bandwidth, d.cfg.Links.Queue = 0, 0 },
	func(d *draft) { d.cfg.Links.Ordered = false },
	func(d *draft) { d.cfg.Regions = nil },
	func(d *draft) { d.cfg.Racks = nil },
	func(d *draft) { d.cfg.Disk = simdisk.Config{} },
	func(d *draft) { d.cfg.Disk.Sync, d.cfg.Disk.Write = simdisk.Latency{}, simdisk.Latency{} },
	func(d *draft) { d.cfg.Interleave, d.picks = false, nil },
}

// plainConfig makes plain what is left of the configuration: nothing is needed after the
// failure, and of the workload only what the operations do not say themselves.
func (sh *shrinker) plainConfig() {
	sh.simplify(func(t *trial) [][]edit {
		cfg := &t.draft.cfg
		var until, heal []edit
		end := min(cfg.Until, time.Duration(t.result.Virtual))
		for _, v := range []time.Duration{end / 4, end / 2, end - end/4, end} {
			for _, digits := range []int{1, 2} {
				round := leading(v, digits, true)
				until = append(until, func(d *draft) { d.cfg.Until = round })
			}
		}
		for _, v := range plainer(cfg.Heal) {
			heal = append(heal, func(d *draft) { d.cfg.Heal = v })
		}
		return [][]edit{heal, until, {tidyWorkload}, {func(d *draft) { d.cfg.CheckMutation = false }}}
	})
}

// tidyWorkload has the parameters of the workload fit the operations.
func tidyWorkload(d *draft) {
	longest := 0
	for _, script := range d.scripts {
		longest = max(longest, len(script))
	}
	w := &d.cfg.Workload
	if longest > 0 {
		w.Operations, w.Keys = longest, 1
		for i := range d.keys() {
			if slices.Contains(d.keys(), nodes.KeyName(i)) {
				w.Keys = i + 1
			}
		}
	}
	w.Reads, w.CAS, w.Think = 0, 0, network.Delay{}
}

// plainChoices takes the first alternative of decisions, of as many as it can.
func (sh *shrinker) plainChoices() {
	picked := func() []int {
		var at []int
		for i, p := range sh.best.result.Picks {
			if p.Picked > 0 {
				at = append(at, i)
			}
		}
		return at
	}
	sh.thin(func() int { return len(picked()) }, func(lo, hi int) []*draft {
		d := sh.best.draft.clone()
		d.picks = slices.Clone(sh.best.result.Picks)
		for _, i := range picked()[lo:hi] {
			d.picks[i].Picked = 0
		}
		d.picks = d.picks[:lastChoice(d.picks)]
		return []*draft{d}
	})
}

// lastChoice returns how many decisions there are up to the last that is not for the
// first alternative: where a tape has ended, that is taken.
func lastChoice(picks []sim.Pick) int {
	n := len(picks)
	for n > 0 && picks[n-1].Picked == 0 {
		n--
	}
	return n
}

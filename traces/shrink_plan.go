package traces

import (
	"slices"
	"time"

	"phoenix/network"
	"phoenix/resilience/chaos"
	"phoenix/sim"
)

// dropFaults takes faults away.
func (sh *shrinker) dropFaults() {
	sh.thin(func() int { return len(sh.best.draft.cfg.Faults) }, func(lo, hi int) []*draft {
		d := sh.best.draft.clone()
		d.cfg.Faults = d.cfg.Faults.Keep(func(i int, _ *chaos.Fault) bool { return i < lo || i >= hi })
		return []*draft{d}
	})
}

// targetsOf returns whom a fault names, to be changed.
func targetsOf(f *chaos.Fault) []*chaos.Target {
	all := []*chaos.Target{&f.On, &f.To}
	for i := range f.Groups {
		all = append(all, &f.Groups[i])
	}
	return all
}

// named is a name in a target of a fault.
type named struct{ fault, target, name int }

// allNames returns every name that could be left out.
func allNames(plan chaos.Plan) []named {
	var all []named
	for i := range plan {
		if isMessage(&plan[i]) {
			continue
		}
		for j, t := range targetsOf(&plan[i]) {
			for k := range t.Of {
				if len(t.Of) > 1 || j >= 2 {
					all = append(all, named{i, j, k})
				}
			}
		}
	}
	return all
}

// crashing counts the servers that a plan crashes, at most. A name that is not a server's
// may be anybody's.
func (d *draft) crashing() int {
	victims := map[string]bool{}
	for i := range d.cfg.Faults {
		f := &d.cfg.Faults[i]
		if f.Kind != chaos.Crash {
			continue
		}
		for _, name := range f.On.Of {
			switch prefix, _, ok := hostNumber(name); {
			case !ok && name != "clients":
				return d.cfg.Servers // it may be anybody
			case ok && prefix == 's':
				victims[name] = true
			}
		}
	}
	return len(victims)
}

// excessive reports whether servers that forget what they promised when they crash are
// crashed too many to be expected to get over it: it would be another story.
func (sh *shrinker) excessive(d *draft) bool {
	return sh.s.Forgetful && d.crashing() > max(0, (d.cfg.Servers-1)/2)
}

// dropTargets has faults concern fewer hosts.
func (sh *shrinker) dropTargets() {
	sh.thin(func() int { return len(allNames(sh.best.draft.cfg.Faults)) }, func(lo, hi int) []*draft {
		d := sh.best.draft.clone()
		names := allNames(d.cfg.Faults)[lo:hi]
		for _, n := range slices.Backward(names) {
			t := targetsOf(&d.cfg.Faults[n.fault])[n.target]
			t.Of = slices.Delete(t.Of, n.name, n.name+1)
		}
		for i := range d.cfg.Faults {
			f := &d.cfg.Faults[i]
			f.Groups = slices.DeleteFunc(f.Groups, func(t chaos.Target) bool { return len(t.Of) == 0 })
		}
		return []*draft{d}
	})
}

// plainFaults makes each fault plain: early, short, of round numbers, of certain effect,
// on hosts by name.
func (sh *shrinker) plainFaults() {
	sh.simplify(func(t *trial) [][]edit {
		var groups [][]edit
		for i := range t.draft.cfg.Faults {
			at := func(d *draft) *chaos.Fault { return &d.cfg.Faults[i] }
			groups = append(groups, sh.plainFault(at(t.draft), at)...)
		}
		return groups
	})
}

// plainFault returns edits of one fault, which at finds in a draft.
func (sh *shrinker) plainFault(f *chaos.Fault, at func(*draft) *chaos.Fault) [][]edit {
	set := func(change func(f *chaos.Fault)) edit { return func(d *draft) { change(at(d)) } }
	durations := func(now time.Duration, field func(f *chaos.Fault) *time.Duration) []edit {
		var tries []edit
		for _, v := range plainer(max(now, -now)) {
			if now < 0 {
				v = -v
			}
			tries = append(tries, set(func(f *chaos.Fault) { *field(f) = v }))
		}
		return tries
	}
	variety := sh.plainMode(f, set)
	if f.Prob > 0 && f.Prob < sim.Certain {
		variety = append(variety, set(func(f *chaos.Fault) { f.Prob = sim.Certain }))
	}
	if !f.Delay.IsZero() && f.Delay.Min() != f.Delay.Max() {
		for _, v := range []time.Duration{f.Delay.Max(), f.Delay.Mean()} {
			variety = append(variety, set(func(f *chaos.Fault) { f.Delay = network.Constant(leading(v, 1, true)) }))
		}
	}
	switch f.Kind {
	case chaos.Reorder: // what is held back for so long anyway
		for _, v := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, f.Delay.Max()} {
			variety = append(variety, set(func(f *chaos.Fault) {
				f.Kind, f.Prob, f.Delay = chaos.Slowness, 0, network.Constant(leading(v, 1, true))
			}))
		}
	case chaos.Swizzle:
		variety = append(variety, set(func(f *chaos.Fault) { f.Kind, f.Mode = chaos.Clog, chaos.Of }))
	}
	if f.Name != "" {
		variety = append(variety, func(d *draft) { unname(d, at(d).Name) })
	}
	return [][]edit{
		variety,
		durations(f.For, func(f *chaos.Fault) *time.Duration { return &f.For }),
		durations(f.At, func(f *chaos.Fault) *time.Duration { return &f.At }),
		durations(f.By, func(f *chaos.Fault) *time.Duration { return &f.By }),
		durations(f.Every, func(f *chaos.Fault) *time.Duration { return &f.Every }),
		sh.plainTargets(f, set),
	}
}

// plainMode returns edits to plainer varieties.
func (sh *shrinker) plainMode(f *chaos.Fault, set func(func(*chaos.Fault)) edit) []edit {
	var tries []edit
	modes := func(modes ...string) {
		for _, m := range modes {
			if m != f.Mode {
				tries = append(tries, set(func(f *chaos.Fault) { f.Mode = m }))
			}
		}
	}
	switch f.Kind {
	case chaos.Crash:
		modes(chaos.KeepNothing)
	case chaos.Partition:
		if len(f.Groups) == 2 {
			modes(chaos.Partial)
			tries = append(tries, set(func(f *chaos.Fault) { f.Mode = chaos.OneWay }),
				set(func(f *chaos.Fault) { f.Mode = chaos.OneWay; slices.Reverse(f.Groups) }))
		}
	}
	if f.Kind == chaos.Partition && (len(f.Groups) > 2 || f.Mode == chaos.Ring || f.Mode == chaos.Bridge) {
		tries = append(tries, pairs(f, set)...)
	}
	for _, n := range smallerNumbers(f) {
		tries = append(tries, set(func(f *chaos.Fault) { f.N = n }))
	}
	return tries
}

// earlyMessages is how many messages of a link are tried in the place of a later one.
const earlyMessages = 24

// smallerNumbers returns what may take the place of a fault's number: a message may do
// as well as a later one.
func smallerNumbers(f *chaos.Fault) []int64 {
	if !isMessage(f) {
		return slices.DeleteFunc([]int64{1, f.N / 4, f.N / 2}, func(n int64) bool { return n <= 0 || n >= f.N })
	}
	var all []int64
	for n := int64(1); n < f.N && n <= earlyMessages; n++ {
		all = append(all, n)
	}
	return all
}

// pairs returns edits to partitions of two hosts that are in f.
func pairs(f *chaos.Fault, set func(func(*chaos.Fault)) edit) []edit {
	const most = 8
	var names []string
	for _, g := range f.Groups {
		names = append(names, g.Of...)
	}
	var tries []edit
	for i, a := range names[:min(most, len(names))] {
		for _, b := range names[:i] {
			tries = append(tries, set(func(f *chaos.Fault) {
				f.Mode, f.Groups = chaos.Partial, []chaos.Target{chaos.Hosts(b), chaos.Hosts(a)}
			}))
		}
	}
	return tries
}

// plainTargets returns edits that name a host where some are picked of many.
func (sh *shrinker) plainTargets(f *chaos.Fault, set func(func(*chaos.Fault)) edit) []edit {
	var tries []edit
	cfg := &sh.best.draft.cfg
	for i, t := range targetsOf(f) {
		if t.Count == 0 && t.Share == 0 && !slices.ContainsFunc(t.Of, isIndirect) {
			continue
		}
		for s := range min(cfg.Servers, 9) {
			tries = append(tries, set(func(f *chaos.Fault) { *targetsOf(f)[i] = chaos.Hosts(hostName("s", s)) }))
		}
	}
	return tries
}

// isIndirect reports whether a name is not that of a host: a group, a role or a number.
func isIndirect(name string) bool {
	_, _, ok := hostNumber(name)
	return !ok
}

// unname takes the name off a fault, and what ends it with it.
func unname(d *draft, name string) {
	for i := range d.cfg.Faults {
		if f := &d.cfg.Faults[i]; f.Name == name && f.Kind != chaos.End {
			f.Name = ""
		}
	}
	d.cfg.Faults = d.cfg.Faults.Keep(func(int, *chaos.Fault) bool { return true }) // but for the Ends
}

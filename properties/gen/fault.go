package gen

import (
	"cmp"
	"slices"
	"time"

	"phoenix/resilience/chaos"
	"phoenix/sim"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

// fill draws all of a fault but its kind and its time. Modes and targets that say
// least come first.
var fill = map[chaos.Kind]func(d *draw, t *rapid.T, f *chaos.Fault){
	chaos.Crash: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.On = d.target(t, d.crashing)
		f.Mode = pick(t, "", chaos.KeepAll, chaos.KeepNothing)
	},
	chaos.Restart: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.On, f.Mode = d.target(t, d.crashing), pick(t, "", "wiped")
	},
	chaos.Pause:  func(d *draw, t *rapid.T, f *chaos.Fault) { f.On = d.target(t, d.Cluster.Servers) },
	chaos.Resume: func(d *draw, t *rapid.T, f *chaos.Fault) { f.On = d.target(t, d.Cluster.Servers) },
	chaos.Slow: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.On, f.By = d.target(t, d.Cluster.Servers), span(t, ms, 50*ms)
	},
	chaos.Clock:   fillClock,
	chaos.Disk:    fillDisk,
	chaos.Exhaust: fillExhaust,
	chaos.Byzantine: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.On = d.target(t, d.Cluster.Servers)
		f.Mode = pick(t, "silent", "lie", "equivocate", "replay", "corrupt")
		f.Prob = part(t, sim.Certain)
		if coin(t) {
			f.To = d.target(t, d.hosts)
		}
	},
	chaos.Loss: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.Prob = part(t, sim.Certain)
		d.links(t, f)
	},
	chaos.Slowness: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.Delay = Delays(100*ms).Draw(t, "delay")
		d.links(t, f)
	},
	chaos.Duplicate: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.Prob = part(t, sim.Certain)
		d.links(t, f)
	},
	chaos.Reorder: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.Prob = part(t, sim.Certain)
		if coin(t) {
			f.Delay = Delays(100*ms).Draw(t, "by")
		}
		d.links(t, f)
	},
	chaos.Corrupt: func(d *draw, t *rapid.T, f *chaos.Fault) {
		f.Prob = part(t, sim.Certain)
		d.links(t, f)
	},
	chaos.Clog:      func(d *draw, t *rapid.T, f *chaos.Fault) { d.links(t, f) },
	chaos.Swizzle:   func(d *draw, t *rapid.T, f *chaos.Fault) { f.On = d.target(t, d.Cluster.Servers) },
	chaos.Partition: fillPartition,
	chaos.Lose:      func(d *draw, t *rapid.T, f *chaos.Fault) { d.message(t, f) },
	chaos.Hold: func(d *draw, t *rapid.T, f *chaos.Fault) {
		d.message(t, f)
		f.By = span(t, ms, 200*ms)
	},
	chaos.Repeat: func(d *draw, t *rapid.T, f *chaos.Fault) {
		d.message(t, f)
		f.By = span(t, ms, 200*ms)
	},
}

// target draws whom a fault strikes, of these: one first, then some by name or by
// number, then a group or role if all hosts are meant.
func (d *draw) target(t *rapid.T, of []string) chaos.Target {
	switch shape := below(t, 8); {
	case shape < 5:
		return chaos.Hosts(pick(t, of...))
	case shape == 5:
		return chaos.Hosts(some(t, of)...)
	case shape == 6:
		return chaos.Target{Count: between(t, 1, len(of)), Of: of}
	case len(d.groups) > 0 && (d.full || len(of) >= len(d.Cluster.Servers)):
		return chaos.Hosts(pick(t, d.groups...))
	}
	return chaos.Target{Share: part(t, sim.Certain), Of: of}
}

// links draws on which links messages suffer: those from one host to another first.
// Hosts are drawn for everywhere too, lest it be the shortest to draw.
func (d *draw) links(t *rapid.T, f *chaos.Fault) {
	f.Mode = pick(t, chaos.From, chaos.Between, chaos.Of, chaos.Everywhere)
	sides := d.sides(t, 2)
	if f.Mode != chaos.Everywhere {
		f.On = sides[0]
	}
	if f.Mode == chaos.From || f.Mode == chaos.Between {
		f.To = sides[1]
	}
}

// message draws which message a fault is about: an early one of the first hosts.
func (d *draw) message(t *rapid.T, f *chaos.Fault) {
	order := rapid.Permutation(d.hosts).Draw(t, "order")
	f.On, f.To, f.N = chaos.Hosts(order[0]), chaos.Hosts(order[1]), int64(between(t, 1, 50))
}

// sides draws groups of hosts that have none in common: the first ones, one in each,
// first.
func (d *draw) sides(t *rapid.T, n int) []chaos.Target {
	order := rapid.Permutation(d.hosts).Draw(t, "order")
	sides := make([]chaos.Target, n)
	for i := range sides {
		size := between(t, 1, len(order)-(n-1-i))
		sides[i], order = chaos.Hosts(order[:size]...), order[size:]
	}
	return sides
}

func fillPartition(d *draw, t *rapid.T, f *chaos.Fault) {
	groups := map[string]int{chaos.Complete: 2, chaos.Partial: 2, chaos.OneWay: 2}
	shapes := []string{chaos.Complete, chaos.Partial, chaos.OneWay}
	if len(d.hosts) >= 3 {
		shapes = append(shapes, chaos.Bridge)
		groups[chaos.Bridge] = 3
	}
	const ring = 4 // fewer are all neighbours
	if len(d.hosts) >= ring {
		shapes = append(shapes, chaos.Ring)
	}
	f.Mode = pick(t, shapes...)
	if f.Mode == chaos.Ring {
		order := rapid.Permutation(d.hosts).Draw(t, "order")
		f.Groups = []chaos.Target{chaos.Hosts(order[:between(t, ring, len(order))]...)}
		return
	}
	n := groups[f.Mode]
	if f.Mode == chaos.Complete || f.Mode == chaos.Partial {
		n = between(t, n, min(len(d.hosts), n+1))
	}
	f.Groups = d.sides(t, n)
}

// fillClock draws what is wrong with a clock. Offsets and jumps are up to a minute, and
// back; drifts, within what the cluster survives.
func fillClock(d *draw, t *rapid.T, f *chaos.Fault) {
	f.On = d.target(t, d.Cluster.Servers)
	f.Mode = pick(t, "offset", "jump", "drift")
	sign := 1
	if coin(t) {
		sign = -1
	}
	if f.Mode != "drift" {
		f.By = time.Duration(sign) * span(t, ms, time.Minute)
		return
	}
	most := cmp.Or(d.Cluster.Drift, chaos.DefaultDrift)
	if d.full {
		most = 900_000_000
	}
	f.N = int64(sign) * most * int64(between(t, 1, 100)) / 100
	f.N = cmp.Or(f.N, 1)
}

func fillDisk(d *draw, t *rapid.T, f *chaos.Fault) {
	modes := []string{"slow", "stall", "torn"}
	switch {
	case d.full:
		modes = append(modes, "full", "read-error", "write-error", "sync-error", "misdirected", "rot",
			"lost-write", "lost-rename")
	case len(d.Cluster.Disk) > 0:
		modes = d.Cluster.Disk
	}
	f.On, f.Mode = d.target(t, d.Cluster.Servers), pick(t, modes...)
	switch {
	case f.Mode == "slow":
		f.By = span(t, ms, 100*ms)
	case !slices.Contains([]string{"full", "stall"}, f.Mode):
		f.Prob = part(t, sim.Certain)
	}
}

func fillExhaust(d *draw, t *rapid.T, f *chaos.Fault) {
	f.On, f.Mode = d.target(t, d.Cluster.Servers), pick(t, "inbox", "bandwidth", "disk")
	switch f.Mode {
	case "inbox":
		f.N = int64(between(t, 1, 8))
	case "bandwidth":
		f.N = 1000 * int64(between(t, 1, 1000))
	case "disk":
		f.N = 512 * int64(below(t, 64))
	}
}

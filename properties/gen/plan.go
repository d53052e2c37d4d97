package gen

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"phoenix/resilience/chaos"

	"pgregory.net/rapid"
)

// Faults says which faults to draw, of whom.
//
// Where Classes names none, they are of the classes that the cluster survives, and no
// worse than it survives: a minority of a forgetful one crashes, no disk is wiped,
// clocks stay within Drift and disks fail as Disk says. Classes that are named are
// drawn in full, with every kind and mode.
type Faults struct {
	// Cluster is whom they strike: one server or more, unless Most is 0.
	Cluster chaos.Cluster
	// Cast are the groups and roles that targets may name, besides the hosts.
	Cast chaos.Cast
	// Classes are those to draw from, the simplest first; none means those that the
	// cluster survives.
	Classes []chaos.Class
	// Most is how many faults a plan has at most, each perhaps with what ends it; 0
	// means DefaultFaults, and less than 0 none.
	Most int
	// Within is the time in which they begin, and how long they last at most; 0 means
	// a second.
	Within time.Duration
}

// DefaultFaults is how many faults a plan has where nothing else is said.
const DefaultFaults = 4

// Plans draws plans that are valid for the hosts of the cluster: few faults first,
// early and short ones, of one host. A plan is in order of time. There are no faults
// in it if the cluster survives nothing that could be drawn.
func (f Faults) Plans() *rapid.Generator[chaos.Plan] {
	d := newDraw(f)
	if f.Most < 0 || len(d.kinds) == 0 {
		return rapid.Just(chaos.Plan(nil))
	}
	return rapid.Custom(func(t *rapid.T) chaos.Plan {
		var plan chaos.Plan
		for i, e := range rapid.SliceOfN(d.episodes(), 0, cmp.Or(f.Most, DefaultFaults)).Draw(t, "faults") {
			if len(e) > 1 {
				name := fmt.Sprintf("f%d", i+1)
				e[0].Name, e[1].Name = name, name
			}
			plan = append(plan, e...)
		}
		return chaos.Merge(plan)
	})
}

// Each draws single faults. It panics if there is nothing to draw.
func (f Faults) Each() *rapid.Generator[chaos.Fault] {
	d := newDraw(f)
	if len(d.kinds) == 0 {
		panic(fmt.Sprintf("gen: no fault of %v to draw for the servers %v", d.classes, f.Cluster.Servers))
	}
	return rapid.Map(d.episodes(), func(e chaos.Plan) chaos.Fault { return e[0] })
}

// draw is how faults of a cluster are drawn.
type draw struct {
	Faults
	full     bool // not only what the cluster survives
	classes  []chaos.Class
	kinds    [][]chaos.Kind // of each class of which there is something to draw
	hosts    []string       // servers first
	crashing []string       // who may crash
	groups   []string       // names of groups and roles
}

func newDraw(f Faults) *draw {
	c := &f.Cluster
	f.Within = cmp.Or(f.Within, time.Second)
	d := &draw{Faults: f, full: len(f.Classes) > 0, classes: f.Classes, crashing: c.Servers}
	if !d.full {
		d.classes = c.Survives
		if c.Forgetful {
			d.crashing = c.Servers[:max(0, len(c.Servers)-1)/2]
		}
	}
	d.hosts = slices.Concat(c.Servers, c.Clients)
	for name, members := range f.Cast.Groups {
		beyond := slices.ContainsFunc(members, func(m string) bool { return !slices.Contains(c.Servers, m) })
		if len(members) > 0 && (d.full || !beyond) {
			d.groups = append(d.groups, name)
		}
	}
	for name := range f.Cast.Roles {
		d.groups = append(d.groups, name)
	}
	slices.Sort(d.groups)
	for _, class := range d.classes {
		of := slices.DeleteFunc(chaos.Kinds(), func(k chaos.Kind) bool { return k.Class() != class || !d.possible(k) })
		if len(of) > 0 {
			d.kinds = append(d.kinds, of)
		}
	}
	return d
}

// possible reports whether a fault of a kind can be drawn.
func (d *draw) possible(k chaos.Kind) bool {
	switch {
	case fill[k] == nil || len(d.Cluster.Servers) == 0:
		return false
	case !d.full && (k == chaos.Restart || k == chaos.Resume):
		return false // crashes and pauses that end say the same, and always mean something
	case k.Class() == chaos.Crashes:
		return len(d.crashing) > 0
	case k.Class() == chaos.Partitions || k.Class() == chaos.Noise:
		return len(d.hosts) > 1
	}
	return true
}

// episodes draws a fault and, if it is ended by name, what ends it: most end of
// themselves, some never.
func (d *draw) episodes() *rapid.Generator[chaos.Plan] {
	return rapid.Custom(func(t *rapid.T) chaos.Plan {
		f := chaos.Fault{Kind: pick(t, pick(t, d.kinds...)...)}
		fill[f.Kind](d, t, &f)
		switch f.Kind {
		case chaos.Lose, chaos.Hold, chaos.Repeat:
			return chaos.Plan{f}
		}
		f.At = span(t, 0, d.Within)
		if !lasts(&f) {
			return chaos.Plan{f}
		}
		length := span(t, time.Millisecond, d.Within/pick[time.Duration](t, 16, 4, 1))
		switch below(t, 8) {
		case 1:
			return chaos.Plan{f}
		case 2:
			return chaos.Plan{f, {Kind: chaos.End, At: f.At + length}}
		}
		f.For = length
		if f.Kind == chaos.Partition && length > 2*time.Millisecond && below(t, 8) == 1 {
			f.Every = span(t, time.Millisecond, length/2)
		}
		return chaos.Plan{f}
	})
}

// lasts reports whether a fault goes on until something ends it.
func lasts(f *chaos.Fault) bool {
	return f.Kind != chaos.Restart && f.Kind != chaos.Resume && !(f.Kind == chaos.Clock && f.Mode == "jump")
}

package chaos

import (
	"phoenix/network"
	"phoenix/sim"
)

// Apply schedules the faults in the world of n, all hosts of which exist, and
// counts them as configured. What is to happen at one instant does so in order of
// the list. It panics if Validate refuses them.
func Apply(n *network.Network, faults []Fault) {
	w := n.World()
	var names []string
	for _, h := range w.Hosts() {
		names = append(names, h.Name())
	}
	if err := Validate(faults, names); err != nil {
		panic("chaos: " + err.Error())
	}
	plan := &plan{n: n, w: w, partitions: map[string]*network.Partition{}}
	for i := range faults {
		plan.schedule(i, &faults[i])
	}
}

type plan struct {
	n          *network.Network
	w          *sim.World
	partitions map[string]*network.Partition // those that began, by name
}

// schedule counts a fault as configured and has it happen.
func (p *plan) schedule(i int, f *Fault) {
	at := sim.Time(f.At)
	end := at.Add(f.For)
	each := func(targets []string, kind string, begin, finish func(*sim.Host)) {
		for _, name := range targets {
			h := p.w.Lookup(name)
			p.w.FaultCount(kind+" "+name).Configured++
			p.w.At(at, func() { begin(h) })
			if f.For > 0 {
				p.w.At(end, func() { finish(h) })
			}
		}
	}
	each(f.Crash, "crash", (*sim.Host).Crash, (*sim.Host).Restart)
	each(f.Restart, "restart", (*sim.Host).Restart, nil)
	each(f.Pause, "pause", (*sim.Host).Pause, (*sim.Host).Resume)
	for _, name := range f.Resume {
		h := p.w.Lookup(name)
		p.w.At(at, h.Resume)
	}
	if f.Partition != nil {
		p.partition(i, f, at, end)
	}
	if f.Heal != "" {
		p.w.At(at, func() { p.heal(f.Heal) })
	}
}

func (p *plan) partition(i int, f *Fault, at, end sim.Time) {
	name := f.Partition.name(i)
	cut := p.cut(f.Partition)
	p.w.FaultCount("partition "+name).Configured++
	p.w.At(at, func() { p.partitions[name] = p.n.Partition(name, cut) })
	if f.For > 0 {
		p.w.At(end, func() { p.heal(name) })
	}
}

func (p *plan) heal(name string) {
	if q := p.partitions[name]; q != nil {
		q.Heal()
	}
}

// cut resolves the names of a partition.
func (p *plan) cut(d *Partition) network.Cut {
	groups := make([][]network.ID, len(d.Groups))
	for i, g := range d.Groups {
		for _, name := range g {
			groups[i] = append(groups[i], p.w.Lookup(name).ID())
		}
	}
	switch d.kind() {
	case OneWay:
		return network.OneWay(groups[0], groups[1])
	case Bridge:
		return network.Bridge(groups[0], groups[2])
	case Ring:
		return network.Ring(groups[0]...)
	}
	return network.Complete(groups...)
}

package chaos

import (
	"slices"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// strikeDisk has disks misbehave. The damage that it leaves lasts until Heal; what
// shows of it counts after the end too. Torn sectors are never whole again: of what
// was not synced nothing was promised, and programs have built on what they found.
func strikeDisk(in *Injection, f *Fault, l *live) {
	fault := disk.Fault{Name: l.name, Prob: f.Prob}
	if err := fault.Kind.UnmarshalText([]byte(f.mode())); err != nil {
		panic("chaos: " + err.Error()) // diskModes are those of the disk
	}
	switch fault.Kind {
	case disk.Slow:
		fault.Prob, fault.Delay = sim.Certain, f.By
	case disk.Full, disk.Stall:
		fault.Prob = sim.Certain
	}
	for _, h := range in.victims(f, l) {
		in.inject(h, l, fault)
	}
}

// inject puts a fault of a disk into force.
func (in *Injection) inject(h *sim.Host, l *live, fault disk.Fault) {
	in.claimed["disk-"+fault.Kind.String()+" "+h.Name()] = true
	x := in.net.Disk(h.ID()).Inject(fault)
	l.count(func() uint64 {
		if fault.Kind == disk.Torn { // a torn sector that nobody believes has done what it can
			return x.Fired
		}
		return x.Effect
	})
	l.onEnd(x.End)
	if fault.Kind != disk.Torn {
		l.onHeal(x.Heal)
	}
}

// strikeExhaust has hosts run out of something.
func strikeExhaust(in *Injection, f *Fault, l *live) {
	switch f.mode() {
	case "inbox":
		in.setting(f, l, "inbox", func(h *sim.Host, all []*Fault) {
			limit := 0 // none
			for _, g := range all {
				if n := int(g.N); limit == 0 || n < limit {
					limit = n
				}
			}
			in.net.SetInbox(h.ID(), limit)
		})
	case "bandwidth": // of each link from and to the host: network has none of hosts
		in.disturb(l, in.around(in.victims(f, l)), network.Noise{Bandwidth: f.N})
	case "disk":
		for _, h := range in.victims(f, l) {
			in.fill(h, f, l)
		}
	}
}

// fill leaves a disk room for so many bytes of writes; then it is full.
func (in *Injection) fill(h *sim.Host, f *Fault, l *live) {
	full := func() {
		if l.inForce() {
			in.inject(h, l, disk.Fault{Kind: disk.Full, Name: l.name, Prob: sim.Certain})
		}
	}
	if f.N == 0 {
		full()
		return
	}
	if in.rooms == nil {
		in.rooms = map[sim.HostID][]*room{}
		in.w.Observe(in.written)
	}
	r := &room{f.N, full}
	in.rooms[h.ID()] = append(in.rooms[h.ID()], r)
	l.onEnd(func() {
		in.rooms[h.ID()] = slices.DeleteFunc(in.rooms[h.ID()], func(other *room) bool { return other == r })
	})
}

// room is what a fault leaves of a disk.
type room struct {
	left int64 // bytes
	full func()
}

// written takes what a host writes off the rooms of its disk.
func (in *Injection) written(e *sim.Event) {
	if e.Kind != sim.Disk || e.N == 0 {
		return
	}
	for _, r := range in.rooms[e.Host] {
		if r.left <= 0 {
			continue
		}
		if r.left -= int64(e.N); r.left <= 0 {
			in.w.At(in.w.Now(), r.full) // an observer leaves the world as it is
		}
	}
}

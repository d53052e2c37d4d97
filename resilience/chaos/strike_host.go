package chaos

import (
	"slices"

	"phoenix/sim"
	"phoenix/sim/disk"
)

// keeps is what the modes of a crash mean to a disk.
var keeps = map[string]disk.Keep{KeepAll: disk.KeepAll, KeepNothing: disk.KeepNothing}

// strikeCrash crashes hosts. One that is down already is not touched, nor booted at
// the end: whatever crashed it decides on that.
func strikeCrash(in *Injection, f *Fault, l *live) {
	for _, h := range in.victims(f, l) {
		if !h.Up() {
			continue
		}
		l.count(in.take("crash " + h.Name()).touched)
		if keep, forced := keeps[f.mode()]; forced {
			d := in.net.Disk(h.ID())
			d.OnCrash(keep)
			h.Crash()
			d.OnCrash(disk.KeepSome)
		} else {
			h.Crash()
		}
		if epoch := h.Epoch(); f.For > 0 {
			in.counter("restart " + h.Name())
			l.onEnd(func() {
				if h.Epoch() == epoch { // it is down since this crash, or up again
					in.boot(h)
				}
			})
		}
	}
}

// boot restarts a host that is down, and reports whether it did.
func (in *Injection) boot(h *sim.Host) bool {
	if h.Up() {
		return false
	}
	in.settle("crash " + h.Name())
	h.Restart()
	return true
}

// strikeRestart boots hosts that are down.
func strikeRestart(in *Injection, f *Fault, l *live) {
	for _, h := range in.victims(f, l) {
		in.counter("restart " + h.Name())
		if f.mode() == wiped && !h.Up() {
			in.net.Disk(h.ID()).Wipe()
		}
		if in.boot(h) {
			l.touch(1)
		}
	}
}

// wiped is the mode of a restart that finds an empty disk.
const wiped = "wiped"

// strikePause pauses hosts. What is paused already goes on when the fault that did
// that ends.
func strikePause(in *Injection, f *Fault, l *live) {
	for _, h := range in.victims(f, l) {
		if !h.Up() || h.Paused() {
			continue
		}
		counter := "pause " + h.Name()
		s := in.take(counter)
		l.count(s.touched)
		h.Pause()
		l.onEnd(func() {
			if in.holders[counter] == s {
				in.settle(counter)
				h.Resume()
			}
		})
	}
}

// strikeResume has paused hosts go on.
func strikeResume(in *Injection, f *Fault, l *live) {
	for _, h := range in.victims(f, l) {
		if !h.Paused() {
			continue
		}
		in.claimed["pause "+h.Name()] = true
		in.settle("pause " + h.Name())
		h.Resume()
		l.touch(1)
	}
}

// strikeSlow slows hosts: by the most that a fault in force says.
func strikeSlow(in *Injection, f *Fault, l *live) {
	in.setting(f, l, "slow", func(h *sim.Host, all []*Fault) {
		by := sim.Duration(0)
		for _, g := range all {
			by = max(by, g.By)
		}
		h.SetSlow(by)
	})
}

// setting changes something about hosts that depends on all faults of that kind and
// mode that are in force there, and changes it again as they end; kind names the
// counter of a host.
func (in *Injection) setting(f *Fault, l *live, kind string, set func(h *sim.Host, all []*Fault)) {
	hosts := in.victims(f, l)
	in.stand(f, l)
	for _, h := range hosts {
		s := in.measure(kind + " " + h.Name())
		l.count(s.touched)
		set(h, in.inForce(f, h))
		l.onEnd(func() {
			s.settle()
			set(h, in.inForce(f, h))
		})
	}
}

// spot is what faults of one sort change about one host, all together.
type spot struct {
	host *sim.Host
	sort string
}

// stand has inForce know a fault until it ends; what else is to happen at its end
// comes after that.
func (in *Injection) stand(f *Fault, l *live) {
	for _, h := range l.hosts {
		s := spot{h, f.Sort()}
		in.standing[s] = append(in.standing[s], f)
	}
	l.onEnd(func() {
		for _, h := range l.hosts {
			s := spot{h, f.Sort()}
			in.standing[s] = slices.DeleteFunc(in.standing[s], func(g *Fault) bool { return g == f })
		}
	})
}

// inForce returns the faults like f that are in force on h, in order of beginning.
func (in *Injection) inForce(f *Fault, h *sim.Host) []*Fault { return in.standing[spot{h, f.Sort()}] }

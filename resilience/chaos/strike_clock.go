package chaos

import "phoenix/sim"

// maxDrift bounds the sum of the drifts of a host, in parts per billion.
const maxDrift = 1e9

// strikeClock sets clocks wrong. Offsets and jumps add up, drifts too, up to
// maxDrift. At the end of an offset or drift the wall clock is as it would be
// without it; timers run on a clock that is never set back. A jump lasts until Heal.
func strikeClock(in *Injection, f *Fault, l *live) {
	hosts := in.victims(f, l)
	in.stand(f, l)
	for _, h := range hosts {
		in.counter("clock " + h.Name())
		switch f.mode() {
		case "offset":
			shift(h, f.By)
			l.onEnd(func() { shift(h, -f.By) })
		case "jump":
			h.Jump(f.By)
			l.onHeal(func() { shift(h, -f.By) })
		case "drift":
			in.drift(f, h)
			l.onEnd(func() { in.drift(f, h) })
		}
		if f.By != 0 || f.N != 0 {
			l.touch(1)
		}
	}
}

// shift moves the offset of a wall clock.
func shift(h *sim.Host, by sim.Duration) { h.SetOffset(h.Now().Sub(h.Monotonic()) + by) }

// drift has h drift as the faults in force say. When the last is over the wall clock
// is set right, as it is by a host that hears of the right time again.
func (in *Injection) drift(f *Fault, h *sim.Host) {
	skew := h.Monotonic().Sub(in.w.Now())
	if _, drifts := in.skews[h]; !drifts {
		in.skews[h] = skew
	}
	all, sum := in.inForce(f, h), int64(0)
	for _, g := range all {
		sum = min(max(sum+g.N, 1-maxDrift), maxDrift)
	}
	h.SetDrift(sum)
	if len(all) == 0 {
		shift(h, in.skews[h]-skew)
		delete(in.skews, h)
	}
}

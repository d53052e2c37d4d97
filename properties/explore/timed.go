package explore

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"phoenix/sim"
)

// Timed makes time part of a model: messages take as long as their bounds allow, and timers
// fire when they are due, neither earlier nor later. Time is discrete: it passes in steps
// of a Tick for all nodes at once, and passes only when nothing is due any more (Lamport,
// "Real-time model checking is really simple", CHARME 2005). Orders that need a finer unit
// than Tick to come about are not explored. The network has to be NonDuplicating.
type Timed struct {
	// Tick is the unit of time, more than 0. What timers are set to is rounded up to it.
	Tick time.Duration
	// Min and Max bound how long a message is under way; multiples of Tick. A message to a
	// node that is down, or over a link that is cut, waits longer.
	Min, Max time.Duration
	// Clocks lets nodes read their clocks, which show the time since the beginning. That
	// makes the time part of the state, so Horizon is needed then; and nodes cannot restart.
	Clocks bool
	// Horizon is when time ends: states at it are not gone on from by a tick. 0 means that
	// it does not; states that differ in the time only are one.
	Horizon time.Duration
}

func (t *Timed) check(m *Model) error {
	switch {
	case t == nil:
		return nil
	case t.Tick <= 0 || t.Min < 0 || t.Max < t.Min || t.Min%t.Tick != 0 || t.Max%t.Tick != 0 || t.Max/t.Tick > maxTicks:
		return fmt.Errorf("%w: delays of %v to %v in ticks of %v: expected multiples of a tick, at most %d",
			ErrModel, t.Min, t.Max, t.Tick, maxTicks)
	case m.Network != NonDuplicating:
		return fmt.Errorf("%w: time on a network that is %v, expected nonduplicating", ErrModel, m.Network)
	case t.Clocks && t.Horizon <= 0:
		return fmt.Errorf("%w: clocks are read, so time needs a Horizon", ErrModel)
	case t.Clocks && m.Faults.Restarts > 0:
		return fmt.Errorf("%w: clocks are read and nodes restart: a node that was down does not know the time", ErrModel)
	case m.Clock != nil:
		return fmt.Errorf("%w: it has both Timed and Clock", ErrModel)
	}
	return nil
}

// maxTicks bounds waits, in ticks.
const maxTicks = 1<<16 - 1

// aged returns a message that arrives after lo to hi ticks.
func (sys *system) aged(base uint32, lo, hi uint16) uint32 {
	m := sys.messages.at(base)
	key := binary.LittleEndian.AppendUint64([]byte("aged"), m.hash)
	key = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(key, lo), hi)
	key = append(key, m.key...)
	return sys.messages.intern(key, func(a *message, key string) {
		a.from, a.to, a.msg, a.key, a.base, a.lo, a.hi = m.from, m.to, m.msg, m.key, base, lo, hi
		a.hash, a.shape = hashOf(hashMessage, key), sys.shape([]byte(key[:16]), m.msg)
	})
}

// dispatch returns what is under way when a message has just been sent.
func (sys *system) dispatch(base uint32) uint32 {
	if t := sys.m.Timed; t != nil {
		return sys.aged(base, uint16(t.Min/t.Tick), uint16(t.Max/t.Tick))
	}
	return base
}

// ticked returns the message a tick later.
func (sys *system) ticked(id uint32) uint32 {
	m := sys.messages.at(id)
	if next := m.ticked.Load(); next != 0 {
		return next
	}
	next := sys.aged(m.base, m.lo-min(m.lo, 1), m.hi-min(m.hi, 1))
	m.ticked.Store(next)
	return next
}

// waits returns in how many ticks each running timer is due.
func (r *run) waits() ([]uint16, error) {
	t := r.sys.m.Timed
	if t == nil {
		return nil, nil
	}
	var all []uint16
	for _, timer := range r.solo.Timers() {
		if !timer.Running() {
			continue
		}
		ticks := (timer.Due().Sub(r.solo.Now()) + t.Tick - 1) / t.Tick
		if ticks > maxTicks {
			return nil, fmt.Errorf("%w: timer %q of %s is set to %v, which is more than %d ticks",
				ErrModel, timer.Name(), r.sys.name(r.host), timer.Due().Sub(r.solo.Now()), maxTicks)
		}
		all = append(all, uint16(max(ticks, 0)))
	}
	return all, nil
}

// tick adds the passing of time, if nothing is due and something will be.
func (x *expander) tick() {
	sys := x.sys
	waiting := false
	for _, id := range x.row[sys.networkAt():][:x.row[rowLength]] {
		m := sys.messages.at(id)
		if x.locals[m.to].down || x.faults.cut != 0 && sys.cuts(x.faults, m.from, m.to) {
			continue
		}
		if m.hi == 0 {
			return
		}
		waiting = true
	}
	for _, l := range x.locals {
		if slices.Contains(l.waits, 0) {
			return
		}
		waiting = waiting || len(l.waits) > 0
	}
	if !waiting && !sys.m.Timed.Clocks {
		return
	}
	for host, l := range x.locals {
		if l.down || l.tick.Load() != nil {
			continue
		}
		if x.learn(x.row[rowLocals+host], l, event{kind: StepTick}) == nil {
			return
		}
	}
	if sys.ended(x.row) {
		return
	}
	x.net = sys.later(x.net[:0], x.row)
	s := succ{kind: StepTick, host: int32(sim.NoHost), at: -1, sum: sumOf(x.net),
		observer: x.row[sys.observerAt()], faults: x.row[sys.faultsAt()]}
	if s.sum != x.sum {
		x.owed = true
		x.succs = append(x.succs, s)
	}
}

// ended reports whether a tick would lead beyond the horizon.
func (sys *system) ended(r row) bool {
	t := sys.m.Timed
	for host := range sys.hosts {
		l := sys.locals.at(r[rowLocals+host])
		if !l.down && t.Horizon > 0 && time.Duration(l.now)+t.Tick > t.Horizon {
			return true
		}
	}
	return false
}

// later appends to dst the row of the state a tick after r, when all nodes' are known.
func (sys *system) later(dst []uint32, r row) []uint32 {
	start := len(dst)
	dst = append(dst, r...)
	next := dst[start:]
	sum := sumOf(r)
	for host := range sys.hosts {
		at := &next[rowLocals+host]
		if out := sys.locals.at(*at).tick.Load(); out != nil {
			*at = out.next
			sum += out.delta
		}
	}
	net := next[sys.networkAt():][:r[rowLength]]
	for i, id := range net {
		net[i] = sys.ticked(id)
		sum += sys.messages.at(net[i]).hash - sys.messages.at(id).hash
	}
	slices.Sort(net)
	setSum(next, sum)
	return dst
}

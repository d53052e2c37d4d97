package explore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// strike has the network lose or copy a message as happens to it on the path.
func (f *follower) strike(l *letter) {
	from, to := l.link[0], l.link[1]
	if from == to {
		return // never lost, and copied by another Send, see deliver
	}
	if l.lost && l.delivered == 0 {
		f.net.Strike(network.Lose(from, to, l.number))
	}
	for range l.delivered - 1 {
		f.net.Strike(network.Repeat(from, to, l.number, f.delay))
	}
}

// take has one step of the path happen, and all that the disk of its node does for it.
func (f *follower) take(a *act, i int) error {
	s := &a.step
	f.at, f.told, f.sent, f.picks = s.Node, 0, 0, s.Picks
	if s.Node != sim.NoHost {
		f.net.NumberOperations(f.operations[s.Node])
	}
	if err := f.happen(a, i); err != nil {
		return err
	}
	if a.crashed {
		if err := f.crashIn(a, i); err != nil {
			return err
		}
	}
	f.settle()
	if s.Node != sim.NoHost {
		f.operations[s.Node] = f.net.Operations()
	}
	return nil
}

// happen has the step itself happen.
func (f *follower) happen(a *act, i int) error {
	s := &a.step
	switch s.Kind {
	case StepBoot:
		return f.next("boot of "+f.p.Name(s.Node), func(o *sim.Pending) bool {
			return o.Kind == sim.Boot && o.Host == s.Node
		})
	case StepDeliver:
		return f.deliver(a)
	case StepTimer:
		timers := f.w.Host(s.Node).Timers()
		k := slices.IndexFunc(timers, func(t *sim.Timer) bool { return t.Name() == s.Name && t.Running() })
		if k < 0 {
			return fmt.Errorf("timer %q of %s does not run", s.Name, f.p.Name(s.Node))
		}
		timers[k].Elapse()
	case StepCrash:
		f.crash(i)
	case StepRestart:
		h := f.w.Host(s.Node)
		f.net.NumberOperations(uint64(f.p.State(i-1).local(s.Node).boots) << 32)
		f.w.At(f.w.Now(), h.Restart) // it happens in settle
	case StepTick:
		f.time = f.time.Add(f.p.sys.m.Timed.Tick)
		f.w.At(f.time, func() {}) // it happens in settle
	case StepCut:
		cuts := f.p.sys.m.Faults.Cuts
		k := slices.IndexFunc(cuts, func(c NamedCut) bool { return c.Name == s.Name })
		f.cut = f.net.ClogAll(fmt.Sprintf("%s, step %d", s.Name, i), cuts[k].Cut)
	case StepMend:
		f.cut.End()
	}
	return nil // a loss or a copy is part of how the message was sent
}

// next has what is wanted happen next.
func (f *follower) next(what string, wanted func(*sim.Pending) bool) error {
	if !f.one(wanted) {
		return fmt.Errorf("%s is not pending", what)
	}
	return nil
}

// one has one pending event happen, and reports whether it is the wanted one.
func (f *follower) one(wanted func(*sim.Pending) bool) bool {
	f.found, f.wanted = false, wanted
	f.w.Run(sim.Limit{Stop: func() bool { return true }})
	return f.found
}

// deliver delivers a message.
func (f *follower) deliver(a *act) error {
	s := &a.step
	content, err := encode(nil, s.Msg)
	if err != nil {
		return err
	}
	if f.copies[a.letter]++; s.From == s.Node && f.copies[a.letter] > 1 {
		f.w.Host(s.Node).Do(func() { f.ends[s.Node].Send(s.Node, s.Msg) })
		f.sent = 0
	}
	what := fmt.Sprintf("%s from %s to %s", words{name: f.p.sys.name}.say(s.Msg), f.p.Name(s.From), f.p.Name(s.Node))
	return f.next(what, func(o *sim.Pending) bool {
		if o.Kind != sim.Deliver || o.Host != s.Node || o.Peer != s.From {
			return false
		}
		other, err := encode(nil, o.Value)
		return err == nil && bytes.Equal(content, other)
	})
}

// isDisk tells the world's own events, which are those of disks and what take and settle
// schedule, from what a path orders.
func isDisk(o *sim.Pending) bool { return o.Kind == 0 }

// settle lets all disks finish what they were asked for.
func (f *follower) settle() {
	for f.finish() {
	}
}

// finish lets the disks do one thing, and reports whether there was one.
func (f *follower) finish() bool {
	idle := false
	f.w.At(f.w.Now(), func() { idle = true }) // behind all that is pending
	f.one(isDisk)
	if idle {
		return false
	}
	for !idle { // what was asked for meanwhile stands behind
		f.one(isDisk)
	}
	return true
}

// crashIn has the node crash in the middle of a step: when it has sent and told as much as
// on the path.
func (f *follower) crashIn(a *act, i int) error {
	enough := func() bool { return f.sent >= len(a.sends) && (f.observer == nil || f.told >= len(a.told)) }
	for !enough() {
		if !f.one(isDisk) {
			return errors.New("it does not send what it sent before it crashed")
		}
	}
	f.crash(i)
	return nil
}

// crash crashes the node whose step it is. Its disk keeps what it has on the path.
func (f *follower) crash(i int) {
	f.w.Host(f.at).Crash()
	if was := f.p.diskOf(i-1, f.at); was != nil {
		f.net.Disk(f.at).Load(f.p.State(i).local(f.at).image)
	}
}

// diskOf returns the disk of a node in a state of the path, nil if it has none.
func (p *Path) diskOf(i int, id network.ID) *disk.Disk {
	s := p.State(i)
	if s.Node(id) == nil {
		return nil
	}
	return s.local(id).live.Load().Disk()
}

// compare returns how the world differs from a state of the path.
func (f *follower) compare(i int) error {
	s := f.p.State(i)
	for id := range network.ID(f.p.sys.hosts) {
		if err := f.compareNode(s, i, id); err != nil {
			return fmt.Errorf("%s %w", f.p.Name(id), err)
		}
	}
	if f.observer != nil && !same(f.observer, s.Observer()) {
		return errors.New("what the nodes told is something else")
	}
	return s.err
}

func (f *follower) compareNode(s *State, i int, id network.ID) error {
	h := f.w.Host(id)
	if h.Up() != s.Up(id) {
		return fmt.Errorf("is up or down where it is not on the path: %t", h.Up())
	}
	if !h.Up() {
		return nil
	}
	var running []string
	for _, t := range h.Timers() {
		if t.Running() {
			running = append(running, t.Name())
		}
	}
	want := slices.Sorted(slices.Values(s.Timers(id)))
	if !slices.Equal(running, want) {
		return fmt.Errorf("has the timers %q running, not %q", running, want)
	}
	if waits := f.waits(h); f.w.Now() == f.time && !slices.Equal(waits, s.local(id).waits) {
		return fmt.Errorf("has timers due in %d ticks, not %d", waits, s.local(id).waits)
	}
	if !same(f.handlers[id], s.Node(id)) {
		return errors.New("is in another state")
	}
	d := f.p.diskOf(i, id)
	if d == nil || bytes.Equal(appendImage(nil, d.Image()), appendImage(nil, f.net.Disk(id).Image())) {
		return nil
	}
	return errors.New("has something else on its disk")
}

// waits returns in how many ticks each running timer of a host is due, if Timed; see
// run.waits.
func (f *follower) waits(h *sim.Host) (all []uint16) {
	t := f.p.sys.m.Timed
	if t == nil {
		return nil
	}
	for _, timer := range h.Timers() {
		if timer.Running() {
			all = append(all, uint16(max((timer.Due().Sub(f.w.Now())+t.Tick-1)/t.Tick, 0)))
		}
	}
	return all
}

// same reports whether two values have one canonical encoding.
func same(a, b any) bool {
	x, errX := encode(nil, a)
	y, errY := encode(nil, b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

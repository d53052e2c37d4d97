package sim

import "slices"

// Manual puts w into the hands of its caller, who decides what happens to the hosts one
// thing at a time: timers that run never fire by themselves, only by Timer.Elapse; tasks
// are given with Host.Do; and the clocks of hosts show what clock returns, which is asked
// at every reading. What else is pending (boots, disks) happens in Run as ever. It is to
// be called before hosts boot. An explorer of states drives nodes in this way.
func (w *World) Manual(clock func(*Host) Time) { w.manual = clock }

// Idle reports whether nothing is pending that Run would let happen.
func (w *World) Idle() bool { return w.closed || w.queue.n == 0 }

// Do runs fn as a task of h, at this instant. A panic is a Finding and crashes h, as in
// Run. It does nothing if h is down or the world closed, and is not for use within a Run.
func (h *Host) Do(fn func()) {
	w := h.w
	if !h.up || w.closed {
		return
	}
	defer func() {
		if h := w.cur; h != nil {
			if r := recover(); r != nil {
				w.cur, w.proc = nil, nil
				w.panicked(h, r, stack(3))
			}
		}
	}()
	w.cur = h
	fn()
	w.cur = nil
}

// Elapse has t fire now, if it runs.
func (t *Timer) Elapse() {
	if !t.armed || !t.live() {
		return
	}
	w := t.host.w
	t.cancel()
	if t.once {
		w.timers.drop(t.place)
	}
	t.host.Do(func() {
		w.Begin(Event{Kind: Fire, Host: t.host.id, Peer: NoHost, Name: t.name})
		t.fn()
	})
}

// Once reports whether t was made by After, and so is gone once it has fired.
func (t *Timer) Once() bool { return t.once }

// Timers returns the timers of h's current boot, those of After included, by name and
// those of one name in order of making. Those of processes are among them.
func (h *Host) Timers() []*Timer {
	var all []*Timer
	for i := range h.w.timers.places {
		if t := h.w.timers.places[i].v; t != nil && t.host == h {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b *Timer) int {
		switch {
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
	return all
}

// Processes returns how many processes of h have not ended.
func (h *Host) Processes() int { return len(h.procs) }

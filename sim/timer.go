package sim

// Timer runs a function of its host once after a duration on the host's
// monotonic clock. It is made stopped, belongs to one boot of the host, and does
// nothing after a crash.
type Timer struct {
	host   *Host
	fn     func()
	name   string
	epoch  uint32
	place  uint32 // in World.timers
	once   bool   // made by After: gone when it fired or stopped
	armed  bool   // Running
	queued bool   // an event of its current generation is in the queue
	due    Time   // on the host's monotonic clock
}

// Timer makes a named timer, stopped. The timers that a host makes at boot, which
// of them run and when they are due, are part of its state.
func (h *Host) Timer(name string, fn func()) *Timer {
	t := &Timer{host: h, fn: fn, name: name, epoch: h.epoch}
	t.place = h.w.timers.add(t)
	return t
}

// After runs fn once after d. Its Timer serves to stop it; once it has fired or
// was stopped it cannot be used again.
func (h *Host) After(d Duration, fn func()) *Timer {
	t := h.Timer("after", fn)
	t.once = true
	t.Reset(d)
	return t
}

// Name returns the name of t.
func (t *Timer) Name() string { return t.name }

// Running reports whether t will fire.
func (t *Timer) Running() bool { return t.armed }

// Due returns when t fires, on its host's monotonic clock, if it runs.
func (t *Timer) Due() Time { return t.due }

// Reset has t fire after d from now, whether it was running or not. A negative d
// counts as 0. A timer of an earlier boot, or a used one of After, does nothing.
func (t *Timer) Reset(d Duration) {
	h := t.host
	if !t.live() {
		return
	}
	t.armed = true
	t.due = h.clock.monotonic(h.w.now).Add(max(d, 0))
	t.schedule()
}

// Stop keeps t from firing, and reports whether it was running.
func (t *Timer) Stop() bool {
	if !t.armed || !t.live() {
		return false
	}
	t.cancel()
	if t.once {
		t.host.w.timers.drop(t.place)
	}
	return true
}

func (t *Timer) live() bool {
	return t.host.up && t.epoch == t.host.epoch && t.host.w.timers.places[t.place].v == t
}

// cancel makes the events of earlier generations stale.
func (t *Timer) cancel() {
	w := t.host.w
	w.timers.places[t.place].gen++
	if t.queued {
		w.stale++
	}
	t.armed, t.queued = false, false
}

// schedule puts t into the queue at the true time of its due reading.
func (t *Timer) schedule() {
	w := t.host.w
	t.cancel()
	t.armed, t.queued = true, w.manual == nil
	if w.manual != nil {
		return
	}
	at := max(t.host.clock.when(t.due), w.now)
	w.Schedule(at, sinkTimer, uint64(t.place)<<32|uint64(w.timers.places[t.place].gen))
	// A timer that is reset on every message leaves an event behind each time.
	// Sweeping when half of the queue is such keeps both time and memory linear.
	if w.stale > 64 && !w.closed && w.stale > w.queue.n/2 {
		w.queue.sweep(func(it item) bool { return !w.isStale(it) })
		w.stale = 0
	}
}

func (w *World) isStale(it item) bool {
	return it.sink() == sinkTimer && w.timers.places[it.arg()>>32].gen != uint32(it.arg())
}

// fireTimer hands a due timer to its host.
func (w *World) fireTimer(arg uint64) {
	t := w.timers.places[arg>>32].v
	t.queued = false
	t.host.Submit(timerTask{w}, arg)
}

// timerTask runs a timer that is due, unless it was stopped while it waited.
type timerTask struct{ w *World }

func (task timerTask) Run(arg uint64) {
	w := task.w
	p := &w.timers.places[arg>>32]
	if p.gen != uint32(arg) {
		return
	}
	t := p.v
	t.armed = false
	if t.once {
		w.timers.drop(t.place)
	}
	w.Begin(Event{Kind: Fire, Host: t.host.id, Peer: NoHost, Name: t.name})
	t.fn()
}

func (timerTask) Discard(uint64) {}

// dropTimers frees the timers of h and returns how many were running.
func (w *World) dropTimers(h *Host) int {
	running := 0
	for i := range w.timers.places {
		t := w.timers.places[i].v
		if t == nil || t.host != h {
			continue
		}
		if t.armed {
			running++
		}
		t.cancel()
		w.timers.drop(uint32(i))
	}
	return running
}

package resilience

import (
	"slices"
	"time"

	"phoenix/sim"
)

// A Transition is a change of a Breaker's state.
type Transition struct {
	From, To BreakerState
	At       sim.Time // when it was due, also if it was noticed later
	Seen     Counts   // on which it was decided: the window, or the probes that are back
}

// State returns the state of this instant. An open breaker whose wait is over is half-open, whether
// anybody called it or not.
func (b *Breaker) State() BreakerState {
	if _, s := unpack(b.word.Load()); s == Closed || s == ForcedOpen || s == ForcedClosed {
		return s
	}
	b.lock(b.clock.Monotonic())
	defer b.unlock()
	return b.state()
}

// Force overrides the automatic state with ForcedOpen or ForcedClosed until Auto or Reset; Open and
// Closed are taken as these. Metrics are still recorded. It panics with HalfOpen.
func (b *Breaker) Force(s BreakerState) {
	switch s {
	case Open:
		s = ForcedOpen
	case Closed:
		s = ForcedClosed
	case HalfOpen:
		panic("resilience: Breaker.Force(HalfOpen): expected ForcedOpen or ForcedClosed")
	}
	b.lock(b.clock.Monotonic())
	defer b.unlock()
	b.enter(b.auto, s, b.now)
}

// Auto ends what Force began. The breaker is in the automatic state it was in before, of which only the
// clock has gone on: the window is empty, no probe is under way, and a wait that is over by now is over.
// Without an override it does nothing.
func (b *Breaker) Auto() {
	b.lock(b.clock.Monotonic())
	defer b.unlock()
	b.enter(b.auto, Closed, b.now)
	b.settle()
}

// Reset makes the breaker what it was when it was new, whatever its state: closed and automatic, with the
// configured threshold and wait. The metrics stay. No call under way counts any more.
func (b *Breaker) Reset() {
	b.lock(b.clock.Monotonic())
	defer b.unlock()
	b.threshold = b.cfg.Failures
	b.epoch++ // also of a breaker that was closed
	b.enter(Closed, Closed, b.now)
	b.renew(b.now)
}

// state returns what calls see.
func (b *Breaker) state() BreakerState {
	if b.override != Closed {
		return b.override
	}
	return b.auto
}

// lock locks the breaker and makes the transitions that are due.
func (b *Breaker) lock(now sim.Time) {
	b.mu.Lock()
	b.now = max(b.now, now) // another caller may have read the clock later, and come first
	if b.auto != Closed {
		b.settle()
	}
}

// settle makes the transitions that are due, each as of its own instant, so that the state does not
// depend on who looked at it when. A lease is over, and so is a wait, when its end is reached.
func (b *Breaker) settle() {
	for b.override == Closed {
		switch due := sim.Time(b.due.Load()); {
		case b.auto == Open && b.now >= due:
			b.enter(HalfOpen, Closed, max(due, b.began)) // an override may have lasted longer
		case b.auto == HalfOpen && len(b.probes) > 0 && b.now >= b.probes[0].until:
			until := b.probes[0].until
			b.probes = slices.Delete(b.probes, 0, 1)
			b.tally.expired++
			b.tried(until, Counts{Total: 1, Failures: 1})
		default:
			return
		}
	}
}

// finish ends the call of a permit.
func (p Permit) finish(out Outcome, kind string) {
	b := p.b
	if b == nil {
		return
	}
	now := b.reading()
	took := max(now.Sub(p.start), 0)
	if out == Succeeded && b.cfg.Timeout > 0 && took >= b.cfg.Timeout {
		out, kind = Failed, timedOut
	}
	result := Counts{Total: 1}
	if out == Failed {
		result.Failures = 1
	}
	if b.cfg.Slow > 0 && took > b.cfg.Slow {
		result.Slow = 1
	}
	b.lock(now)
	current := b.returned(p)
	b.tally.record(out, took, result, kind)
	switch {
	case !current:
		b.tally.late++
	case out == Ignored || b.override != Closed:
	case b.auto == Closed:
		b.window.add(b.now, result)
		b.judge()
	case b.auto == HalfOpen:
		if b.cfg.SlowPercent > 0 {
			result.Failures = max(result.Failures, result.Slow)
		}
		b.tried(b.now, result)
	}
	b.unlock()
}

// returned takes a permit back, and reports whether its result may decide something: it is of this
// epoch, and its lease is not over.
func (b *Breaker) returned(p Permit) bool {
	if p.ticket == 0 {
		return p.epoch == b.epoch
	}
	i := slices.IndexFunc(b.probes, func(r probe) bool { return r.ticket == p.ticket })
	if i < 0 {
		return false
	}
	b.probes = slices.Delete(b.probes, i, i+1)
	return true
}

// judge opens a closed breaker if the window says so.
func (b *Breaker) judge() {
	if b.tripped() || b.adapt() && b.tripped() {
		if b.cfg.NoTimes {
			b.now = max(b.now, b.clock.Monotonic())
		}
		b.enter(Open, Closed, b.now)
	}
}

func (b *Breaker) tripped() bool {
	c := b.window.sum
	return c.Total >= b.cfg.Minimum &&
		(b.threshold > 0 && c.Failures >= b.threshold ||
			b.cfg.FailurePercent > 0 && c.Failures*100 >= c.Total*b.cfg.FailurePercent ||
			b.cfg.SlowPercent > 0 && c.Slow*100 >= c.Total*b.cfg.SlowPercent)
}

// adapt moves the threshold at most one step for each full window, and reports whether it did.
func (b *Breaker) adapt() bool {
	if b.cfg.AdaptHigh == 0 {
		return false
	}
	b.unadapted++
	if b.cfg.Period > 0 && b.now.Sub(b.adapted) < b.cfg.Period || b.cfg.Period == 0 && b.unadapted < b.cfg.Window {
		return false
	}
	c := b.window.sum
	if c.Total < b.cfg.Minimum {
		return false
	}
	b.adapted, b.unadapted = b.now, 0
	before := b.threshold
	switch {
	case c.Failures*10 > c.Total*3:
		b.threshold = max(b.threshold-1, b.cfg.AdaptLow)
	case c.Failures*10 < c.Total:
		b.threshold = min(b.threshold+1, b.cfg.AdaptHigh)
	}
	return b.threshold != before
}

// tried counts a probe that is back or given up, and decides as soon as the rest cannot change it.
func (b *Breaker) tried(at sim.Time, result Counts) {
	b.trials.add(result)
	switch {
	case b.trials.Total-b.trials.Failures >= b.cfg.Successes:
		b.enter(Closed, Closed, at)
	case b.trials.Failures > b.cfg.Probes-b.cfg.Successes:
		b.enter(Open, Closed, at)
	}
}

// enter changes the state as of an instant: a new epoch with an empty window and no probes.
func (b *Breaker) enter(auto, override BreakerState, at sim.Time) {
	t := Transition{From: b.state(), At: at, Seen: b.window.sum}
	if b.auto == HalfOpen {
		t.Seen = b.trials
	}
	changed := auto != b.auto
	b.auto, b.override = auto, override
	if t.To = b.state(); t.To == t.From {
		return
	}
	b.epoch++
	if changed && auto == Open {
		b.due.Store(int64(at.Add(b.nextWait())))
	}
	if changed && auto == Closed {
		b.wait = b.cfg.Wait
	}
	b.renew(at)
	b.tally.moved(t)
	if b.cfg.OnTransition != nil {
		b.pending = append(b.pending, t)
	}
}

// renew begins an epoch.
func (b *Breaker) renew(at sim.Time) {
	b.window.reset()
	b.began, b.adapted, b.unadapted = at, at, 0
	b.probes = b.probes[:0]
	b.trials = Counts{}
	b.word.Store(pack(b.epoch, b.state()))
}

// nextWait returns how long to stay open, and lets the next time grow.
func (b *Breaker) nextWait() time.Duration {
	wait, growth := b.wait, time.Duration(b.cfg.Growth)
	b.wait = min(wait/100*growth+wait%100*growth/100, b.cfg.MaxWait)
	if spread := wait / 100 * time.Duration(b.cfg.Jitter); spread > 0 {
		wait += time.Duration(b.cfg.Rand.Int64N(int64(spread) + 1))
	}
	return wait
}

// unlock unlocks the breaker after telling OnTransition what happened. One goroutine tells at a time, so
// that the order is that of the transitions; what happens meanwhile it tells too.
func (b *Breaker) unlock() {
	if len(b.pending) == 0 || b.delivering {
		b.mu.Unlock()
		return
	}
	b.delivering = true
	defer func() {
		b.delivering = false
		b.mu.Unlock()
	}()
	for len(b.pending) > 0 {
		t := b.pending[0]
		b.pending = slices.Delete(b.pending, 0, 1)
		b.tell(t)
	}
}

func (b *Breaker) tell(t Transition) {
	b.mu.Unlock()
	defer b.mu.Lock()
	b.cfg.OnTransition(t)
}

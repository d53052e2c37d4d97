package resilience

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"phoenix/sim"
)

// Level is how much of a service is offered. The zero value is all of it.
type Level uint8

// The levels, from full service down. LevelShutdown is terminal: nothing leads out of it.
const (
	LevelNormal    Level = iota
	LevelLimited         // without what is not critical
	LevelEssential       // core features only
	LevelEmergency       // what safety needs
	LevelShutdown        // ending in good order
)

// String returns a word such as "essential".
func (l Level) String() string {
	return nameOf(l, "normal", "limited", "essential", "emergency", "shutdown")
}

// Defaults of DegradationConfig and Trigger. To leave takes much longer than to enter, so that a level
// does not flap.
const (
	DefaultUp    = 2 * time.Second
	DefaultDown  = 20 * time.Second
	DefaultDwell = 10 * time.Second
	// DefaultHistory is how many changes are kept.
	DefaultHistory = 100
)

// DegradationConfig says when a service degrades and recovers. The zero value degrades only when told to.
type DegradationConfig struct {
	Triggers []Trigger
	// Dwell is the least time at a level before a step up; 0 means DefaultDwell.
	Dwell time.Duration
	// History is how many changes are kept, the latest; 0 means DefaultHistory.
	History int
	// OnChange is told each change, after the features that it concerns were switched. Like these it
	// is called one at a time and in order, without a lock: it may use the Degradation.
	OnChange func(Change)
}

// Change is a change of the level.
type Change struct {
	At       sim.Time
	From, To Level
	Why      string // the cause, "recovered", "pinned" or "unpinned"
}

// Degradation decides how much of a service is offered, and switches features. Its level is the highest
// that an active cause calls for. It goes down at once, and comes back one step at a time, when all
// conditions of the level have held for long enough. Make it with NewDegradation; it is safe for
// concurrent use.
//
// It has no thread: it moves when it is asked or told something, so call Level now and then, from
// a ticker say. Each call takes time in proportion to the triggers.
type Degradation struct {
	clock Clock
	cfg   DegradationConfig

	mu       sync.Mutex
	auto     Level // by causes and conditions
	since    sim.Time
	pinned   bool
	pin      Level
	triggers []signalState // as cfg.Triggers
	raised   []Cause
	features []*Feature
	shown    Level // the level that features and observers know
	history  []Change
	pending  []func()
	calling  bool
}

// Cause is a reason to degrade that was raised by hand.
type Cause struct {
	Name  string
	Level Level
}

// NewDegradation returns a Degradation at LevelNormal. It panics if a trigger is not valid.
func NewDegradation(clock Clock, cfg DegradationConfig) *Degradation {
	if clock == nil {
		panic("resilience: NewDegradation needs a Clock")
	}
	cfg.Triggers = slices.Clone(cfg.Triggers)
	for i := range cfg.Triggers {
		cfg.Triggers[i].settle(i)
	}
	cfg.Dwell = cmp.Or(cfg.Dwell, DefaultDwell)
	cfg.History = cmp.Or(cfg.History, DefaultHistory)
	if cfg.Dwell < 0 || cfg.History < 0 {
		panic(fmt.Sprintf("resilience: DegradationConfig: Dwell %v and History %d must not be negative", cfg.Dwell, cfg.History))
	}
	return &Degradation{
		clock: clock, cfg: cfg, since: clock.Monotonic(), triggers: make([]signalState, len(cfg.Triggers)),
	}
}

// Observe tells the present value of a signal. Whether it calls for a level is for the triggers to say.
func (d *Degradation) Observe(signal string, value int64) {
	d.do(func(now sim.Time) string {
		for i, t := range d.cfg.Triggers {
			if t.Signal == signal {
				d.triggers[i].observe(now, t, value)
			}
		}
		return ""
	})
}

// Raise makes a cause active until Clear: the level is at least the one given. Raised again, the latest
// level counts.
func (d *Degradation) Raise(cause string, level Level) {
	if level > LevelShutdown {
		panic(fmt.Sprintf("resilience: Raise %s: there is no %v", cause, level))
	}
	d.do(func(sim.Time) string {
		d.raised = slices.DeleteFunc(d.raised, func(c Cause) bool { return c.Name == cause })
		d.raised = append(d.raised, Cause{Name: cause, Level: level})
		return ""
	})
}

// Clear ends a cause that was raised. The level recovers step by step, as after every cause.
func (d *Degradation) Clear(cause string) {
	d.do(func(sim.Time) string {
		d.raised = slices.DeleteFunc(d.raised, func(c Cause) bool { return c.Name == cause })
		return ""
	})
}

// Pin holds the level by hand, above or below what causes call for, until Unpin. LevelShutdown
// cannot be unpinned, and causes that call for it are heeded in spite of a pin.
func (d *Degradation) Pin(level Level) {
	if level > LevelShutdown {
		panic(fmt.Sprintf("resilience: Pin: there is no %v", level))
	}
	d.do(func(now sim.Time) string {
		d.pinned, d.pin = true, level
		if level == LevelShutdown {
			d.auto, d.since = LevelShutdown, now
		}
		return "pinned"
	})
}

// Unpin returns to the level that causes and conditions lead to: they were followed meanwhile.
func (d *Degradation) Unpin() {
	d.do(func(sim.Time) string {
		if !d.pinned {
			return ""
		}
		d.pinned = false
		return "unpinned"
	})
}

// Level returns the present level.
func (d *Degradation) Level() Level {
	return d.do(func(sim.Time) string { return "" })
}

// do brings d up to date, has act change it, and then tells what changed. act returns why the
// level changes if it does by that alone.
func (d *Degradation) do(act func(now sim.Time) string) Level {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.Monotonic()
	d.follow(now, "")
	d.follow(now, act(now))
	level := d.shown
	d.call()
	return level
}

// follow moves the level by what is active now.
func (d *Degradation) follow(now sim.Time, why string) {
	worst, cause := d.worst(now)
	switch {
	case d.auto == LevelShutdown:
	case worst > d.auto:
		d.auto, d.since = worst, now
		why = cause
	case worst < d.auto && d.recovered(now) && now.Sub(d.since) >= d.cfg.Dwell:
		d.stepUp(now)
		why = "recovered"
	}
	level := d.auto
	if d.pinned && d.auto != LevelShutdown {
		level = d.pin
	}
	if level != d.shown {
		d.show(Change{At: now, From: d.shown, To: level, Why: why})
	}
}

func (d *Degradation) stepUp(now sim.Time) {
	d.auto, d.since = d.auto-1, now
	for i, t := range d.cfg.Triggers {
		d.triggers[i].called = d.triggers[i].called && t.Level <= d.auto
	}
}

// worst returns the highest level that an active cause calls for, and the first such cause.
func (d *Degradation) worst(now sim.Time) (Level, string) {
	worst, cause := LevelNormal, ""
	for i, t := range d.cfg.Triggers {
		if t.Level > worst && d.triggers[i].active(now, t) {
			worst, cause = t.Level, t.Cause
		}
	}
	for _, c := range d.raised {
		if c.Level > worst {
			worst, cause = c.Level, c.Name
		}
	}
	return worst, cause
}

// recovered reports whether the conditions of the present level hold: those of every trigger that
// calls for this level or a worse one. A trigger that never was active asks for nothing; one that was
// must have been seen good for long enough, for no news is not good news.
func (d *Degradation) recovered(now sim.Time) bool {
	for i, t := range d.cfg.Triggers {
		if t.Level >= d.auto && !d.triggers[i].clear(now, t) {
			return false
		}
	}
	return !slices.ContainsFunc(d.raised, func(c Cause) bool { return c.Level >= d.auto })
}

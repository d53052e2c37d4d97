package resilience

import (
	"strings"
	"time"

	"phoenix/sim"
)

// hand is a clock that tests move.
type hand struct{ now sim.Time }

func (h *hand) Monotonic() sim.Time     { return h.now }
func (h *hand) advance(d time.Duration) { h.now = h.now.Add(d) }

// plainDegradation is the specification of Degradation: it keeps all that it was told and finds the level from that
// each time. bug is a defect of the seeds, by name.
type plainDegradation struct {
	bug      string
	triggers []Trigger
	dwell    time.Duration

	told    []reading
	owed    []bool // by trigger: it called for its level since the level was last better than that
	raised  map[string]Level
	pin     *Level
	auto    Level
	entered sim.Time
	changes []Change
	level   Level
	on      map[string]bool // features, by what their switches were last told
	last    map[string]Level
}

type reading struct {
	at     sim.Time
	signal string
	value  int64
}

func newPlainDegradation(bug string, dwell time.Duration, triggers ...Trigger) *plainDegradation {
	p := &plainDegradation{bug: bug, dwell: dwell, owed: make([]bool, len(triggers)),
		raised: map[string]Level{}, on: map[string]bool{}, last: map[string]Level{}}
	for i, t := range triggers {
		t.settle(i)
		p.triggers = append(p.triggers, t)
	}
	return p
}

// held returns for how long the readings of a trigger have been as is says, up to now, and whether they are.
func (p *plainDegradation) held(now sim.Time, t Trigger, is func(int64) bool, stale time.Duration) (time.Duration, bool) {
	var since sim.Time
	holds, last := false, sim.Time(0)
	for _, r := range p.told {
		if r.signal != t.Signal {
			continue
		}
		gap := stale > 0 && r.at.Sub(last) > stale
		if is(r.value) && (!holds || gap) {
			since = r.at
		}
		holds, last = is(r.value), r.at
	}
	if stale > 0 && now.Sub(last) > stale {
		holds = false
	}
	return now.Sub(since), holds
}

func (t Trigger) bad(v int64) bool  { return t.Below && v <= t.Enter || !t.Below && v >= t.Enter }
func (t Trigger) good(v int64) bool { return t.Below && v >= t.Exit || !t.Below && v <= t.Exit }

func (p *plainDegradation) calls(now sim.Time, t Trigger) bool {
	if p.bug == "policies are never consulted" {
		return false
	}
	d, bad := p.held(now, t, t.bad, 0)
	if p.bug == "no hysteresis" {
		return bad
	}
	return bad && d >= t.Up
}

// mayStepUp: every trigger that called for this level, or a worse one, was seen good for long enough.
func (p *plainDegradation) mayStepUp(now sim.Time) bool {
	for _, level := range p.raised {
		if level >= p.auto {
			return false
		}
	}
	if p.bug == "no conditions" {
		return true
	}
	for i, t := range p.triggers {
		d, good := p.held(now, t, t.good, t.Stale)
		_, bad := p.held(now, t, t.bad, 0)
		enough := d >= t.Down || p.bug == "no hysteresis"
		if t.Level >= p.auto && (bad || p.owed[i] && !(good && enough)) {
			return false
		}
	}
	return true
}

// update finds the level anew, as a call at this time does.
func (p *plainDegradation) update(now sim.Time) {
	worst := LevelNormal
	for i, t := range p.triggers {
		if p.calls(now, t) {
			p.owed[i] = true
			worst = max(worst, t.Level)
		}
	}
	for _, level := range p.raised {
		worst = max(worst, level)
	}
	dwelt := now.Sub(p.entered) >= p.dwell || p.bug == "no hysteresis"
	switch {
	case p.auto == LevelShutdown && p.bug != "out of shutdown":
	case worst > p.auto:
		p.auto, p.entered = worst, now
	case worst < p.auto && p.bug == "any jump":
		p.auto, p.entered = worst, now
	case worst < p.auto && dwelt && p.mayStepUp(now):
		p.auto, p.entered = p.auto-1, now
		for i, t := range p.triggers {
			p.owed[i] = p.owed[i] && t.Level <= p.auto
		}
	}
	level := p.auto
	if p.pin != nil && p.auto != LevelShutdown {
		level = *p.pin
	}
	p.show(now, level)
}

func (p *plainDegradation) show(now sim.Time, level Level) {
	if level == p.level {
		return
	}
	for name, last := range p.last {
		on := level <= last
		if p.bug == "off by one" { // of the levels that are entered, those whose features require exactly it
			on = level < last
		}
		p.on[name] = on
	}
	p.changes = append(p.changes, Change{At: now, From: p.level, To: level})
	p.level = level
}

func (p *plainDegradation) register(now sim.Time, name string, last Level) {
	p.update(now)
	p.last[name] = last
	p.on[name] = p.level <= last || p.bug == "not applied on registration"
}

// switches prints which features are on.
func switches(on map[string]bool, names ...string) string {
	var list []string
	for _, name := range names {
		if state, known := on[name]; known && state {
			list = append(list, name+" on")
		} else if known {
			list = append(list, name+" off")
		}
	}
	return strings.Join(list, ", ")
}

package resilience

import (
	"context"
	"slices"

	"phoenix/sim"
)

// A Feature is something that a service can do without. It is on exactly while the level is Last
// or better.
type Feature struct {
	Name string
	// Last is the worst level at which the feature is still on. The zero value: only at full service.
	Last Level
	// On and Off switch it; either may be nil. One of them is called when the feature is registered
	// and then whenever its state changes. Off is called in the reverse order of registration.
	On, Off func()
}

// Register adds a feature and switches it to what the present level says. It panics if there is one of that
// name.
func (d *Degradation) Register(f Feature) {
	d.do(func(sim.Time) string {
		if slices.ContainsFunc(d.features, func(g *Feature) bool { return g.Name == f.Name }) {
			panic("resilience: feature " + f.Name + " is registered twice")
		}
		d.features = append(d.features, &f)
		d.turn(&f, d.shown <= f.Last)
		return ""
	})
}

// Available reports whether a feature is on. One that is not registered is not.
func (d *Degradation) Available(feature string) bool {
	level := d.Level()
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.features, func(f *Feature) bool { return f.Name == feature })
	return i >= 0 && level <= d.features[i].Last
}

// Policy returns a policy that runs operations while the feature is on, and rejects them with ErrOff
// while it is off.
func (d *Degradation) Policy(feature string) Policy {
	off := &Rejection{By: "degradation", Name: feature, Reason: ErrOff}
	return PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
		if !d.Available(feature) {
			return off
		}
		return op(ctx)
	})
}

// Responder returns a Responder that raises the type of a failure as a cause: limited service for a
// low or medium one, essential for a high one, emergency for a critical one. Clear it by the name of
// the type.
func (d *Degradation) Responder() Responder {
	return ResponderFunc(func(f Incident) error {
		level := [...]Level{LevelLimited, LevelLimited, LevelEssential, LevelEmergency}[f.Severity]
		d.Raise(f.Type.String(), level)
		return nil
	})
}

// DegradationStatus is what a Degradation tells of itself.
type DegradationStatus struct {
	Level    Level
	Pinned   bool
	Causes   []Cause  // that are active: triggers in their order, then those raised, the oldest first
	On, Off  []string // features, in order of registration
	Switched []Change // the latest, oldest first
}

// Status returns the present state of d.
func (d *Degradation) Status() DegradationStatus {
	d.Level()
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.Monotonic()
	s := DegradationStatus{Level: d.shown, Pinned: d.pinned, Switched: slices.Clone(d.history)}
	for i, t := range d.cfg.Triggers {
		if d.triggers[i].active(now, t) {
			s.Causes = append(s.Causes, Cause{Name: t.Cause, Level: t.Level})
		}
	}
	s.Causes = append(s.Causes, d.raised...)
	for _, f := range d.features {
		if d.shown <= f.Last {
			s.On = append(s.On, f.Name)
		} else {
			s.Off = append(s.Off, f.Name)
		}
	}
	return s
}

// show makes c known: to the features whose state it changes, and then to the observer.
func (d *Degradation) show(c Change) {
	d.shown = c.To
	d.history = append(d.history, c)
	if extra := len(d.history) - d.cfg.History; extra > 0 {
		d.history = slices.Delete(d.history, 0, extra)
	}
	for i := range d.features {
		f := d.features[i]
		if c.To > c.From {
			f = d.features[len(d.features)-1-i]
		}
		if was, is := c.From <= f.Last, c.To <= f.Last; was != is {
			d.turn(f, is)
		}
	}
	if d.cfg.OnChange != nil {
		d.pending = append(d.pending, func() { d.cfg.OnChange(c) })
	}
}

func (d *Degradation) turn(f *Feature, on bool) {
	fn := f.Off
	if on {
		fn = f.On
	}
	if fn != nil {
		d.pending = append(d.pending, fn)
	}
}

// call makes the pending calls, in order and without the lock. Whoever finds another one at it leaves
// them to that one, so that no two run at a time.
func (d *Degradation) call() {
	if d.calling {
		return
	}
	d.calling = true
	defer func() { d.calling = false }() // also when a call panics
	for len(d.pending) > 0 {
		fn := d.pending[0]
		d.pending = d.pending[1:]
		d.unlocked(fn)
	}
}

func (d *Degradation) unlocked(fn func()) {
	d.mu.Unlock()
	defer d.mu.Lock()
	fn()
}

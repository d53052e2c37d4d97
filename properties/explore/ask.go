package explore

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// The functions of a Property, Within and Guard are called by the methods here only: a panic
// of one is an error of the model, which names it, and not the end of the process.

// holdsIn returns why a claim of kind Always or AtRest does not hold in a state.
func (p *Property) holdsIn(s *State) (why error) {
	defer rescue("property", p.Name, &s.err)
	return p.state(s)
}

// happensIn reports whether what is claimed to happen does in a state.
func (p *Property) happensIn(s *State) bool {
	defer rescue("property", p.Name, &s.err)
	return p.happens(s)
}

// givenIn reports whether what something is to follow is given in a state.
func (p *Property) givenIn(s *State) bool {
	defer rescue("property", p.Name, &s.err)
	return p.given(s)
}

// holdsOf returns why a claim about the observer does not hold, or that it panicked.
func (p *Property) holdsOf(o Observer) (why, failed error) {
	defer rescue("property", p.Name, &failed)
	return p.observed(o), nil
}

// within reports whether a state is within the model's bounds. None is any more once the
// model has turned out not to be explorable, which ends a search that asks.
func (sys *system) within(r row) bool {
	if sys.m.Within == nil {
		return true
	}
	if sys.failed.Load() != nil {
		return false
	}
	in, err := sys.boundHolds(r)
	if err != nil {
		sys.failed.CompareAndSwap(nil, &err)
	}
	return in && err == nil
}

func (sys *system) boundHolds(r row) (in bool, failed error) {
	defer rescue("bound", "Within", &failed)
	return sys.m.Within(&State{sys: sys, row: r}), nil
}

// guardLets reports whether a node may take the step that an event is.
func (sys *system) guardLets(r *run, ev event) (may bool, failed error) {
	if sys.m.Guard == nil {
		return true, nil
	}
	defer rescue("condition", "Guard", &failed)
	return sys.m.Guard(r.solo.Handler(), sys.stepOf(r.host, ev)), nil
}

// rescue turns a panic of a function of the model into an error; an earlier one stays.
func rescue(what, name string, failed *error) {
	if r := recover(); r != nil && *failed == nil {
		*failed = fmt.Errorf("%w: %s %q panics: %s%s", ErrModel, what, name, panicText(r), panicPlace())
	}
}

// panicText is what was panicked with, without addresses.
func panicText(r any) string {
	switch r.(type) {
	case error, fmt.Stringer, string, bool, int:
		return plainText(fmt.Sprint(r))
	}
	return fmt.Sprintf("with a %T", r)
}

// panicPlace tells where the panic came from that rescue recovers.
func panicPlace() string {
	var calls [32]uintptr
	frames := runtime.CallersFrames(calls[:runtime.Callers(3, calls[:])]) // from what called rescue on
	for {
		f, more := frames.Next()
		system := strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "internal/")
		if f.Function != "" && !system {
			return fmt.Sprintf(", at %s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

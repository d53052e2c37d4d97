package explore

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// The functions of a Property are called by the methods here only: a panic of one is an
// error of the model, which names the property, and not the end of the process.

// holdsIn returns why a claim of kind Always or AtRest does not hold in a state.
func (p *Property) holdsIn(s *State) (why error) {
	defer p.rescue(&s.err)
	return p.state(s)
}

// happensIn reports whether what is claimed to happen does in a state.
func (p *Property) happensIn(s *State) bool {
	defer p.rescue(&s.err)
	return p.happens(s)
}

// givenIn reports whether what something is to follow is given in a state.
func (p *Property) givenIn(s *State) bool {
	defer p.rescue(&s.err)
	return p.given(s)
}

// holdsOf returns why a claim about the observer does not hold, or that it panicked.
func (p *Property) holdsOf(o Observer) (why, failed error) {
	defer p.rescue(&failed)
	return p.observed(o), nil
}

// rescue turns a panic of the property into an error; an earlier one stays.
func (p *Property) rescue(failed *error) {
	if r := recover(); r != nil && *failed == nil {
		*failed = fmt.Errorf("%w: property %q panics: %s%s", ErrModel, p.Name, panicText(r), panicPlace())
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

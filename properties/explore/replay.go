package explore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrStale is wrapped by errors about a script that leads along no path of a model, or no
// longer to what it is kept for: the model or the code of its nodes has changed since.
var ErrStale = errors.New("not a path of the model as it is")

// Script returns the path as lines that Replay reads: one for the first state and one for
// each step. A line tells the step and, after the last " = ", has the fingerprint of the
// state that it leads to in 16 hexadecimal digits. It depends on the model only.
func (p *Path) Script() []string {
	var lines []string
	for _, s := range p.Stops() {
		lines = append(lines, ScriptLine(plainText(s.Line), s.Fingerprint))
	}
	return lines
}

// ScriptLine returns the line that ParseScriptLine reads.
func ScriptLine(told string, state uint64) string { return fmt.Sprintf("%s = %016x", told, state) }

var errLine = errors.New(`expected a step and the state that it leads to, such as "crash s0 = 0123456789abcdef"`)

// ParseScriptLine returns what a line of a script tells and the fingerprint in it.
func ParseScriptLine(line string) (told string, state uint64, err error) {
	at := strings.LastIndex(line, " = ")
	if at >= 0 {
		told, line = line[:at], line[at+3:]
		if len(line) == 16 && strings.Trim(line, "0123456789abcdef") == "" {
			state, err = strconv.ParseUint(line, 16, 64)
		} else {
			at = -1
		}
	}
	if at < 1 || err != nil || told != plainText(told) {
		return "", 0, errLine
	}
	return told, state, nil
}

// Replay follows a script, that of Path.Script, step by step through a model. If the last
// state is one that the path has passed before, the path goes round from there. The error
// wraps ErrStale and tells the first step that is not possible, with those that are; or
// ErrModel.
func Replay(m Model, script []string) (*Path, error) {
	w, err := NewWalk(m)
	if err != nil {
		return nil, err
	}
	if len(script) == 0 {
		return nil, fmt.Errorf("%w: it has no first state", ErrStale)
	}
	p := &Path{sys: w.sys, loop: -1}
	_, first, err := ParseScriptLine(script[0])
	if err != nil {
		return nil, fmt.Errorf("%w: line 1: %w", ErrStale, err)
	}
	for _, r := range w.first {
		if sumOf(r) == first {
			p.first = r
		}
	}
	if p.first == nil {
		return nil, fmt.Errorf("%w: it does not begin in state %016x any more", ErrStale, first)
	}
	for i, line := range script[1:] {
		if err := w.replayed(p, line); err != nil {
			return nil, fmt.Errorf("%w: step %d: %w", ErrStale, i+1, err)
		}
	}
	p.loop = p.before(sumOf(p.last()))
	return p, nil
}

// replayed takes one step of a script.
func (w *Walk) replayed(p *Path, line string) error {
	told, state, err := ParseScriptLine(line)
	if err != nil {
		return err
	}
	leaps, err := w.leaps(p.last())
	if err != nil {
		return err
	}
	var possible []string
	known := false
	for _, l := range leaps {
		text := plainText(l.line)
		if text == told && l.sum == state {
			p.steps, p.rows, p.Steps = append(p.steps, l.succ), append(p.rows, l.row), append(p.Steps, l.step)
			return nil
		}
		known = known || text == told
		possible = append(possible, text)
	}
	switch {
	case known:
		return fmt.Errorf("%q leads to another state than %016x", told, state)
	case len(possible) == 0:
		return fmt.Errorf("%q cannot happen, and nothing else can", told)
	}
	possible = slices.Compact(possible)
	more := ""
	if n := len(possible) - maxPossible; n > 0 {
		possible, more = possible[:maxPossible], fmt.Sprintf(" or one of %d more", n)
	}
	return fmt.Errorf("%q cannot happen, but %q%s can", told, possible, more)
}

// maxPossible is how many steps are told where another one was expected.
const maxPossible = 5

// before returns the place of the state of a fingerprint on the path, its last state
// excepted; -1 if it is not there.
func (p *Path) before(sum uint64) int {
	for i := range p.rows {
		if sumOf(p.State(i).row) == sum {
			return i
		}
	}
	return -1
}

// Violates reports how the path violates the property of a name, "" if it does not: by its
// last state, or, for one of kind Eventually, by all of its states and by ending where
// nothing is left to happen or by going round for ever. Whether that is fair to all nodes is
// not asked again. The error wraps ErrStale if the model has no such property, or ErrModel.
func (p *Path) Violates(name string) (string, error) {
	i := slices.IndexFunc(p.sys.m.Properties, func(c Property) bool { return c.Name == name })
	if i < 0 && name == propertyPanic {
		if err := p.State(p.Len() - 1).panicked(); err != nil {
			return err.Error(), nil
		}
		return "", nil
	}
	if i < 0 {
		return "", fmt.Errorf("%w: it has no property %q", ErrStale, name)
	}
	c, last := &p.sys.m.Properties[i], p.State(p.Len()-1)
	var bad error
	switch c.Kind {
	case KindAlways:
		bad = c.holdsIn(last)
	case KindObserved:
		if at := last.row[p.sys.observerAt()]; at != 0 {
			bad = p.sys.observers.at(at).bad[i]
		}
	case KindAtRest, KindEventually:
		x := newExpander(p.sys)
		if err := x.expand(last.row); err != nil {
			return "", err
		}
		if c.Kind == KindAtRest && !x.owed {
			bad = c.holdsIn(last)
		}
		if c.Kind == KindEventually && (!x.owed || p.loop >= 0) {
			never, err := p.never(c)
			if last.err = cmp.Or(last.err, err); never {
				bad = errors.New("it never happens")
			}
		}
	}
	if last.err != nil || bad == nil {
		return "", last.err
	}
	return bad.Error(), nil
}

// never reports whether what a property wants does not happen on the path when it should:
// at any time, or, for LeadsTo, after some state in which it is given.
func (p *Path) never(c *Property) (bool, error) {
	last := -1 // state in which it happens
	var failed error
	for i := range p.Len() {
		s := p.State(i)
		if c.happensIn(s) {
			last = i
		}
		failed = cmp.Or(failed, s.err)
	}
	switch {
	case failed != nil || p.loop >= 0 && last >= p.loop:
		return false, failed // it happens again and again
	case c.given == nil:
		return last < 0, nil
	}
	for i := last + 1; i < p.Len(); i++ {
		s := p.State(i)
		if c.givenIn(s) || s.err != nil {
			return s.err == nil, s.err
		}
	}
	return false, nil
}

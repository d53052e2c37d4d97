package laws

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of a history.
const (
	maxCopies = 8
	maxOps    = 256
	maxSteps  = 256
)

// Kind is what a Step does.
type Kind uint8

// The kinds of steps.
const (
	Do      Kind = iota // an operation, whose delta gets the next number, from 0
	Receive             // a delta arrives, first or again
	Merge               // the whole state of another copy, or of itself, is merged
	CatchUp             // another copy sends what is missing: by Delta, else by Diff, else all
	Save                // the state is encoded and stored, and goes on from what decoding gives
	Crash               // the state is lost back to the last Save, and the identifier is new
	kinds
)

// A Step of a history: what copy At does. Arg is the operation of a Do, the delta
// of a Receive, the other copy of a Merge or CatchUp.
type Step struct {
	Kind    Kind
	At, Arg uint8
}

// A History is a run of some copies as data: any subsequence in which deltas are
// there before they arrive is one too. It has at most 64 Do.
type History []Step

// ErrHistory is wrapped by the errors for what is no history of a type.
var ErrHistory = errors.New("laws: no history")

// valid reports whether copies that have ops operations can run h.
func (h History) valid(ops int) error {
	done := 0
	for i, s := range h {
		limit := 0
		switch s.Kind {
		case Do:
			limit = ops
			done++
		case Receive:
			limit = done
		case Merge, CatchUp:
			limit = maxCopies
		case Save, Crash:
			limit = 1
		}
		if s.At >= maxCopies || int(s.Arg) >= limit {
			return fmt.Errorf("%w: step %d is about a copy, an operation or a delta that is not there", ErrHistory, i)
		}
	}
	if done > maxEvents || len(h) > maxSteps {
		return fmt.Errorf("%w: %d steps and %d operations, the limits are %d and %d",
			ErrHistory, len(h), done, maxSteps, maxEvents)
	}
	return nil
}

// copies returns how many copies h needs.
func (h History) copies() int {
	n := 1
	for _, s := range h {
		n = max(n, int(s.At)+1)
		if s.Kind == Merge || s.Kind == CatchUp {
			n = max(n, int(s.Arg)+1)
		}
	}
	return n
}

func copyName(i uint8) string { return string(rune('A' + i)) }

// text returns the step as a line; delta is the number that a Do gets.
func (s Step) text(ops []string, delta int) string {
	at := copyName(s.At)
	switch s.Kind {
	case Do:
		return fmt.Sprintf("%s does %q (delta %d)", at, ops[s.Arg], delta)
	case Receive:
		return fmt.Sprintf("%s receives delta %d", at, s.Arg)
	case Merge:
		return fmt.Sprintf("%s merges %s", at, copyName(s.Arg))
	case CatchUp:
		return fmt.Sprintf("%s catches up with %s", at, copyName(s.Arg))
	case Save:
		return at + " saves"
	}
	return at + " crashes"
}

// lines returns the lines of h.
func (h History) lines(ops []string) []string {
	out, deltas := make([]string, 0, len(h)), 0
	for _, s := range h {
		out = append(out, s.text(ops, deltas))
		if s.Kind == Do {
			deltas++
		}
	}
	return out
}

// Format returns the history of a type as text that ParseHistory reads, a line for each step.
func (t *Type[S]) Format(h History) string { return strings.Join(h.lines(t.names()), "\n") }

// ParseHistory reads what Type.Format wrote, for the same operations. Empty lines,
// what follows a #, and the numbers of a Do's delta, which are counted anyway, may
// be left out. Errors wrap ErrHistory and name the line.
func ParseHistory[S any](t *Type[S], text string) (History, error) {
	ops := map[string]uint8{}
	for i, name := range t.names() {
		ops[name] = uint8(i)
	}
	var h History
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		s, err := parseStep(line, ops)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %v", ErrHistory, i+1, err)
		}
		h = append(h, s)
	}
	return h, h.valid(len(t.Ops))
}

func parseStep(line string, ops map[string]uint8) (Step, error) {
	who, what, _ := strings.Cut(line, " ")
	at, err := parseCopy(who)
	if err != nil {
		return Step{}, err
	}
	switch what {
	case "saves":
		return Step{Kind: Save, At: at}, nil
	case "crashes":
		return Step{Kind: Crash, At: at}, nil
	}
	if name, ok := strings.CutPrefix(what, `does "`); ok {
		name, _, ok = strings.Cut(name, `"`)
		op, known := ops[name]
		if !ok || !known {
			return Step{}, fmt.Errorf("there is no operation %q", name)
		}
		return Step{Do, at, op}, nil
	}
	if n, ok := strings.CutPrefix(what, "receives delta "); ok {
		delta, err := strconv.ParseUint(n, 10, 8)
		return Step{Receive, at, uint8(delta)}, err
	}
	if other, ok := strings.CutPrefix(what, "merges "); ok {
		from, err := parseCopy(other)
		return Step{Merge, at, from}, err
	}
	if other, ok := strings.CutPrefix(what, "catches up with "); ok {
		from, err := parseCopy(other)
		return Step{CatchUp, at, from}, err
	}
	return Step{}, fmt.Errorf("expected does, receives, merges, catches up with, saves or crashes, not %q", what)
}

func parseCopy(s string) (uint8, error) {
	if len(s) != 1 || s[0] < 'A' || s[0] >= 'A'+maxCopies {
		return 0, fmt.Errorf("expected a copy, A to %s, not %q", copyName(maxCopies-1), s)
	}
	return s[0] - 'A', nil
}

// plainName reports whether s can stand in a line between quotes.
func plainName(s string) bool {
	return s != "" && !strings.ContainsAny(s, "\"#\\\n\r") && strconv.Quote(s) == `"`+s+`"`
}

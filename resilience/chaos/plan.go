package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Plan is a list of faults. What happens at one instant does so in its order.
type Plan []Fault

// MaxFaults is how many faults a plan can have.
const MaxFaults = 10_000

// String returns the plan's text: a fault in each line.
func (p Plan) String() string {
	var b strings.Builder
	for _, f := range p {
		b.WriteString(f.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// ParsePlan reads what Plan.String prints: of a valid plan it returns the canonical
// form. Empty lines and what follows a # that begins a line are left out. The error
// names the line.
func ParsePlan(text string) (Plan, error) {
	var p Plan
	number := 0
	for l := range strings.SplitSeq(text, "\n") {
		number++
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		if len(p) == MaxFaults {
			return nil, fmt.Errorf("line %d: fault %.80q is too many, expected at most %d", number, l, MaxFaults)
		}
		f, err := parseFault(l)
		if err != nil {
			return nil, fmt.Errorf("line %d: fault %.80q: %w", number, l, err)
		}
		p = append(p, f)
	}
	return p, nil
}

// Canonical returns the plan with each fault in canonical form, and nil for none: as
// ParsePlan returns it.
func (p Plan) Canonical() Plan {
	var all Plan
	for _, f := range p {
		all = append(all, f.Canonical())
	}
	return all
}

// Merge returns the faults of all plans in order of time; at one instant those of
// earlier plans come first.
func Merge(plans ...Plan) Plan {
	all := slices.Concat(plans...)
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return all
}

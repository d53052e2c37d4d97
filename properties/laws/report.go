package laws

import (
	"fmt"
	"strings"

	"phoenix/properties"
)

// A Report says what many histories showed.
type Report struct {
	Type      string
	Histories int
	Steps     int
	// Checked counts for each law how often it was asked where it might not have held.
	Checked [lawCount]int
	// Applies are the laws that the type can have: 7 and 8 need a crdt.Splitter, 9 to
	// 11 a crdt.Causal, 6 and 12 deltas, 14 and 16 a type that Specifies them.
	Applies Set

	seen seen
}

// circumstances are what makes laws hard to keep.
func (s *seen) circumstances() []circumstance {
	return []circumstance{
		{"operations that did not see each other", s.concurrent},
		{"merges of copies that both had news", s.merges},
		{"deltas received before one that they follow", s.late},
		{"deltas received again", s.repeated},
		{"crashes that lost events", s.crashes},
	}
}

type circumstance struct {
	what  string
	count int
}

// Lacks lists what was missing for the run to say something: laws of which none of
// the histories could have broken one, and circumstances that did not occur.
func (r *Report) Lacks() []string {
	var out []string
	for l := range r.Applies.All() {
		if r.Checked[l] == 0 {
			out = append(out, fmt.Sprintf("no history could have broken %v: %s", Law(l), Law(l).Sentence()))
		}
	}
	for _, c := range r.seen.circumstances() {
		if c.count == 0 {
			out = append(out, "there were no "+c.what)
		}
	}
	return out
}

// Verdict is Inconclusive if anything was lacking, else Pass.
func (r *Report) Verdict() properties.Verdict {
	if len(r.Lacks()) > 0 {
		return properties.Inconclusive
	}
	return properties.Pass
}

// String returns a few lines: how much was run, what occurred, how often each law was asked.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v: %d histories, %d steps\n", r.Type, r.Verdict(), r.Histories, r.Steps)
	for _, c := range r.seen.circumstances() {
		fmt.Fprintf(&b, "  %7d %s\n", c.count, c.what)
	}
	for l := range r.Applies.All() {
		fmt.Fprintf(&b, "  %7d %v: %s\n", r.Checked[l], Law(l), Law(l).Sentence())
	}
	if rest := AllLaws() &^ r.Applies; rest != 0 {
		fmt.Fprintf(&b, "  not asked: laws %v\n", rest)
	}
	for _, what := range r.Lacks() {
		fmt.Fprintf(&b, "  lacking: %s\n", what)
	}
	return b.String()
}

package laws

import (
	"fmt"
	"strings"
)

// A Failure is a history in which a law does not hold. It is an error whose text
// says which law, shows the history line by line with what each copy read, and can
// be given to ParseHistory as it is.
type Failure struct {
	Type    string
	Law     Law
	Step    int // the step that broke it, or len(History) if all of them together did
	Detail  string
	History History

	lines []string // of the history
	reads []string // what the copy of each step read after it
}

// Error returns the whole story.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# FAIL %s breaks %v: %s\n", f.Type, f.Law, f.Law.Sentence())
	for _, line := range strings.Split(f.Detail, "\n") {
		fmt.Fprintf(&b, "#   %s\n", line)
	}
	width := 0
	for _, line := range f.lines {
		width = max(width, len(line))
	}
	for i, line := range f.lines {
		if i < len(f.reads) {
			fmt.Fprintf(&b, "%-*s  # %s", width, line, f.reads[i])
		} else {
			b.WriteString(line)
		}
		if i == f.Step {
			b.WriteString("  <- here")
		}
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// differ shows where two encodings differ.
func differ(a, b []byte) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("  bytes differ from %d on: % x\n                     and: % x", i, cut(a, i), cut(b, i))
}

// cut returns a few bytes around place i.
func cut(b []byte, i int) []byte { return b[max(0, i-4):min(len(b), i+24)] }

// describe lists events.
func (w *world[S]) describe(events Set) string {
	var out []string
	for id := range events.All() {
		out = append(out, w.log.events[id].String())
	}
	return strings.Join(out, ", ")
}

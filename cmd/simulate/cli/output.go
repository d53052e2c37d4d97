package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"phoenix/properties"
)

// sink is an output stream that remembers whether a write has failed.
type sink struct {
	w        io.Writer
	terminal bool
	colour   bool
	failed   error
}

func newSink(w io.Writer) *sink {
	s := &sink{w: w}
	if f, ok := w.(*os.File); ok {
		s.terminal = term.IsTerminal(int(f.Fd()))
		s.colour = s.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return s
}

// Write writes p unless a write has failed before.
func (s *sink) Write(p []byte) (int, error) {
	if s.failed != nil {
		return 0, s.failed
	}
	n, err := s.w.Write(p)
	s.failed = err
	return n, err
}

var colours = [...]string{properties.Pass: "\x1b[32m", properties.Inconclusive: "\x1b[33m", properties.Fail: "\x1b[31m"}

// verdict returns the word for v in capitals, in colour where s shows it.
func (s *sink) verdict(v properties.Verdict) string {
	word := strings.ToUpper(v.String())
	if !s.colour {
		return word
	}
	return colours[v] + word + "\x1b[0m"
}

// header begins every JSON object that the command prints.
type header struct {
	Schema  int                `json:"schema"`
	Verdict properties.Verdict `json:"verdict"`
}

// schemaVersion is raised when a field of the JSON objects changes its meaning.
const schemaVersion = 1

func headed(v properties.Verdict) header { return header{schemaVersion, v} }

// unknown is the header where no verdict was reached.
func unknown() header { return headed(properties.Inconclusive) }

// report prints v as the one JSON object of the command.
func (a *app) report(v any) {
	a.reported = true
	a.out.Write(marshal(v))
}

// marshal returns v as indented JSON and a line break.
func marshal(v any) []byte {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("cli: a report cannot be JSON: %v", err))
	}
	return []byte(text.String())
}

// seedText is a seed as people and programs read it.
func seedText(seed uint64) string { return fmt.Sprintf("0x%x", seed) }

// plural is "1 key" or "3 keys".
func plural[N int | uint64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// suggest names those of the names that are closest to what was given: ", did
// you mean x or y?", or "" if none is close.
func suggest(given string, names []string) string {
	type near struct {
		name string
		far  int
	}
	var close []near
	for _, name := range names {
		far := distance(strings.ToLower(given), strings.ToLower(name))
		if len(given) >= 3 && strings.Contains(name, given) {
			far = 1
		}
		if far <= (len(given)+5)/4 {
			close = append(close, near{name, far})
		}
	}
	if len(close) == 0 {
		return ""
	}
	slices.SortStableFunc(close, func(a, b near) int { return a.far - b.far })
	var best []string
	for _, c := range close[:min(3, len(close))] {
		best = append(best, c.name)
	}
	return ", did you mean " + strings.Join(best, " or ") + "?"
}

// distance counts the insertions, deletions and substitutions of bytes between a
// and b (Levenshtein 1966), in O(len(a) len(b)).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

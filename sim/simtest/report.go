package simtest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"phoenix/sim"
)

// folder is the package under test as go test wants it: go test runs in the folder
// of the package, and the module begins where go.mod is.
var folder = packageFolder(os.Getwd())

func packageFolder(dir string, err error) string {
	for top := dir; err == nil; top = filepath.Dir(top) {
		if _, missing := os.Stat(filepath.Join(top, "go.mod")); missing == nil {
			rel, _ := filepath.Rel(top, dir) // top is dir or above it
			return strings.TrimSuffix("./"+filepath.ToSlash(rel), "/.")
		}
		if filepath.Dir(top) == top {
			break
		}
	}
	return "." // not run by go test: the reader knows where
}

// reproduction returns the line that runs one seed of a test again.
func reproduction(test string, seed uint64) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	pattern := strings.ReplaceAll(strings.Join(parts, "/"), "'", `'\''`)
	return fmt.Sprintf("test:    go test %s -run '%s' -sim.seed=%#x", folder, pattern, seed)
}

// recording reports whether the events of a failing run are wanted.
func recording() bool {
	return onlySeed != nil || keepsArtifacts()
}

func keepsArtifacts() bool {
	f := flag.Lookup("test.artifacts")
	return f != nil && f.Value.String() == "true"
}

const (
	keptEvents  = 100_000 // in events.txt
	shownEvents = 30      // in the output of go test
)

// tail holds the last events of a run as text: values may change later.
type tail struct {
	lines []string // a ring once it is full
	count int      // of all events
}

func record(w *sim.World) *tail {
	events := new(tail)
	w.Observe(func(e *sim.Event) { events.add(string(e.AppendText(nil, w.HostName))) })
	return events
}

func (l *tail) add(line string) {
	if len(l.lines) < keptEvents {
		l.lines = append(l.lines, line)
	} else {
		l.lines[l.count%keptEvents] = line
	}
	l.count++
}

// last returns the last n events that are kept, and a line that tells of others.
func (l *tail) last(n int) string {
	n = min(n, len(l.lines))
	var b strings.Builder
	if n < l.count {
		fmt.Fprintf(&b, "... %d events before\n", l.count-n)
	}
	for i := l.count - n; i < l.count; i++ {
		b.WriteString(l.lines[i%keptEvents])
		b.WriteByte('\n')
	}
	return b.String()
}

// keep writes the events to the artifacts of t, and the last ones to its output.
func (l *tail) keep(t testing.TB, told string) {
	t.Helper()
	where := "add -artifacts to keep all events"
	if keepsArtifacts() {
		where = filepath.Join(t.ArtifactDir(), "events.txt")
		if err := os.WriteFile(where, []byte(told+"\n"+l.last(keptEvents)), 0o666); err != nil {
			t.Errorf("the events could not be kept: %v", err)
		}
	}
	t.Logf("the last events (%s):\n%s", where, l.last(shownEvents))
}

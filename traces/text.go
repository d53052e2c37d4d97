package traces

import (
	"bufio"
	"io"
	"iter"
	"slices"
	"unicode/utf8"

	"phoenix/sim"
)

// Filter says which events are shown. The zero value shows all.
type Filter struct {
	Hosts []string   // events that concern one of them on either end; "world": those of no host
	Kinds []sim.Kind // events of one of these kinds
}

// Match reports whether f shows e.
func (f Filter) Match(e Event) bool {
	if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind) {
		return false
	}
	if len(f.Hosts) == 0 || slices.Contains(f.Hosts, e.Host) || e.Host == "" && slices.Contains(f.Hosts, "world") {
		return true
	}
	return e.Peer != "" && slices.Contains(f.Hosts, e.Peer)
}

// Widths of the text form: of the column of hosts before a longer name was met,
// and how many bytes of a payload that is no text are shown.
const (
	hostWidth  = 8
	shownBytes = 16
)

// WriteText writes the events that f shows, one on a line: number, virtual time,
// host, kind, what it was about, and the number of the event that led to it.
//
//	7          2ms b        deliver #1 from a  (after 5)
//
// An error among the events is returned after those before it were written.
func WriteText(w io.Writer, events iter.Seq2[Event, error], f Filter) error {
	out := bufio.NewWriter(w)
	var damage error
	var line []byte
	width := hostWidth
	for e, err := range events {
		if err != nil {
			damage = err
			break
		}
		if !f.Match(e) {
			continue
		}
		width = max(width, utf8.RuneCountInString(shownHost(e.Host)))
		line = append(e.appendText(line[:0], width, shownBytes), '\n')
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return damage
}

package traces

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"phoenix/sim"
)

// Divergence is the first difference of two event sequences.
type Divergence struct {
	// Common is how many events both have: they differ in the next.
	Common uint64
	// Fields are the names of the fields that differ, as in JSONL; nil if one
	// sequence has ended there.
	Fields []string
	// Before are the last of the common events.
	Before []Event
	// A and B are the events from there on, of the first and the second sequence.
	// The one that has ended has none.
	A, B []Event
}

// Diverge compares two sequences event by event and returns the first
// difference, with up to around events before and after it, or nil if they are
// equal. It needs memory for those events only.
//
// An error in a sequence before the first difference is returned. One after it
// only shortens what is shown.
func Diverge(a, b iter.Seq2[Event, error], around int) (*Divergence, error) {
	nextA, stopA := iter.Pull2(a)
	defer stopA()
	nextB, stopB := iter.Pull2(b)
	defer stopB()
	d := &Divergence{}
	for {
		x, errA, moreA := nextA()
		y, errB, moreB := nextB()
		switch {
		case errA != nil:
			return nil, errA
		case errB != nil:
			return nil, errB
		case !moreA && !moreB:
			return nil, nil
		case moreA && moreB:
			if d.Fields = x.Differences(y); d.Fields == nil {
				d.Common++
				d.remember(x, around)
				continue
			}
		}
		d.A = rest(x, moreA, nextA, around)
		d.B = rest(y, moreB, nextB, around)
		return d, nil
	}
}

// remember keeps e as one of the last common events.
func (d *Divergence) remember(e Event, around int) {
	if len(d.Before) >= around {
		if around <= 0 {
			return
		}
		d.Before = append(d.Before[:0], d.Before[1:]...)
	}
	d.Before = append(d.Before, e)
}

// rest returns e and up to around events after it.
func rest(e Event, is bool, next func() (Event, error, bool), around int) []Event {
	var events []Event
	for err := error(nil); is && err == nil; e, err, is = next() {
		events = append(events, e)
		if len(events) > around {
			break
		}
	}
	return events
}

// String tells d to people: what differs, and the events around it one below
// the other.
func (d *Divergence) String() string {
	width := hostWidth
	for _, events := range [][]Event{d.Before, d.A, d.B} {
		for _, e := range events {
			width = max(width, utf8.RuneCountInString(shownHost(e.Host)))
		}
	}
	var out strings.Builder
	fmt.Fprintln(&out, d.summary())
	block := func(label string, events []Event) {
		for _, e := range events {
			fmt.Fprintf(&out, "%-6s |%s\n", label, e.appendText(nil, width, 0))
		}
	}
	block("both", d.Before)
	block("first", d.A)
	block("second", d.B)
	return out.String()
}

func (d *Divergence) summary() string {
	switch {
	case len(d.A) == 0:
		return fmt.Sprintf("the first ends after event %d, the second goes on", d.Common)
	case len(d.B) == 0:
		return fmt.Sprintf("the second ends after event %d, the first goes on", d.Common)
	default:
		return fmt.Sprintf("equal up to event %d, the next differs in %s", d.Common, strings.Join(d.Fields, ", "))
	}
}

// Live runs a world and returns its events as if they were read from a log, for
// Diverge and WriteText. run builds a fresh world, calls watch with it before
// anything happens in it, and runs it; its error ends the events. Each loop over
// the events runs a world, whose compressed log is kept in memory meanwhile.
func Live(run func(watch func(*sim.World)) error) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		log, err := capture(run)
		if log != nil {
			for e, err := range log.Events() {
				if !yield(e, err) {
					return
				}
			}
		}
		if err != nil {
			yield(Event{}, err)
		}
	}
}

// capture returns the log of a run, and the error of the run.
func capture(run func(watch func(*sim.World)) error) (*Reader, error) {
	var out bytes.Buffer
	var rec *Recorder
	var err error
	ran := run(func(w *sim.World) {
		if rec != nil {
			panic("traces: a run has watched two worlds")
		}
		rec, err = NewRecorder(w, &out, Header{})
	})
	switch {
	case err != nil:
		return nil, err
	case rec == nil && ran != nil:
		return nil, ran
	case rec == nil:
		return nil, fmt.Errorf("traces: a run did not call watch with its world")
	}
	if err := rec.Close(); err != nil {
		return nil, err
	}
	log, err := NewReader("run", &out)
	if err != nil {
		return nil, err
	}
	return log, ran
}

// Compare runs two worlds, see Live, and returns where they begin to differ, or
// nil if they do not.
func Compare(a, b func(watch func(*sim.World)) error, around int) (*Divergence, error) {
	return Diverge(Live(a), Live(b), around)
}

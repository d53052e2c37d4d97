package history

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// FormatError is a history that a format has no words for.
type FormatError struct {
	Format Format
	Msg    string // which operation and why
}

// Error returns a sentence with the format and Msg.
func (e *FormatError) Error() string {
	return fmt.Sprintf("history: %s cannot hold %s", e.Format, e.Msg)
}

// WriteTo writes h to w in the format f, one event a line in the order of what
// happened, or one operation a line for PorcupineJSON.
//
//   - JSONL is described at WriteJSONL.
//   - EDN has a map a line, as Jepsen and Knossos read them: :process, :type, :f,
//     :value, :node, :time and :index. If any operation has a key, every value is
//     a [key value] tuple, to be read as KeyedYes. An ok add, remove or contains
//     with an answer has [element boolean] as its value.
//   - JepsenLog has the same values, and drops times and nodes.
//   - Elle has a transaction of one read or write a line, and refuses other
//     kinds and lists, which its registers do not have. It drops nodes.
//   - PorcupineJSON is described at its constant.
//
// In EDN, Jepsen logs and Elle an annotation is what :nemesis does: a :mark, or
// a :start and its :stop.
//
// Reading the result back gives the same operations in the same real-time
// order, with positions as Call and Return: exactly those of a history that a
// Recorder made. PorcupineJSON gives back h itself. What is dropped or renamed
// is annotations, and times and nodes as said above; of an operation only what
// its kind and outcome give a meaning. Lists nested more than 64 deep are
// written, but no reader takes them.
//
// The error wraps ErrInvalid if h is not valid or holds text that is not UTF-8,
// is a *FormatError if f cannot say it (before anything is written), or is w's.
// O(n log n); beside h it holds 24 bytes for each event.
func WriteTo(w io.Writer, h *History, f Format) error {
	lines, err := h.lines(f)
	if err != nil {
		return err
	}
	if err := h.Validate(); err != nil {
		return err
	}
	if err := h.checkText(); err != nil {
		return err
	}
	if f == Elle {
		if err := h.checkElle(); err != nil {
			return err
		}
	}
	out := bufio.NewWriter(w)
	if f == PorcupineJSON {
		err = h.writePorcupine(out)
	} else {
		err = h.writeEvents(out, lines)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// lines returns what encodes the events of h as lines of the format f, nil for
// PorcupineJSON, which has no events.
func (h *History) lines(f Format) (lineEncoder, error) {
	switch f {
	case JSONL:
		return jsonlLines{}, nil
	case EDN, JepsenLog:
		keyed := slices.ContainsFunc(h.Operations, func(o Operation) bool { return o.Key != "" })
		return &jepsenLines{log: f == JepsenLog, keyed: keyed}, nil
	case Elle:
		return elleLines{}, nil
	case PorcupineJSON:
		return nil, nil
	}
	return nil, fmt.Errorf("history: no format %q to write, expected one of %v", f, Formats())
}

// lineEncoder appends events to b, each as a line without its end.
type lineEncoder interface {
	// operation appends the event of type typ of o.
	operation(b []byte, o *Operation, typ EventType) []byte
	// annotation appends the beginning or the end of a, whose number is index.
	annotation(b []byte, index int, a *Annotation, ends bool) []byte
}

func (h *History) writeEvents(out *bufio.Writer, lines lineEncoder) error {
	var b []byte
	for _, m := range h.moments() {
		if m.annotation {
			b = lines.annotation(b[:0], m.index, &h.Annotations[m.index], m.ends)
		} else {
			o := &h.Operations[m.index]
			typ := InvokeEvent
			switch {
			case m.ends && o.Outcome == OK:
				typ = OKEvent
			case m.ends:
				typ = FailEvent
			}
			b = lines.operation(b[:0], o, typ)
		}
		if _, err := out.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// moment is when an operation or annotation begins or ends.
type moment struct {
	at               int64
	index            int
	ends, annotation bool
}

// moments returns the events of h in the order of what happened. Of
// simultaneous ones beginnings come first, because intervals that touch are
// concurrent. Ends that never come have no moment, nor has that of a mark.
func (h *History) moments() []moment {
	all := make([]moment, 0, 2*(len(h.Operations)+len(h.Annotations)))
	add := func(index int, annotation bool, from, to int64) {
		all = append(all, moment{from, index, false, annotation})
		if to != Pending && !(annotation && from == to) {
			all = append(all, moment{to, index, true, annotation})
		}
	}
	for i := range h.Operations {
		add(i, false, h.Operations[i].Call, h.Operations[i].Return)
	}
	for i, a := range h.Annotations {
		add(i, true, a.From, a.To)
	}
	slices.SortFunc(all, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.at, b.at), compareBools(a.ends, b.ends),
			compareBools(a.annotation, b.annotation), cmp.Compare(a.index, b.index))
	})
	return all
}

// compareBools orders false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// checkText refuses text that is not UTF-8, which no format can hold.
func (h *History) checkText() error {
	for i := range h.Operations {
		o := &h.Operations[i]
		if !utf8.ValidString(o.Key) || !utf8.ValidString(o.Node) || !o.Arg.isUTF8() || !o.Old.isUTF8() || !o.Out.isUTF8() {
			return fmt.Errorf("%w: operation %d, %v: holds text that is not UTF-8", ErrInvalid, i, o)
		}
	}
	for i, a := range h.Annotations {
		if !utf8.ValidString(a.Label) {
			return fmt.Errorf("%w: the label of annotation %d is not UTF-8", ErrInvalid, i)
		}
	}
	return nil
}

// isUTF8 reports whether every text in v is UTF-8. In a list texts are quoted,
// and only what is not printed as itself begins with a backslash and an x.
func (v Value) isUTF8() bool {
	c := v.content()
	if c.kind != valueList || !strings.Contains(c.text, `\x`) {
		return utf8.ValidString(c.text)
	}
	for rest := c.text; rest != ""; {
		var atom Value
		if atom, _, rest = cutToken(rest); !utf8.ValidString(atom.content().text) {
			return false
		}
	}
	return true
}

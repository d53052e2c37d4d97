package traces

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"phoenix/sim"
)

// maxLine bounds the length of a line of JSONL, in bytes.
const maxLine = 64 << 20

// textLog reads the events of a JSONL log.
type textLog struct {
	in     *input
	line   []byte
	number int // of the line, from 1
	header Header
	end    End
	last   Event
}

// newTextLog reads the line with the header.
func newTextLog(in *input) (*textLog, error) {
	t := &textLog{in: in}
	if err := t.nextLine(); err != nil {
		return nil, err
	}
	var first firstLine
	if err := t.unmarshal(&first, "the header of a log"); err != nil {
		return nil, err
	}
	if first.Log != textVersion {
		return nil, t.fail(`expected "log":%d, found %d`, textVersion, first.Log)
	}
	t.header = first.Header
	return t, nil
}

func (t *textLog) about() (Header, End) { return t.header, t.end }

func (t *textLog) fail(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %w", t.in.name, t.number, fmt.Sprintf(format, args...), ErrFormat)
}

// nextLine reads a line that is not blank.
func (t *textLog) nextLine() error {
	for {
		t.number++
		t.line = t.line[:0]
		for {
			part, err := t.in.ReadSlice('\n')
			t.line = append(t.line, part...)
			if err == nil || err == io.EOF && len(t.line) > 0 {
				break
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return t.broken(err)
			}
			if len(t.line) > maxLine {
				return t.fail("expected a line of at most %d bytes", maxLine)
			}
		}
		if len(bytes.TrimSpace(t.line)) > 0 {
			return nil
		}
	}
}

// broken returns the error for a line that could not be read.
func (t *textLog) broken(err error) error {
	return fmt.Errorf("%s:%d: expected an event or the end of the log: %w", t.in.name, t.number, t.in.problem(err))
}

// unreadable returns the error for a line that is not what it should be, and
// tells one that was cut from one that is wrong.
func (t *textLog) unreadable(what string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) && !bytes.HasSuffix(t.line, []byte("\n")) {
		return fmt.Errorf("%s:%d: expected the rest of the line: %w", t.in.name, t.number, ErrTruncated)
	}
	return t.fail("expected %s: %v", what, err)
}

// unmarshal reads the line into v.
func (t *textLog) unmarshal(v any, what string) error {
	dec := json.NewDecoder(bytes.NewReader(t.line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return t.unreadable(what, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return t.fail("expected the end of the line after %s", what)
	}
	return nil
}

// next returns the next event; io.EOF after the line with the end.
func (t *textLog) next() (Event, error) {
	if err := t.nextLine(); err != nil {
		return Event{}, err
	}
	v, err := parseJSON(t.line)
	if err != nil {
		return Event{}, t.unreadable("an event", err)
	}
	if v.Form == Object && len(v.Items) == 1 && v.Items[0].Name == "end" {
		return Event{}, t.finish()
	}
	e, err := eventOf(v)
	switch {
	case err != nil:
		return Event{}, t.fail("%v", err)
	case e.Seq != t.last.Seq+1:
		return Event{}, t.fail("expected event %d, found event %d", t.last.Seq+1, e.Seq)
	case e.At < t.last.At:
		return Event{}, t.fail("expected a time that is not before %d, found %d", t.last.At, e.At)
	}
	t.last = e
	return e, nil
}

// finish reads the line with the end, and what must not come after it.
func (t *textLog) finish() error {
	var last lastLine
	if err := t.unmarshal(&last, "the end of the log"); err != nil {
		return err
	}
	if last.End == nil || last.End.Events != t.last.Seq {
		return t.fail("expected the end of %d events", t.last.Seq)
	}
	t.end = *last.End
	err := t.nextLine()
	switch {
	case err == nil:
		return t.fail("expected nothing after the end of the log")
	case errors.Is(err, ErrTruncated):
		return io.EOF
	default:
		return err
	}
}

// eventOf returns the event that v is the JSON of.
func eventOf(v Value) (Event, error) {
	if v.Form != Object || v.Type != "" {
		return Event{}, errors.New("expected an object")
	}
	var e Event
	var err error
	seen := map[string]bool{}
	for _, item := range v.Items {
		if seen[item.Name] {
			return Event{}, fmt.Errorf("expected %q once", item.Name)
		}
		seen[item.Name] = true
		v := item.Value
		switch item.Name {
		case "seq":
			e.Seq, err = number(v)
		case "at":
			e.At, err = timeOf(v)
		case "kind":
			e.Kind, err = kindOf(v)
		case "host":
			e.Host, err = textOf(v)
		case "peer":
			e.Peer, err = textOf(v)
		case "id":
			e.ID, err = number(v)
		case "arg":
			e.Arg, err = number(v)
		case "n":
			e.N, err = number(v)
		case "name":
			e.Name, err = textOf(v)
		case "cause":
			e.Cause, err = number(v)
		case "value":
			e.Value = v
		default:
			err = errors.New("expected a field of an event")
		}
		if err != nil {
			return Event{}, fmt.Errorf("%q: %w", item.Name, err)
		}
	}
	if !seen["seq"] || !seen["at"] || !seen["kind"] {
		return Event{}, errors.New(`expected an event with "seq", "at" and "kind"`)
	}
	return e, nil
}

func number(v Value) (uint64, error) {
	n, err := strconv.ParseUint(v.Text, 10, 64)
	if v.Form != Number || err != nil {
		return 0, fmt.Errorf("expected an integer from 0 to 2^64-1, found %v", v)
	}
	return n, nil
}

func timeOf(v Value) (sim.Time, error) {
	n, err := number(v)
	if err != nil || n > math.MaxInt64 {
		return 0, fmt.Errorf("expected an integer from 0 to 2^63-1, found %v", v)
	}
	return sim.Time(n), nil
}

func textOf(v Value) (string, error) {
	if v.Form != Text || v.Type != "" {
		return "", fmt.Errorf("expected a text, found %v", v)
	}
	return v.Text, nil
}

// kindOf reads the name of a kind, "kind(40)" for one that is not known.
func kindOf(v Value) (sim.Kind, error) {
	if v.Form == Text && v.Type == "" {
		if k, ok := sim.KindOf(v.Text); ok {
			return k, nil
		}
		digits, ok := strings.CutPrefix(strings.TrimSuffix(v.Text, ")"), "kind(")
		if n, err := strconv.ParseUint(digits, 10, 8); ok && err == nil && sim.Kind(n).String() == v.Text {
			return sim.Kind(n), nil
		}
	}
	return 0, fmt.Errorf("expected the kind of an event, found %v", v)
}

// parseJSON reads one value in order, as AppendJSON wrote it.
func parseJSON(line []byte) (Value, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	nodes := 0
	v, err := readJSON(dec, 0, &nodes)
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return Value{}, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return Value{}, errors.New("expected the end of the line after a JSON value")
	}
	return v, nil
}

// maxJSON bounds how many values a line may hold: somewhat more than those of a
// value that was taken apart, of an event around it, and of types.
const maxJSON = 4 * maxNodes

func readJSON(dec *json.Decoder, depth int, nodes *int) (Value, error) {
	if *nodes++; *nodes > maxJSON || depth > 3*maxDepth {
		return Value{}, fmt.Errorf("expected at most %d values, nested at most %d deep", maxJSON, 3*maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return Value{}, err
	}
	switch token := token.(type) {
	case bool:
		return literal(Bool, strconv.FormatBool(token)), nil
	case json.Number:
		return literal(Number, token.String()), nil
	case string:
		return literal(Text, token), nil
	case json.Delim:
		v := Value{Form: List}
		if token == '{' {
			v.Form = Object
		}
		for dec.More() {
			var item Item
			if v.Form == Object {
				name, err := dec.Token()
				if err != nil {
					return Value{}, err
				}
				item.Name = name.(string) // what the decoder gives for keys
			}
			if item.Value, err = readJSON(dec, depth+1, nodes); err != nil {
				return Value{}, err
			}
			v.Items = append(v.Items, item)
		}
		if _, err := dec.Token(); err != nil {
			return Value{}, err
		}
		return unwrap(v), nil
	default: // null
		return Value{Form: Nil}, nil
	}
}

// unwrap returns what an object of "type" and "value", or of "base64", stands for.
func unwrap(v Value) Value {
	if v.Form != Object {
		return v
	}
	if len(v.Items) == 1 && v.Items[0].Name == "base64" && v.Items[0].Value.Form == Text {
		s := v.Items[0].Value.Text
		p, err := base64.StdEncoding.Strict().DecodeString(s)
		if err == nil && !plain(string(p)) && base64.StdEncoding.EncodeToString(p) == s {
			return text(p)
		}
	}
	if len(v.Items) == 2 && v.Items[0].Name == "type" && v.Items[1].Name == "value" {
		typ, inner := v.Items[0].Value, v.Items[1].Value
		if typ.Form == Text && typ.Type == "" && typ.Text != "" && inner.Type == "" {
			inner.Type = typ.Text
			return inner
		}
	}
	return v
}

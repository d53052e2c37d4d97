package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
)

// readJSONL reads what WriteJSONL writes.
func (src *source) readJSONL(data []byte) error {
	in := jsonReader{src: src}
	for rest := data; len(rest) > 0; {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		in.line++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var e jsonEvent
		if err := json.Unmarshal(text, &e); err != nil {
			return in.jsonError(err)
		}
		if err := in.understand(&e); err != nil {
			return err
		}
	}
	return nil
}

type jsonReader struct {
	src    *source
	line   int
	faults map[int]int // number of a fault that lasts -> index of its annotation
}

func (r *jsonReader) errorf(format string, args ...any) error {
	return r.src.errorf(r.line, format, args...)
}

// jsonError says what was expected, in the words of the format.
func (r *jsonReader) jsonError(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return r.errorf("expected one JSON object a line: %v", err)
	}
	if wrong.Field == "" {
		return r.errorf("expected one JSON object a line, found a JSON %s", wrong.Value)
	}
	expected := "a string"
	if k := wrong.Type.Kind(); k == reflect.Int || k == reflect.Int64 {
		expected = "a 64-bit integer"
	}
	return r.errorf("expected %s as %q, found a JSON %s", expected, wrong.Field, wrong.Value)
}

// understand records e.
func (r *jsonReader) understand(e *jsonEvent) error {
	switch e.Type {
	case typeMark:
		r.src.rec.Mark(e.Label)
		return nil
	case typeFault, typeHeal:
		return r.fault(e)
	}
	typ, ok := parseEventType([]byte(e.Type))
	if !ok {
		return r.errorf("expected invoke, ok, fail, info, mark, fault or heal as \"type\", found %q", e.Type)
	}
	if e.Process == nil {
		return r.errorf("expected an integer as \"process\", found nothing")
	}
	kind, ok := parseKind([]byte(e.F))
	if !ok {
		return r.errorf("expected read, write, cas or append as \"f\", found %q", e.F)
	}
	event := Event{Type: typ, Kind: kind, Process: *e.Process, Key: e.Key, Time: e.Time, Node: e.Node}
	if typ == InvokeEvent || typ == OKEvent {
		if err := r.values(e, &event); err != nil {
			return err
		}
	}
	return r.src.add(r.line, event)
}

func (r *jsonReader) fault(e *jsonEvent) error {
	if e.Fault == nil {
		return r.errorf("expected an integer as \"fault\", found nothing")
	}
	index, lasts := r.faults[*e.Fault]
	switch {
	case e.Type == typeFault && lasts:
		return r.errorf("fault %d begins again before its heal", *e.Fault)
	case e.Type == typeHeal && !lasts:
		return r.errorf("expected fault %d before its heal", *e.Fault)
	case e.Type == typeHeal:
		r.src.rec.End(index)
		delete(r.faults, *e.Fault)
		return nil
	}
	if r.faults == nil {
		r.faults = make(map[int]int)
	}
	r.faults[*e.Fault] = r.src.rec.Begin(e.Label)
	return nil
}

// values reads the values of an invocation or an ok. An ok of what is no read
// may leave them out or null.
func (r *jsonReader) values(e *jsonEvent, event *Event) error {
	switch {
	case event.Kind == Read && event.Type == InvokeEvent:
		return nil
	case event.Kind != Read && event.Type == OKEvent && (len(e.Value) == 0 || string(e.Value) == "null"):
		return nil
	case event.Kind != CAS:
		return r.value(e.Value, &event.Value)
	}
	var pair []json.RawMessage
	if err := json.Unmarshal(e.Value, &pair); err != nil || len(pair) != 2 {
		return r.errorf("expected [old,new] as the \"value\" of a cas, found %s", jsonExcerpt(e.Value))
	}
	if err := r.value(pair[0], &event.Old); err != nil {
		return err
	}
	return r.value(pair[1], &event.Value)
}

// value sets *to to the null, integer or string in raw.
func (r *jsonReader) value(raw json.RawMessage, to *Value) error {
	if string(raw) == "null" {
		*to = Value{}
		return nil
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		*to = Int(n)
		return nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return r.errorf("expected null, a 64-bit integer or a string as \"value\", found %s", jsonExcerpt(raw))
	}
	*to = Text(text)
	return nil
}

func jsonExcerpt(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	return excerpt(raw)
}

package history

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// jsonEvent is a line of the JSONL format. Of pointers and raw values, nil
// means absent.
type jsonEvent struct {
	Type    string          `json:"type"`
	Process *int            `json:"process,omitempty"`
	F       string          `json:"f,omitempty"`
	Key     string          `json:"key,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Time    int64           `json:"time,omitempty"`
	Node    string          `json:"node,omitempty"`
	Fault   *int            `json:"fault,omitempty"`
	Label   string          `json:"label,omitempty"`
}

// The types of line that belong to no operation.
const (
	typeMark  = "mark"
	typeFault = "fault"
	typeHeal  = "heal"
)

// WriteJSONL writes h, which must be valid, to w in the format JSONL: an object
// a line, in the order of what happened.
//
//	{"type":"invoke","process":0,"f":"write","key":"x","value":3,"time":1000,"node":"n1"}
//	{"type":"fault","fault":0,"label":"partition n1 | n2 n3"}
//	{"type":"ok","process":0,"f":"write","key":"x","value":3,"time":9000}
//	{"type":"heal","fault":0}
//	{"type":"mark","label":"crash n2"}
//
// The type of an operation is invoke, ok, fail or info; f is read, write, cas
// or append; a value is null, an integer or a string, for a cas [old,new]; key,
// time (nanoseconds) and node are optional, and so is an info: what does not
// end is of unknown outcome. A mark is a moment, a fault lasts until the heal
// with its number. Readers ignore other fields.
//
// Reading it back gives what a Recorder made exactly, and of any other history
// the same operations in the same real-time order with positions as Call and
// Return. The error wraps ErrInvalid if h is not valid or holds text that is
// not UTF-8, or is w's.
func WriteJSONL(w io.Writer, h *History) error {
	lines, err := h.lines()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for _, l := range lines {
		if err := encoder.Encode(l.event); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// jsonLine is an event and when it happened. Of simultaneous events beginnings
// come first, because intervals that touch are concurrent.
type jsonLine struct {
	at    int64
	ends  bool
	event jsonEvent
}

func (h *History) lines() ([]jsonLine, error) {
	if err := h.Validate(); err != nil {
		return nil, err
	}
	if err := h.checkText(); err != nil {
		return nil, err
	}
	lines := make([]jsonLine, 0, 2*len(h.Operations))
	for i := range h.Operations {
		o := &h.Operations[i]
		call := jsonEvent{Type: InvokeEvent.String(), Process: &o.Client, F: o.Kind.String(), Key: o.Key,
			Value: o.jsonValue(InvokeEvent), Time: o.CallTime, Node: o.Node}
		lines = append(lines, jsonLine{at: o.Call, event: call})
		if o.Outcome == Unknown {
			continue
		}
		typ := OKEvent
		if o.Outcome == Failed {
			typ = FailEvent
		}
		end := jsonEvent{Type: typ.String(), Process: &o.Client, F: o.Kind.String(), Key: o.Key,
			Value: o.jsonValue(typ), Time: o.ReturnTime}
		lines = append(lines, jsonLine{at: o.Return, ends: true, event: end})
	}
	for i, a := range h.Annotations {
		if a.From == a.To {
			lines = append(lines, jsonLine{at: a.From, event: jsonEvent{Type: typeMark, Label: a.Label}})
			continue
		}
		lines = append(lines, jsonLine{at: a.From, event: jsonEvent{Type: typeFault, Fault: &i, Label: a.Label}})
		if a.To != Pending {
			lines = append(lines, jsonLine{at: a.To, ends: true, event: jsonEvent{Type: typeHeal, Fault: &i}})
		}
	}
	slices.SortStableFunc(lines, func(a, b jsonLine) int {
		if c := cmp.Compare(a.at, b.at); c != 0 || a.ends == b.ends {
			return c
		}
		if a.ends {
			return 1
		}
		return -1
	})
	return lines, nil
}

// checkText refuses text that JSON cannot hold.
func (h *History) checkText() error {
	for i := range h.Operations {
		o := &h.Operations[i]
		for _, s := range []string{o.Key, o.Node, o.Arg.content().text, o.Old.content().text, o.Out.content().text} {
			if !utf8.ValidString(s) {
				return fmt.Errorf("%w: operation %d, %v: holds text that is not UTF-8", ErrInvalid, i, o)
			}
		}
	}
	for i, a := range h.Annotations {
		if !utf8.ValidString(a.Label) {
			return fmt.Errorf("%w: the label of annotation %d is not UTF-8", ErrInvalid, i)
		}
	}
	return nil
}

// jsonValue is the value of o in an event of type typ, nil for none.
func (o *Operation) jsonValue(typ EventType) json.RawMessage {
	switch {
	case o.Kind == CAS:
		return slices.Concat([]byte("["), o.Old.json(), []byte(","), o.Arg.json(), []byte("]"))
	case o.Kind != Read:
		return o.Arg.json()
	case typ == OKEvent:
		return o.Out.json()
	}
	return nil
}

func (v Value) json() json.RawMessage {
	switch c := v.content(); c.kind {
	case valueInt:
		return strconv.AppendInt(nil, v.num, 10)
	case valueText:
		text, err := json.Marshal(c.text)
		if err != nil {
			panic("history: a string has no JSON: " + err.Error())
		}
		return text
	}
	return json.RawMessage("null")
}

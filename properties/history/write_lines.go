package history

import (
	"fmt"
	"io"
	"strconv"
)

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
// The type of an operation is invoke, ok, fail or info; f is the name of a
// Kind; a value is null, a boolean, an integer, a string or a list of values.
// The value of a cas is [old,new], and of an ok add, remove or contains with an
// answer [element,boolean]. Key, time (nanoseconds) and node are optional, and
// so is an info: what does not end is of unknown outcome. A mark is a moment, a
// fault lasts until the heal with its number. Readers ignore other fields, do not
// need an object to be one line, and take an integer as a key.
//
// Reading it back gives what a Recorder made exactly, and of any other history
// the same operations in the same real-time order with positions as Call and
// Return. Errors and cost are those of WriteTo.
func WriteJSONL(w io.Writer, h *History) error { return WriteTo(w, h, JSONL) }

// jsonlLines encodes what jsonEvent describes.
type jsonlLines struct{}

func (jsonlLines) operation(b []byte, o *Operation, typ EventType) []byte {
	b = fmt.Appendf(b, `{"type":"%v","process":%d,"f":"%v"`, typ, o.Client, o.Kind)
	b = appendTextField(b, "key", o.Key)
	bare := len(b)
	b, ok := jsonNotation.event(append(b, `,"value":`...), o, typ)
	if !ok {
		b = b[:bare]
	}
	if typ != InvokeEvent {
		return append(appendTimeField(b, "time", o.ReturnTime), '}')
	}
	return append(appendTextField(appendTimeField(b, "time", o.CallTime), "node", o.Node), '}')
}

func (jsonlLines) annotation(b []byte, index int, a *Annotation, ends bool) []byte {
	switch {
	case a.From == a.To:
		b = fmt.Appendf(b, `{"type":%q`, typeMark)
	case ends:
		return fmt.Appendf(b, `{"type":%q,"fault":%d}`, typeHeal, index)
	default:
		b = fmt.Appendf(b, `{"type":%q,"fault":%d`, typeFault, index)
	}
	return append(appendTextField(b, "label", a.Label), '}')
}

// appendTextField appends a field of a JSON object that is not its first,
// unless the text is empty.
func appendTextField(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendQuoted(fmt.Appendf(b, ",%q:", name), text)
}

// appendTimeField appends a field of a JSON object that is not its first, unless
// the time is 0, unknown.
func appendTimeField(b []byte, name string, time int64) []byte {
	if time == 0 {
		return b
	}
	return fmt.Appendf(b, ",%q:%d", name, time)
}

// jepsenLines encodes the maps of an EDN file, or the lines of a Jepsen log.
type jepsenLines struct {
	log, keyed bool
	index      int64 // of the next map
}

func (l *jepsenLines) operation(b []byte, o *Operation, typ EventType) []byte {
	b = l.value(l.head(b, strconv.Itoa(o.Client), typ.String(), o.Kind.String()), o, typ)
	if l.log {
		return b
	}
	at := o.ReturnTime
	if typ == InvokeEvent {
		at = o.CallTime
		if o.Node != "" {
			b = appendQuoted(append(b, ", :node "...), o.Node)
		}
	}
	if at != 0 {
		b = fmt.Appendf(b, ", :time %d", at)
	}
	return l.end(b)
}

func (l *jepsenLines) annotation(b []byte, _ int, a *Annotation, ends bool) []byte {
	b = appendQuoted(l.head(b, ":nemesis", InfoEvent.String(), nemesis(a, ends)), a.Label)
	if l.log {
		return b
	}
	return l.end(b)
}

// nemesis is what Jepsen's process of that name does when a begins or ends.
func nemesis(a *Annotation, ends bool) string {
	switch {
	case a.From == a.To:
		return typeMark
	case ends:
		return "stop"
	}
	return "start"
}

// head appends a line as far as its value.
func (l *jepsenLines) head(b []byte, process, typ, f string) []byte {
	if l.log {
		return fmt.Appendf(b, "INFO  %s%s\t:%s\t:%s\t", logMark, process, typ, f)
	}
	return fmt.Appendf(b, "{:process %s, :type :%s, :f :%s, :value ", process, typ, f)
}

// value appends the value of an event of o, in a tuple with its key if need be.
func (l *jepsenLines) value(b []byte, o *Operation, typ EventType) []byte {
	if l.keyed {
		b = append(appendQuoted(append(b, '['), o.Key), ' ')
	}
	b, ok := ednNotation.event(b, o, typ)
	if !ok {
		b = append(b, ednNotation.null...)
	}
	if l.keyed {
		b = append(b, ']')
	}
	return b
}

// end closes a map.
func (l *jepsenLines) end(b []byte) []byte {
	b = fmt.Appendf(b, ", :index %d}", l.index)
	l.index++
	return b
}

// elleLines encodes transactions of one read or write, which checkElle allowed.
type elleLines struct{}

func (elleLines) operation(b []byte, o *Operation, typ EventType) []byte {
	name := "r"
	if o.Kind == Write {
		name = "w"
	}
	b = fmt.Appendf(b, `{"type":"%v","process":%d,"f":"txn","value":[[%q,`, typ, o.Client, name)
	b = append(appendQuoted(b, o.Key), ',')
	b, ok := jsonNotation.event(b, o, typ)
	if !ok {
		b = append(b, jsonNotation.null...)
	}
	at := o.ReturnTime
	if typ == InvokeEvent {
		at = o.CallTime
	}
	return append(appendTimeField(append(b, "]]"...), "time", at), '}')
}

func (elleLines) annotation(b []byte, _ int, a *Annotation, ends bool) []byte {
	b = fmt.Appendf(b, `{"type":"%v","process":"nemesis","f":%q`, InfoEvent, nemesis(a, ends))
	return append(appendTextField(b, "value", a.Label), '}')
}

// checkElle refuses what Elle's registers do not have.
func (h *History) checkElle() error {
	for i := range h.Operations {
		o := &h.Operations[i]
		why := ""
		switch {
		case o.Kind != Read && o.Kind != Write:
			why = "its registers are only read and written"
		case o.Arg.content().kind == valueList || o.Out.content().kind == valueList:
			why = "its registers hold no lists"
		default:
			continue
		}
		return &FormatError{Format: Elle, Msg: fmt.Sprintf("operation %d, %v: %s", i, o, why)}
	}
	return nil
}

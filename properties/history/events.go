package history

import (
	"bytes"
	"strconv"
)

// field is a name in an event's map that matters.
type field int

const (
	fieldProcess field = iota
	fieldType
	fieldF
	fieldValue
	fieldKey
	fieldTime
	fieldNode
	fieldFault
	fieldLabel
	fieldNone
)

var fieldNames = [...]string{fieldProcess: "process", fieldType: "type", fieldF: "f", fieldValue: "value", fieldKey: "key",
	fieldTime: "time", fieldNode: "node", fieldFault: "fault", fieldLabel: "label"}

// eventReader turns the maps of an EDN file, the objects of JSON and the lines
// of a log into events. The last event it read is on the tape.
type eventReader struct {
	formReader
	begun int            // the line of the event
	at    [fieldNone]int // places on the tape; at place 0 is nothing

	end    byte // of the list around the events, 0 for none
	opened int  // the line it began in

	shapes bool // a list of a list is a transaction, as in Elle
	tuples tuples
	keys   map[string]historyKey
	nodes  map[string]string
	number []byte      // of a key, as text
	faults map[int]int // number of a fault that lasts -> index of its annotation
}

func newEventReader(src *source, w *window, keyed Keyed) *eventReader {
	return &eventReader{formReader: formReader{window: w}, tuples: tuples{keyed: keyed, used: keyed == KeyedYes}}
}

// readEvents reads maps and lists of maps.
func (r *eventReader) readEvents() error {
	for {
		ok, err := r.nextMap()
		if err != nil || !ok {
			return err
		}
		if err := r.event(); err != nil {
			return err
		}
		if err := r.understand(); err != nil {
			return err
		}
	}
}

// nextMap goes to the next map, in a list or not. It reports false at the end.
func (r *eventReader) nextMap() (bool, error) {
	for {
		c, ok, err := r.next(0)
		switch {
		case err != nil:
			return false, err
		case !ok && r.end != 0:
			return false, r.errorf("expected %q, opened in line %d, found the end", r.end, r.opened)
		case !ok:
			return false, nil
		case c == '{':
			r.reserve()
			r.begin()
			return true, nil
		case r.end == 0 && (c == '[' || c == '(' && !r.json):
			r.end, r.opened = closing(c), r.line
		case r.end != 0 && c == r.end:
			r.end = 0
		default:
			return false, r.errorf("expected an operation in braces, found %s", excerpt(r.char()))
		}
		r.pos++
	}
}

// begin forgets the last event.
func (r *eventReader) begin() {
	r.tape = append(r.tape[:0], form{span: 1})
	r.begun, r.at = r.line, [fieldNone]int{}
}

// event reads one map. Keys it does not know do not matter.
func (r *eventReader) event() error {
	r.pos++
	for {
		c, ok, err := r.next(1)
		switch {
		case err != nil:
			return err
		case !ok:
			return r.errorf("expected '}', opened in line %d, found the end", r.begun)
		case c == '}':
			r.pos++
			return nil
		}
		if err := r.entry(c); err != nil {
			return err
		}
	}
}

// entry reads one key of a map, which begins with c, and its value.
func (r *eventReader) entry(c byte) (err error) {
	var key []byte // nil if it is no name
	place, line := len(r.tape), r.line
	switch {
	case r.json:
		if err = r.name(c); err == nil {
			key = r.tape[place].text
		}
	case c == ':':
		key, err = r.keyword()
	default:
		err = r.form(1)
	}
	if err != nil {
		return err
	}
	r.tape = r.tape[:place]
	if c, ok, err := r.next(1); err == nil && ok && c == '}' {
		return r.errorf("expected a value for each key of a map")
	}
	if err := r.form(1); err != nil {
		return err
	}
	switch f := fieldOf(key); {
	case f == fieldNone:
		r.tape = r.tape[:place]
	case r.at[f] != 0:
		return r.src.errorf(line, "expected %s once in a map", r.quote(string(key)))
	default:
		r.at[f] = place
	}
	return nil
}

func fieldOf(key []byte) field {
	switch string(key) {
	case "process":
		return fieldProcess
	case "type":
		return fieldType
	case "f":
		return fieldF
	case "value":
		return fieldValue
	case "key":
		return fieldKey
	case "time":
		return fieldTime
	case "node":
		return fieldNode
	case "fault":
		return fieldFault
	case "label":
		return fieldLabel
	}
	return fieldNone
}

// field returns what stands under f, formNone if nothing does.
func (r *eventReader) field(f field) *form { return &r.tape[r.at[f]] }

// word returns a name as it stands for a type or f: a keyword of EDN, or a
// string of JSON, where Elle's may begin with a colon.
func (r *eventReader) word(f *form) (text []byte, ok bool) {
	switch {
	case r.json && f.kind == formText:
		return bytes.TrimPrefix(f.text, []byte(":")), true
	case !r.json && f.kind == formKeyword:
		return f.text, true
	}
	return nil, false
}

// quote returns name as the file would write it.
func (r *eventReader) quote(name string) string {
	if r.json {
		return strconv.Quote(name)
	}
	return ":" + name
}

// wrong says what was expected instead of f, which may be nothing.
func (r *eventReader) wrong(expected string, f *form) error {
	line, found := f.line, formNames[f.kind]
	switch f.kind {
	case formNone:
		line = r.begun
	case formNil:
		found = r.null()
	case formInt:
		found += " " + strconv.FormatInt(f.num, 10)
	case formText, formNumber, formSymbol:
		found += " " + excerpt(f.text)
	case formKeyword:
		found = ":" + string(f.text)
	case formList:
		found += " of " + strconv.Itoa(f.items)
	}
	return r.src.errorf(line, "expected %s, found %s", expected, found)
}

// wrongField says what was expected instead of what stands under f.
func (r *eventReader) wrongField(expected string, f field) error {
	return r.wrong(expected+" as "+r.quote(fieldNames[f]), r.field(f))
}

func (r *eventReader) null() string {
	if r.json {
		return jsonNotation.null
	}
	return ednNotation.null
}

// understand records the event.
func (r *eventReader) understand() error {
	word, _ := r.word(r.field(fieldType))
	switch {
	case r.json && string(word) == typeMark:
		return r.mark()
	case r.json && (string(word) == typeFault || string(word) == typeHeal):
		return r.fault(string(word) == typeFault)
	}
	process := r.field(fieldProcess)
	if _, isName := r.word(process); isName {
		r.src.rec.Mark(r.description())
		return nil
	} else if process.kind != formInt {
		return r.wrongField("an integer or a name", fieldProcess)
	}
	event := Event{Process: int(process.num)}
	var ok bool
	if event.Type, ok = parseEventType(word); !ok {
		expected := "invoke, ok, fail or info"
		if r.json {
			expected = "invoke, ok, fail, info, mark, fault or heal"
		}
		return r.wrongField(expected, fieldType)
	}
	if time := r.field(fieldTime); time.kind == formInt {
		event.Time = time.num
	}
	if node := r.field(fieldNode); node.kind == formText {
		event.Node = r.node(node.text)
	}
	if err := r.act(&event); err != nil {
		return err
	}
	return r.src.add(r.begun, event)
}

// act sets what e does, and with which values.
func (r *eventReader) act(e *Event) error {
	word, _ := r.word(r.field(fieldF))
	if string(word) == "txn" || r.isTxn() {
		return r.transaction(e)
	}
	var ok bool
	switch e.Kind, ok = parseKind(word); {
	case string(word) == "drain":
		return r.wrongField("a dequeue for each element, not all in one operation,", fieldF)
	case !ok:
		return r.wrongField(kindNames(), fieldF)
	case e.Type == InvokeEvent || e.Type == OKEvent:
		return r.values(e)
	}
	return nil // the values of the others say nothing reliable
}

// node returns text as a string, the same one each time.
func (r *eventReader) node(text []byte) string {
	if s, ok := r.nodes[string(text)]; ok {
		return s
	}
	if r.nodes == nil {
		r.nodes = make(map[string]string)
	}
	s := string(text)
	r.nodes[s] = s
	return s
}

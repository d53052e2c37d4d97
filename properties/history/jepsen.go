package history

import "strconv"

// jepsenEvent is one event of a Jepsen history before it is understood.
type jepsenEvent struct {
	line                                    int
	process, typ, f, value, key, time, node form
}

// readEDN reads maps and vectors or lists of maps.
func (src *source) readEDN(data []byte) error {
	in := jepsenReader{ednReader: ednReader{src: src, data: data, line: 1}}
	for {
		c, ok, err := in.next(0)
		switch {
		case err != nil:
			return err
		case !ok:
			return nil
		case c == '[' || c == '(':
			err = in.vector(closing(c))
		default:
			err = in.event()
		}
		if err != nil {
			return err
		}
	}
}

// jepsenReader turns the maps of an EDN file, and the lines of a log, into events.
type jepsenReader struct {
	ednReader
	strings map[string]string   // every key and node once
	keys    map[string]formKind // what each key was
}

// vector reads the events of a vector or list that ends with end.
func (r *jepsenReader) vector(end byte) error {
	opened := r.line
	r.pos++
	for {
		c, ok, err := r.next(0)
		switch {
		case err != nil:
			return err
		case !ok:
			return r.errorf("expected %q, opened in line %d, found the end", end, opened)
		case c == end:
			r.pos++
			return nil
		}
		if err := r.event(); err != nil {
			return err
		}
	}
}

// event reads one map. Keys it does not know do not matter.
func (r *jepsenReader) event() error {
	if c := r.data[r.pos]; c != '{' {
		return r.errorf("expected the map of an operation, found %s", excerpt(r.rest()))
	}
	e := jepsenEvent{line: r.line}
	r.pos++
	for {
		c, ok, err := r.next(1)
		if err != nil {
			return err
		}
		if !ok {
			return r.errorf("expected the end of the map opened in line %d, found the end", e.line)
		}
		if c == '}' {
			r.pos++
			return r.understand(&e)
		}
		if err := r.entry(&e); err != nil {
			return err
		}
	}
}

// entry reads one key of a map and its value.
func (r *jepsenReader) entry(e *jepsenEvent) error {
	key, err := r.form(1)
	if err != nil {
		return err
	}
	if c, ok, err := r.next(1); err == nil && ok && c == '}' {
		return r.errorf("expected a value for each key of a map")
	}
	value, err := r.form(1)
	if err != nil {
		return err
	}
	if key.kind != formKeyword {
		return nil
	}
	slot := e.slot(key.text)
	if slot == nil {
		return nil
	}
	if slot.kind != formNone {
		return r.src.errorf(key.line, "expected :%s once in a map", key.text)
	}
	*slot = value
	return nil
}

func (e *jepsenEvent) slot(name []byte) *form {
	switch string(name) {
	case "process":
		return &e.process
	case "type":
		return &e.typ
	case "f":
		return &e.f
	case "value":
		return &e.value
	case "key":
		return &e.key
	case "time":
		return &e.time
	case "node":
		return &e.node
	}
	return nil
}

// understand records e.
func (r *jepsenReader) understand(e *jepsenEvent) error {
	switch e.process.kind {
	case formInt:
	case formKeyword:
		r.src.rec.Mark(e.label())
		return nil
	default:
		return r.wrong(e, "an integer or a keyword as :process", e.process)
	}
	if e.typ.kind != formKeyword {
		return r.wrong(e, ":invoke, :ok, :fail or :info as :type", e.typ)
	}
	typ, ok := parseEventType(e.typ.text)
	if !ok {
		return r.src.errorf(e.typ.line, "expected :invoke, :ok, :fail or :info as :type, found :%s", e.typ.text)
	}
	if e.f.kind != formKeyword {
		return r.wrong(e, "a keyword as :f", e.f)
	}
	kind, ok := parseKind(e.f.text)
	if !ok {
		return r.src.errorf(e.f.line, "expected :read, :write, :cas or :append (or :get, :put) as :f, found :%s", e.f.text)
	}
	event := Event{Type: typ, Kind: kind, Process: int(e.process.num), Time: e.time.num}
	if e.node.kind == formText {
		event.Node = r.intern(e.node.text)
	}
	if typ == InvokeEvent || typ == OKEvent { // the values of the others say nothing reliable
		if err := r.values(e, &event); err != nil {
			return err
		}
	}
	return r.src.add(e.line, event)
}

func (r *jepsenReader) wrong(e *jepsenEvent, expected string, found form) error {
	line := found.line
	if line == 0 {
		line = e.line
	}
	return r.src.errorf(line, "expected %s, found %s", expected, formNames[found.kind])
}

// label describes an event that is no client's, such as ":nemesis :start :isolated".
func (e *jepsenEvent) label() string {
	label := ":" + string(e.process.text)
	for _, f := range []form{e.f, e.value} {
		switch f.kind {
		case formKeyword:
			label += " :" + string(f.text)
		case formText:
			label += " " + string(f.text)
		case formInt:
			label += " " + strconv.FormatInt(f.num, 10)
		case formVector:
			if f.count > 0 && f.items[0].kind == formKeyword {
				label += " :" + string(f.items[0].text)
			}
		}
	}
	return label
}

// values reads the key and the values of an invocation or an ok.
func (r *jepsenReader) values(e *jepsenEvent, event *Event) error {
	value := e.value
	switch {
	case e.key.kind != formNone:
		if err := r.key(e, e.key, event); err != nil {
			return err
		}
	case r.src.keyed:
		if value.kind != formVector || value.count != 2 {
			return r.wrong(e, "a :key or a [key value] tuple, which a keyed model needs", value)
		}
		if err := r.key(e, value.items[0], event); err != nil {
			return err
		}
		value = value.items[1]
	}
	reading := event.Kind == Read
	if reading && event.Type == InvokeEvent {
		return nil // nobody knows yet
	}
	if event.Type == OKEvent && !reading && (value.kind == formNone || value.kind == formNil) {
		return nil // it need not repeat what was invoked
	}
	if event.Kind == CAS {
		if value.kind != formVector || value.count != 2 {
			return r.wrong(e, "[old new] as the value of a cas", value)
		}
		if err := r.value(e, value.items[0], &event.Old); err != nil {
			return err
		}
		return r.value(e, value.items[1], &event.Value)
	}
	return r.value(e, value, &event.Value)
}

// key sets the key of event. An integer and a string that print alike would be
// taken for one key, so a file may not have both.
func (r *jepsenReader) key(e *jepsenEvent, f form, event *Event) error {
	text := f.text
	switch f.kind {
	case formInt:
		text = strconv.AppendInt(nil, f.num, 10)
	case formText, formKeyword, formSymbol:
	default:
		return r.wrong(e, "an integer, a string or a keyword as a key", f)
	}
	event.Key = r.intern(text)
	if r.keys == nil {
		r.keys = make(map[string]formKind)
	}
	if seen, ok := r.keys[event.Key]; ok && seen != f.kind {
		return r.src.errorf(f.line, "expected one type of key, found %s as %s and as %s", text, formNames[seen], formNames[f.kind])
	}
	r.keys[event.Key] = f.kind
	return nil
}

// intern returns text as a string, the same one each time.
func (r *jepsenReader) intern(text []byte) string {
	if s, ok := r.strings[string(text)]; ok {
		return s
	}
	if r.strings == nil {
		r.strings = make(map[string]string)
	}
	s := string(text)
	r.strings[s] = s
	return s
}

// value sets *to to what f stands for.
func (r *jepsenReader) value(e *jepsenEvent, f form, to *Value) error {
	switch f.kind {
	case formNil:
		*to = Value{}
	case formInt:
		*to = Int(f.num)
	case formText:
		*to = Text(string(f.text))
	case formVector:
		return r.wrong(e, "nil, an integer or a string as a value (for [key value] tuples choose a keyed model)", f)
	default:
		return r.wrong(e, "nil, an integer or a string as a value", f)
	}
	return nil
}

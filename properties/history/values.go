package history

import (
	"slices"
	"strconv"
)

// historyKey is a key of the history, and what it was in the file.
type historyKey struct {
	text string
	kind formKind
}

// values reads the key and the values of an invocation or an ok.
func (r *eventReader) values(e *Event) error {
	at := r.at[fieldValue]
	switch {
	case r.field(fieldKey).kind != formNone && r.field(fieldKey).kind != formNil:
		if err := r.key(r.at[fieldKey], &e.Key); err != nil {
			return err
		}
	case r.areTuples(e.Type, e.Kind):
		if !r.isPair(at) {
			return r.wrong("a key or a [key, value] tuple, "+r.tuples.why(), &r.tape[at])
		}
		if err := r.key(r.item(at, 0), &e.Key); err != nil {
			return err
		}
		at = r.item(at, 1)
	}
	void := r.tape[at].kind == formNone || r.tape[at].kind == formNil
	switch {
	case !e.Kind.Takes() && (e.Type == InvokeEvent || !e.Kind.Returns()):
		return nil // nobody knows yet, or there is nothing to know
	case e.Type == OKEvent && e.Kind == Contains && !r.isAnswer(at):
		return r.wrong("[element, boolean] as the value of an ok contains", &r.tape[at])
	case e.Type == OKEvent && e.Kind.Takes() && void:
		return nil // it need not repeat what was invoked
	case e.Kind == CAS && !r.isPair(at):
		return r.wrong("[old, new] as the value of a cas", &r.tape[at])
	case e.Kind == CAS:
		return r.pair(at, &e.Old, &e.Value)
	case e.Type == OKEvent && e.Kind.Answers() && r.isAnswer(at):
		return r.pair(at, &e.Value, &e.Answer)
	}
	return r.value(at, &e.Value)
}

// isPair reports whether a list of two is at the place.
func (r *eventReader) isPair(at int) bool {
	return r.tape[at].kind == formList && r.tape[at].items == 2
}

// isAnswer reports whether [element, boolean] is at the place.
func (r *eventReader) isAnswer(at int) bool {
	return r.isPair(at) && r.tape[r.item(at, 1)].kind == formBool
}

// item returns the place of the item of a list, set or map that has the index.
func (r *formReader) item(list, index int) int {
	at := list + 1
	for range index {
		at += r.tape[at].span
	}
	return at
}

// pair sets *a and *b to the items of the pair at the place.
func (r *eventReader) pair(at int, a, b *Value) error {
	if err := r.value(r.item(at, 0), a); err != nil {
		return err
	}
	return r.value(r.item(at, 1), b)
}

// isKey reports whether what is at the place can be a key.
func (r *eventReader) isKey(at int) bool {
	switch r.tape[at].kind {
	case formInt, formText, formKeyword, formSymbol:
		return true
	}
	return false
}

// key sets *to to the key at the place. An integer and a string that print alike
// would be taken for one key, so a file may not have both.
func (r *eventReader) key(at int, to *string) error {
	f := &r.tape[at]
	if !r.isKey(at) {
		return r.wrong("an integer or a name as a key", f)
	}
	text := f.text
	if f.kind == formInt {
		r.number = strconv.AppendInt(r.number[:0], f.num, 10)
		text = r.number
	}
	key, seen := r.keys[string(text)]
	switch {
	case !seen:
		if r.keys == nil {
			r.keys = make(map[string]historyKey)
		}
		key = historyKey{string(text), f.kind}
		r.keys[key.text] = key
	case key.kind != f.kind:
		return r.src.errorf(f.line, "expected one type of key, found %s as %s and as %s",
			text, formNames[key.kind], formNames[f.kind])
	}
	*to = key.text
	return nil
}

// value sets *to to what the form at the place stands for.
func (r *eventReader) value(at int, to *Value) error { return r.nested(at, to, 0) }

func (r *eventReader) nested(at int, to *Value, depth int) error {
	switch f := &r.tape[at]; f.kind {
	case formNil:
		*to = Value{}
	case formBool:
		*to = Bool(f.num == 1)
	case formInt:
		*to = Int(f.num)
	case formText:
		*to = Text(string(f.text))
	case formList, formSet:
		if depth == maxLists {
			return r.src.errorf(f.line, "expected at most %d nested lists as a value", maxLists)
		}
		items := make([]Value, f.items)
		at++
		for i := range items {
			if err := r.nested(at, &items[i], depth+1); err != nil {
				return err
			}
			at += r.tape[at].span
		}
		if f.kind == formSet { // as sets, #{1 2} and #{2 1} are equal
			slices.SortFunc(items, Value.Compare)
		}
		*to = List(items...)
	default:
		return r.wrong(r.null()+", a boolean, a 64-bit integer, a string or a list as a value", f)
	}
	return nil
}

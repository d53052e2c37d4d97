package history

import (
	"bytes"
	"unicode/utf8"
)

// formKind is the type of a form: a part of EDN (github.com/edn-format/edn) or
// of JSON (RFC 8259).
type formKind uint8

const (
	formNone formKind = iota
	formNil           // null in JSON
	formBool
	formInt    // fits in 64 bits
	formNumber // any other number
	formText
	formKeyword // text without the colon
	formSymbol  // also characters
	formList    // also vectors and arrays
	formSet
	formMap // also objects: keys and values in turn
)

var formNames = [...]string{
	formNone: "nothing", formNil: "nil", formBool: "a boolean", formInt: "an integer",
	formNumber: "a number that is no 64-bit integer,", formText: "a string", formKeyword: "a keyword",
	formSymbol: "a symbol", formList: "a list", formSet: "a set", formMap: "a map",
}

// form is one form. The items of a list, set or map follow it on the tape.
type form struct {
	kind  formKind
	line  int
	num   int64  // of an integer, or 1 for true
	text  []byte // points into the window where it can
	items int    // of a list, set or map
	span  int    // places on the tape, with all that is in it
}

// Values may be nested so deep, and forms a little deeper, so that whatever one
// format holds every other can put its keys and names around.
const (
	maxLists = 64
	maxDepth = maxLists + 8
)

// formReader reads the forms in its window, onto a tape so that there is nothing
// to allocate. The tape may only be used until the next event.
//
// JSON is read as EDN is, so that commas are blanks and may be missing or too
// many; in objects a colon stands between a name and its value.
type formReader struct {
	*window
	json bool // or EDN
	tape []form
}

func (r *formReader) errorf(format string, args ...any) error {
	return r.src.errorf(r.line, format, args...)
}

// next skips blanks, comments, discarded forms and tags, and returns the byte
// a form begins with. ok is false at the end of the data. At depth 0 nothing
// that has been read is needed.
func (r *formReader) next(depth int) (c byte, ok bool, err error) {
	for r.pos < len(r.data) || r.more(depth == 0) {
		switch c := r.data[r.pos]; c {
		case '\n':
			r.line++
			r.pos++
		case ' ', '\t', '\r', ',', '\f':
			r.pos++
		case ';', '#':
			if r.json {
				return c, true, nil
			} else if c == ';' {
				r.comment(depth == 0)
			} else if set, err := r.dispatch(depth); set || err != nil {
				return '#', true, err
			}
		default:
			return c, true, nil
		}
	}
	return 0, false, nil
}

// comment skips what is before the end of the line.
func (r *formReader) comment(free bool) {
	for {
		if i := bytes.IndexByte(r.rest(), '\n'); i >= 0 {
			r.pos += i
			return
		}
		r.pos = len(r.data)
		if !r.more(free) {
			return
		}
	}
}

// dispatch skips #tag and #_form. It leaves #{ for a set.
func (r *formReader) dispatch(depth int) (set bool, err error) {
	if depth == 0 {
		r.reserve()
	}
	after := byte(0)
	if r.ahead(len("#_")) {
		after = r.data[r.pos+1]
	}
	switch {
	case after == '{':
		return true, nil
	case after == '_':
		r.pos += 2
		mark := len(r.tape)
		err := r.form(depth + 1)
		r.tape = r.tape[:mark]
		return false, err
	case isSymbolByte(after) && after != '#':
		r.pos++
		r.symbol()
		return false, nil
	}
	return false, r.errorf("expected a tag, #_ or a set after #")
}

// form reads one form, which must exist, onto the tape.
func (r *formReader) form(depth int) error {
	if depth > maxDepth { // before next, which comes back here for #_
		return r.errorf("expected at most %d nested forms", maxDepth)
	}
	c, ok, err := r.next(depth)
	if err != nil {
		return err
	}
	if !ok {
		return r.errorf("expected a form, found the end")
	}
	switch {
	case c == '"':
		return r.string()
	case c == '[' || c == '(' && !r.json:
		return r.sequence(formList, closing(c), depth)
	case c == '{':
		return r.sequence(formMap, '}', depth)
	case isSymbolByte(c) && (r.json || c != ':' && c != '#'):
		return r.atom(c)
	case r.json:
	case c == ':':
		text, err := r.keyword()
		r.push(formKeyword, text, 0)
		return err
	case c == '#':
		r.pos++
		return r.sequence(formSet, '}', depth)
	case c == '\\':
		return r.character()
	}
	return r.errorf("expected a form, found %s", excerpt(r.char()))
}

// push puts a form without items on the tape.
func (r *formReader) push(kind formKind, text []byte, num int64) {
	r.tape = append(r.tape, form{kind: kind, line: r.line, text: text, num: num, span: 1})
}

// char returns the character at pos.
func (r *formReader) char() []byte {
	r.ahead(utf8.UTFMax)
	_, size := utf8.DecodeRune(r.rest())
	return r.data[r.pos : r.pos+size]
}

func closing(open byte) byte {
	if open == '[' {
		return ']'
	}
	return ')'
}

// sequence reads the forms up to end.
func (r *formReader) sequence(kind formKind, end byte, depth int) error {
	at, opened, items := len(r.tape), r.line, 0
	r.push(kind, nil, 0)
	for r.pos++; ; items++ {
		c, ok, err := r.next(depth + 1)
		isKey := kind == formMap && items%2 == 0
		switch {
		case err != nil:
			return err
		case !ok:
			return r.errorf("expected %q, opened in line %d, found the end", end, opened)
		case c == end && kind == formMap && !isKey:
			return r.errorf("expected a value for each key of a map")
		case c == end:
			r.pos++
			r.tape[at].items, r.tape[at].span = items, len(r.tape)-at
			return nil
		case isKey && r.json:
			err = r.name(c)
		default:
			err = r.form(depth + 1)
		}
		if err != nil {
			return err
		}
	}
}

// name reads the name of a field of a JSON object, which begins with c, and the
// colon after it.
func (r *formReader) name(c byte) error {
	if c != '"' {
		return r.errorf("expected a name in quotes, found %s", excerpt(r.char()))
	}
	if err := r.string(); err != nil {
		return err
	}
	if c, ok, err := r.next(1); err != nil || !ok || c != ':' {
		return r.errorf("expected a colon after a name")
	}
	r.pos++
	return nil
}

// keyword returns the text after the colon.
func (r *formReader) keyword() ([]byte, error) {
	r.pos++
	text := r.symbol()
	if len(text) == 0 {
		return nil, r.errorf("expected a keyword after the colon")
	}
	return text, nil
}

// symbol returns the bytes up to the next delimiter, perhaps none.
func (r *formReader) symbol() []byte {
	start, pos := r.pos, r.pos
	for {
		data := r.data
		for pos < len(data) && symbolBytes[data[pos]] {
			pos++
		}
		r.pos = pos
		if pos < len(data) || !r.more(false) {
			return r.data[start:pos]
		}
	}
}

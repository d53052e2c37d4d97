package history

import "unicode/utf8"

// formKind is the type of an EDN form (github.com/edn-format/edn).
type formKind uint8

const (
	formNone formKind = iota
	formNil
	formBool
	formInt    // fits in 64 bits
	formNumber // any other number
	formText
	formKeyword // text without the colon
	formSymbol  // also characters
	formVector  // also lists
	formMap     // also sets; contents are checked and forgotten
)

var formNames = [...]string{
	formNone: "nothing", formNil: "nil", formBool: "a boolean", formInt: "an integer",
	formNumber: "a number that is no 64-bit integer", formText: "a string", formKeyword: "a keyword",
	formSymbol: "a symbol", formVector: "a vector", formMap: "a map or set",
}

// form is one EDN form. Text points into the file where it can.
type form struct {
	kind  formKind
	line  int
	num   int64
	text  []byte
	items []form // the first maxItems of a vector
	count int    // of a vector, all
}

const (
	maxDepth = 64 // of nested forms
	maxItems = 3  // enough to see that a tuple has more than two
)

// ednReader reads the forms of data from pos on. It tracks lines for errors.
type ednReader struct {
	src  *source
	data []byte
	pos  int
	line int
}

func (r *ednReader) errorf(format string, args ...any) error {
	return r.src.errorf(r.line, format, args...)
}

// next skips blanks, comments, discarded forms and tags, and returns the byte
// a form begins with. ok is false at the end of the data.
func (r *ednReader) next(depth int) (c byte, ok bool, err error) {
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case '\n':
			r.line++
			r.pos++
		case ' ', '\t', '\r', ',', '\f':
			r.pos++
		case ';':
			for r.pos < len(r.data) && r.data[r.pos] != '\n' {
				r.pos++
			}
		case '#':
			if set, err := r.dispatch(depth); set || err != nil {
				return '#', true, err
			}
		default:
			return c, true, nil
		}
	}
	return 0, false, nil
}

// dispatch skips #tag and #_form. It leaves #{ for a set.
func (r *ednReader) dispatch(depth int) (set bool, err error) {
	after := byte(0)
	if r.pos+1 < len(r.data) {
		after = r.data[r.pos+1]
	}
	switch {
	case after == '{':
		return true, nil
	case after == '_':
		r.pos += 2
		_, err := r.form(depth + 1)
		return false, err
	case isSymbolByte(after) && after != '#':
		r.pos++
		r.symbol()
		return false, nil
	}
	return false, r.errorf("expected a tag, #_ or a set after #")
}

// form reads one form, which must exist.
func (r *ednReader) form(depth int) (form, error) {
	if depth > maxDepth { // before next, which comes back here for #_
		return form{}, r.errorf("expected at most %d nested forms", maxDepth)
	}
	c, ok, err := r.next(depth)
	if err != nil {
		return form{}, err
	}
	if !ok {
		return form{}, r.errorf("expected a form, found the end")
	}
	f := form{line: r.line}
	switch {
	case c == '"':
		f.kind = formText
		f.text, err = r.string()
	case c == '[' || c == '(':
		f.kind = formVector
		err = r.sequence(&f, closing(c), depth)
	case c == '{' || c == '#':
		f.kind = formMap
		if c == '#' {
			r.pos++
		}
		err = r.sequence(&f, '}', depth)
		if c == '{' && f.count%2 == 1 && err == nil {
			err = r.errorf("expected a value for each key of a map")
		}
	case c == ':':
		r.pos++
		f.kind, f.text = formKeyword, r.symbol()
		if len(f.text) == 0 {
			err = r.errorf("expected a keyword after the colon")
		}
	case c == '\\':
		err = r.character(&f)
	case isSymbolByte(c):
		err = r.atom(&f)
	default:
		err = r.errorf("expected a form, found %s", excerpt(r.rest()))
	}
	return f, err
}

func (r *ednReader) rest() []byte {
	_, size := utf8.DecodeRune(r.data[r.pos:])
	return r.data[r.pos : r.pos+size]
}

func closing(open byte) byte {
	if open == '[' {
		return ']'
	}
	return ')'
}

// sequence reads the forms up to end and keeps the first of a vector.
func (r *ednReader) sequence(f *form, end byte, depth int) error {
	r.pos++
	for {
		c, ok, err := r.next(depth)
		if err != nil {
			return err
		}
		if !ok {
			return r.errorf("expected %q, opened in line %d, found the end", end, f.line)
		}
		if c == end {
			r.pos++
			return nil
		}
		item, err := r.form(depth + 1)
		if err != nil {
			return err
		}
		if f.kind == formVector && f.count < maxItems {
			f.items = append(f.items, item)
		}
		f.count++
	}
}

// symbol returns the bytes up to the next delimiter, perhaps none.
func (r *ednReader) symbol() []byte {
	start := r.pos
	for r.pos < len(r.data) && isSymbolByte(r.data[r.pos]) {
		r.pos++
	}
	return r.data[start:r.pos]
}

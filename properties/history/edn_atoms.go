package history

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// character reads \a, \newline or \u0041. What stands after the backslash may
// be a delimiter.
func (r *ednReader) character(f *form) error {
	start := r.pos
	r.pos++
	if r.pos >= len(r.data) || r.data[r.pos] <= ' ' {
		return r.errorf("expected a character after the backslash")
	}
	_, size := utf8.DecodeRune(r.data[r.pos:])
	r.pos += size
	r.symbol()
	f.kind, f.text = formSymbol, r.data[start:r.pos]
	return nil
}

// atom reads nil, a boolean, a number or a symbol.
func (r *ednReader) atom(f *form) error {
	f.text = r.symbol()
	c := f.text[0]
	signed := (c == '-' || c == '+') && len(f.text) > 1
	switch {
	case (c >= '0' && c <= '9') || (signed && f.text[1] >= '0' && f.text[1] <= '9'):
		return r.number(f)
	case string(f.text) == "nil":
		f.kind = formNil
	case string(f.text) == "true" || string(f.text) == "false":
		f.kind = formBool
	default:
		f.kind = formSymbol
	}
	return nil
}

// number reads an integer, with EDN's suffix N or without. Other numbers are
// only checked for what they begin with: nobody needs their value.
func (r *ednReader) number(f *form) error {
	digits := f.text
	if digits[len(digits)-1] == 'N' {
		digits = digits[:len(digits)-1]
	}
	f.kind = formInt
	if n, ok := smallInt(digits); ok {
		f.num = n
		return nil
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err == nil {
		f.num = n
		return nil
	}
	f.kind = formNumber
	if isDecimal(string(digits)) {
		return nil // beyond 64 bits
	}
	for _, c := range f.text {
		if !(c >= '0' && c <= '9') && c != '.' && c != '/' && c != 'e' && c != 'E' && c != 'M' && c != '-' && c != '+' {
			return r.errorf("expected a number, found %s", excerpt(f.text))
		}
	}
	return nil
}

// smallInt reads up to 18 digits without a sign, the common case.
func smallInt(digits []byte) (n int64, ok bool) {
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// string reads a quoted text. Without escapes it is a part of the data.
func (r *ednReader) string() ([]byte, error) {
	opened := r.line
	r.pos++
	start := r.pos
	var unescaped []byte
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case '"':
			text := r.data[start:r.pos]
			r.pos++
			if unescaped != nil {
				text = append(unescaped, text...)
			}
			return text, nil
		case '\\':
			unescaped = append(unescaped, r.data[start:r.pos]...)
			char, err := r.escape()
			if err != nil {
				return nil, err
			}
			unescaped = utf8.AppendRune(unescaped, char)
			start = r.pos
		case '\n':
			r.line++
			r.pos++
		default:
			r.pos++
		}
	}
	return nil, r.src.errorf(opened, "expected the end of the string that begins here, found the end of the file")
}

// escape reads a backslash and what it stands for. Half a surrogate pair
// stands for the replacement character.
func (r *ednReader) escape() (rune, error) {
	text := r.data[r.pos:min(r.pos+6, len(r.data))]
	if len(text) >= 2 {
		for i, c := range []byte(`tnrbf"\`) {
			if text[1] == c {
				r.pos += 2
				return rune("\t\n\r\b\f\"\\"[i]), nil
			}
		}
	}
	if len(text) == 6 && text[1] == 'u' {
		if n, err := strconv.ParseUint(string(text[2:]), 16, 16); err == nil {
			r.pos += 6
			if utf16.IsSurrogate(rune(n)) {
				return utf8.RuneError, nil
			}
			return rune(n), nil
		}
	}
	return 0, r.errorf("expected an escape such as \\n or \\u0041 in a string, found %s", excerpt(text))
}

// isSymbolByte reports whether c continues a symbol, keyword or number. Bytes
// beyond ASCII do: they are letters of some language.
func isSymbolByte(c byte) bool { return symbolBytes[c] }

var symbolBytes = func() (table [math.MaxUint8 + 1]bool) {
	for c := range table {
		table[c] = c > ' ' && c != 0x7f
	}
	for _, c := range []byte("()[]{}\";,\\@^`~") {
		table[c] = false
	}
	return table
}()

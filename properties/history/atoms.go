package history

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// character reads \a, \newline or \u0041. What stands after the backslash may
// be a delimiter.
func (r *formReader) character() error {
	start := r.pos
	r.pos++
	r.ahead(utf8.UTFMax)
	if r.pos >= len(r.data) || r.data[r.pos] <= ' ' {
		return r.errorf("expected a character after the backslash")
	}
	_, size := utf8.DecodeRune(r.rest())
	r.pos += size
	r.symbol()
	r.push(formSymbol, r.data[start:r.pos], 0)
	return nil
}

// atom reads nil, a boolean, a number or a symbol, which JSON has none of. It
// begins with c.
func (r *formReader) atom(c byte) error {
	if n, ok := r.digits(); ok {
		r.push(formInt, nil, n)
		return nil
	}
	text := r.symbol()
	signed := (c == '-' || c == '+') && len(text) > 1
	switch {
	case (c >= '0' && c <= '9') || (signed && text[1] >= '0' && text[1] <= '9'):
		return r.number(text)
	case string(text) == "nil" && !r.json, string(text) == "null" && r.json:
		r.push(formNil, text, 0)
	case string(text) == "true":
		r.push(formBool, text, 1)
	case string(text) == "false":
		r.push(formBool, text, 0)
	case r.json:
		return r.errorf("expected a JSON value, found %s", excerpt(text))
	default:
		r.push(formSymbol, text, 0)
	}
	return nil
}

// digits reads up to 18 digits without a sign, the common number, if that is
// all there is to the atom at pos. Else it reads nothing.
func (r *formReader) digits() (n int64, ok bool) {
	pos := r.pos
	for data := r.data; pos < len(data) && data[pos]-'0' <= 9; pos++ {
		n = n*10 + int64(data[pos]-'0') // of too many digits it does not matter
	}
	if length := pos - r.pos; length == 0 || length > 18 || pos == len(r.data) || isSymbolByte(r.data[pos]) {
		return 0, false
	}
	r.pos = pos
	return n, true
}

// number reads an integer, with EDN's suffix N or without. Other numbers are
// only checked for what they are made of: nobody needs their value.
func (r *formReader) number(text []byte) error {
	digits := text
	if digits[len(digits)-1] == 'N' {
		digits = digits[:len(digits)-1]
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err == nil {
		r.push(formInt, text, n)
		return nil
	}
	if !isDecimal(string(digits)) { // else it is beyond 64 bits
		for _, c := range text {
			if !(c >= '0' && c <= '9') && c != '.' && c != '/' && c != 'e' && c != 'E' && c != 'M' && c != '-' && c != '+' {
				return r.errorf("expected a number, found %s", excerpt(text))
			}
		}
	}
	r.push(formNumber, text, 0)
	return nil
}

// string reads a quoted text. Without escapes it is a part of the window.
func (r *formReader) string() error {
	opened := r.line
	r.pos++
	start := r.pos
	var unescaped []byte
	for {
		data, pos := r.data, r.pos
		for pos < len(data) && data[pos] != '"' && data[pos] != '\\' && data[pos] != '\n' {
			pos++
		}
		if r.pos = pos; pos == len(data) {
			if !r.more(false) {
				return r.src.errorf(opened, "expected the end of the string that begins here, found the end of the file")
			}
			continue
		}
		switch data[pos] {
		case '"':
			text := data[start:pos]
			r.pos++
			if unescaped != nil {
				text = append(unescaped, text...)
			}
			r.push(formText, text, 0)
			r.tape[len(r.tape)-1].line = opened
			return nil
		case '\n':
			if r.json {
				return r.errorf("expected the end of the string that begins here, found the end of the line")
			}
			r.line++
			r.pos++
		default:
			unescaped = append(unescaped, data[start:pos]...)
			char, err := r.escape()
			if err != nil {
				return err
			}
			unescaped = utf8.AppendRune(unescaped, char)
			start = r.pos
		}
	}
}

// escape reads a backslash and what it stands for, or two that are a surrogate
// pair, as JSON has them. Half a pair stands for the replacement character.
func (r *formReader) escape() (rune, error) {
	if char := r.codeUnit(); char >= 0 {
		r.pos += unitSize
		if !utf16.IsSurrogate(char) {
			return char, nil
		}
		if pair := utf16.DecodeRune(char, r.codeUnit()); pair != utf8.RuneError {
			r.pos += unitSize
			return pair, nil
		}
		return utf8.RuneError, nil
	}
	text := r.rest()
	if text = text[:min(unitSize, len(text))]; len(text) >= 2 {
		if i := strings.IndexByte(`tnrbf"\/`, text[1]); i >= 0 {
			r.pos += 2
			return rune("\t\n\r\b\f\"\\/"[i]), nil
		}
	}
	return 0, r.errorf("expected an escape such as \\n or \\u0041 in a string, found %s", excerpt(text))
}

const unitSize = len(`\u0041`)

// codeUnit returns what the escape \u0041 at pos stands for, -1 if there is none.
func (r *formReader) codeUnit() rune {
	if !r.ahead(unitSize) || r.data[r.pos] != '\\' || r.data[r.pos+1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(r.data[r.pos+2:r.pos+unitSize]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
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

package linear

import (
	"fmt"
	"strconv"
	"strings"
)

type valueKind uint8

const (
	valueNil valueKind = iota
	valueInt
	valueText
)

// Value is what a register holds: nil, a 64-bit integer or a text. Values are
// comparable with ==. The zero value is nil.
type Value struct {
	num  int64
	str  string
	kind valueKind
}

// Int returns the integer n as a Value.
func Int(n int64) Value { return Value{kind: valueInt, num: n} }

// Text returns the text s as a Value. An empty text is not nil.
func Text(s string) Value { return Value{kind: valueText, str: s} }

// IsNil reports whether v is nil, the value of a register nobody wrote.
func (v Value) IsNil() bool { return v.kind == valueNil }

// String returns nil, a decimal integer or a quoted text: nil, 3, "abc".
func (v Value) String() string {
	switch v.kind {
	case valueInt:
		return strconv.FormatInt(v.num, 10)
	case valueText:
		return strconv.Quote(v.str)
	}
	return "nil"
}

// ParseValue reads what String prints, so that ParseValue(v.String()) is v. To
// be easy on a command line it also takes a text without its quotes, unless it
// is nil or an integer; the empty string is the empty text.
func ParseValue(s string) (Value, error) {
	if s == "nil" {
		return Value{}, nil
	}
	if strings.HasPrefix(s, `"`) {
		text, err := strconv.Unquote(s)
		if err != nil {
			return Value{}, fmt.Errorf("linear: value %s is not a correctly quoted text", s)
		}
		return Text(text), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return Int(n), nil
	}
	if isDecimal(s) {
		return Value{}, fmt.Errorf("linear: value %s does not fit in 64 bits", s)
	}
	return Text(s), nil
}

// bare returns the text of v as an append joins it: nil adds nothing.
func (v Value) bare() string {
	switch v.kind {
	case valueInt:
		return strconv.FormatInt(v.num, 10)
	case valueText:
		return v.str
	}
	return ""
}

// hash is FNV-1a (Fowler, Noll, Vo) over the kind and the content of v.
func (v Value) hash() uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := (uint64(offset) ^ uint64(v.kind)) * prime
	h = (h ^ uint64(v.num)) * prime
	for i := range len(v.str) {
		h = (h ^ uint64(v.str[i])) * prime
	}
	return h
}

// isDecimal reports whether s is an optional sign and at least one digit.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}

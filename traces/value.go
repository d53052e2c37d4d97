package traces

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Form says which of the forms of JSON a Value has.
type Form uint8

// The forms of values.
const (
	None   Form = iota // there is no value
	Nil                // a nil pointer, slice, map or interface
	Bool               // true or false
	Number             // an integer or a finite float
	Text               // a string or bytes
	List               // a slice or an array
	Object             // a struct or a map
)

// Value is a Go value as a log keeps it: what JSON can hold, in order, with the
// names of the Go types where nothing else tells them. The zero value is None.
type Value struct {
	Form Form
	// Type is the Go type of a message, an operation, or what is in an interface;
	// "" for the parts whose type follows from the type around them.
	Type string
	// Text is the literal of a Bool or a Number, and the bytes of a Text.
	Text string
	// Items are the parts of a List or an Object, in order.
	Items []Item
}

// Item is a part of a Value. Name is the field or the key, "" in a List.
type Item struct {
	Name  string
	Value Value
}

// Equal reports whether v and o have the same JSON.
func (v Value) Equal(o Value) bool { return bytes.Equal(v.AppendJSON(nil), o.AppendJSON(nil)) }

// MarshalJSON returns what AppendJSON appends. The error is always nil.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// AppendJSON appends v as JSON. A value with a type is an object of "type" and
// "value". A text that holds more than printable characters is an object of
// "base64". Equal values give equal bytes.
func (v Value) AppendJSON(dst []byte) []byte {
	if v.Type != "" {
		dst = appendJSONText(append(dst, `{"type":`...), v.Type)
		dst = append(dst, `,"value":`...)
		v.Type = ""
		return append(v.AppendJSON(dst), '}')
	}
	switch v.Form {
	case Bool, Number:
		return append(dst, v.Text...)
	case Text:
		return appendJSONText(dst, v.Text)
	case List:
		return appendItems(dst, '[', v.Items, ']')
	case Object:
		return appendItems(dst, '{', v.Items, '}')
	default:
		return append(dst, "null"...)
	}
}

func appendItems(dst []byte, left byte, items []Item, right byte) []byte {
	dst = append(dst, left)
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if left == '{' {
			dst = append(appendQuoted(dst, item.Name), ':')
		}
		dst = item.Value.AppendJSON(dst)
	}
	return append(dst, right)
}

// appendJSONText appends s as a string, or as its base64 where a string would
// lose or hide something.
func appendJSONText(dst []byte, s string) []byte {
	if plain(s) {
		return appendQuoted(dst, s)
	}
	dst = append(dst, `{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(s))
	return append(dst, `"}`...)
}

// plain reports whether s is UTF-8 without control characters other than those
// of ordinary text. It does not ask for the character classes of Unicode, which
// change with its versions.
func plain(s string) bool {
	for _, r := range s {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0 {
			return false
		}
	}
	return utf8.ValidString(s)
}

// appendQuoted appends s as a JSON string. Bytes that are not UTF-8, which only
// the key of a map can have, become U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r < ' ' || r >= 0x7f && r < 0xa0:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// String returns v as a Go programmer would write it, on one line and in full:
//
//	nodes.Put{Key: "x", Value: 3}
func (v Value) String() string { return string(v.appendText(nil, 0)) }

// appendText appends v; long is how many bytes of an unprintable text are shown,
// 0 for all.
func (v Value) appendText(dst []byte, long int) []byte {
	brackets := v.Form == List || v.Form == Object
	wrapped := v.Type != "" && !brackets && !(v.Form == Text && v.Type == "string")
	if wrapped || brackets {
		dst = appendBare(dst, v.Type)
	}
	if wrapped {
		dst = append(dst, '(')
	}
	switch v.Form {
	case Nil:
		dst = append(dst, "nil"...)
	case Bool, Number:
		dst = append(dst, v.Text...)
	case Text:
		dst = appendString(dst, v.Text, long)
	case List, Object:
		dst = v.appendParts(dst, long)
	}
	if wrapped {
		dst = append(dst, ')')
	}
	return dst
}

func (v Value) appendParts(dst []byte, long int) []byte {
	left, right := byte('{'), byte('}')
	if v.Form == List && v.Type == "" {
		left, right = '[', ']'
	}
	dst = append(dst, left)
	for i, item := range v.Items {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if v.Form == Object {
			dst = append(appendBare(dst, item.Name), ": "...)
		}
		dst = item.Value.appendText(dst, long)
	}
	return append(dst, right)
}

// appendBare appends a name as it is, if it does not disturb the line.
func appendBare(dst []byte, s string) []byte {
	if plain(s) && !strings.ContainsAny(s, "\n\r\t") {
		return append(dst, s...)
	}
	return strconv.AppendQuote(dst, s)
}

// appendString appends s in quotes, or in hexadecimal if it is no text.
func appendString(dst []byte, s string, long int) []byte {
	if plain(s) {
		return strconv.AppendQuote(dst, s)
	}
	shown := s
	if long > 0 && len(s) > long {
		shown = s[:long]
	}
	dst = append(dst, "0x"...)
	for i := range len(shown) {
		const hex = "0123456789abcdef"
		dst = append(dst, hex[shown[i]>>4], hex[shown[i]&15])
	}
	if len(shown) < len(s) {
		dst = append(dst, "… "...)
		dst = strconv.AppendInt(dst, int64(len(s)), 10)
		dst = append(dst, " bytes"...)
	}
	return dst
}

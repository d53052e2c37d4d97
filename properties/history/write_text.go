package history

import (
	"strconv"
	"strings"
)

// notation is how a format writes values.
type notation struct {
	null      string
	separator byte // between the items of a list
}

var (
	jsonNotation = notation{"null", ','}
	ednNotation  = notation{"nil", ' '}
)

// value appends v. A list is canonical text already: only what its atoms and
// its blanks look like changes, so nesting costs no stack.
func (n notation) value(b []byte, v Value) []byte {
	switch c := v.content(); c.kind {
	case valueBool:
		return strconv.AppendBool(b, v.num == 1)
	case valueInt:
		return strconv.AppendInt(b, v.num, 10)
	case valueText:
		return appendQuoted(b, c.text)
	case valueList:
		for rest := c.text; rest != ""; {
			var atom Value
			var mark byte
			switch atom, mark, rest = cutToken(rest); mark {
			case 0:
				b = n.value(b, atom)
			case ' ':
				b = append(b, n.separator)
			default:
				b = append(b, mark)
			}
		}
		return b
	}
	return append(b, n.null...)
}

// pair appends a list of two.
func (n notation) pair(b []byte, first, second Value) []byte {
	b = n.value(append(b, '['), first)
	b = n.value(append(b, n.separator), second)
	return append(b, ']')
}

// event appends the value that o has in an event of type typ; ok is false, and
// nothing appended, if it has none, as when a read is invoked. An answer stands beside the element it is
// about. An ok without one repeats the element unless that looks like an
// element with its answer: ends need not repeat what was invoked.
func (n notation) event(b []byte, o *Operation, typ EventType) (out []byte, ok bool) {
	_, answered := o.Out.Bool()
	switch {
	case o.Kind == CAS:
		return n.pair(b, o.Old, o.Arg), true
	case o.Kind.Answers() && typ == OKEvent && answered:
		return n.pair(b, o.Arg, o.Out), true
	case o.Kind.Answers() && typ == OKEvent && looksAnswered(o.Arg):
		return b, false
	case o.Kind.Takes():
		return n.value(b, o.Arg), true
	case o.Kind.Returns() && typ == OKEvent:
		return n.value(b, o.Out), true
	}
	return b, false
}

// looksAnswered reports whether v is a list of something and a boolean.
func looksAnswered(v Value) bool {
	items, ok := v.Items()
	if !ok || len(items) != 2 {
		return false
	}
	_, ok = items[1].Bool()
	return ok
}

// cutToken splits the text of a list, which is not empty, after its first
// bracket or blank, returned as mark, or else atom.
func cutToken(list string) (atom Value, mark byte, rest string) {
	if c := list[0]; c == '[' || c == ']' || c == ' ' {
		return Value{}, c, list[1:]
	}
	word, rest := cutWord(list)
	atom, err := ParseValue(word)
	if err != nil {
		panic("history: a list that does not parse: " + list)
	}
	return atom, 0, rest
}

// appendQuoted appends s, which is UTF-8, as a string that JSON and EDN read
// alike.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		b = append(append(b, s[start:i]...), '\\')
		start = i + 1
		if at := strings.IndexByte("\t\n\r\b\f\"\\", c); at >= 0 {
			b = append(b, `tnrbf"\`[at])
		} else {
			b = append(b, 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[start:]...), '"')
}

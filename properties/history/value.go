package history

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unique"
)

type valueKind uint8

const (
	valueNil valueKind = iota
	valueBool
	valueInt
	valueText
	valueList
)

// Value is what an operation carries or an object holds: nil, a boolean, a
// 64-bit integer, a text, or a list of such values. Values are comparable with
// ==, and small: equal texts and lists share their memory. The zero value is nil.
type Value struct {
	num int64 // of an integer, or 1 for true
	tag unique.Handle[content]
}

// content is what there is beside the number. A list is its text, which is
// canonical, so equal lists have one content.
type content struct {
	kind valueKind
	text string
}

var (
	boolTag = unique.Make(content{kind: valueBool})
	intTag  = unique.Make(content{kind: valueInt})
)

// Int returns the integer n as a Value.
func Int(n int64) Value { return Value{num: n, tag: intTag} }

// Bool returns b as a Value.
func Bool(b bool) Value {
	v := Value{tag: boolTag}
	if b {
		v.num = 1
	}
	return v
}

// Text returns the text s as a Value. An empty text is not nil.
func Text(s string) Value { return Value{tag: unique.Make(content{valueText, s})} }

// List returns the items, in their order, as one Value. O(length of its text).
func List(items ...Value) Value {
	b := []byte("[")
	for i, item := range items {
		if i > 0 {
			b = append(b, ' ')
		}
		b = item.append(b)
	}
	return Value{tag: unique.Make(content{valueList, string(append(b, ']'))})}
}

func (v Value) content() content {
	if v.IsNil() {
		return content{}
	}
	return v.tag.Value()
}

// IsNil reports whether v is nil, the value of a register nobody wrote.
func (v Value) IsNil() bool { return v == Value{} }

// Int returns the integer that v is.
func (v Value) Int() (n int64, ok bool) { return v.num, v.tag == intTag }

// Bool returns the boolean that v is.
func (v Value) Bool() (b, ok bool) { return v.num == 1, v.tag == boolTag }

// Text returns the text that v is.
func (v Value) Text() (s string, ok bool) {
	c := v.content()
	if c.kind != valueText {
		return "", false
	}
	return c.text, true
}

// Items returns the items of the list that v is. O(length of its text).
func (v Value) Items() (items []Value, ok bool) {
	c := v.content()
	if c.kind != valueList {
		return nil, false
	}
	items, rest, err := parseItems(c.text)
	if err != nil || rest != "" {
		panic("history: a list that does not parse: " + c.text)
	}
	return items, true
}

// Sorted returns the list that v is with its items in ascending order, which
// makes equal bags equal values; any other value as it is.
func (v Value) Sorted() Value {
	items, ok := v.Items()
	if !ok || slices.IsSortedFunc(items, Value.Compare) {
		return v
	}
	slices.SortFunc(items, Value.Compare)
	return List(items...)
}

// Compare orders values: nil, booleans, integers, texts, lists, and each kind
// by content, lists by what String prints. It returns -1, 0 or +1.
func (v Value) Compare(w Value) int {
	if v == w {
		return 0
	}
	a, b := v.content(), w.content()
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(v.num, w.num), strings.Compare(a.text, b.text))
}

// String returns nil, true, a decimal integer, a quoted text or a list of
// those: nil, true, 3, "abc", [1 "abc" [2]].
func (v Value) String() string { return string(v.append(nil)) }

func (v Value) append(b []byte) []byte {
	switch c := v.content(); c.kind {
	case valueBool:
		return strconv.AppendBool(b, v.num == 1)
	case valueInt:
		return strconv.AppendInt(b, v.num, 10)
	case valueText:
		return strconv.AppendQuote(b, c.text)
	case valueList:
		return append(b, c.text...)
	}
	return append(b, "nil"...)
}

// Bare returns v as an append joins it: a text without quotes, an integer in
// decimal, and nothing for any other value.
func (v Value) Bare() string {
	switch c := v.content(); c.kind {
	case valueInt:
		return strconv.FormatInt(v.num, 10)
	case valueText:
		return c.text
	}
	return ""
}

// ParseValue reads what String prints, so that ParseValue(v.String()) is v. To
// be easy on a command line it also takes a text without its quotes, unless it
// would be read as another value; the empty string is the empty text.
func ParseValue(s string) (Value, error) {
	switch {
	case s == "nil":
		return Value{}, nil
	case s == "true" || s == "false":
		return Bool(s == "true"), nil
	case strings.HasPrefix(s, `"`):
		text, err := strconv.Unquote(s)
		if err != nil {
			return Value{}, fmt.Errorf("history: value %s is not a correctly quoted text", s)
		}
		return Text(text), nil
	case strings.HasPrefix(s, "["):
		return parseList(s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return Int(n), nil
	}
	if isDecimal(s) {
		return Value{}, fmt.Errorf("history: value %s does not fit in 64 bits", s)
	}
	return Text(s), nil
}

// parseList reads a list and makes it canonical.
func parseList(s string) (Value, error) {
	items, rest, err := parseItems(s)
	if err == nil && rest != "" {
		err = fmt.Errorf("history: value %s goes on after its list", s)
	}
	if err != nil {
		return Value{}, err
	}
	return List(items...), nil
}

// parseItems reads the items of a list up to its end. Nesting costs no stack:
// what is open is kept in a slice.
func parseItems(s string) (items []Value, rest string, err error) {
	open := [][]Value{}
	for rest = s; ; {
		rest = strings.TrimLeft(rest, " ")
		switch {
		case rest == "":
			return nil, "", fmt.Errorf("history: value %s is a list without an end", s)
		case rest[0] == '[':
			open, rest = append(open, nil), rest[1:]
			continue
		case rest[0] == ']':
			last := len(open) - 1
			done := open[last]
			open, rest = open[:last], rest[1:]
			if last == 0 {
				return done, rest, nil
			}
			open[last-1] = append(open[last-1], List(done...))
			continue
		}
		word, after := cutWord(rest)
		item, err := ParseValue(word)
		if err != nil {
			return nil, "", err
		}
		open[len(open)-1], rest = append(open[len(open)-1], item), after
	}
}

// cutWord splits s, which is not empty, after its first atom of a list.
func cutWord(s string) (word, rest string) {
	if quoted, err := strconv.QuotedPrefix(s); err == nil && s[0] == '"' {
		return quoted, s[len(quoted):]
	}
	if i := strings.IndexAny(s, " []"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// isDecimal reports whether s is an optional sign and at least one digit.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Hash returns 64 bits of v's kind and content, the same on every machine:
// FNV-1a (Fowler, Noll, Vo). O(length of its text).
func (v Value) Hash() uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	c := v.content()
	h := (uint64(offset) ^ uint64(c.kind)) * prime
	h = (h ^ uint64(v.num)) * prime
	for i := range len(c.text) {
		h = (h ^ uint64(c.text[i])) * prime
	}
	return h
}

// Size returns the bytes of the text or list that v is, and 0 for other values.
func (v Value) Size() int { return len(v.content().text) }

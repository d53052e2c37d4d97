package explore

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unsafe"

	"phoenix/network"
	"phoenix/sim"
)

// words tells values to people: as their String methods have it, and else by their content,
// without addresses and in an order that does not change.
type words struct {
	name func(network.ID) string
	deep int // how many values are around the one at hand
}

// Bounds of what is told of one value.
const (
	maxWordsDepth = 6
	maxWordsItems = 12
)

// say returns v in one line. A struct that has no String method comes with its type's name.
func (w words) say(v any) string {
	if v == nil {
		return "nil"
	}
	r := reflect.ValueOf(v)
	text := w.value(r)
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	if r.Kind() == reflect.Struct && strings.HasPrefix(text, "{") {
		text = r.Type().Name() + text
	}
	return text
}

func (w words) value(v reflect.Value) string {
	if !v.IsValid() {
		return "nil"
	}
	if text, ok := w.own(v); ok {
		return text
	}
	if w.deep++; w.deep > maxWordsDepth {
		return "..."
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		return w.value(v.Elem())
	case reflect.Struct:
		return w.structure(v)
	case reflect.Slice, reflect.Array:
		return w.list(v)
	case reflect.Map:
		return w.mapping(v)
	case reflect.String:
		return plainText(v.String())
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return v.Kind().String()
	default:
		return fmt.Sprint(v.Interface())
	}
}

// own is what a value says of itself: nodes their names, others by String or Error.
func (w words) own(v reflect.Value) (string, bool) {
	if v.Type() == hostID {
		id := network.ID(v.Int())
		if id == sim.NoHost {
			return "nobody", true
		}
		return w.name(id), true
	}
	if v.Kind() == reflect.Interface {
		return "", false
	}
	switch v.Interface().(type) {
	case fmt.Stringer, error:
		text := fmt.Sprint(v.Interface())
		if text == "<nil>" {
			text = "nil"
		}
		return plainText(text), true
	}
	return "", false
}

// plainText is text in one line, quoted if it would not print.
func plainText(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// fieldOf returns a field of a struct, to be read also where nobody exports it.
func fieldOf(v reflect.Value, i int) reflect.Value {
	if f := v.Field(i); f.CanInterface() {
		return f
	}
	if !v.CanAddr() {
		copied := reflect.New(v.Type()).Elem()
		copied.Set(v)
		v = copied
	}
	f := v.Field(i)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

// isState reports whether a field is part of a node's state, see encode.
func isState(f reflect.StructField) bool {
	t := f.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.Tag.Get("explore") != "-" && t.Kind() != reflect.Func && !slices.Contains(ties, t)
}

func (w words) structure(v reflect.Value) string {
	var parts []string
	for i := range v.NumField() {
		if f := v.Type().Field(i); isState(f) {
			parts = append(parts, f.Name+": "+w.value(fieldOf(v, i)))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (w words) list(v reflect.Value) string {
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		return strconv.Quote(string(v.Bytes()))
	}
	var parts []string
	for i := range min(v.Len(), maxWordsItems) {
		parts = append(parts, w.value(v.Index(i)))
	}
	return "[" + strings.Join(shortened(parts, v.Len()), ", ") + "]"
}

// shortened notes how many of n parts are left out.
func shortened(parts []string, n int) []string {
	if n > len(parts) {
		parts = append(parts, fmt.Sprintf("%d more", n-len(parts)))
	}
	return parts
}

// mapping tells a map by keys; one of true alone is a set.
func (w words) mapping(v reflect.Value) string {
	var parts []string
	for _, e := range w.entries(v) {
		if e.value.Kind() == reflect.Bool && e.value.Bool() {
			parts = append(parts, e.key)
		} else {
			parts = append(parts, e.key+": "+w.value(e.value))
		}
	}
	return "{" + strings.Join(shortened(parts[:min(len(parts), maxWordsItems)], len(parts)), ", ") + "}"
}

// wordEntry is an entry of a map, with its key told.
type wordEntry struct {
	key   string
	value reflect.Value
}

// entries are those of a map in the order of their keys as they are told.
func (w words) entries(v reflect.Value) []wordEntry {
	var all []wordEntry
	for it := v.MapRange(); it.Next(); { // order: sorted below
		all = append(all, wordEntry{w.value(it.Key()), it.Value()})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].key < all[j].key })
	return all
}

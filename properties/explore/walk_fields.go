package explore

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// Field is a part of a state as it is told: what a node keeps under a name, an entry of a
// map or an element of a list. What is left out of the state of a node is left out here.
type Field struct {
	Name  string  `json:"name"`            // such as ballot, [3] or [key]
	Text  string  `json:"text"`            // the content in one line, which may be cut
	Parts []Field `json:"parts,omitempty"` // of a struct, list or map; of what tells itself, too
	// Change says how it differs from before: "" not at all, "changed", "new" or "gone"; Was
	// is the Text before if it changed.
	Change string `json:"change,omitempty"`
	Was    string `json:"was,omitempty"`

	of string // the type of what an interface holds
}

// fields returns the parts of a value, nil if it has none: the fields of a struct in their
// order, the entries of a map by key, the elements of a list, or, if it is a set, in order
// of how they are told.
func (w words) fields(v reflect.Value) []Field {
	v = behind(v)
	if !v.IsValid() {
		return nil
	}
	var all []Field
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == location {
			return nil
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); isState(f) {
				part := w.field(f.Name, fieldOf(v, i))
				if f.Tag.Get("explore") == "set" {
					renumber(part.Parts)
				}
				all = append(all, part)
			}
		}
	case reflect.Map:
		for _, e := range w.entries(v) {
			all = append(all, w.field("["+e.key+"]", e.value))
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
		for i := range v.Len() {
			all = append(all, w.field("["+strconv.Itoa(i)+"]", v.Index(i)))
		}
	}
	return all
}

func (w words) field(name string, v reflect.Value) Field {
	f := Field{Name: name, Text: w.value(v), Parts: w.fields(v)}
	if v.IsValid() && v.Kind() == reflect.Interface && !v.IsNil() {
		f.Text, f.of = w.say(v.Interface()), v.Elem().Type().String()
	}
	return f
}

// behind returns what pointers and interfaces lead to, no value if one is nil.
func behind(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	return v
}

// renumber brings the elements of a set into an order of their own.
func renumber(parts []Field) {
	slices.SortStableFunc(parts, func(a, b Field) int { return cmp.Compare(a.Text, b.Text) })
	for i := range parts {
		parts[i].Name = fmt.Sprintf("[%d]", i)
	}
}

// compareFields marks in now what differs from before, and adds what is gone at the end. It
// reports whether anything does. What has parts differs if they do: its text may tell the
// elements of a set in any order, or what is no state.
func compareFields(before, now []Field) (marked []Field, differs bool) {
	old := map[string]*Field{}
	for i := range before {
		old[before[i].Name] = &before[i]
	}
	for _, f := range now {
		was := old[f.Name]
		delete(old, f.Name)
		if was == nil {
			f.Change = "new"
		} else {
			var inside bool
			f.Parts, inside = compareFields(was.Parts, f.Parts)
			if inside || was.of != f.of || len(was.Parts)+len(f.Parts) == 0 && was.Text != f.Text {
				f.Change, f.Was = "changed", was.Text
			}
		}
		differs = differs || f.Change != ""
		marked = append(marked, f)
	}
	for _, f := range before {
		if old[f.Name] != nil {
			f.Change = "gone"
			marked, differs = append(marked, f), true
		}
	}
	return marked, differs
}

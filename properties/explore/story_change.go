package explore

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"phoenix/network"
)

// changes tells how a node's state differs between two states of a path: its fields, and
// which of its timers run.
func (p *Path) changes(id network.ID, before, after *State) []string {
	was, is := before.local(id), after.local(id)
	if was == is || was.down || is.down {
		return nil
	}
	d := differ{words: words{name: p.sys.name}}
	d.fields("", handlerValue(before, id), handlerValue(after, id))
	for _, t := range is.timers {
		if !slices.Contains(was.timers, t) {
			d.note("timer %q runs", t)
		}
	}
	for _, t := range was.timers {
		if !slices.Contains(is.timers, t) {
			d.note("timer %q stopped", t)
		}
	}
	return d.found
}

// handlerValue returns the node in a state, behind its pointers.
func handlerValue(s *State, id network.ID) reflect.Value {
	v := reflect.ValueOf(s.Node(id))
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return v
}

// differ collects what differs.
type differ struct {
	words
	found []string
}

func (d *differ) note(format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf(format, args...))
}

// fields compares two values of one name.
func (d *differ) fields(name string, a, b reflect.Value) {
	switch {
	case !a.IsValid() || !b.IsValid() || a.Type() != b.Type():
		d.values(name, a, b)
	case a.Kind() == reflect.Struct && (name == "" || !d.speaks(a)):
		for i := range a.NumField() {
			if f := a.Type().Field(i); isState(f) {
				d.fields(joinName(name, f.Name), fieldOf(a, i), fieldOf(b, i))
			}
		}
	case a.Kind() == reflect.Map && !d.speaks(a):
		d.maps(name, a, b)
	default:
		d.values(name, a, b)
	}
}

func joinName(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return outer + "." + inner
}

// speaks reports whether a value tells itself.
func (d *differ) speaks(v reflect.Value) bool {
	_, ok := d.own(v)
	return ok
}

// values notes a difference as a whole. What is told alike may differ all the same.
func (d *differ) values(name string, a, b reflect.Value) {
	was, is := d.value(a), d.value(b)
	if name == "" {
		name = "its state"
	}
	if was != is {
		d.note("%s: %s -> %s", name, was, is)
	} else if !sameContent(a, b) {
		d.note("%s changes", name)
	}
}

// sameContent reports whether two values have one canonical encoding.
func sameContent(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	x, errX := encode(nil, a.Interface())
	y, errY := encode(nil, b.Interface())
	return errX != nil || errY != nil || bytes.Equal(x, y)
}

// maps notes the entries that differ.
func (d *differ) maps(name string, a, b reflect.Value) {
	was, is := d.entries(a), d.entries(b)
	find := func(all []wordEntry, key string) reflect.Value {
		i := slices.IndexFunc(all, func(e wordEntry) bool { return e.key == key })
		if i < 0 {
			return reflect.Value{}
		}
		return all[i].value
	}
	for _, e := range was {
		if !find(is, e.key).IsValid() {
			d.note("%s loses %s", name, e.key)
		}
	}
	for _, e := range is {
		old := find(was, e.key)
		switch {
		case old.IsValid():
			d.fields(name+"["+e.key+"]", old, e.value)
		case e.value.Kind() == reflect.Bool && e.value.Bool():
			d.note("%s gets %s", name, e.key)
		default:
			d.note("%s[%s]: %s", name, e.key, d.value(e.value))
		}
	}
}

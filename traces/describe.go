package traces

import (
	"encoding"
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"phoenix/sim"
)

// describer defines the Go types of values in the log, so that it can be read
// by a program that does not know them.
type describer struct {
	known map[reflect.Type]*described
	owner map[uint64]*described // of the types with numbers, by their sim.TypeID
	list  []reflect.Type        // in order of their numbers
	done  int                   // how many of list are defined
	last  reflect.Type
	lastD *described
	fresh []reflect.Type // found in interfaces of the current value
}

type described struct {
	index uint64 // the number of the type; 0: it has none yet
	id    uint64 // its sim.TypeID
	open  bool   // a value may hold an interface, and so types that its own does not tell
	parts []int  // the fields of a struct that are open
	clash bool   // another type has the same sim.TypeID: local types of one name
}

// payload returns the number of the type of e.Value, which it defines if need
// be, and the content of e.Data behind the 8 bytes that the number stands for.
func (d *describer) payload(r *Recorder, e *sim.Event) (uint64, []byte) {
	if len(e.Data) < 8 {
		return rawType, e.Data
	}
	id := binary.LittleEndian.Uint64(e.Data)
	if e.Value == nil {
		if id == 0 && len(e.Data) == 8 {
			return nilType, nil
		}
		return rawType, e.Data
	}
	t := reflect.TypeOf(e.Value)
	if t != d.last {
		d.last, d.lastD = t, d.number(t)
	}
	top := d.lastD
	if top.index == 0 || top.id != id {
		return rawType, e.Data // without a canonical encoding, see sim.World.Encode
	}
	if top.open && !d.meetAll(reflect.ValueOf(e.Value)) {
		return rawType, e.Data
	}
	if d.done < len(d.list) {
		d.define(r)
	}
	return top.index, e.Data[8:]
}

// of returns what is known of t.
func (d *describer) of(t reflect.Type) *described {
	if known := d.known[t]; known != nil {
		return known
	}
	if d.known == nil {
		d.known, d.owner = map[reflect.Type]*described{}, map[uint64]*described{}
	}
	n := &described{id: sim.TypeID(t), open: isOpen(t, map[reflect.Type]bool{})}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if isOpen(t.Field(i).Type, map[reflect.Type]bool{}) {
				n.parts = append(n.parts, i)
			}
		}
	}
	d.known[t] = n
	return n
}

// number gives t a number if it has none, unless there are too many types.
func (d *describer) number(t reflect.Type) *described {
	n := d.of(t)
	if n.index == 0 && len(d.list) < maxTypes {
		n.index = firstType + uint64(len(d.list))
		d.list = append(d.list, t)
		n.clash = d.owner[n.id] != nil
		if !n.clash {
			d.owner[n.id] = n
		}
	}
	return n
}

// isOpen reports whether an interface can be reached from t.
func isOpen(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return isOpen(t.Elem(), seen)
	case reflect.Map:
		return isOpen(t.Key(), seen) || isOpen(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if isOpen(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// meetAll gives numbers to the types in the interfaces of v. It reports whether
// the types can be told by their sim.TypeIDs.
func (d *describer) meetAll(v reflect.Value) bool {
	d.fresh = d.fresh[:0]
	d.meet(v)
	// The order in which maps are walked must not show.
	slices.SortFunc(d.fresh, func(a, b reflect.Type) int { return strings.Compare(typeName(a), typeName(b)) })
	clean := true
	for _, t := range d.fresh {
		n := d.number(t)
		clean = clean && n.index != 0 && !n.clash
	}
	return clean
}

// meet collects the types in the interfaces of v that have no number, or one
// that they cannot be told by.
func (d *describer) meet(v reflect.Value) {
	if v.Kind() == reflect.Interface {
		if !v.IsNil() {
			v = v.Elem()
			if n := d.of(v.Type()); n.index == 0 || n.clash {
				d.fresh = append(d.fresh, v.Type())
			}
			d.meet(v)
		}
		return
	}
	n := d.of(v.Type())
	if !n.open {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			d.meet(v.Elem())
		}
	case reflect.Struct:
		for _, i := range n.parts {
			d.meet(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			d.meet(v.Index(i))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); { // order: meetAll sorts what is found
			d.meet(it.Key())
			d.meet(it.Value())
		}
	}
}

// define writes the types that have numbers but no definition.
func (d *describer) define(r *Recorder) {
	for ; d.done < len(d.list); d.done++ { // ref makes the list longer
		t := d.list[d.done]
		r.begin(recType)
		r.records = binary.LittleEndian.AppendUint64(r.records, d.known[t].id)
		kind := byte(t.Kind())
		if t.Implements(selfEncoding) {
			kind |= selfFlag
		}
		r.records = append(r.records, kind)
		r.text(shorten(typeName(t)))
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			d.ref(r, t.Elem())
		case reflect.Array:
			d.ref(r, t.Elem())
			r.number(uint64(t.Len()))
		case reflect.Map:
			d.ref(r, t.Key())
			d.ref(r, t.Elem())
		case reflect.Struct:
			r.number(uint64(t.NumField()))
			for i := range t.NumField() {
				r.text(shorten(t.Field(i).Name))
				d.ref(r, t.Field(i).Type)
			}
		}
	}
}

// ref writes the number of a type that another is made of.
func (d *describer) ref(r *Recorder, t reflect.Type) {
	r.number(d.number(t).index) // 0 once there are too many
}

var selfEncoding = reflect.TypeFor[encoding.BinaryAppender]()

// selfFlag marks a type that encodes itself.
const selfFlag = 0x80

// typeName returns the name of t as a program would write it.
func typeName(t reflect.Type) string {
	if t == reflect.TypeFor[[]byte]() {
		return "[]byte"
	}
	return t.String()
}

// shorten cuts names that are longer than the format allows, such as those of
// types without a name.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	n := maxName - len("…")
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n] + "…"
}

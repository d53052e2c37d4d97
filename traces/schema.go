package traces

import (
	"encoding/binary"
	"math"
	"reflect"
	"strconv"
)

// schema is the Go types that a log has defined so far.
type schema struct {
	types  []goType
	fields int               // of all types
	byID   map[uint64]uint64 // sim.TypeID to index in types
}

type goType struct {
	id     uint64
	kind   reflect.Kind
	self   bool // encodes itself
	name   string
	key    uint64 // of a map; like elem an index in types, or past its end
	elem   uint64
	length uint64 // of an array
	fields []field
}

type field struct {
	name string
	typ  uint64
}

// define reads a definition.
func (s *schema) define(c *cursor) {
	t := goType{id: c.uint64("the number of a type")}
	kind := c.byte("the kind of a type")
	t.kind, t.self = reflect.Kind(kind&^selfFlag), kind&selfFlag != 0
	t.name = c.text(maxName, "the name of a type")
	switch {
	case t.kind == reflect.Invalid || t.kind > reflect.UnsafePointer:
		c.fail("expected the kind of a type, 1 to %d, found %d", reflect.UnsafePointer, kind)
	case len(s.types) == maxTypes:
		c.fail("expected at most %d types", maxTypes)
	case t.kind == reflect.Map:
		t.key, t.elem = ref(c), ref(c)
	case t.kind == reflect.Pointer || t.kind == reflect.Slice:
		t.elem = ref(c)
	case t.kind == reflect.Array:
		t.elem, t.length = ref(c), c.uvarint("the length of an array")
	case t.kind == reflect.Struct:
		n := c.uvarint("the number of fields")
		for i := uint64(0); i < n && c.ok(); i++ {
			t.fields = append(t.fields, field{c.text(maxName, "the name of a field"), ref(c)})
			if s.fields++; s.fields > maxFields {
				c.fail("expected at most %d fields", maxFields)
			}
		}
	}
	if s.byID == nil {
		s.byID = map[uint64]uint64{}
	}
	if _, twice := s.byID[t.id]; !twice {
		s.byID[t.id] = uint64(len(s.types))
	}
	s.types = append(s.types, t)
}

// ref reads the number of a type, and returns its index.
func ref(c *cursor) uint64 { return c.uvarint("the number of a type") - firstType }

// maxNodes bounds how many parts of a value are told apart. What has more is
// kept in one piece, as its encoding.
const maxNodes = 1 << 18

// decode takes the canonical encoding of a value of the type at index apart. It
// returns what was expected where the encoding is wrong, else "".
func (s *schema) decode(index uint64, content []byte) (Value, string) {
	d := decoder{s: s, c: cursor{data: content}}
	if index >= uint64(len(s.types)) {
		return Value{}, "expected the number of a type that is defined"
	}
	t := &s.types[index]
	var v Value
	if t.self {
		v = text(d.c.take(d.c.uvarint("the length of a value"), "a value"))
	} else {
		v = d.value(index, 0)
	}
	if d.nodes > maxNodes {
		v = text(content)
	} else if d.c.ok() && d.c.left() > 0 {
		d.c.fail("expected the end of a value of type %s, found %d bytes more", t.name, d.c.left())
	}
	v.Type = t.name
	return v, d.c.bad
}

type decoder struct {
	s     *schema
	c     cursor
	nodes int
}

func text(p []byte) Value            { return Value{Form: Text, Text: string(p)} }
func literal(f Form, s string) Value { return Value{Form: f, Text: s} }
func (d *decoder) going() bool       { return d.c.ok() && d.nodes <= maxNodes }
func (d *decoder) isByte(i uint64) bool {
	return i < uint64(len(d.s.types)) && d.s.types[i].kind == reflect.Uint8
}

// value reads a value of the type at index, see sim.AppendValue.
func (d *decoder) value(index uint64, depth int) Value {
	d.nodes++
	switch {
	case !d.going():
		return Value{}
	case index >= uint64(len(d.s.types)):
		d.c.fail("expected a value of a type that is defined")
		return Value{}
	case depth > maxDepth:
		d.c.fail("expected a value that is nested at most %d deep", maxDepth)
		return Value{}
	}
	t := &d.s.types[index]
	switch t.kind {
	case reflect.String:
		return text(d.c.take(d.c.uvarint("the length of a string"), "a string"))
	case reflect.Struct:
		v := Value{Form: Object, Items: make([]Item, 0, min(len(t.fields), 64))}
		for i := 0; i < len(t.fields) && d.going(); i++ {
			v.Items = append(v.Items, Item{t.fields[i].name, d.value(t.fields[i].typ, depth+1)})
		}
		return v
	case reflect.Slice:
		return d.slice(t, depth)
	case reflect.Array:
		if d.isByte(t.elem) {
			return text(d.c.take(t.length, "an array"))
		}
		return d.list(t.length, t.elem, depth)
	case reflect.Map:
		return d.entries(t, depth)
	case reflect.Pointer:
		if d.flag("whether a pointer is nil") {
			return d.value(t.elem, depth+1)
		}
		return Value{Form: Nil}
	case reflect.Interface:
		return d.dynamic(depth)
	default:
		return d.scalar(t)
	}
}

func (d *decoder) flag(what string) bool {
	b := d.c.byte(what)
	if b > 1 {
		d.c.fail("expected 0 or 1: %s; found %d", what, b)
	}
	return b == 1
}

func (d *decoder) slice(t *goType, depth int) Value {
	n := d.c.uvarint("the length of a slice")
	switch {
	case n == 0:
		return Value{Form: Nil}
	case d.isByte(t.elem):
		return text(d.c.take(n-1, "a slice"))
	default:
		return d.list(n-1, t.elem, depth)
	}
}

func (d *decoder) list(n, elem uint64, depth int) Value {
	v := Value{Form: List}
	for i := uint64(0); i < n && d.going(); i++ {
		v.Items = append(v.Items, Item{Value: d.value(elem, depth+1)})
	}
	return v
}

func (d *decoder) entries(t *goType, depth int) Value {
	n := d.c.uvarint("the number of entries of a map")
	if n == 0 {
		return Value{Form: Nil}
	}
	v := Value{Form: Object}
	for i := uint64(1); i < n && d.going(); i++ {
		key := d.value(t.key, depth+1)
		name := key.Text
		if key.Form != Text || key.Type != "" {
			name = key.String()
		}
		v.Items = append(v.Items, Item{name, d.value(t.elem, depth+1)})
	}
	return v
}

// dynamic reads what is in an interface.
func (d *decoder) dynamic(depth int) Value {
	id := d.c.uint64("the number of the type in an interface")
	if id == 0 {
		return Value{Form: Nil}
	}
	index, known := d.s.byID[id]
	if !known {
		d.c.fail("expected the number of a type that is defined, found %#x", id)
		return Value{}
	}
	v := d.value(index, depth+1)
	v.Type = d.s.types[index].name
	return v
}

func (d *decoder) scalar(t *goType) Value {
	switch t.kind {
	case reflect.Bool:
		return literal(Bool, strconv.FormatBool(d.flag("a bool")))
	case reflect.Int8:
		return literal(Number, strconv.Itoa(int(int8(d.c.byte("an int8")))))
	case reflect.Uint8:
		return literal(Number, strconv.Itoa(int(d.c.byte("a uint8"))))
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		return literal(Number, strconv.FormatInt(d.c.varint("an integer"), 10))
	case reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return literal(Number, strconv.FormatUint(d.c.uvarint("an integer"), 10))
	case reflect.Float32:
		return float(d.float(), 32)
	case reflect.Float64:
		return float(d.float(), 64)
	case reflect.Complex64:
		return literal(Text, strconv.FormatComplex(complex(d.float(), d.float()), 'g', -1, 64))
	case reflect.Complex128:
		return literal(Text, strconv.FormatComplex(complex(d.float(), d.float()), 'g', -1, 128))
	default:
		d.c.fail("expected a value, but a %s (%s) has none", t.kind, t.name)
		return Value{}
	}
}

func (d *decoder) float() float64 {
	if p := d.c.take(8, "a float"); p != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(p))
	}
	return 0
}

// float returns f as a number, or as a text where JSON has no number for it.
func float(f float64, bits int) Value {
	form := Number
	if math.IsNaN(f) || math.IsInf(f, 0) {
		form = Text
	}
	return literal(form, strconv.FormatFloat(f, 'g', -1, bits))
}

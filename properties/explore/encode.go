package explore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// encode appends the canonical encoding of v, the state of a node or of an observer or a
// message, to dst: values of equal type and content give equal bytes on every machine, and
// different ones different bytes. It writes what sim.AppendValue does, fields that nobody
// exports included, but for this:
//   - What ties a node to its world is not its state: Endpoint, Network, Proc, Timer, Host,
//     World and Disk. It encodes as nothing, and a pointer to it as whether it is nil.
//   - A field with the tag `explore:"-"` is left out. It is for what is no state, such as a
//     counter for tests or a cache of what the other fields say.
//   - A slice or array with the tag `explore:"set"` is encoded in order of the encodings of
//     its elements: it is for one the order of which does not count, such as a list of peers.
//   - A value that is an encoding.BinaryAppender is encoded by its fields all the same: the
//     members of a Group must be found in it, and fields that are not exported could not be
//     asked. A generator of math/rand/v2 is thereby its state.
//   - A function that is nil is nothing. A time.Location is its name.
//   - Nothing is too deep. A pointer to what another pointer leads to, too, counts as one to
//     a copy; only a value that leads back to itself is refused.
//
// Functions, channels and unsafe pointers, nil channels excepted, and cycles are refused
// with an error that wraps sim.ErrUnencodable and names the path to the fault. Of several
// faults in one map it names the first in alphabetical order.
func encode(dst []byte, v any) ([]byte, error) {
	e := encoder{dst: dst}
	err := e.value(v)
	return e.dst, err
}

// encoder is one encoding under way. With groups it also takes down where the members of
// them stand, see shape.
type encoder struct {
	dst     []byte
	scratch []byte // for the entries of maps
	groups  *groups
	marks   []mark
	holes   int // marks that are holes
	depth   int // pointers, slices and maps around the value at hand
	around  map[reference]bool
}

// reference is a pointer, slice or map that is being followed.
type reference struct {
	t  reflect.Type
	at unsafe.Pointer
	n  int
}

// fearCycle is how deep an encoding goes before it begins to keep track of where it is.
const fearCycle = 100

// errDeep has the encoding begin anew and keep track. It is never seen outside.
var errDeep = fmt.Errorf("%w: nested deeper than %d", sim.ErrUnencodable, fearCycle)

// value appends the type and content of v.
func (e *encoder) value(v any) error {
	if v == nil {
		e.dst = append(e.dst, 0, 0, 0, 0, 0, 0, 0, 0)
		return nil
	}
	dst, marks, holes := len(e.dst), len(e.marks), e.holes
	root := reflect.ValueOf(v)
	p := planOf(root.Type())
	e.dst = binary.LittleEndian.AppendUint64(e.dst, p.id)
	err := p.content(e, root)
	if err == errDeep {
		e.dst, e.marks, e.holes, e.depth = binary.LittleEndian.AppendUint64(e.dst[:dst], p.id), e.marks[:marks], holes, 0
		e.around = map[reference]bool{}
		err = p.content(e, root)
		e.around = nil
	}
	if err != nil {
		return inside(err, nameOf(root.Type()))
	}
	return nil
}

func nameOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	return t.String()
}

// fault is an error at a place within a value.
type fault struct{ path, what string }

func (f *fault) Error() string { return f.path + ": " + f.what }

func (f *fault) Unwrap() error { return sim.ErrUnencodable }

// inside returns err with the place where the value that it speaks of is.
func inside(err error, place string) error {
	if f, ok := err.(*fault); ok {
		return &fault{place + f.path, f.what}
	}
	return err
}

// follow encodes with content what v, a pointer, slice or map that is not nil, refers to.
func (e *encoder) follow(v reflect.Value, content contentFunc) error {
	e.depth++
	defer func() { e.depth-- }()
	if e.around == nil {
		if e.depth > fearCycle {
			return errDeep
		}
		return content(e, v)
	}
	r := reference{t: v.Type(), at: v.UnsafePointer()}
	if v.Kind() == reflect.Slice {
		if r.n = v.Len(); r.n == 0 {
			return content(e, v)
		}
	}
	if e.around[r] {
		return &fault{what: "a cycle: it leads back to the " + v.Type().String() + " that it is in; " +
			"refer to it by a number or a key, " + orLeaveItOut}
	}
	e.around[r] = true
	defer delete(e.around, r)
	return content(e, v)
}

const orLeaveItOut = "or leave it out with the tag `explore:\"-\"` if it is no state"

type contentFunc func(e *encoder, v reflect.Value) error

// plan is how the values of one type are encoded.
type plan struct {
	id      uint64
	content contentFunc
}

// plans memoises a pure function of the type.
var plans sync.Map // reflect.Type -> *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p, _ := plans.LoadOrStore(t, &plan{sim.TypeID(t), contentOf(t)})
	return p.(*plan)
}

// ties are what a node holds of its world.
var ties = []reflect.Type{
	reflect.TypeFor[network.Endpoint](), reflect.TypeFor[network.Network](), reflect.TypeFor[network.Proc](),
	reflect.TypeFor[sim.Timer](), reflect.TypeFor[sim.Host](), reflect.TypeFor[sim.World](),
	reflect.TypeFor[sim.Proc](), reflect.TypeFor[disk.Disk](), reflect.TypeFor[disk.Array](),
}

var location = reflect.TypeFor[time.Location]()

func contentOf(t reflect.Type) contentFunc {
	switch {
	case slices.Contains(ties, t):
		return func(*encoder, reflect.Value) error { return nil }
	case t == location:
		return func(e *encoder, v reflect.Value) error { return textContent(e, v.FieldByName("name")) }
	}
	switch t.Kind() {
	case reflect.Struct:
		return structContent(t)
	case reflect.Slice:
		return nillable(listContent(t))
	case reflect.Array:
		return listContent(t)
	case reflect.Map:
		return nillable(mapContent(t))
	case reflect.Pointer:
		return nillable(pointerContent(t))
	case reflect.Interface:
		return interfaceContent
	case reflect.String:
		return textContent
	case reflect.Func:
		return refuse("a function: its state cannot be seen; make it a method, or a timer with a name, " + orLeaveItOut)
	case reflect.Chan:
		return refuse("a channel: what is in it cannot be seen; use a slice, " + orLeaveItOut)
	case reflect.UnsafePointer:
		return refuse("an unsafe pointer: what it leads to cannot be seen; use a typed one, " + orLeaveItOut)
	default:
		return numberContent(t)
	}
}

func refuse(what string) contentFunc {
	return func(_ *encoder, v reflect.Value) error {
		if v.IsNil() {
			return nil
		}
		return &fault{what: what}
	}
}

// numberContent encodes booleans and numbers, and in a shape the members of groups among them.
func numberContent(t reflect.Type) contentFunc {
	named := t.PkgPath() != ""
	switch t.Kind() {
	case reflect.Bool:
		return func(e *encoder, v reflect.Value) error {
			if v.Bool() {
				e.dst = append(e.dst, 1)
			} else {
				e.dst = append(e.dst, 0)
			}
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(e *encoder, v reflect.Value) error {
			switch {
			case named && e.groups != nil && e.hole(t, v.Int()):
			case t.Size() == 1:
				e.dst = append(e.dst, byte(v.Int()))
			default:
				e.dst = binary.AppendVarint(e.dst, v.Int())
			}
			return nil
		}
	case reflect.Float32, reflect.Float64:
		return func(e *encoder, v reflect.Value) error { e.float(v.Float()); return nil }
	case reflect.Complex64, reflect.Complex128:
		return func(e *encoder, v reflect.Value) error {
			e.float(real(v.Complex()))
			e.float(imag(v.Complex()))
			return nil
		}
	default: // unsigned
		return func(e *encoder, v reflect.Value) error {
			switch n := v.Uint(); {
			case named && e.groups != nil && n <= math.MaxInt64 && e.hole(t, int64(n)):
			case t.Size() == 1:
				e.dst = append(e.dst, byte(n))
			default:
				e.dst = binary.AppendUvarint(e.dst, n)
			}
			return nil
		}
	}
}

func (e *encoder) float(f float64) {
	if f != f {
		f = math.NaN() // one NaN: payloads differ between machines
	}
	e.dst = binary.LittleEndian.AppendUint64(e.dst, math.Float64bits(f))
}

func textContent(e *encoder, v reflect.Value) error {
	s := v.String()
	e.dst = append(binary.AppendUvarint(e.dst, uint64(len(s))), s...)
	return nil
}

func structContent(t reflect.Type) contentFunc {
	type part struct {
		i       int
		content contentFunc
	}
	parts := sync.OnceValue(func() []part { // when first used, so that types may be recursive
		var parts []part
		for i := range t.NumField() {
			if content := fieldContent(t.Field(i)); content != nil {
				parts = append(parts, part{i, content})
			}
		}
		return parts
	})
	return func(e *encoder, v reflect.Value) error {
		for _, p := range parts() {
			if err := p.content(e, v.Field(p.i)); err != nil {
				return inside(err, "."+t.Field(p.i).Name)
			}
		}
		return nil
	}
}

// fieldContent is how a field is encoded, nil if it is not.
func fieldContent(f reflect.StructField) contentFunc {
	kind := f.Type.Kind()
	switch tag, tagged := f.Tag.Lookup("explore"); {
	case tag == "-":
		return nil
	case tag == "set" && (kind == reflect.Slice || kind == reflect.Array):
		return setContent(f.Type)
	case tagged:
		what := fmt.Sprintf("the tag `explore:%q` on a %s: expected \"-\", or \"set\" on a slice or array", tag, f.Type)
		return func(*encoder, reflect.Value) error { return &fault{what: what} }
	}
	return planOf(f.Type).content
}

// nillable encodes what may be nil: 0, or what it refers to, which begins with another byte.
func nillable(content contentFunc) contentFunc {
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.dst = append(e.dst, 0)
			return nil
		}
		return e.follow(v, content)
	}
}

func pointerContent(t reflect.Type) contentFunc {
	return func(e *encoder, v reflect.Value) error {
		e.dst = append(e.dst, 1)
		return planOf(t.Elem()).content(e, v.Elem())
	}
}

func listContent(t reflect.Type) contentFunc {
	slice, bytes := t.Kind() == reflect.Slice, t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]()
	return func(e *encoder, v reflect.Value) error {
		n := v.Len()
		if slice {
			e.dst = binary.AppendUvarint(e.dst, uint64(n)+1)
		}
		if bytes {
			e.dst = append(e.dst, v.Bytes()...)
			return nil
		}
		part := planOf(t.Elem()).content
		for i := range n {
			if err := part(e, v.Index(i)); err != nil {
				return inside(err, "["+strconv.Itoa(i)+"]")
			}
		}
		return nil
	}
}

func interfaceContent(e *encoder, v reflect.Value) error {
	if v.IsNil() {
		e.dst = append(e.dst, 0, 0, 0, 0, 0, 0, 0, 0)
		return nil
	}
	t := v.Elem().Type()
	p := planOf(t)
	e.dst = binary.LittleEndian.AppendUint64(e.dst, p.id)
	if err := p.content(e, v.Elem()); err != nil {
		return inside(err, ".("+t.String()+")")
	}
	return nil
}

// span is an entry of a bag in the encoder's dst.
type span struct{ from, key, to int }

// bag is entries the order of which does not count. They are encoded in order of their
// bytes. In a shape, entries with members of groups in them keep the order that they came
// in, for which comes first would depend on what the members are called; they are hashed
// so that it does not count.
type bag struct {
	marks, holes int // of the encoder before
	entries      []span
}

func (e *encoder) open(entries []span) bag {
	b := bag{len(e.marks), e.holes, entries}
	e.mark(markOpen, 0)
	return b
}

func (e *encoder) add(b *bag, s span) {
	s.to = len(e.dst)
	b.entries = append(b.entries, s)
	e.mark(markNext, 0)
}

func (e *encoder) close(b *bag) {
	if e.holes > b.holes {
		e.mark(markClose, 0)
		return
	}
	e.marks = e.marks[:b.marks]
	e.sort(b.entries)
}

func mapContent(t reflect.Type) contentFunc {
	return func(e *encoder, v reflect.Value) error {
		e.dst = binary.AppendUvarint(e.dst, uint64(v.Len())+1)
		key, value := planOf(t.Key()).content, planOf(t.Elem()).content
		var few [16]span
		b := e.open(few[:0])
		var failed error
		for it := v.MapRange(); it.Next(); { // order: close sorts entries, or they are summed up; of errors the least counts
			s := span{from: len(e.dst)}
			err := key(e, it.Key())
			s.key = len(e.dst)
			if err == nil {
				err = value(e, it.Value())
			}
			if err == errDeep {
				return err
			}
			if err != nil {
				err = inside(err, "["+keyName(it.Key())+"]")
				if failed == nil || err.Error() < failed.Error() {
					failed = err
				}
			}
			e.add(&b, s)
		}
		if failed == nil {
			e.close(&b)
		}
		return failed
	}
}

// setContent encodes a slice or array the order of which does not count.
func setContent(t reflect.Type) contentFunc {
	content := func(e *encoder, v reflect.Value) error {
		n := v.Len()
		e.dst = binary.AppendUvarint(e.dst, uint64(n)+1)
		part := planOf(t.Elem()).content
		var few [16]span
		b := e.open(few[:0])
		for i := range n {
			s := span{from: len(e.dst)}
			if err := part(e, v.Index(i)); err != nil {
				return inside(err, "["+strconv.Itoa(i)+"]")
			}
			s.key = len(e.dst)
			e.add(&b, s)
		}
		e.close(&b)
		return nil
	}
	if t.Kind() == reflect.Slice {
		return nillable(content)
	}
	return content
}

// keyName is how a path names the key of a map.
func keyName(k reflect.Value) string {
	switch {
	case k.Kind() == reflect.String:
		return strconv.Quote(k.String())
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10)
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10)
	}
	return k.Type().String()
}

// sort brings the entries at the end of dst into order.
func (e *encoder) sort(entries []span) {
	if len(entries) < 2 {
		return
	}
	slices.SortFunc(entries, func(a, b span) int {
		return cmp.Or(bytes.Compare(e.dst[a.from:a.key], e.dst[b.from:b.key]),
			bytes.Compare(e.dst[a.key:a.to], e.dst[b.key:b.to])) // keys that are NaN are equal
	})
	first := len(e.dst)
	sorted := e.scratch[:0]
	for _, s := range entries {
		first = min(first, s.from)
		sorted = append(sorted, e.dst[s.from:s.to]...)
	}
	copy(e.dst[first:], sorted)
	e.scratch = sorted
}

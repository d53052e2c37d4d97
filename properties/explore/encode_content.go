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

// bagEntry is where an entry of a bag is in the encoder's dst.
type bagEntry struct{ from, key, to int }

// bag is entries the order of which does not count. They are encoded in order of their
// bytes. In a shape, entries with members of groups in them keep the order that they came
// in, for which comes first would depend on what the members are called; they are hashed
// so that it does not count.
type bag struct{ entries, marks, holes int } // how many the encoder had before

func (e *encoder) open() bag {
	b := bag{len(e.entries), len(e.marks), e.holes}
	e.mark(markOpen, 0)
	return b
}

func (e *encoder) add(s bagEntry) {
	s.to = len(e.dst)
	e.entries = append(e.entries, s)
	e.mark(markNext, 0)
}

func (e *encoder) close(b bag) {
	if e.holes > b.holes {
		e.mark(markClose, 0)
	} else {
		e.marks = e.marks[:b.marks]
		e.sort(e.entries[b.entries:])
	}
	e.entries = e.entries[:b.entries]
}

// readable returns a map the entries of which may be read into variables, even if it was
// in a field that is not exported.
func readable(v reflect.Value) reflect.Value {
	at := v.UnsafePointer()
	return reflect.NewAt(v.Type(), unsafe.Pointer(&at)).Elem()
}

// mapEntry is room for an entry that is looked at.
type mapEntry struct{ key, value reflect.Value }

func mapContent(t reflect.Type) contentFunc {
	var entries sync.Pool // of *mapEntry: a map may be within one of the same type
	return func(e *encoder, v reflect.Value) error {
		e.dst = binary.AppendUvarint(e.dst, uint64(v.Len())+1)
		key, value := planOf(t.Key()).content, planOf(t.Elem()).content
		b := e.open()
		var failed error
		entry, _ := entries.Get().(*mapEntry)
		if entry == nil {
			entry = &mapEntry{key: reflect.New(t.Key()).Elem(), value: reflect.New(t.Elem()).Elem()}
		}
		defer entries.Put(entry)
		for it := readable(v).MapRange(); it.Next(); { // order: close sorts or sums them up; of errors the least counts
			s := bagEntry{from: len(e.dst)}
			entry.key.SetIterKey(it)
			err := key(e, entry.key)
			s.key = len(e.dst)
			if err == nil {
				entry.value.SetIterValue(it)
				err = value(e, entry.value)
			}
			if err == errDeep {
				return err
			}
			if err != nil {
				err = inside(err, "["+keyName(entry.key)+"]")
				if failed == nil || err.Error() < failed.Error() {
					failed = err
				}
			}
			e.add(s)
		}
		if failed == nil {
			e.close(b)
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
		b := e.open()
		for i := range n {
			s := bagEntry{from: len(e.dst)}
			if err := part(e, v.Index(i)); err != nil {
				return inside(err, "["+strconv.Itoa(i)+"]")
			}
			s.key = len(e.dst)
			e.add(s)
		}
		e.close(b)
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
func (e *encoder) sort(entries []bagEntry) {
	if len(entries) < 2 {
		return
	}
	slices.SortFunc(entries, func(a, b bagEntry) int {
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

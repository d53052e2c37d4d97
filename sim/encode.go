package sim

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"
)

// maxDepth bounds how deep AppendValue follows pointers, interfaces and nested
// values: beyond it, a value is taken to be cyclic.
const maxDepth = 100

// ErrUnencodable is wrapped by the errors of AppendValue for values that hold a
// channel, a function, an unsafe pointer or a cycle.
var ErrUnencodable = errors.New("value has no canonical encoding")

// AppendValue appends the canonical encoding of v to dst: values of equal type
// and content give equal bytes on every machine, and different ones different
// bytes. Unexported fields count. It is what the digest hashes of a message,
// what a trace keeps of it, and its size on a link with a bandwidth.
//
// The encoding is the 8-byte hash of the type's name (little-endian; 0 for nil)
// and the content: booleans and 8-bit numbers in a byte, other integers as
// varints (zigzag if signed), floats as IEEE bits with one NaN, strings and
// slices with a length before them (slices: plus one, 0 for nil), arrays and
// structs as their parts in order, maps as slices of entries sorted by encoded
// key, pointers as 0 or 1 and the pointee, interfaces as the hash of the type and
// the content. A v that is an encoding.BinaryAppender itself, rather than a part
// of it, encodes itself, behind its length.
//
// A []byte, string, int or uint64 takes a few nanoseconds, a small struct a few
// tens. Errors wrap ErrUnencodable; dst then holds the bytes up to the fault.
func AppendValue(dst []byte, v any) ([]byte, error) {
	var e encoder
	return e.append(dst, v)
}

// encoder remembers the last type it met: streams of one type are the rule.
type encoder struct {
	last reflect.Type
	plan *plan
}

func (e *encoder) append(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, 0, 0, 0, 0, 0, 0, 0, 0), nil
	case []byte:
		dst = binary.LittleEndian.AppendUint64(dst, bytesPlan.id)
		if v == nil {
			return append(dst, 0), nil
		}
		dst = binary.AppendUvarint(dst, uint64(len(v))+1)
		return append(dst, v...), nil
	case string:
		dst = binary.LittleEndian.AppendUint64(dst, stringPlan.id)
		dst = binary.AppendUvarint(dst, uint64(len(v)))
		return append(dst, v...), nil
	}
	t := reflect.TypeOf(v)
	if t != e.last {
		e.last, e.plan = t, planOf(t)
	}
	dst = binary.LittleEndian.AppendUint64(dst, e.plan.id)
	if e.plan.self {
		return appendSelf(dst, v.(encoding.BinaryAppender))
	}
	return e.plan.content(dst, reflect.ValueOf(v), 0)
}

func appendSelf(dst []byte, v encoding.BinaryAppender) ([]byte, error) {
	own, err := v.AppendBinary(nil)
	if err != nil {
		return dst, fmt.Errorf("%w: %T: %w", ErrUnencodable, v, err)
	}
	dst = binary.AppendUvarint(dst, uint64(len(own)))
	return append(dst, own...), nil
}

// TypeID returns the number that stands before a value of type t in the
// canonical encoding: a hash of its name with its package's path.
func TypeID(t reflect.Type) uint64 { return planOf(t).id }

// plan is how the values of one type are encoded.
type plan struct {
	id      uint64
	self    bool // implements encoding.BinaryAppender
	content func(dst []byte, v reflect.Value, depth int) ([]byte, error)
}

// plans memoises a pure function of the type: sharing it between worlds and
// goroutines cannot be observed.
var plans sync.Map // reflect.Type -> *plan

var (
	bytesPlan  = planOf(reflect.TypeFor[[]byte]())
	stringPlan = planOf(reflect.TypeFor[string]())
	appender   = reflect.TypeFor[encoding.BinaryAppender]()
)

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	name := t.String()
	if t.PkgPath() != "" {
		name = t.PkgPath() + "." + t.Name()
	}
	p := &plan{id: xxh3.HashString(name) | 1, self: t.Implements(appender), content: contentOf(t)}
	known, _ := plans.LoadOrStore(t, p)
	return known.(*plan)
}

type contentFunc = func(dst []byte, v reflect.Value, depth int) ([]byte, error)

// contentOf returns the encoder of t's content. Composite types look up the
// encoders of their parts when first used, so recursive types are no problem.
func contentOf(t reflect.Type) contentFunc {
	switch t.Kind() {
	case reflect.Bool:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) {
			if v.Bool() {
				return append(dst, 1), nil
			}
			return append(dst, 0), nil
		}
	case reflect.Int8:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) { return append(dst, byte(v.Int())), nil }
	case reflect.Uint8:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) { return append(dst, byte(v.Uint())), nil }
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return binary.AppendVarint(dst, v.Int()), nil
		}
	case reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return binary.AppendUvarint(dst, v.Uint()), nil
		}
	case reflect.Float32, reflect.Float64:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) { return appendFloat(dst, v.Float()), nil }
	case reflect.Complex64, reflect.Complex128:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) {
			c := v.Complex()
			return appendFloat(appendFloat(dst, real(c)), imag(c)), nil
		}
	case reflect.String:
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) {
			s := v.String()
			return append(binary.AppendUvarint(dst, uint64(len(s))), s...), nil
		}
	case reflect.Struct:
		return structContent(t)
	case reflect.Slice, reflect.Array:
		return listContent
	case reflect.Map:
		return mapContent
	case reflect.Pointer:
		return pointerContent
	case reflect.Interface:
		return interfaceContent
	default: // Chan, Func, UnsafePointer
		return func(dst []byte, v reflect.Value, _ int) ([]byte, error) {
			return dst, fmt.Errorf("%w: %s", ErrUnencodable, v.Type())
		}
	}
}

func appendFloat(dst []byte, f float64) []byte {
	if f != f {
		f = math.NaN() // one NaN: payloads differ between machines
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
}

func structContent(t reflect.Type) contentFunc {
	n := t.NumField()
	var once sync.Once
	parts := make([]contentFunc, n)
	return func(dst []byte, v reflect.Value, depth int) ([]byte, error) {
		once.Do(func() {
			for i := range n {
				parts[i] = planOf(t.Field(i).Type).content
			}
		})
		if depth > maxDepth {
			return dst, errCycle(t)
		}
		var err error
		for i, part := range parts {
			if dst, err = part(dst, v.Field(i), depth+1); err != nil {
				return dst, fmt.Errorf("%s.%s: %w", t, t.Field(i).Name, err)
			}
		}
		return dst, nil
	}
}

func errCycle(t reflect.Type) error {
	return fmt.Errorf("%w: %s is nested deeper than %d, probably a cycle", ErrUnencodable, t, maxDepth)
}

func listContent(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, errCycle(v.Type())
	}
	n := v.Len()
	if v.Kind() == reflect.Slice {
		if v.IsNil() {
			return append(dst, 0), nil
		}
		dst = binary.AppendUvarint(dst, uint64(n)+1)
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return append(dst, v.Bytes()...), nil
		}
	}
	part := planOf(v.Type().Elem()).content
	var err error
	for i := range n {
		if dst, err = part(dst, v.Index(i), depth+1); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func mapContent(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, errCycle(v.Type())
	}
	if v.IsNil() {
		return append(dst, 0), nil
	}
	type entry struct{ key, value []byte }
	entries := make([]entry, 0, v.Len())
	key, value := planOf(v.Type().Key()).content, planOf(v.Type().Elem()).content
	for it := v.MapRange(); it.Next(); { // order: entries are sorted below
		k, err := key(nil, it.Key(), depth+1)
		if err != nil {
			return dst, err
		}
		x, err := value(nil, it.Value(), depth+1)
		if err != nil {
			return dst, err
		}
		entries = append(entries, entry{k, x})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(bytes.Compare(a.key, b.key), bytes.Compare(a.value, b.value)) // keys that are NaN are equal
	})
	dst = binary.AppendUvarint(dst, uint64(len(entries))+1)
	for _, e := range entries {
		dst = append(append(dst, e.key...), e.value...)
	}
	return dst, nil
}

func pointerContent(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, errCycle(v.Type())
	}
	if v.IsNil() {
		return append(dst, 0), nil
	}
	return planOf(v.Type().Elem()).content(append(dst, 1), v.Elem(), depth+1)
}

func interfaceContent(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, 0, 0, 0, 0, 0, 0, 0, 0), nil
	}
	p := planOf(v.Elem().Type())
	return p.content(binary.LittleEndian.AppendUint64(dst, p.id), v.Elem(), depth+1)
}

package crdt

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
)

// Codec is what a type of one's own needs, on its pointer, to be an element, a
// key or a value: equal values must give equal bytes, on every machine, and
// UnmarshalBinary must keep no part of its argument. Strings, integers, bools,
// types made from them, []byte and struct{} need nothing.
type Codec interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// ErrNoCodec is returned by AppendBinary if an element's type is neither a
// string, an integer, a bool, []byte, struct{} nor a Codec.
var ErrNoCodec = errors.New("crdt: no encoding for the type")

func appendUvarint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// appendValue appends v: integers as varints, strings and the user's bytes after their length.
func appendValue[T any](b []byte, v *T) ([]byte, error) {
	switch v := any(v).(type) {
	case *struct{}:
		return b, nil
	case *string:
		return append(appendUvarint(b, uint64(len(*v))), *v...), nil
	case *[]byte:
		return append(appendUvarint(b, uint64(len(*v))), *v...), nil
	case *uint64:
		return appendUvarint(b, *v), nil
	case *int64:
		return binary.AppendVarint(b, *v), nil
	case *int:
		return binary.AppendVarint(b, int64(*v)), nil
	case encoding.BinaryAppender:
		own, err := v.AppendBinary(nil)
		return append(appendUvarint(b, uint64(len(own))), own...), err
	}
	switch e := reflect.ValueOf(v).Elem(); {
	case e.Kind() == reflect.String:
		return append(appendUvarint(b, uint64(e.Len())), e.String()...), nil
	case e.Kind() == reflect.Bool:
		return append(b, map[bool]byte{true: 1}[e.Bool()]), nil
	case e.CanInt():
		return binary.AppendVarint(b, e.Int()), nil
	case e.CanUint():
		return appendUvarint(b, e.Uint()), nil
	}
	return b, fmt.Errorf("%w %T", ErrNoCodec, *v)
}

// readValue reads what appendValue wrote.
func readValue[T any](r *reader, v *T) {
	switch v := any(v).(type) {
	case *struct{}:
		return
	case *string:
		*v = string(r.bytes())
		return
	case *[]byte:
		*v = slices.Clone(r.bytes())
		return
	case encoding.BinaryUnmarshaler:
		if own := r.bytes(); r.err == nil {
			if err := v.UnmarshalBinary(own); err != nil {
				r.fail("an element: %v", err)
			}
		}
		return
	}
	switch e := reflect.ValueOf(v).Elem(); {
	case e.Kind() == reflect.String:
		e.SetString(string(r.bytes()))
	case e.Kind() == reflect.Bool:
		e.SetBool(r.below(1) == 1)
	case e.CanInt():
		n := r.varint()
		if e.OverflowInt(n) {
			r.fail("%d does not fit into %T", n, *v)
		}
		e.SetInt(n)
	case e.CanUint():
		n := r.below(math.MaxUint64)
		if e.OverflowUint(n) {
			r.fail("%d does not fit into %T", n, *v)
		}
		e.SetUint(n)
	default:
		r.fail("%v %T", ErrNoCodec, *v)
	}
}

// compareValues orders values: strings and numbers as Go does, a type with a
// method Compare(T) int by that, others by their encoding. A type with no
// encoding panics: its values have no order.
func compareValues[T any](a, b *T) int {
	switch a := any(a).(type) {
	case *struct{}:
		return 0
	case *string:
		return cmp.Compare(*a, *any(b).(*string))
	case *[]byte:
		return bytes.Compare(*a, *any(b).(*[]byte))
	case *uint64:
		return cmp.Compare(*a, *any(b).(*uint64))
	case *int:
		return cmp.Compare(*a, *any(b).(*int))
	case interface{ Compare(T) int }:
		return a.Compare(*b)
	case encoding.BinaryAppender:
		return bytes.Compare(mustAppend(a), mustAppend(any(b).(encoding.BinaryAppender)))
	}
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	switch {
	case x.Kind() == reflect.String:
		return cmp.Compare(x.String(), y.String())
	case x.Kind() == reflect.Bool:
		return cmp.Compare(map[bool]int{true: 1}[x.Bool()], map[bool]int{true: 1}[y.Bool()])
	case x.CanInt():
		return cmp.Compare(x.Int(), y.Int())
	case x.CanUint():
		return cmp.Compare(x.Uint(), y.Uint())
	}
	panic(fmt.Sprintf("crdt: %v %T", ErrNoCodec, *a))
}

func mustAppend(v encoding.BinaryAppender) []byte {
	b, err := v.AppendBinary(nil)
	if err != nil {
		panic(fmt.Sprintf("crdt: a value that does not encode has no order: %v", err))
	}
	return b
}

// copyValue returns v, its bytes copied if it is a []byte.
func copyValue[T any](v T) T {
	if b, ok := any(&v).(*[]byte); ok {
		*b = slices.Clone(*b)
	}
	return v
}

// sortValues puts vs in the order of compareValues and returns it.
func sortValues[T any](vs []T) []T {
	slices.SortFunc(vs, func(a, b T) int { return compareValues(&a, &b) })
	return vs
}

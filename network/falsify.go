package network

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"phoenix/sim"
)

// falsify returns another message in the place of what was said in a broadcast, drawn
// from the numbers of the network, and whether there is any.
func (t *Treason) falsify(said word, cast *broadcast) (any, bool) {
	if fn := t.n.corrupt[reflect.TypeOf(said.msg)]; fn != nil {
		return fn(t.n.rand, said.msg), true
	}
	if !cast.lied || cast.sum != said.sum {
		lie, ok := t.otherBody(said)
		if !ok {
			return nil, false
		}
		cast.lied, cast.sum, cast.lie = true, said.sum, lie
	}
	return said.with(cast.lie), true
}

// otherBody returns what to say instead of a body, and whether there is anything.
func (t *Treason) otherBody(said word) (any, bool) {
	n, body := t.n, reflect.TypeOf(said.body)
	if fn := n.corrupt[body]; fn != nil {
		return fn(n.rand, said.body), true
	}
	var others []word
	for _, known := range t.past.contents[body] {
		if known.sum != said.sum {
			others = append(others, known)
		}
	}
	if len(others) > 0 {
		return others[n.rand.IntN(len(others))].body, true
	}
	return alter(n.rand, said.body)
}

// alter returns a copy of msg in which one number, string or bool is another, and
// whether there is one that can be reached: msg itself or, at any depth, an exported
// field, an element, what a pointer or interface holds, or the value of a map.
func alter(r *rand.Rand, msg any) (any, bool) {
	v := reflect.ValueOf(msg)
	if !v.IsValid() {
		return nil, false
	}
	count := leaves{left: -1}
	count.change(nil, v, 0)
	if count.met == 0 {
		return nil, false
	}
	pick := leaves{left: r.IntN(count.met)}
	other, _ := pick.change(r, v, 0)
	return other.Interface(), true
}

// maxAlterDepth bounds how deep alter looks: a message may be cyclic.
const maxAlterDepth = 20

// leaves walks over what can be changed in a value, and changes what comes after
// so many others. What leads there is copied, the rest is shared.
type leaves struct {
	left int // below 0: only count
	met  int
}

// change returns v with the leaf changed, and whether the leaf was in v.
func (l *leaves) change(r *rand.Rand, v reflect.Value, depth int) (reflect.Value, bool) {
	if depth > maxAlterDepth {
		return v, false
	}
	if isLeaf(v.Type()) {
		l.met++
		if l.met-1 != l.left {
			return v, false
		}
		other := reflect.New(v.Type()).Elem()
		setOther(r, other, v)
		return other, true
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Array, reflect.Slice:
		return l.changePart(r, v, depth)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		part, ok := l.change(r, v.Elem(), depth+1)
		if !ok || v.Kind() == reflect.Interface {
			return part, ok
		}
		other := reflect.New(v.Type().Elem())
		other.Elem().Set(part)
		return other, true
	case reflect.Map:
		return l.changeEntry(r, v, depth)
	}
	return v, false
}

// changePart is change for what has parts that are numbered.
func (l *leaves) changePart(r *rand.Rand, v reflect.Value, depth int) (reflect.Value, bool) {
	count, part := v.NumField, v.Field
	if v.Kind() != reflect.Struct {
		count, part = v.Len, v.Index
	}
	for i := range count() {
		if v.Kind() == reflect.Struct && !v.Type().Field(i).IsExported() {
			continue
		}
		changed, ok := l.change(r, part(i), depth+1)
		if !ok {
			continue
		}
		other := reflect.New(v.Type()).Elem()
		if v.Kind() == reflect.Slice {
			other.Set(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v))
		} else {
			other.Set(v)
		}
		if v.Kind() == reflect.Struct {
			other.Field(i).Set(changed)
		} else {
			other.Index(i).Set(changed)
		}
		return other, true
	}
	return v, false
}

// changeEntry is change for a map: the value of one of its keys, in the order of
// their canonical encodings.
func (l *leaves) changeEntry(r *rand.Rand, v reflect.Value, depth int) (reflect.Value, bool) {
	type entry struct {
		code string
		key  reflect.Value
	}
	var entries []entry
	for _, key := range v.MapKeys() { // order: sorted below
		code, err := sim.AppendValue(nil, key.Interface())
		if err != nil {
			return v, false
		}
		entries = append(entries, entry{string(code), key})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.code, b.code) })
	for _, e := range entries {
		value := v.MapIndex(e.key)
		changed, ok := reflect.Value{}, false
		if value.IsValid() { // a key that is NaN has none
			changed, ok = l.change(r, value, depth+1)
		}
		if !ok {
			continue
		}
		other := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); { // order: of no account in a map
			other.SetMapIndex(it.Key(), it.Value())
		}
		other.SetMapIndex(e.key, changed)
		return other, true
	}
	return v, false
}

// isLeaf reports whether values of a type are changed as a whole: those of a basic
// kind, and bytes.
func isLeaf(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Bool, reflect.String:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.Uint8
	default:
		return k >= reflect.Int && k <= reflect.Uint64 || k == reflect.Float32 || k == reflect.Float64
	}
}

// setOther gives other, a zero value, a value that differs from v.
func setOther(r *rand.Rand, other, v reflect.Value) {
	delta := 1 + r.IntN(7)
	if r.IntN(2) == 0 {
		delta = -delta
	}
	switch k := v.Kind(); {
	case k == reflect.Bool:
		other.SetBool(!v.Bool())
	case v.CanInt():
		other.SetInt(v.Int() + int64(delta))
	case v.CanUint():
		other.SetUint(v.Uint() + uint64(int64(delta)))
	case v.CanFloat():
		other.SetFloat(v.Float() + float64(delta))
		if other.Float() == v.Float() || v.Float() != v.Float() { // too large, or none
			other.SetFloat(float64(delta))
		}
	case k == reflect.String:
		other.SetString(string(otherBytes(r, []byte(v.String()))))
	default:
		other.SetBytes(otherBytes(r, slices.Clone(v.Bytes())))
	}
}

// otherBytes changes one byte of b, or gives it one.
func otherBytes(r *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return []byte{'x'}
	}
	b[r.IntN(len(b))] ^= 1
	return b
}

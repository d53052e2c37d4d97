package explore

import (
	"reflect"
	"sync"
	"unsafe"
)

// reach is how to find what the values of one type lead to. Follow takes it down, and
// reports whether it can be written back.
type reach struct {
	flat   bool // they lead to nothing
	follow func(m *memory, p unsafe.Pointer) bool
}

var (
	flatReach = &reach{flat: true, follow: func(*memory, unsafe.Pointer) bool { return true }}
	noReach   = &reach{follow: func(*memory, unsafe.Pointer) bool { return false }}
	nilReach  = &reach{follow: func(_ *memory, p unsafe.Pointer) bool { return *(*unsafe.Pointer)(p) == nil }}
)

// reaches memoises a pure function of the type.
var reaches sync.Map // reflect.Type -> *reach

func reachOf(t reflect.Type) *reach {
	if w, ok := reaches.Load(t); ok {
		return w.(*reach)
	}
	w, _ := reaches.LoadOrStore(t, newReach(t))
	return w.(*reach)
}

func newReach(t reflect.Type) *reach {
	if isTie(t) {
		return noReach // by value: what is written back would be the world's
	}
	switch t.Kind() {
	case reflect.Struct:
		return structReach(t)
	case reflect.Array:
		if t.Len() == 0 || reachOf(t.Elem()).flat {
			return flatReach
		}
		return &reach{follow: func(m *memory, p unsafe.Pointer) bool { return followAll(m, t.Elem(), p, t.Len()) }}
	case reflect.Pointer:
		if isTie(t.Elem()) {
			return flatReach
		}
		return &reach{follow: func(m *memory, p unsafe.Pointer) bool {
			to := *(*unsafe.Pointer)(p)
			return to == nil || t.Elem().Size() == 0 || m.object(t.Elem(), to)
		}}
	case reflect.Slice:
		return &reach{follow: func(m *memory, p unsafe.Pointer) bool {
			v := reflect.NewAt(t, p).Elem()
			return v.Len() == 0 || t.Elem().Size() == 0 || m.list(v)
		}}
	case reflect.Map:
		return mapReach(t)
	case reflect.Interface:
		return &reach{follow: func(m *memory, p unsafe.Pointer) bool {
			v := reflect.NewAt(t, p).Elem()
			return v.IsNil() || followBoxed(m, v.Elem())
		}}
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return nilReach
	default:
		return flatReach
	}
}

func structReach(t reflect.Type) *reach {
	type part struct {
		offset uintptr
		*reach
	}
	var parts []part
	for i := range t.NumField() {
		f := t.Field(i)
		w := reachOf(f.Type)
		switch {
		case w.flat:
		case f.Tag.Get("explore") == "-":
			return noReach
		default:
			parts = append(parts, part{f.Offset, w})
		}
	}
	if len(parts) == 0 {
		return flatReach
	}
	return &reach{follow: func(m *memory, p unsafe.Pointer) bool {
		for _, part := range parts {
			if !part.follow(m, unsafe.Add(p, part.offset)) {
				return false
			}
		}
		return true
	}}
}

func mapReach(t reflect.Type) *reach {
	if !selfEqual(t.Key()) {
		return nilReach
	}
	keys, values := reflect.SliceOf(t.Key()), reflect.SliceOf(t.Elem())
	return &reach{follow: func(m *memory, p unsafe.Pointer) bool {
		v := reflect.NewAt(t, p).Elem()
		return v.IsNil() || m.table(v, keys, values)
	}}
}

// selfEqual reports whether all values of a type are equal to themselves. One that is not,
// such as NaN, is no key that could be looked up.
func selfEqual(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.Interface:
		return false
	case reflect.Array:
		return selfEqual(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !selfEqual(t.Field(i).Type) {
				return false
			}
		}
	}
	return true
}

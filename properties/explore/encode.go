package explore

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"phoenix/sim"
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
	content, _, err := encodeDeep(dst, v)
	return content, err
}

// encoders are idle, with room to sort in.
var encoders = sync.Pool{New: func() any { return &encoder{} }}

// encodeDeep is encode, and says through how many pointers, slices and maps it went, one
// within the other.
func encodeDeep(dst []byte, v any) (content []byte, deepest int, err error) {
	e := encoders.Get().(*encoder)
	e.dst, e.deepest, e.depth, e.entries = dst, 0, 0, e.entries[:0]
	err = e.value(v)
	content, deepest, e.dst = e.dst, e.deepest, nil
	encoders.Put(e)
	return content, deepest, err
}

// encoder is one encoding under way. With groups it also takes down where the members of
// them stand, see shape.
type encoder struct {
	dst     []byte
	scratch []byte     // for sorting entries
	entries []bagEntry // of the bags around the value at hand, the innermost last
	groups  *groups
	marks   []mark
	holes   int // marks that are holes
	depth   int // pointers, slices and maps around the value at hand
	deepest int // the greatest depth yet
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
		e.dst = binary.LittleEndian.AppendUint64(e.dst[:dst], p.id)
		e.marks, e.holes, e.entries = e.marks[:marks], holes, e.entries[:0]
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
	e.deepest = max(e.deepest, e.depth)
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

package sim

import (
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// tree has every kind of part, and parts that nobody exports.
type tree struct {
	Flag    bool
	small   int8
	Int     int64
	uint    uint16
	Byte    byte
	Float   float64
	narrow  float32
	Complex complex128
	Name    string
	bytes   []byte
	List    []tree
	Pair    [2]int
	ByName  map[string]*tree
	byFloat map[float64]int
	Next    *tree
	any     any
}

func trees(depth int) *rapid.Generator[tree] {
	return rapid.Custom(func(t *rapid.T) tree {
		floats := rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(math.Copysign(0, -1)))
		v := tree{
			Flag:    rapid.Bool().Draw(t, "flag"),
			small:   rapid.Int8().Draw(t, "small"),
			Int:     rapid.Int64().Draw(t, "int"),
			uint:    rapid.Uint16().Draw(t, "uint"),
			Byte:    rapid.Byte().Draw(t, "byte"),
			Float:   floats.Draw(t, "float"),
			narrow:  rapid.Float32().Draw(t, "narrow"),
			Complex: complex(floats.Draw(t, "real"), 1),
			Name:    rapid.String().Draw(t, "name"),
			bytes:   rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOf(rapid.Byte())).Draw(t, "bytes"),
			Pair:    [2]int{rapid.Int().Draw(t, "pair"), 2},
			byFloat: rapid.MapOf(rapid.Float64(), rapid.Int()).Draw(t, "byFloat"),
			any:     rapid.SampledFrom([]any{nil, 1, "1", int8(1), []string(nil), []string{}, struct{ x int }{1}}).Draw(t, "any"),
		}
		if depth > 0 {
			sub := trees(depth - 1)
			v.List = rapid.SliceOfN(sub, 0, 2).Draw(t, "list")
			v.ByName = rapid.MapOfN(rapid.String(), rapid.Ptr(sub, true), 0, 3).Draw(t, "byName")
			v.Next = rapid.Ptr(sub, true).Draw(t, "next")
		}
		return v
	})
}

// equal is reflect.DeepEqual, but all NaN are one and -0 is not 0.
func equal(a, b tree) bool {
	same := func(x, y float64) bool {
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	}
	if !same(a.Float, b.Float) || !same(real(a.Complex), real(b.Complex)) || len(a.List) != len(b.List) ||
		len(a.ByName) != len(b.ByName) || (a.Next == nil) != (b.Next == nil) || (a.List == nil) != (b.List == nil) {
		return false
	}
	for i := range a.List {
		if !equal(a.List[i], b.List[i]) {
			return false
		}
	}
	for k, x := range a.ByName {
		y, ok := b.ByName[k]
		if !ok || (x == nil) != (y == nil) || x != nil && !equal(*x, *y) {
			return false
		}
	}
	if a.Next != nil && !equal(*a.Next, *b.Next) {
		return false
	}
	for _, v := range []*tree{&a, &b} {
		v.Float, v.Complex, v.List, v.ByName, v.Next = 0, 0, nil, nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// copied returns v without any memory in common; its maps are built in another order.
func copied(v tree) tree {
	c := v
	c.bytes = append([]byte(nil), v.bytes...)
	if v.bytes != nil && c.bytes == nil {
		c.bytes = []byte{}
	}
	c.List = nil
	if v.List != nil {
		c.List = []tree{}
	}
	for _, x := range v.List {
		c.List = append(c.List, copied(x))
	}
	if v.byFloat != nil {
		c.byFloat = make(map[float64]int, 100)
		for k, x := range v.byFloat {
			c.byFloat[k] = x
		}
	}
	if v.ByName != nil {
		c.ByName = make(map[string]*tree, 100)
		for k, x := range v.ByName {
			if c.ByName[k] = x; x != nil {
				y := copied(*x)
				c.ByName[k] = &y
			}
		}
	}
	if v.Next != nil {
		n := copied(*v.Next)
		c.Next = &n
	}
	return c
}

func encoded(t require.TestingT, v any) string {
	data, err := AppendValue([]byte("before"), v)
	require.NoError(t, err)
	require.Equal(t, "before", string(data[:6]))
	return string(data[6:])
}

func TestEqualValuesGiveEqualBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := trees(2).Draw(t, "v")
		require.Equal(t, encoded(t, v), encoded(t, copied(v)))
	})
}

func TestDifferentValuesGiveDifferentBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := trees(1).Draw(t, "a"), trees(1).Draw(t, "b")
		require.Equal(t, equal(a, b), encoded(t, a) == encoded(t, b))
		b = copied(a)
		b.any, b.small = &b.Pair, a.small+1
		require.NotEqual(t, encoded(t, a), encoded(t, b))
	})
}

func TestValuesThatLookAlikeAreTold(t *testing.T) {
	type name string
	type list []byte
	one, pointer := 1, new(int)
	values := []any{
		nil, 0, 1, int8(1), uint8(1), int64(1), uint64(1), 1.0, float32(1), true, "", "\x00", name(""), []byte(nil), []byte{}, []byte{0}, list{},
		[1]byte{}, []string(nil), []string{}, []string{""}, []string{"", ""}, []string{"a", "b"}, []string{"ab", ""},
		map[string]int(nil), map[string]int{}, map[string]int{"": 0}, (*int)(nil), pointer, &one, &pointer,
		struct{}{}, struct{ a, b string }{"a", "bc"}, struct{ a, b string }{"ab", "c"}, [2]any{nil, 1}, [2]any{1, nil},
		0.0, math.Copysign(0, -1), math.NaN(), math.Inf(1),
	}
	seen := map[string]int{}
	for i, v := range values {
		data := encoded(t, v)
		j, taken := seen[data]
		require.False(t, taken, "%#v and %#v", v, values[max(j, 0)])
		seen[data] = i
	}
}

func TestAllNaNAreOneAndTheOrderOfAMapIsNone(t *testing.T) {
	odd := math.Float64frombits(math.Float64bits(math.NaN()) ^ 1)
	require.True(t, odd != odd)
	require.Equal(t, encoded(t, math.NaN()), encoded(t, odd))

	// Keys that are NaN are equal in bytes and yet several: values decide.
	want := ""
	for i := range 50 {
		m := map[float64]int{1: 1}
		for k := range 8 {
			m[math.NaN()] = (k + i) % 8
		}
		if want == "" {
			want = encoded(t, m)
		}
		require.Equal(t, want, encoded(t, m))
	}
}

type loop struct {
	Label string
	Next  *loop
}

type nest []nest

func TestWhatHasNoEncodingIsAnErrorThatNamesThePlace(t *testing.T) {
	ring := &loop{"x", nil}
	ring.Next = ring
	self := nest{nil}
	self[0] = self
	table := map[string]any{}
	table["self"] = table
	type inner struct{ Done chan int }
	type outer struct{ In map[string]inner }
	for want, v := range map[string]any{
		"sim.outer.In: sim.inner.Done: value has no canonical encoding: chan int": outer{map[string]inner{"a": {}}},
		"value has no canonical encoding: func()":                                 func() {},
		"sim.loop is nested deeper than 100, probably a cycle":                    ring,
		"sim.nest is nested deeper than 100, probably a cycle":                    self,
		"is nested deeper than 100, probably a cycle":                             table,
		"value has no canonical encoding: sim.refuses: not today":                 refuses{},
		"value has no canonical encoding: func() int":                             map[any]func() int{1: nil},
		"value has no canonical encoding: unsafe.Pointer":                         reflect.ValueOf(&ring).UnsafePointer(),
	} {
		_, err := AppendValue(nil, v)
		require.ErrorIs(t, err, ErrUnencodable)
		require.ErrorContains(t, err, want)
	}
}

type refuses struct{}

var errRefused = errors.New("not today")

func (refuses) AppendBinary(dst []byte) ([]byte, error) { return append(dst, "half"...), errRefused }

type speaks struct{ secret func() }

func (speaks) AppendBinary(dst []byte) ([]byte, error) { return append(dst, "hi"...), nil }

func TestAValueMayEncodeItself(t *testing.T) {
	require.Equal(t, "\x02hi", encoded(t, speaks{func() {}})[8:])
	_, err := AppendValue(nil, refuses{})
	require.ErrorIs(t, err, errRefused)
	_, err = AppendValue(nil, struct{ In speaks }{})
	require.ErrorIs(t, err, ErrUnencodable, "as a part it is what it holds")
}

func TestTheEncodingIsPinned(t *testing.T) {
	type key struct {
		Name string
		ver  uint8
	}
	v := struct {
		A bool
		B int
		C []key
		D map[string]float64
		E *int16
		F any
		G [2]uint
		H complex64
	}{true, -2, []key{{"x", 9}}, map[string]float64{"b": 1, "a": math.NaN()}, new(int16), "y", [2]uint{300, 0}, 1i}
	data := encoded(t, v)
	require.Equal(t, "010302017809030161010000000000f87f0162000000000000f03f"+
		"0100f174e7484619add80179ac02000000000000000000000000000000f03f", hex.EncodeToString([]byte(data[8:])))
	require.Equal(t, "a3355b79436096ee016b01", hex.EncodeToString([]byte(encoded(t, key{"k", 1}))))
	require.Equal(t, uint64(0xee966043795b35a3), TypeID(reflect.TypeFor[key]()))
	require.Equal(t, "0000000000000000", hex.EncodeToString([]byte(encoded(t, nil))))
	require.Equal(t, "f174e7484619add80568656c6c6f", hex.EncodeToString([]byte(encoded(t, "hello"))))
	require.Equal(t, "214e14f63f7e887f0668656c6c6f", hex.EncodeToString([]byte(encoded(t, []byte("hello")))))
}

func TestTheFastPathsAgreeWithTheGeneralOne(t *testing.T) {
	for _, v := range []any{"text", []byte("text"), []byte(nil), []byte{}, 5, big.Word(7)} {
		var e encoder
		general, err := planOf(reflect.TypeOf(v)).content(nil, reflect.ValueOf(v), 0)
		require.NoError(t, err)
		fast, err := e.append(nil, v)
		require.NoError(t, err)
		require.Equal(t, general, fast[8:])
	}
}

func TestWhatTheDigestDoesNotCoverIsReported(t *testing.T) {
	w := world(t, Config{})
	require.NoError(t, w.Opaque())
	w.Emit(Event{Kind: Note, Host: NoHost, Peer: NoHost, Value: speaks{}})
	require.NoError(t, w.Opaque())
	require.Equal(t, "func()", string(w.Encode(func() {})))
	w.Encode(make(chan int))
	require.ErrorIs(t, w.Opaque(), ErrUnencodable)
	require.ErrorContains(t, w.Opaque(), "func()", "the first")
}

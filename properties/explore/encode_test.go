package explore

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// record has every kind of part, and parts that nobody exports.
type record struct {
	flag    bool
	Int     int64
	small   int8
	byte    byte
	word    uint32
	Float   float64
	complex complex64
	Name    string
	bytes   []byte
	ids     []network.ID
	pair    [2]uint16
	byName  map[string]*record
	byFloat map[float64]map[int8]string
	next    *record
	any     any
}

func nodeID(n int32) network.ID { return network.ID(n) }

func records(depth int) *rapid.Generator[record] {
	return rapid.Custom(func(t *rapid.T) record {
		r := record{
			flag: rapid.Bool().Draw(t, "flag"), Int: rapid.Int64().Draw(t, "int"), small: rapid.Int8().Draw(t, "small"),
			byte: rapid.Byte().Draw(t, "byte"), word: rapid.Uint32().Draw(t, "word"),
			Float: rapid.SampledFrom([]float64{0, 1, math.Copysign(0, -1), math.NaN(), math.Inf(1)}).Draw(t, "float"),
			Name:  rapid.String().Draw(t, "name"),
			bytes: rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 0, 3)).Draw(t, "bytes"),
			ids:   rapid.SliceOfN(rapid.Map(rapid.Int32(), nodeID), 0, 3).Draw(t, "ids"),
			pair:  [2]uint16{rapid.Uint16().Draw(t, "pair")},
			any:   rapid.SampledFrom([]any{nil, 1, "1", int8(1), []string(nil), []string{}, network.ID(1)}).Draw(t, "any"),
		}
		r.complex = complex(float32(r.Float), 2)
		r.byFloat = rapid.MapOfN(rapid.Float64(), rapid.MapOfN(rapid.Int8(), rapid.String(), 0, 3), 0, 20).Draw(t, "byFloat")
		if depth > 0 {
			sub := rapid.Ptr(records(depth-1), true)
			r.byName = rapid.MapOfN(rapid.String(), sub, 0, 3).Draw(t, "byName")
			r.next = sub.Draw(t, "next")
		}
		return r
	})
}

func encoded(t require.TestingT, v any) []byte {
	b, err := encode(nil, v)
	require.NoError(t, err)
	return b
}

func TestStatesAreEncodedAsTheStreamEncodesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records(2).Draw(t, "record")
		type other record
		fields := []any{r.flag, r.Int, r.small, r.byte, r.word, r.Float, r.complex, r.Name, r.bytes, r.ids, r.pair,
			r.byFloat, r.any}
		want, err := sim.AppendValue(nil, fields)
		require.NoError(t, err)
		require.Equal(t, want, encoded(t, fields))
		require.NotEqual(t, encoded(t, other(r)), encoded(t, r), "the type counts")
	})
}

func TestMapsAreEncodedInOneOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := records(2).Draw(t, "record")
		first := encoded(t, &r)
		for range 5 { // each pass over a map is in another order
			require.Equal(t, first, encoded(t, &r))
		}
	})
}

func TestWhatFollowsAPrefixIsTheSame(t *testing.T) {
	r := record{byName: map[string]*record{"b": {}, "a": {Int: 1}}}
	got, err := encode([]byte("prefix"), r)
	require.NoError(t, err)
	require.Equal(t, append([]byte("prefix"), encoded(t, r)...), got)
}

func TestDifferentContentGivesDifferentBytes(t *testing.T) {
	all := []any{nil, record{}, &record{}, record{flag: true}, record{Int: 1}, record{small: 1}, record{byte: 1},
		record{Name: "x"}, record{bytes: []byte{}}, record{ids: []network.ID{0}}, record{pair: [2]uint16{0, 1}},
		record{byName: map[string]*record{}}, record{byName: map[string]*record{"": nil}},
		record{byName: map[string]*record{"": {}}}, record{next: &record{}}, record{any: 0}, record{any: int8(0)},
		record{any: &record{}}, record{any: (*record)(nil)}, record{Float: math.Copysign(0, -1)},
		record{byFloat: map[float64]map[int8]string{1: {2: "a", 3: "b"}}},
		record{byFloat: map[float64]map[int8]string{1: {2: "b", 3: "a"}}},
	}
	met := map[string]int{}
	for i, v := range all {
		b := string(encoded(t, v))
		require.NotContains(t, met, b, "values %d and %d", i, met[b])
		met[b] = i
	}
}

func TestWhatTiesANodeToItsWorldIsNoState(t *testing.T) {
	type node struct {
		ep    *network.Endpoint
		timer *sim.Timer
		disk  *disk.Disk
		byKey map[string]*sim.Timer
		host  any
		left  int `explore:"-"`
		n     int
	}
	build := func(seed uint64, n int) node {
		w := sim.New(sim.Config{Seed: seed})
		defer w.Close()
		var made node
		network.New(w, network.Config{}).Add("a", func(ep *network.Endpoint) network.Handler {
			timer := ep.Timer("t", func() {})
			timer.Reset(time.Duration(seed))
			made = node{ep, timer, ep.Disk(), map[string]*sim.Timer{"t": timer}, w.Host(0), int(seed), n}
			return nil
		})
		w.Run(sim.Limit{})
		return made
	}
	require.Equal(t, encoded(t, build(1, 7)), encoded(t, build(2, 7)))
	require.NotEqual(t, encoded(t, build(1, 7)), encoded(t, build(1, 8)))
	require.NotEqual(t, encoded(t, build(1, 7)), encoded(t, node{n: 7}), "code can see that a pointer is nil")
}

func TestTheOrderOfASetDoesNotCount(t *testing.T) {
	type node struct {
		peers []string  `explore:"set"`
		pair  [2]string `explore:"set"`
		log   []string
	}
	a := node{[]string{"a", "b", "a"}, [2]string{"x", "yy"}, []string{"c", "d"}}
	b := node{[]string{"b", "a", "a"}, [2]string{"yy", "x"}, []string{"c", "d"}}
	require.Equal(t, encoded(t, a), encoded(t, b))
	require.Equal(t, []string{"b", "a", "a"}, b.peers, "encoding sorts a copy")
	for _, other := range []node{
		{[]string{"b", "a"}, b.pair, b.log}, {[]string{"b", "b", "a"}, b.pair, b.log},
		{b.peers, [2]string{"y", "xy"}, b.log}, {b.peers, b.pair, []string{"d", "c"}}, {nil, b.pair, b.log},
	} {
		require.NotEqual(t, encoded(t, b), encoded(t, other))
	}
	require.NotEqual(t, encoded(t, node{}), encoded(t, node{peers: []string{}}))
}

func TestTagsThatAreNotKnownAreRefused(t *testing.T) {
	type misspelt struct {
		N []int `explore:"sorted"`
	}
	type misplaced struct {
		N map[int]int `explore:"set"`
	}
	_, err := encode(nil, misspelt{})
	require.EqualError(t, err, "explore.misspelt.N: the tag `explore:\"sorted\"` on a []int: "+
		"expected \"-\", or \"set\" on a slice or array")
	_, err = encode(nil, misplaced{})
	require.ErrorContains(t, err, "explore.misplaced.N: the tag `explore:\"set\"` on a map[int]int")
}

func TestAGeneratorIsItsState(t *testing.T) {
	type drawer struct{ r *rand.Rand }
	a, b := drawer{sim.NewKey(1).Rand()}, drawer{sim.NewKey(1).Rand()}
	require.Equal(t, encoded(t, a), encoded(t, b))
	a.r.Uint64()
	require.NotEqual(t, encoded(t, a), encoded(t, b))
	b.r.Uint64()
	require.Equal(t, encoded(t, a), encoded(t, b))
}

func TestATimeIsWhenAndTheNameOfItsZone(t *testing.T) {
	at := time.Unix(1, 2)
	require.Equal(t, encoded(t, at.In(time.FixedZone("X", 0))), encoded(t, at.In(time.FixedZone("X", 0))))
	require.NotEqual(t, encoded(t, at.In(time.FixedZone("X", 0))), encoded(t, at.In(time.FixedZone("Y", 0))))
}

// server holds, somewhere, what is no data.
type server struct {
	ops   []pendingOp
	peers map[string]any
	self  any
	next  *server
}

type pendingOp struct {
	done func()
	ch   chan int
	at   unsafe.Pointer
}

type nest []nest

func TestWhatCannotBeSeenIsRefusedByItsPath(t *testing.T) {
	loop := &server{}
	loop.next = &server{next: loop}
	cycle := nest{nil, {}}
	cycle[1] = cycle
	keyed := &server{peers: map[string]any{}}
	keyed.peers["x"] = keyed.peers
	n := 0
	for _, c := range []struct {
		v    any
		want string
	}{
		{&server{ops: []pendingOp{{}, {}, {done: func() {}}}},
			"explore.server.ops[2].done: a function: its state cannot be seen; make it a method, or a timer with a name, or"},
		{server{ops: []pendingOp{{ch: make(chan int)}}}, "explore.server.ops[0].ch: a channel"},
		{server{ops: []pendingOp{{at: unsafe.Pointer(&n)}}}, "explore.server.ops[0].at: an unsafe pointer"},
		{server{self: &server{self: func() {}}}, "explore.server.self.(*explore.server).self.(func()): a function"},
		{server{peers: map[string]any{"c": func() {}, "b": make(chan int), "a": 1}},
			`explore.server.peers["b"].(chan int): a channel`},
		{map[any]int{struct{ f any }{&n}: 1, any(make(chan int)): 2},
			"map[interface {}]int[interface {}].(chan int): a channel"},
		{loop, "explore.server.next.next: a cycle: it leads back to the *explore.server that it is in; refer to it by"},
		{cycle, "explore.nest[1]: a cycle"},
		{keyed, `explore.server.peers["x"].(map[string]interface {}): a cycle`},
		{func() {}, "func(): a function"},
	} {
		for range 5 {
			_, err := encode(nil, c.v)
			require.ErrorIs(t, err, sim.ErrUnencodable)
			require.ErrorContains(t, err, c.want)
		}
	}
}

func TestDepthAndSharingAreNoCycles(t *testing.T) {
	var list *server
	for range 10_000 {
		list = &server{next: list}
	}
	require.Greater(t, len(encoded(t, list)), 10_000)

	shared := &record{Int: 1}
	twice := []*record{shared, shared}
	for range 2 * fearCycle { // deep enough for the encoder to look for cycles
		twice = []*record{{any: twice}, shared, shared}
	}
	require.NotEmpty(t, encoded(t, twice))
}

func TestEncodingAPlainStateAllocatesOnlyTheEncoder(t *testing.T) {
	type plain struct {
		round int
		votes []network.ID
		value string
		next  *plain
	}
	v := &plain{round: 3, votes: []network.ID{1, 2}, value: "x", next: &plain{}}
	dst := bytes.Repeat([]byte{0}, 200)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := encode(dst[:0], v); err != nil {
			panic(err)
		}
	}), 1.0)
}

func BenchmarkEncode(b *testing.B) {
	type ballot struct{ round, id int }
	type plain struct {
		ballot   ballot
		accepted *ballot
		value    any
		prepares map[network.ID]*ballot
		accepts  map[network.ID]bool
	}
	v := &plain{ballot{1, 2}, &ballot{1, 2}, "A", map[network.ID]*ballot{0: nil, 1: {1, 1}, 2: nil},
		map[network.ID]bool{0: true, 1: true}}
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = encode(dst[:0], v)
	}
}

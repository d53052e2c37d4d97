package explore

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"

	"github.com/zeebo/xxh3"

	"phoenix/network"
	"phoenix/sim"
)

// maxMembers is how many members all groups of a model may have together: a set of them is
// a word.
const maxMembers = 64

// groups numbers the members of the groups of a model: those of the first from 0 on, those
// of the next after them. It does not change once it is made.
type groups struct {
	first []int // by group: its first member, and at the end how many there are
	of    []int // by member: its group
	nodes []int // by network.ID: the member, or -1
	ids   []network.ID
	types []scalarset
}

// scalarset is a group of values: 0 to size-1 of a type.
type scalarset struct {
	t     reflect.Type
	first int // member
	size  int
}

var hostID = reflect.TypeFor[network.ID]()

// newGroups checks the groups of a model of so many nodes. Errors wrap ErrModel.
func newGroups(declared []Group, nodes int) (*groups, error) {
	g := &groups{nodes: slices.Repeat([]int{-1}, nodes)}
	for i, d := range declared {
		g.first = append(g.first, len(g.of))
		size, err := len(d.Nodes), error(nil)
		if d.Of != nil {
			size, err = d.Size, g.addValues(d)
		} else {
			err = g.addNodes(d)
		}
		if err == nil && len(g.of)+size > maxMembers {
			err = fmt.Errorf("with it there are more than %d members", maxMembers)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: symmetric group %d: %w", ErrModel, i, err)
		}
		for m := range size {
			g.of = append(g.of, i)
			if d.Of != nil {
				g.ids = append(g.ids, sim.NoHost)
			} else {
				g.ids = append(g.ids, d.Nodes[m])
			}
		}
	}
	g.first = append(g.first, len(g.of))
	return g, nil
}

func (g *groups) addNodes(d Group) error {
	if d.Size != 0 && d.Size != len(d.Nodes) {
		return fmt.Errorf("size %d of %d nodes: Size goes with Of", d.Size, len(d.Nodes))
	}
	for i, id := range d.Nodes {
		if int(id) < 0 || int(id) >= len(g.nodes) {
			return fmt.Errorf("node %d, but there are %d", id, len(g.nodes))
		}
		if g.nodes[id] >= 0 {
			return fmt.Errorf("node %d is there twice", id)
		}
		g.nodes[id] = len(g.of) + i
	}
	return nil
}

func (g *groups) addValues(d Group) error {
	t := reflect.TypeOf(d.Of)
	if k := t.Kind(); k < reflect.Int || k > reflect.Uintptr || t.PkgPath() == "" || t == hostID {
		return fmt.Errorf("values of type %s, expected a named integer type of its own", t)
	}
	if len(d.Nodes) > 0 {
		return fmt.Errorf("both nodes and values of type %s", t)
	}
	if d.Size < 0 {
		return fmt.Errorf("size %d of type %s", d.Size, t)
	}
	if slices.ContainsFunc(g.types, func(s scalarset) bool { return s.t == t }) {
		return fmt.Errorf("type %s is there twice", t)
	}
	g.types = append(g.types, scalarset{t, len(g.of), d.Size})
	return nil
}

// member returns the member that a number of a named type is, if it is one.
func (g *groups) member(t reflect.Type, n int64) (int, bool) {
	if t == hostID {
		return g.node(network.ID(n))
	}
	for _, s := range g.types {
		if s.t == t {
			return s.first + int(n), 0 <= n && n < int64(s.size)
		}
	}
	return 0, false
}

// node returns the member that a node is, if it is one.
func (g *groups) node(id network.ID) (int, bool) {
	if int(id) < 0 || int(id) >= len(g.nodes) || g.nodes[id] < 0 {
		return 0, false
	}
	return g.nodes[id], true
}

// cells is how many groups have members.
func (g *groups) cells() int {
	n := 0
	for i, from := range g.first[1:] {
		if from > g.first[i] {
			n++
		}
	}
	return n
}

// mark is a place in an encoding that is not fixed bytes: a member, or where the entries
// of a map with members in it begin and end.
type mark struct {
	at     int // in the bytes
	kind   markKind
	member uint8
}

type markKind uint8

const (
	markBytes markKind = iota // of an op: bytes between marks
	markHole                  // a member
	markOpen                  // a bag of entries begins
	markNext                  // an entry ends
	markClose                 // the bag ends
)

// mark takes down a place if the encoding is that of a shape.
func (e *encoder) mark(k markKind, member int) {
	if e.groups != nil {
		e.marks = append(e.marks, mark{len(e.dst), k, uint8(member)})
	}
}

// hole leaves a hole if the number n of type t is a member, and reports whether it is.
func (e *encoder) hole(t reflect.Type, n int64) bool {
	m, ok := e.groups.member(t, n)
	if ok {
		e.mark(markHole, m)
		e.holes++
	}
	return ok
}

// labels are what members count as in a hash, by member.
type labels []uint64

// shape is a value with holes where it names members, so that its hash can be told when
// members are called otherwise: fixed bytes are folded into numbers, and a map with holes
// in it is a bag of entries, the hash of which does not hang on their order. It never
// changes and may be shared.
type shape struct {
	ops      []op
	mentions uint64 // the set of members in it

	// Hashes that are asked for often: with the members' own names, with one blank for the
	// members of each group, and so but for one member, by rank in mentions.
	own, blank uint64
	marked     []uint64
}

type op struct {
	kind   markKind
	member uint8
	bytes  uint64 // the hash of bytes
}

// shape returns the shape of v with constant bytes before it, such as what is known of a
// node apart from its fields. Two values have the same hash under the same labels if they
// have the same encoding, maps in any order, and otherwise with probability 2^-64. Errors
// are those of encode.
func (g *groups) shape(before []byte, v any) (*shape, error) {
	e := encoder{dst: slices.Clone(before), groups: g}
	if err := e.value(v); err != nil {
		return nil, err
	}
	s := &shape{}
	from := 0
	for _, m := range e.marks {
		s.add(e.dst[from:m.at])
		s.ops = append(s.ops, op{kind: m.kind, member: m.member})
		if from = m.at; m.kind == markHole {
			s.mentions |= 1 << m.member
		}
	}
	s.add(e.dst[from:])
	s.remember(g)
	return s, nil
}

func (s *shape) add(bytes []byte) {
	if len(bytes) > 0 {
		s.ops = append(s.ops, op{kind: markBytes, bytes: xxh3.Hash(bytes)})
	}
}

func (s *shape) remember(g *groups) {
	l := make(labels, len(g.of))
	g.name(l)
	s.own, _ = foldOps(s.ops, l)
	g.blank(l)
	s.blank, _ = foldOps(s.ops, l)
	for set := s.mentions; set != 0; set &= set - 1 {
		m := bits.TrailingZeros64(set)
		l[m] ^= marker
		s.marked = append(s.marked, s.hash(l))
		l[m] ^= marker
	}
}

// markedBy is the hash with all members blank but m, which is marked.
func (s *shape) markedBy(m int) uint64 {
	if s.mentions&(1<<m) == 0 {
		return s.blank
	}
	return s.marked[bits.OnesCount64(s.mentions&(1<<m-1))]
}

// hash returns the hash of s with l for the names of members, in time linear in its size.
func (s *shape) hash(l labels) uint64 {
	if s.mentions == 0 {
		return s.own
	}
	h, _ := foldOps(s.ops, l)
	return h
}

// Labels are hashes: marker tells a marked member from the others, rank what comes first.
const (
	marker    = 0x9e3779b97f4a7c15
	seedHash  = 0xd1b54a32d192ed03
	seedRank  = 0x8bb84b93962eacc9
	seedBlank = 0x2d358dccaa6c78a5
)

// foldOps returns the hash of the ops up to the end, or the close of the bag that they are
// in, and those after it.
func foldOps(ops []op, l labels) (uint64, []op) {
	h, bag := uint64(seedHash), uint64(0)
	for len(ops) > 0 {
		o := ops[0]
		ops = ops[1:]
		switch o.kind {
		case markBytes:
			h = mix(h ^ o.bytes)
		case markHole:
			h = mix(h + marker ^ l[o.member])
		case markOpen:
			var inner uint64
			inner, ops = foldOps(ops, l)
			h = mix(h - inner)
		case markNext:
			bag += mix(h)
			h = seedHash
		case markClose:
			return bag, ops
		}
	}
	return h, nil
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014, figure 15), a bijection.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// rank is the label of the n-th member of a group.
func (g *groups) rank(group, n int) uint64 { return mix(seedRank + uint64(group)<<32 + uint64(n)) }

// name labels each member with its place in its group.
func (g *groups) name(l labels) {
	for m, group := range g.of {
		l[m] = g.rank(group, m-g.first[group])
	}
}

// blank labels all members of a group alike.
func (g *groups) blank(l labels) {
	for m, group := range g.of {
		l[m] = mix(seedBlank + uint64(group))
	}
}

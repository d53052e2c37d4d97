package explore

import (
	"math/bits"

	"phoenix/network"
)

// part is one component of a global state, for a symmetrizer: the state of a node, a
// message with how many copies of it are under way, a channel, the observer, what has
// become of the faults. A state is the multiset of its parts; their order does not count.
type part struct {
	kind     uint64     // what sort of part, such as hashLocal: parts of different kinds differ
	from, to network.ID // the nodes that it is of, sim.NoHost where there is none
	n        uint32     // a number that is not a member: of copies, say
	shape    *shape     // its content; nil for none
}

// symmetrizer finds fingerprints of states that are equal for states that differ in the
// names of members only, and different for others (up to collisions of 64 bits). It is the
// fingerprint of one state of the orbit, which is found as in McKay and Piperno,
// "Practical graph isomorphism, II", J. Symbolic Computation 60, 2014, section 2: members
// that are mentioned alike get one colour; where colours stay tied, each of the tied is set
// apart in turn, unless exchanging two of them changes nothing, or what was found before
// tells that it would lead to the same; and the least fingerprint counts. No symmetrizer
// tries all permutations: with tied members that are exchangeable, as they mostly are, it
// takes time linear in the parts for each member; the worst case is exponential, for
// members that are related as in the graphs that refinement of colours is known to fail on.
//
// It allocates nothing once it has met its largest state, and is for one worker.
type symmetrizer struct {
	g     *groups
	parts []part
	views []view
	own   labels // the members' own names
	sum   labels // scratch of refine, by member
	order []int  // members, by group and label
	ranks labels // the labels of a leaf

	levels []labels // the colours at each depth of the search
	path   trail
	leaves int
	first  leaf
	best   leaf
	autos  [][]uint8 // automorphisms found: by member, the member that takes its place
	found  int       // in all; autos keeps the last of them
}

// view is what a symmetrizer remembers of a part.
type view struct {
	mask     uint64 // the members that it mentions
	from, to int    // members, or -1
	fixed    uint64 // the hash of what does not hang on members
}

// trail is how the search got to where it is: the member that was set apart at each depth,
// and all that were up to there.
type trail struct {
	member []uint8
	fixed  []uint64
}

// leaf is a way to order all members.
type leaf struct {
	fingerprint uint64
	place       []uint8 // by member: its rank in its group
	at          []uint8 // by first member of the group + rank: the member
	path        []uint8
}

// keptAutos bounds how many automorphisms are remembered. Forgetting one costs time only.
const keptAutos = 64

// newSymmetrizer returns a symmetrizer for the states of a model with these groups.
func newSymmetrizer(g *groups) *symmetrizer {
	n := len(g.of)
	y := &symmetrizer{g: g, own: make(labels, n), sum: make(labels, n), ranks: make(labels, n)}
	g.name(y.own)
	for m := range n {
		y.order = append(y.order, m)
	}
	for range n + 1 {
		y.levels = append(y.levels, make(labels, n))
	}
	y.path = trail{make([]uint8, n+1), make([]uint64, n+2)}
	for _, l := range []*leaf{&y.first, &y.best} {
		*l = leaf{place: make([]uint8, n), at: make([]uint8, n), path: make([]uint8, 0, n+1)}
	}
	for range keptAutos {
		y.autos = append(y.autos, make([]uint8, n))
	}
	return y
}

// fingerprint returns the fingerprint of the orbit of the state that has these parts. It
// keeps nothing of parts.
func (y *symmetrizer) fingerprint(parts []part) uint64 {
	y.parts, y.views = parts, y.views[:0]
	for _, p := range parts {
		y.views = append(y.views, y.view(p))
	}
	y.leaves, y.found = 0, 0
	l := y.levels[0]
	y.begin(l)
	y.refine(l, y.g.cells())
	y.search(0)
	y.parts = nil
	return mix(y.best.fingerprint)
}

// place returns the node whose place a node takes in the state of the orbit that the last
// fingerprint is of: id itself, or another one of its group. What is said of id in the
// state that was given is said of place(id) there.
func (y *symmetrizer) place(id network.ID) network.ID {
	m, ok := y.g.node(id)
	if !ok {
		return id
	}
	return y.g.ids[y.g.first[y.g.of[m]]+int(y.best.place[m])]
}

func (y *symmetrizer) view(p part) view {
	v := view{from: -1, to: -1, fixed: mix(p.kind<<32 + uint64(p.n))}
	for _, end := range [...]struct {
		id network.ID
		m  *int
	}{{p.from, &v.from}, {p.to, &v.to}} {
		if m, ok := y.g.node(end.id); ok {
			*end.m = m
			v.mask |= 1 << m
			v.fixed = mix(v.fixed + 1)
		} else {
			v.fixed = mix(v.fixed ^ seedRank + uint64(uint32(end.id)))
		}
	}
	if p.shape != nil {
		v.mask |= p.shape.mentions
	}
	return v
}

// with is the hash of a part with labels for the nodes at its ends, and content for what is
// in it.
func (v *view) with(l labels, content uint64) uint64 {
	h := v.fixed
	if v.from >= 0 {
		h = mix(h + marker ^ l[v.from])
	}
	if v.to >= 0 {
		h = mix(h - marker ^ l[v.to])
	}
	return mix(h ^ content)
}

// hash is the hash of the i-th part.
func (y *symmetrizer) hash(i int, l labels) uint64 {
	if s := y.parts[i].shape; s != nil {
		return y.views[i].with(l, s.hash(l))
	}
	return y.views[i].with(l, 0)
}

// begin colours members by how they are mentioned, all others being alike. It does what the
// first round of refine would do, with what shapes remember.
func (y *symmetrizer) begin(l labels) {
	y.g.blank(l)
	clear(y.sum)
	for i := range y.views {
		v, s := &y.views[i], y.parts[i].shape
		for set := v.mask; set != 0; set &= set - 1 {
			m := bits.TrailingZeros64(set)
			content := uint64(0)
			if s != nil {
				content = s.markedBy(m)
			}
			l[m] ^= marker
			y.sum[m] += v.with(l, content)
			l[m] ^= marker
		}
	}
	for m := range l {
		l[m] = mix(l[m] + mix(y.sum[m]))
	}
}

// refine gives members different colours that are mentioned differently, until that tells
// no more of them apart. There were so many cells, sets of members of one colour, before.
func (y *symmetrizer) refine(l labels, cells int) {
	for {
		n, tied := y.arrange(l)
		if n == cells || tied == 0 {
			return
		}
		cells = n
		for set := tied; set != 0; set &= set - 1 {
			y.sum[bits.TrailingZeros64(set)] = 0
		}
		for i := range y.views {
			for set := y.views[i].mask & tied; set != 0; set &= set - 1 {
				m := bits.TrailingZeros64(set)
				l[m] ^= marker
				y.sum[m] += y.hash(i, l)
				l[m] ^= marker
			}
		}
		for set := tied; set != 0; set &= set - 1 {
			m := bits.TrailingZeros64(set)
			l[m] = mix(l[m] + mix(y.sum[m]))
		}
	}
}

// arrange sorts the members of each group by label, and returns how many cells there are
// and which members are not alone in theirs.
func (y *symmetrizer) arrange(l labels) (cells int, tied uint64) {
	for group, from := range y.g.first[:len(y.g.first)-1] {
		order := y.order[from:y.g.first[group+1]]
		for i := range order { // insertion: short, and mostly in order from the last time
			for j := i; j > 0 && l[order[j]] < l[order[j-1]]; j-- {
				order[j], order[j-1] = order[j-1], order[j]
			}
		}
		for i, m := range order {
			if i > 0 && l[m] == l[order[i-1]] {
				tied |= 1<<m | 1<<order[i-1]
			} else {
				cells++
			}
		}
	}
	return cells, tied
}

// cell returns the first cell of more than one member: the first group that has any, and
// the least label in it.
func (y *symmetrizer) cell(l labels, tied uint64) uint64 {
	for i, m := range y.order {
		if tied&(1<<m) == 0 {
			continue
		}
		set := uint64(0)
		for _, k := range y.order[i:] {
			if l[k] != l[m] || y.g.of[k] != y.g.of[m] {
				break
			}
			set |= 1 << k
		}
		return set
	}
	return 0
}

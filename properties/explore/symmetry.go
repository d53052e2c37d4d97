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

// search goes through the orders of members that the colours at a depth leave open, and
// returns the depth to go back to: what is left to do below that one leads to nothing new.
// Members that may all be exchanged with each other take any order, without a branch.
func (y *symmetrizer) search(depth int) int {
	l := y.levels[depth]
	fixed := y.path.fixed[depth]
	alone := false
	cells, tied := y.arrange(l)
	for tied != 0 {
		cell := y.cell(l, tied)
		alone = alone || y.apart(tied)
		if !alone && y.twins(cell) != cell {
			return y.branch(depth, cell, fixed)
		}
		for set, i := cell, uint64(1); set != 0; set, i = set&(set-1), i+1 {
			m := bits.TrailingZeros64(set)
			l[m] = mix(l[m] + i)
		}
		fixed |= cell
		if !alone {
			y.refine(l, cells)
		}
		cells, tied = y.arrange(l)
	}
	return y.leaf(l, depth)
}

// apart reports whether no part mentions two tied members: those of one colour may be
// exchanged then, for each other's mentions are alike.
func (y *symmetrizer) apart(tied uint64) bool {
	for i := range y.views {
		if set := y.views[i].mask & tied; set&(set-1) != 0 {
			return false
		}
	}
	return true
}

// twins returns the members of a set that may be exchanged with the first one.
func (y *symmetrizer) twins(set uint64) uint64 {
	a := bits.TrailingZeros64(set)
	twins := uint64(1) << a
	for rest := set & (set - 1); rest != 0; rest &= rest - 1 {
		if b := bits.TrailingZeros64(rest); y.exchangeable(a, b) {
			twins |= 1 << b
		}
	}
	return twins
}

// exchangeable reports whether the state stays what it is when two members change names.
func (y *symmetrizer) exchangeable(a, b int) bool {
	pair := uint64(1)<<a | uint64(1)<<b
	before, after := uint64(0), uint64(0)
	l := y.own
	for i := range y.views {
		v := &y.views[i]
		if v.mask&pair == 0 {
			continue
		}
		content, swapped := uint64(0), uint64(0)
		s := y.parts[i].shape
		if s != nil {
			content, swapped = s.own, s.own
		}
		before += v.with(l, content)
		l[a], l[b] = l[b], l[a]
		if s != nil && s.mentions&pair != 0 {
			swapped = s.hash(l)
		}
		after += v.with(l, swapped)
		l[a], l[b] = l[b], l[a]
	}
	return before == after
}

// branch sets each member of a cell apart in turn but those that lead to the same.
func (y *symmetrizer) branch(depth int, cell, fixed uint64) int {
	l, next := y.levels[depth], y.levels[depth+1]
	done := uint64(0) // members that were tried, and those that lead to the same as these
	cells, _ := y.arrange(l)
	for set := cell; set != 0; set &= set - 1 {
		m := bits.TrailingZeros64(set)
		if done = y.orbit(done, fixed); done&(1<<m) != 0 {
			continue
		}
		done |= y.twins(set)
		copy(next, l)
		next[m] = mix(next[m] + 1)
		y.path.member[depth], y.path.fixed[depth+1] = uint8(m), fixed|1<<m
		y.refine(next, cells)
		if back := y.search(depth + 1); back < depth {
			return back
		}
	}
	return depth
}

// orbit returns what the automorphisms that keep the fixed members make of a set.
func (y *symmetrizer) orbit(set, fixed uint64) uint64 {
	for grown := true; grown; {
		grown = false
		for _, auto := range y.autos[:min(y.found, keptAutos)] {
			if !keeps(auto, fixed) {
				continue
			}
			for rest := set; rest != 0; rest &= rest - 1 {
				if to := uint64(1) << auto[bits.TrailingZeros64(rest)]; set&to == 0 {
					set |= to
					grown = true
				}
			}
		}
	}
	return set
}

func keeps(auto []uint8, fixed uint64) bool {
	for ; fixed != 0; fixed &= fixed - 1 {
		if m := bits.TrailingZeros64(fixed); auto[m] != uint8(m) {
			return false
		}
	}
	return true
}

// leaf takes the order that the colours tell, all of them being different.
func (y *symmetrizer) leaf(l labels, depth int) int {
	y.arrange(l)
	for i, m := range y.order {
		y.ranks[m] = y.own[i] // the i-th member's own name is what its rank is called
	}
	fp := uint64(0)
	for i := range y.views {
		fp += y.hash(i, y.ranks)
	}
	y.leaves++
	switch {
	case y.leaves == 1:
		y.take(&y.first, fp, depth)
		y.take(&y.best, fp, depth)
	case fp == y.first.fingerprint:
		return y.automorphism(&y.first, depth)
	case fp == y.best.fingerprint:
		return y.automorphism(&y.best, depth)
	case fp < y.best.fingerprint:
		y.take(&y.best, fp, depth)
	}
	return depth
}

// take makes the current order the leaf.
func (y *symmetrizer) take(to *leaf, fp uint64, depth int) {
	to.fingerprint = fp
	for i, m := range y.order {
		to.place[m] = uint8(i - y.g.first[y.g.of[m]])
		to.at[i] = uint8(m)
	}
	to.path = append(to.path[:0], y.path.member[:depth]...)
}

// automorphism remembers that the current order gives the same as that of another leaf, and
// returns the depth where the ways to them part, if what is below is the same for both.
func (y *symmetrizer) automorphism(other *leaf, depth int) int {
	auto := y.autos[y.found%keptAutos]
	y.found++
	for i, m := range y.order {
		auto[m] = other.at[i]
	}
	for d := range min(depth, len(other.path)) {
		if m := y.path.member[d]; m != other.path[d] {
			if auto[m] == other.path[d] && keeps(auto, y.path.fixed[d+1]&^(1<<m)) {
				return d
			}
			break
		}
	}
	return depth
}

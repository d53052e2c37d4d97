package explore

import "math/bits"

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

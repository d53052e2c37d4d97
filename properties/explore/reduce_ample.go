package explore

import (
	"math/bits"
	"slices"
)

// moves is what the steps of a state are, node by node. Sets of nodes are words.
type moves struct {
	able   uint64           // who can do something
	owed   uint64           // who can do something that is no fault
	steps  [maxAmple]int    // of each, with losses of messages to it
	origin [maxAmple]uint64 // of whom there are messages to each
	barred uint64           // who must not be among those that move first
	seen   uint64           // who can do something that a property may see
}

// reduce leaves out the steps of the nodes that can wait. Of several ways it takes the one
// that leaves fewest steps. What it does depends on the state and on what was known when
// the search began, not on what was found since.
func (x *expander) reduce() {
	a, f := x.sys.ample, x.faults
	if a == nil || f.drops|f.duplicates|f.partitions|f.cut != 0 || len(x.succs) < 2 {
		return
	}
	m := &x.moves
	a.sort(x, m)
	best, fewest := uint64(0), len(x.succs)
	for rest := m.owed &^ m.barred; rest != 0; rest &= rest - 1 {
		first := a.closed(x, m, rest&-rest, fewest)
		if n := m.count(first); first != 0 && n < fewest {
			best, fewest = first, n
		}
	}
	if best != 0 {
		x.succs = slices.DeleteFunc(x.succs, func(s succ) bool { return best>>s.host&1 == 0 })
		x.idles = 0
	}
}

// count returns how many steps the nodes of a set have.
func (m *moves) count(set uint64) (n int) {
	for ; set != 0; set &= set - 1 {
		n += m.steps[bits.TrailingZeros64(set)]
	}
	return n
}

// sort looks at the steps of a state.
func (a *ample) sort(x *expander, m *moves) {
	*m = moves{}
	for i := range x.succs {
		s := &x.succs[i]
		host := uint64(1) << s.host
		m.steps[s.host]++
		if s.kind != StepDrop {
			m.able |= host
		}
		if s.kind == StepTimer || s.kind == StepDeliver && s.out.lost == 0 {
			m.owed |= host
		}
		// Which crashes there may be depends on the crashes of others.
		if x.faults.crashes > 0 && a.sys.crashable[s.host] || s.kind == StepRestart ||
			a.check&provisoC3 != 0 && a.recurs(x.row[rowLocals+int(s.host)], s) {
			m.barred |= host
		}
		if a.sees(s) {
			m.seen |= host
		}
	}
	for _, id := range x.row[a.sys.networkAt():][:x.row[rowLength]] {
		if a.sys.m.Network == Ordered {
			id = a.sys.channels.at(id).head
		}
		msg := a.sys.messages.at(id)
		m.origin[msg.to] |= 1 << msg.from
	}
}

// closed returns the nodes that have to move first if those of a set do: who may send to
// them before what they would take and cannot take now. It returns 0 if others cannot wait,
// or if there are not fewer steps than a limit.
func (a *ample) closed(x *expander, m *moves, first uint64, limit int) uint64 {
	for {
		if first&m.barred != 0 || m.count(first) >= limit {
			return 0
		}
		seen := a.check&provisoC2 != 0 && m.seen&first != 0
		if seen && a.sys.m.Lossy && a.readers != 0 {
			return 0 // a property may see what is lost
		}
		others, more := a.before(x, m, first), uint64(0)
		for rest := others; rest != 0; rest &= rest - 1 {
			g := bits.TrailingZeros64(rest)
			if a.check&provisoC1 != 0 && a.reaches(x, m, g, first) {
				more |= 1 << g
			}
			if seen && a.maySee(x, m, g, first) {
				return 0
			}
		}
		if more == 0 {
			return first
		}
		first |= more
	}
}

// sees reports whether a property may see a step.
func (a *ample) sees(s *succ) bool {
	if s.kind == StepDrop {
		return a.readers>>s.host&1 != 0
	}
	return a.visible(int(s.host), s.out)
}

// known reports whether a state of a node was known when the search began.
func (a *ample) known(local uint32) bool { return int(local) <= a.locals }

// recurs reports whether a step may be part of a cycle.
func (a *ample) recurs(at uint32, s *succ) bool {
	if s.kind != StepTimer {
		if int(s.arg)/64 >= a.words || !has(a.again, s.arg) {
			return false
		}
	}
	return s.out == nil || a.known(at) && a.known(s.out.next) && a.component[at] == a.component[s.out.next]
}

// variantsOf returns the variants of what g may do that hold as long as the nodes of a set
// do not move: that of each of these which has no message under way to g. What g does is in
// all of them.
func (a *ample) variantsOf(m *moves, g int, still uint64) uint64 {
	if set := still &^ m.origin[g]; set != 0 {
		return set
	}
	return 1 << a.sys.hosts
}

// before returns the nodes that may do something before those of a set do: those that can
// now, and those they may send to.
func (a *ample) before(x *expander, m *moves, first uint64) uint64 {
	all := m.able &^ first
	for rest := all; rest != 0; {
		g := bits.TrailingZeros64(rest)
		rest &= rest - 1
		if at := x.row[rowLocals+g]; a.known(at) {
			to := ^first
			for v := a.variantsOf(m, g, first); v != 0; v &= v - 1 {
				to &= a.to[int(at)*a.variants+bits.TrailingZeros64(v)]
			}
			rest |= to &^ all
			all |= to
		}
	}
	return all
}

// maySee reports whether g may do what a property sees before the nodes of a set move.
func (a *ample) maySee(x *expander, m *moves, g int, first uint64) bool {
	at := x.row[rowLocals+g]
	v := a.variantsOf(m, g, first)
	return a.known(at) && a.seen[at]&v == v
}

// reaches reports whether g may send something to a node of a set, before those move, that
// it would take and cannot take now.
func (a *ample) reaches(x *expander, m *moves, g int, first uint64) bool {
	at := x.row[rowLocals+g]
	if !a.known(at) {
		return false
	}
	net := x.row[a.sys.networkAt():][:x.row[rowLength]]
	variants := a.variantsOf(m, g, first)
	for i := range a.words {
		sent := ^uint64(0)
		for v := variants; v != 0; v &= v - 1 {
			sent &= a.sentFrom(at, bits.TrailingZeros64(v))[i]
		}
		for ; sent != 0; sent &= sent - 1 {
			id := uint32(i*64 + bits.TrailingZeros64(sent))
			to := a.sys.messages.at(id).to
			l := x.row[rowLocals+int(to)]
			if first>>to&1 == 0 || a.known(l) && has(a.ignoredBy(l), id) {
				continue
			}
			if a.sys.m.Network == Ordered {
				if m.origin[to]>>g&1 == 0 {
					return true
				}
			} else if _, is := slices.BinarySearch(net, id); !is {
				return true
			}
		}
	}
	return false
}

package explore

import (
	"math/bits"
	"slices"
)

// moves is what the steps of a state are, node by node, as sets of nodes.
type moves struct {
	none   int              // the variant of futures with messages of all
	able   uint64           // who can do something
	owed   uint64           // who can do something that is no fault
	count  [maxAmple]int    // steps of each, with losses of messages to it
	origin [maxAmple]uint64 // of whom there is a message to each
}

// reduce leaves out the steps of all nodes but one, if the others can wait. Of several it
// keeps the node of fewest steps. What it does depends on the state and on what was known
// when the search began, not on what was found since.
func (x *expander) reduce() {
	a, f := x.sys.ample, x.faults
	if a == nil || f.drops|f.duplicates|f.partitions|f.cut != 0 || len(x.succs) < 2 {
		return
	}
	m := a.moves(x)
	var order []int
	eachOf(m.owed, func(host int) bool { order = append(order, host); return true })
	if len(order) == 1 && m.count[order[0]] == len(x.succs) {
		return
	}
	slices.SortStableFunc(order, func(g, h int) int { return m.count[g] - m.count[h] })
	for _, host := range order {
		if a.suffices(x, m, host) {
			x.succs = slices.DeleteFunc(x.succs, func(s succ) bool { return int(s.host) != host })
			x.idles = 0
			return
		}
	}
}

// moves sorts the steps of a state.
func (a *ample) moves(x *expander) *moves {
	m := &moves{none: a.sys.hosts}
	for i := range x.succs {
		s := &x.succs[i]
		m.count[s.host]++
		if s.kind != StepDrop {
			m.able |= 1 << s.host
		}
		if s.kind == StepTimer || s.kind == StepDeliver && s.out.lost == 0 {
			m.owed |= 1 << s.host
		}
	}
	for _, id := range x.row[a.sys.networkAt():][:x.row[rowLength]] {
		if a.sys.m.Network == Ordered {
			id = a.sys.channels.at(id).head
		}
		msg := a.sys.messages.at(id)
		m.origin[msg.to] |= 1 << msg.from
	}
	return m
}

// suffices reports whether the steps of a node do.
func (a *ample) suffices(x *expander, m *moves, host int) bool {
	if a.sys.crashable[host] && x.faults.crashes > 0 {
		return false // what crashes there may be depends on the crashes of others
	}
	seen := false
	for i := range x.succs {
		s := &x.succs[i]
		if int(s.host) != host {
			continue
		}
		if a.check&provisoC3 != 0 && a.recurs(x.row[rowLocals+host], s) {
			return false
		}
		seen = seen || a.sees(s)
	}
	if seen && a.sys.m.Lossy && a.readers != 0 {
		return false // losses of messages to others may be seen
	}
	return eachOf(a.before(x, m, host), func(g int) bool {
		at, v := x.row[rowLocals+g], m.variant(g, host)
		return (a.check&provisoC2 == 0 || !seen || !a.known(at) || a.seen[at]>>v&1 == 0) &&
			(a.check&provisoC1 == 0 || !a.reaches(x, m, g, host))
	})
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

// variant returns what of a node's futures counts as long as another one does not move.
func (m *moves) variant(g, host int) int {
	if m.origin[g]>>host&1 != 0 {
		return m.none // a message of that one is under way already
	}
	return host
}

// before returns the nodes that may do something before host does: those that can now, and
// those they may send to.
func (a *ample) before(x *expander, m *moves, host int) uint64 {
	all := m.able
	for rest := all &^ (1 << host); rest != 0; {
		g := bits.TrailingZeros64(rest)
		rest &= rest - 1
		if at := x.row[rowLocals+g]; a.known(at) {
			to := a.to[int(at)*a.variants+m.variant(g, host)]
			rest |= to &^ all &^ (1 << host)
			all |= to
		}
	}
	return all &^ (1 << host)
}

// reaches reports whether g may send something to host, before that moves, which it would
// take and cannot take now.
func (a *ample) reaches(x *expander, m *moves, g, host int) bool {
	at, to := x.row[rowLocals+g], x.row[rowLocals+host]
	if !a.known(at) {
		return false
	}
	net := x.row[a.sys.networkAt():][:x.row[rowLength]]
	sent := a.sentFrom(at, m.variant(g, host))
	for i, word := range sent {
		word &= a.inbox[host][i]
		if a.known(to) {
			word &^= a.ignoredBy(to)[i]
		}
		for ; word != 0; word &= word - 1 {
			id := uint32(i*64 + bits.TrailingZeros64(word))
			if a.sys.m.Network == Ordered {
				if m.origin[host]>>g&1 == 0 {
					return true
				}
			} else if _, is := slices.BinarySearch(net, id); !is {
				return true
			}
		}
	}
	return false
}

package explore

import "slices"

// label tells a step from the others that are possible in a state, and from those that
// become possible by steps that it does not depend on. Both back ends fill what they need.
type label struct {
	kind StepKind
	host int32
	arg  uint64
	out  *outcome // what a plain handler does in it: a local state, an event and its choices
	text string   // the timer of a world
	// picks is what is chosen in a world, apart from zeros at the end, as varints.
	picks string
}

// move is a step as the reduction sees it: what it reads and writes, as sets of resources
// by bit. Each node is a resource, and so is the observer.
type move struct {
	label
	reads, writes uint64
	sends         []uint32 // what is sent by a move that writes nothing of its node
}

// The resources after the nodes.
const (
	maxNodes    = 62
	toldBit     = uint64(1) << maxNodes
	everything  = ^uint64(0)
	noPlace     = -1
	independent = -2
)

// barrier reports whether m is a fault or what else depends on every other step.
func (m *move) barrier() bool { return m.writes == everything }

// depends reports whether the order of two moves matters: one writes what the other one
// reads or writes. Two that only read and send the same message depend on each other too,
// so that it is known which of them a delivery needs.
func (m *move) depends(o *move) bool {
	if m.writes&(o.reads|o.writes)|o.writes&m.reads != 0 {
		return true
	}
	return m.reads&o.reads != 0 &&
		slices.ContainsFunc(m.sends, func(id uint32) bool { return slices.Contains(o.sends, id) })
}

// initial returns the place in seq of m if it can come first there, independent if all of
// seq can come after m though it is not in there, and else noPlace. In the first two cases
// m is a weak initial of seq (Abdulla et al., JACM 2017, section 5.2).
func (m *move) initial(seq []move) int {
	for i := range seq {
		switch {
		case seq[i].label == m.label:
			return i
		case seq[i].depends(m):
			return noPlace
		}
	}
	return independent
}

// branch is a node of a wakeup tree (section 6.1 there): a move that has to be taken, and
// what has to be after it. A leaf leaves open what comes then.
type branch struct {
	move
	next []*branch
}

// wakeup adds a sequence to the wakeup tree whose first branches are given, unless one of
// its sequences leads to all that seq does. seq is used up.
func wakeup(at *[]*branch, seq []move) {
	for {
		b, i := follow(*at, seq)
		if b == nil {
			break
		}
		if i >= 0 {
			seq = slices.Delete(seq, i, i+1)
		}
		if len(seq) == 0 || len(b.next) == 0 {
			return
		}
		at = &b.next
	}
	for _, m := range seq {
		b := &branch{move: m}
		*at = append(*at, b)
		at = &b.next
	}
}

// follow returns the first branch that is a weak initial of seq, and its place there.
func follow(branches []*branch, seq []move) (*branch, int) {
	for _, b := range branches {
		if i := b.initial(seq); i != noPlace {
			return b, i
		}
	}
	return nil, noPlace
}

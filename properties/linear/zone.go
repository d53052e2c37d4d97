package linear

import (
	"math"

	"phoenix/properties"
	"phoenix/properties/history"
)

// monitorRegister decides about a register, a CAS register or a key of a store,
// no value of which was both seen and written twice, in O(n log n) at any
// concurrency. The algorithm is that of Gibbons and Korach (Testing shared
// memories, SIAM J. Comput. 26(4), 1997: linearizability where it is known
// which write each read read from) in the terms of Golab, Li and Shah
// (Analyzing consistency properties for fun and profit, PODC 2011), and goes
// beyond them in that it knows of CAS and of pending operations.
//
// A write and the reads of its value are a cluster. A CAS sees the value of one
// cluster and writes that of another: clusters linked so are a chain. No
// operation of another chain fits between those of a chain, for a value that
// was replaced does not come back; so what needs an order is whole chains. With
// f the least return and s the greatest call in a chain, A must come before B
// if and only if f(A) < s(B). Of any cycle of chains, let A be the one of the
// greatest s, and B the next: f(A) < s(B) as B is next, and f(B) is less than
// the s of what follows B, so less than s(A). So where there is a cycle there
// are two chains each of which must come before the other, and a chain's zone,
// from min(f, s) to max(f, s), tells them all:
//
//   - two forward zones (f < s) overlap, or
//   - a backward zone (s <= f) lies inside a forward one.
//
// If there are none, chains in the order of the low ends of their zones, the
// backward one first where they tie, are a linearization.
//
// What changes nothing and may have happened in more than one cluster plays no
// part in this: settle finds a place for it. ok is false if a value that was
// seen has two writers, on an append, and if there is no place for a failed CAS
// in the order that was found, though there may be in another.
func monitorRegister(opt *Options, ops []*history.Operation) (d decision, ok bool) {
	return monitorRegisterWith(opt, ops, flawless)
}

func monitorRegisterWith(opt *Options, ops []*history.Operation, flaw registerFlaw) (d decision, ok bool) {
	if opt.Step != nil || opt.Model > KV || (len(ops) > 0 && ops[0].Call == farPast) {
		return decision{}, false
	}
	m := &registerMonitor{opt: opt, ops: ops, flaw: flaw}
	if !m.gather() || !m.readAbsent() {
		return decision{}, false
	}
	m.link()
	if m.ambiguous() {
		return decision{}, false
	}
	m.foundForks()
	order := m.sweep(m.zones())
	m.findMismatches()
	if m.wrong.core != nil {
		return decision{verdict: properties.Fail, core: m.wrong.core}, true
	}
	order, ok = m.settle(order)
	return decision{verdict: properties.Pass, order: order}, ok
}

// farPast is the moment of the imaginary write of the initial value.
const farPast int64 = math.MinInt64

type registerMonitor struct {
	opt      *Options
	ops      []*history.Operation
	flaw     registerFlaw
	index    *valueIndex
	clusters []cluster // of each value in index, then of each rewrite
	readOf   []int32   // the cluster that an operation read and did not end, or none
	cas      []int32   // clusters that a CAS began
	linked   int       // how many of those are in a chain behind another cluster
	forks    []int32   // those that replaced a value that another had replaced
	rewrites []int32   // writes of a value that has a cluster already
	loose    []int32   // reads of nil that say nothing, and CASes that failed
	slots    []int32   // where in the order the next read of a cluster goes, plus 1
	wrong    violation // the one found that was complete first
	readers  readers
	effort   int // operations that may still be looked at to find a better violation
}

// cluster is a value's writer and what read it. The initial value was written
// in the far past by none.
type cluster struct {
	call, ret   int64 // of the writer
	first, last int64 // the least return and the greatest call of its reads
	writer      int32
	reads       int32
	prev        int32 // the cluster whose value the writer, a CAS, replaced
	next        int32 // the cluster that a CAS began which replaced this value
}

// unwritten is the cluster of a value that nobody read or wrote.
var unwritten = cluster{ret: history.Pending, call: farPast, first: history.Pending, last: farPast,
	writer: none, prev: none, next: none}

// written tells whether the value was there once, or may have been.
func (c *cluster) written() bool { return c.writer != none || c.ret == farPast }

// observed tells whether anybody is known to have seen the value.
func (c *cluster) observed() bool { return c.reads > 0 || c.next != none }

// happened tells whether the value was there for certain.
func (c *cluster) happened() bool { return c.observed() || (c.written() && c.ret != history.Pending) }

// zone is a chain's.
type zone struct {
	f, s int64
	head int32 // the first cluster
}

func (z *zone) low() int64 { return min(z.f, z.s) }

// sweep looks for two zones each of which must come before the other, and
// returns the operations of all chains in the order of their zones. The chain
// of the initial value is first. Of the zones before z it is enough to look at
// the one that reaches furthest, and there at the end: if that lies beyond the
// f of z, and so beyond the low end of z, it is the s of a forward zone, and its
// f is less than the s of z because it comes first, even if low ends tie. O(n).
func (m *registerMonitor) sweep(initial zone, forward, backward []zone) (order []int32) {
	m.slots = make([]int32, len(m.clusters))
	order = m.place(make([]int32, 0, len(m.ops)), initial.head)
	open := initial // of the zones so far the one of the greatest s
	for len(forward)+len(backward) > 0 {
		var z zone
		unchecked, touch := flawOverlap, flawOverlapTouch
		if len(backward) > 0 && (len(forward) == 0 || !m.less(forward[0].f, backward[0].s, flawForwardFirst)) {
			z, backward = backward[0], backward[1:]
			unchecked, touch = flawInside, flawInsideTouch
		} else {
			z, forward = forward[0], forward[1:]
		}
		order = m.place(order, z.head)
		if m.less(z.f, open.s, touch) && m.flaw != unchecked {
			m.foundPair(open, z)
		}
		if z.s > open.s {
			open = z
		}
	}
	m.placeReads(order)
	return order
}

// place puts the writers of a chain into the order and leaves room for the
// reads of each.
func (m *registerMonitor) place(order []int32, head int32) []int32 {
	for at := head; at != none; at = m.clusters[at].next {
		c := &m.clusters[at]
		if c.writer != none {
			order = append(order, c.writer)
		}
		m.slots[at] = int32(len(order)) + 1
		order = order[:len(order)+int(c.reads)]
	}
	return order
}

// placeReads puts the reads of each cluster where there is room for them, by Call.
func (m *registerMonitor) placeReads(order []int32) {
	for i, at := range m.readOf {
		if at != none && m.slots[at] > 0 {
			order[m.slots[at]-1] = int32(i)
			m.slots[at]++
		}
	}
}

package explore

import (
	"slices"
)

// maxAmple is how many nodes a model may have to be reduced: as many as a word has bits,
// less one for a variant that is for none.
const maxAmple = 63

// ample is what is known of nodes when a search begins, for finding out which can wait. It
// is not changed while the search goes on, so that what is left out does not hang on time.
//
// All of it is about the graph of each node's states and the events between them, as far as
// it was seen. What a node may do from a state on, sooner or later, is told in variants: for
// each other node, if no message of that one is delivered on the way; and, as the last, if
// any may be.
type ample struct {
	sys   *system
	check provisos
	deeds int // that were known

	locals, words, variants int

	sends   []uint64 // by state and variant: messages that the node may send, a set
	to      []uint64 // by state and variant: whom it may send to
	seen    []uint64 // by state: the variants in which it may do what a property sees
	ignored []uint64 // by state: messages that change nothing
	readers uint64   // nodes that properties read

	component []uint32 // by state: equal if both may recur, each after the other
	again     []uint64 // messages that may be sent again and again
}

// deed is what an event does to a node.
type deed struct {
	from, to uint32
	message  uint32 // that is delivered, 0 for none
	fault    bool
	out      *outcome
}

// deeds returns all that nodes were seen to do, in the order of the states it begins in.
func deeds(sys *system) []deed {
	var all []deed
	for id := uint32(1); id <= uint32(sys.locals.len()); id++ {
		l := sys.locals.at(id)
		note := func(message uint32, fault bool, out *outcome) {
			for ; out != nil; out = out.more {
				all = append(all, deed{id, out.next, message, fault || out.lost > 0, out})
			}
		}
		l.steps.each(func(message uint32, out *outcome) { note(message, false, out) })
		for i := range l.fires {
			note(0, false, l.fires[i].Load())
		}
		note(0, true, l.crashes.Load())
		note(0, true, l.boot.Load())
	}
	return all
}

// step reports whether an edge is a step at all.
func (a *ample) step(e *deed) bool {
	return !e.out.refused && (!e.out.idle || a.sys.m.Network == Ordered && e.message != 0)
}

// learn sums up what nodes were seen to do.
func learn(sys *system, check provisos) *ample {
	all := deeds(sys)
	a := &ample{sys: sys, check: check, deeds: len(all), locals: sys.locals.len(), variants: sys.hosts + 1,
		words: sys.messages.len()/64 + 1, readers: sys.readers()}
	a.sends = make([]uint64, (a.locals+1)*a.variants*a.words)
	a.to = make([]uint64, (a.locals+1)*a.variants)
	a.seen = make([]uint64, a.locals+1)
	a.ignored = make([]uint64, (a.locals+1)*a.words)
	a.ignore(all)
	all = slices.DeleteFunc(all, func(e deed) bool { return !a.step(&e) })
	for v := range a.variants {
		a.futures(all, v)
	}
	a.recur(all)
	return a
}

func add(set []uint64, id uint32)      { set[id/64] |= 1 << (id % 64) }
func has(set []uint64, id uint32) bool { return set[id/64]>>(id%64)&1 != 0 }

// bytes returns the memory that a holds.
func (a *ample) bytes() uint64 {
	if a == nil {
		return 0
	}
	return 8*uint64(len(a.sends)+len(a.to)+len(a.seen)+len(a.ignored)+len(a.again)) + 4*uint64(len(a.component))
}

// ignore finds the messages that nodes ignore.
func (a *ample) ignore(all []deed) {
	for i := range all {
		if e := &all[i]; e.message != 0 && !a.step(e) {
			add(a.ignoredBy(e.from), e.message)
		}
	}
	for i := range all { // some choice may do something
		if e := &all[i]; e.message != 0 && a.step(e) {
			a.ignoredBy(e.from)[e.message/64] &^= 1 << (e.message % 64)
		}
	}
}

func (a *ample) ignoredBy(local uint32) []uint64 {
	return a.ignored[int(local)*a.words:][:a.words]
}

func (a *ample) sentFrom(local uint32, variant int) []uint64 {
	return a.sends[(int(local)*a.variants+variant)*a.words:][:a.words]
}

// futures finds what nodes may do from each state on without a message of a node. States
// are mostly numbered in the order in which they follow each other, so going through them
// from the last takes few rounds.
func (a *ample) futures(all []deed, variant int) {
	for changed := true; changed; {
		changed = false
		for i := len(all) - 1; i >= 0; i-- {
			e := &all[i]
			if e.message == 0 || int(a.sys.messages.at(e.message).from) != variant {
				changed = a.follow(e, variant) || changed
			}
		}
	}
}

// follow adds what may happen by an edge to what may happen from where it begins.
func (a *ample) follow(e *deed, variant int) (changed bool) {
	set, next := a.sentFrom(e.from, variant), a.sentFrom(e.to, variant)
	for i, word := range next {
		changed = changed || word&^set[i] != 0
		set[i] |= word
	}
	at := int(e.from)*a.variants + variant
	to := a.to[at] | a.to[int(e.to)*a.variants+variant]
	for _, id := range e.out.sends {
		changed = changed || !has(set, id)
		add(set, id)
		to |= 1 << a.sys.messages.at(id).to
	}
	seen := a.seen[e.to] & (1 << variant)
	if a.visible(int(a.sys.locals.at(e.from).host), e.out) {
		seen = 1 << variant
	}
	changed = changed || to != a.to[at] || seen&^a.seen[e.from] != 0
	a.to[at] = to
	a.seen[e.from] |= seen
	return changed
}

// visible reports whether a property may see what a node does: it tells the observer, or it
// is read, or who it sends to is.
func (a *ample) visible(host int, out *outcome) bool {
	if out.told != 0 || a.readers>>host&1 != 0 {
		return true
	}
	return a.readers != 0 && slices.ContainsFunc(out.sends, func(id uint32) bool {
		return a.readers>>a.sys.messages.at(id).to&1 != 0
	})
}

// recur finds what may happen again and again. On a cycle of global states every node goes
// round in its own, and a message that is delivered is sent on the cycle; so what leads
// from one strongly connected component of a node's states to another does not recur, nor
// the delivery of what nothing that recurs sends, nor what remains of the cycles without
// these, and so on. A fault is spent, and does not.
func (a *ample) recur(all []deed) {
	all = slices.DeleteFunc(slices.Clone(all), func(e deed) bool { return e.fault })
	stays := a.sys.m.Network == Board // what is delivered stays, and need not be sent again
	for {
		before := len(all)
		a.component = strong(a.locals, all)
		a.again = make([]uint64, a.words)
		all = slices.DeleteFunc(all, func(e deed) bool { return a.component[e.from] != a.component[e.to] })
		for i := range all {
			for _, id := range all[i].out.sends {
				add(a.again, id)
			}
		}
		all = slices.DeleteFunc(all, func(e deed) bool { return e.message != 0 && !stays && !has(a.again, e.message) })
		if len(all) == before {
			break
		}
	}
	if stays {
		for i := range a.again {
			a.again[i] = ^uint64(0)
		}
	}
}

// strong returns the strongly connected component of each of n states, from 1 on, by the
// last state that is found of it (Tarjan, "Depth-first search and linear graph algorithms",
// SIAM J. Comput. 1, 1972). The edges are in the order of where they begin.
func strong(n int, all []deed) []uint32 {
	low, order, of := make([]uint32, n+1), make([]uint32, n+1), make([]uint32, n+1)
	begin := make([]int, n+2)
	for i := len(all) - 1; i >= 0; i-- {
		begin[all[i].from] = i + 1
	}
	var stack []uint32
	count := uint32(0)
	var visit func(v uint32)
	visit = func(v uint32) {
		count++
		low[v], order[v] = count, count
		stack = append(stack, v)
		for i := begin[v] - 1; i >= 0 && i < len(all) && all[i].from == v; i++ {
			switch to := all[i].to; {
			case order[to] == 0:
				visit(to)
				low[v] = min(low[v], low[to])
			case of[to] == 0:
				low[v] = min(low[v], order[to])
			}
		}
		if low[v] == order[v] {
			for of[v] == 0 {
				of[stack[len(stack)-1]] = v
				stack = stack[:len(stack)-1]
			}
		}
	}
	for v := uint32(1); v <= uint32(n); v++ {
		if order[v] == 0 {
			visit(v)
		}
	}
	return of
}

// each calls visit with all that was put, in no order. Nobody may put meanwhile.
func (m *memo[V]) each(visit func(key uint32, v *V)) {
	if t := m.p.Load(); t != nil {
		for i := range t.slots {
			if v := t.slots[i].val.Load(); v != nil {
				visit(t.slots[i].key, v)
			}
		}
	}
}

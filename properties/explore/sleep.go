package explore

import (
	"errors"
	"fmt"
	"slices"
)

// A search with sleep sets (Godefroid, "Partial-Order Methods for the Verification of
// Concurrent Systems", LNCS 1032, 1996, section 5) takes of two orders of independent steps
// one only. A state's sleep set is what need not be taken of it: the state that each of these
// leads to is reached by another way.
//
// The steps of a state are in the order of their nodes. Where step a leads, those steps are
// asleep that a is independent of, and that are asleep here or come before a. A state that
// several steps from the depth before lead to has the intersection of what they hand down as
// its sleep set. That does not depend on the order in which they are found, hence not on the
// workers. It is visited once; what leads to it from later depths changes nothing.
//
// All states are visited, each at its least depth. Proof: let x be a state at depth n, and of
// the paths of n steps to x from one first state let p be the first in the order of the nodes
// of their steps. Assume that a step of p is not taken; let t be the first of these, and s the
// state on p before it. By p, up to there, s is found at its least depth, for p is a shortest
// path. So t is in what the step of p to s hands down, and independent of that step; and either
// t is asleep in the state before, too, and so on, or it comes before that step of p. In the
// first state nothing is asleep, so there is a step u of p that t comes before. All steps of p
// from u up to t are independent of t, so t can be moved before u: another path to x of n
// steps, which comes before p, as the node of t does before that of u. There is none. So all
// steps of p are taken.
//
// Godefroid's search is depth-first and has to come back to a state that is reached again
// with a smaller sleep set, for what was left out of it. By the proof this one need not: what
// comes by a longer way has no part in a shortest one. So nothing is stored with the states
// that have been visited, and sleep sets are part of the queue only.

// sleepRules are what sleep sets rest upon. Tests leave each out in turn.
type sleepRules uint8

const (
	sleepMerged   sleepRules = 1 << iota // all that leads to a state from the depth before has a say
	sleepTurns                           // of two steps that are taken, only the earlier one sleeps after the other
	sleepTold                            // two steps that tell the observer depend on each other
	allSleepRules = sleepMerged | sleepTurns | sleepTold
)

// sleepless returns why a search cannot have sleep sets, nil if it can.
func (sys *system) sleepless(cfg Config) error {
	switch {
	case cfg.Order != BreadthFirst:
		return errors.New("explore: sleep sets are for a breadth-first search: " +
			"depth-first, what is asleep hangs on which way is taken first")
	case cfg.Symmetry:
		return errors.New("explore: sleep sets name nodes, which symmetry takes for the same: leave out one of the two")
	case cfg.PartialOrder:
		return errors.New("explore: with ample sets a state is not reached in all orders, so that none can sleep: " +
			"leave out one of the two")
	case sys.m.Within != nil:
		return fmt.Errorf("%w: its bound on states lets some orders of steps happen and others not, so that none can sleep",
			ErrModel)
	}
	return nil
}

// What a step touches: steps that have nothing of it in common are independent. Where one can
// be taken and then the other, the other one can be taken first, and the state is the same
// then: a step changes its node only, and what is under way to it, and adds to what is under
// way to others. What is left of the budget of faults is not touched: it suffices for two in
// one order if it does in the other. Nodes share bits if there are more than bits.
const (
	touchHosts = 62
	touchTold  = uint64(1) << 62 // the observer
	touchLast  = uint64(1) << 63 // which message was delivered last, if Duplicating
)

// touches returns what a step touches.
func (sys *system) touches(s *succ, rules sleepRules) uint64 {
	switch {
	case s.kind == StepTick || s.kind == StepCut || s.kind == StepMend:
		return everything // who else can move hangs on it
	case s.kind == StepDrop && (sys.m.Network == Board || sys.m.Network == Duplicating):
		return everything // of a set: whoever sends the message puts it back, or does nothing
	}
	set := uint64(1) << (uint32(s.host) % touchHosts)
	if s.out != nil && s.out.told != 0 && rules&sleepTold != 0 {
		set |= touchTold
	}
	if s.kind == StepDeliver && sys.m.Network == Duplicating {
		set |= touchLast
	}
	return set
}

// happening is the steps from a state that differ only in what is chosen in them: all of them
// sleep, or none.
type happening struct {
	name    uint64 // the same in all states that it can happen in
	touches uint64
	host    int32
	asleep  bool
	end     int // of its steps among all
}

// nameOf returns what tells a step, choices apart, from others that a state may have.
func (sys *system) nameOf(s *succ) uint64 {
	what := uint64(s.arg)
	if s.at < 0 { // no message, which would have one receiver
		what = what*uint64(sys.hosts) + uint64(uint32(s.host))
	}
	return what<<4 | uint64(s.kind)
}

// sleeper is a worker's part of a search with sleep sets.
type sleeper struct {
	sets   *sleepSets
	asleep []uint64 // of the state that is being visited: names
	all    []happening
	handed []uint64 // to the state that a step leads to
	left   uint64   // steps left out
}

// rouse sorts the steps of a state by what is asleep.
func (z *sleeper) rouse(x *expander) {
	z.all = z.all[:0]
	for i := range x.succs {
		s := &x.succs[i]
		name, touches := x.sys.nameOf(s), x.sys.touches(s, z.sets.rules)
		if n := len(z.all); n > 0 && z.all[n-1].name == name {
			z.all[n-1].touches |= touches
			z.all[n-1].end++
			continue
		}
		z.all = append(z.all, happening{name, touches, s.host, slices.Contains(z.asleep, name), i + 1})
	}
}

// handDown finds what is asleep where a happening leads.
func (z *sleeper) handDown(a *happening) {
	z.handed = z.handed[:0]
	for i := range z.all {
		b := &z.all[i]
		if a.touches&b.touches == 0 && (b.asleep || b.host < a.host || z.sets.rules&sleepTurns == 0) {
			z.handed = append(z.handed, b.name)
		}
	}
}

// visitAwake is visit in a search with sleep sets. The sleep set is in packed, behind the row.
func (w *breadthWorker) visitAwake(r row, packed []uint16, depth int) ([]uint16, error) {
	x, z := w.x, w.sleeper
	z.asleep, packed = unpackSet(z.asleep[:0], packed)
	z.asleep = z.sets.meet(z.asleep, sumOf(r), depth)
	if err := x.expand(r); err != nil {
		return nil, err
	}
	w.generated += x.idles
	if !x.owed { // what is asleep is owed all the same
		w.rest(r, depth)
	}
	z.rouse(x)
	w.touchAwake()
	begin := 0
	for i := range z.all {
		a := &z.all[i]
		steps := x.succs[begin:a.end]
		begin = a.end
		if a.asleep {
			z.left += uint64(len(steps))
			continue
		}
		w.generated += uint64(len(steps))
		z.handDown(a)
		for k := range steps {
			w.arrive(&steps[k], depth+1)
		}
	}
	return packed, nil
}

// touchAwake has what will be looked at in the table brought to the processor.
func (w *breadthWorker) touchAwake() {
	t, ok := w.seen.(*worker)
	if !ok {
		return
	}
	begin := 0
	for i := range w.sleeper.all {
		a := &w.sleeper.all[i]
		for k := begin; k < a.end && !a.asleep; k++ {
			t.touch(w.x.succs[k].sum)
		}
		begin = a.end
	}
}

// arrive comes to a state by a step, with what that hands down: in the queue if the state is
// new, and else beside it.
func (w *breadthWorker) arrive(sc *succ, depth int) {
	x, z := w.x, w.sleeper
	if sc.sum == x.sum {
		return
	}
	exact := w.s.exact != nil
	if exact {
		w.scratch = x.make(w.scratch[:0], sc)
	}
	switch added := w.seen.insertRow(sc.sum, w.scratch); {
	case !added:
		z.sets.hand(sc.sum, z.handed, depth)
	case exact:
		w.keep(w.scratch, depth, sc.sum)
	default:
		w.keep(x.make(w.scratch[:0], sc), depth, sc.sum)
	}
}

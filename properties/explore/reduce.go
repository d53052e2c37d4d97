package explore

import (
	"fmt"
	"slices"

	"phoenix/network"
)

// Reads declares that an Always or Sometimes looks at nothing but the states of some nodes,
// whether they are up, their timers, the messages under way to them, and the observer. A
// search with Config.PartialOrder has to know that, and takes all steps otherwise. What is
// declared wrongly makes it miss violations.
func (p Property) Reads(nodes ...network.ID) Property {
	p.reads = append([]network.ID{}, nodes...)
	return p
}

// irreducible returns why a reduction does not apply to a model, "" if it does.
func (sys *system) irreducible(cfg Config) string {
	m := &sys.m
	switch {
	case m.Network == Duplicating:
		return "which message was delivered last is part of the state, so that no two deliveries commute"
	case m.Network == Board && m.Lossy:
		return "a message that is taken off the board and put up again does not commute with itself"
	case m.Timed != nil:
		return "time passes for all nodes at once, so that no node's steps are independent of it"
	case m.Within != nil:
		return "the bound on states tells apart orders that lead to the same"
	case cfg.Symmetry:
		return "it tells apart nodes that symmetry takes for the same"
	case sys.hosts > maxAmple:
		return fmt.Sprintf("there are more than %d nodes", maxAmple)
	}
	for _, p := range m.Properties {
		switch {
		case p.Kind == KindEventually:
			return fmt.Sprintf("%q is to happen eventually, and paths are left out on which it may not", p.Name)
		case (p.Kind == KindAlways || p.Kind == KindSometimes) && p.reads == nil:
			return fmt.Sprintf("%q does not declare what it reads", p.Name)
		}
	}
	return ""
}

// explore searches, with a reduction if one is asked for and applies.
func (s *search) explore(check provisos) (*search, error) {
	if !s.cfg.PartialOrder {
		return s, s.run()
	}
	if s.unreduced = s.sys.irreducible(s.cfg); s.unreduced != "" {
		return s, s.run()
	}
	return s.reduced(check)
}

// reduced searches again and again, with what was learnt of the nodes so far, until nothing
// is learnt any more. What it takes of a state are ample sets (Clarke, Grumberg and Peled,
// "Model Checking", 1999, section 10) made of all steps of some nodes: persistent sets by
// destination (Godefroid, "Partial-Order Methods for the Verification of Concurrent
// Systems", LNCS 1032, 1996, section 4).
//
// Whether others can wait hangs on what they may do later, and what they do is known of
// those states of theirs only that were met. To go by that is sound once a search has met
// nothing that was not known when it began. Call a deed what one event does to a node in one
// state; it is known, or not. Assume there are paths, of all states, with a deed that is not
// known; take one from a state that the search has visited whose only such deed is the last,
// the shortest of those. Let T be the steps taken of that state. If one of T is on the path,
// the first of them is independent of those before it: these are known, and by what is
// known they send nothing to the nodes of T which those would take; what is not known to be
// ignored counts as taken. So it can be moved to the front, and the rest is a shorter path of
// the kind, from a visited state. If none of T is on the path, any of T can go before it,
// and the path is there again after that. This can be only until a state of which all steps
// are taken, as no cycle is without one. So there is no such path: all deeds are known, and
// then what is said of T holds for all paths.
func (s *search) reduced(check provisos) (*search, error) {
	sys := s.sys
	for {
		sys.ample = learn(sys, check)
		if err := s.run(); err != nil {
			return nil, err
		}
		s.rounds++
		ended := s.limit != "" && s.limit != "depth"
		if ended || !s.complete() || check&provisoKnown == 0 || sys.ample.deeds == len(deeds(sys)) {
			return s, nil
		}
		next, err := newSearch(sys, s.cfg)
		if err != nil {
			return nil, err
		}
		next.rounds, next.peak = s.rounds, s.peak
		s = next
	}
}

// provisos are the conditions on the steps that are taken of a state, by the names that they
// have in the literature, and one of ours. Tests leave each out in turn.
type provisos uint8

const (
	provisoC1    provisos = 1 << iota // nothing happens before them that depends on one of them
	provisoC2                         // no property sees them, or none sees what may happen before
	provisoC3                         // no cycle is made of such steps
	provisoKnown                      // what nodes do in the search was known when it began
	allProvisos  = provisoC1 | provisoC2 | provisoC3 | provisoKnown
)

// readers returns the nodes that properties read, as a set.
func (sys *system) readers() (set uint64) {
	for _, p := range sys.m.Properties {
		for host := range sys.hosts {
			if slices.Contains(p.reads, sys.id(host)) {
				set |= 1 << host
			}
		}
	}
	return set
}

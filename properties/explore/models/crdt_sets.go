package models

import (
	"slices"
	"strconv"

	"phoenix/crdt"
	"phoenix/properties/explore"
)

// The bugs of the models of counters and sets.
const (
	crdtReusedIdentifier = "reused-identifier"
	crdtAddsDeltas       = "adds-deltas"
	crdtMaximumContext   = "maximum-context"
	crdtHighWaterRemove  = "high-water-remove"
	crdtInBothSoKeep     = "in-both-so-keep"
)

var crdtReuse = Bug{crdtReusedIdentifier, "who lost its state in a crash goes on under the same identifier"}

// CRDTCounterBugs returns what can be wrong with CRDTCounter. The first needs a crash and a restart.
func CRDTCounterBugs() []Bug {
	return []Bug{crdtReuse, {crdtAddsDeltas, "what a delta counts is added, each time that it arrives"}}
}

// CRDTCounter is the model of crdt.PNCounter.
func CRDTCounter(cfg CRDTConfig) explore.Model {
	cfg = cfg.check("crdt-counter", CRDTCounterBugs())
	return crdtModel("crdt-counter", cfg, crdtKind[crdt.PNCounter](crdtCounter{cfg.Bug}))
}

type crdtCounter struct{ bug string }

func (crdtCounter) alphabet() []crdtOp {
	return []crdtOp{{Verb: "count", N: 20}, {Verb: "count", N: -11}}
}

// do counts. The delta has all that the replica counted in that direction.
func (crdtCounter) do(s *crdt.PNCounter, n *crdtSite, e *crdtEvent) *crdt.PNCounter {
	for _, old := range n.Seen {
		if n.own(old) && (old.Op.N > 0) == (e.Op.N > 0) {
			e.Brings |= 1 << old.ID
		}
	}
	return s.Add(n.Replica, e.Op.N)
}

// own reports whether an event is of the replica since it started.
func (n *crdtSite) own(e crdtEvent) bool { return e.ID >= n.First && e.ID < n.First+maxCRDTOperations }

func (k crdtCounter) receive(s *crdt.PNCounter, n *crdtSite, delta *crdt.PNCounter) {
	if k.bug == crdtAddsDeltas {
		s.Add(n.Replica, delta.Value())
		return
	}
	s.Merge(delta)
}

func (crdtCounter) covers(_, _ crdtEvent) bool { return false }

func (crdtCounter) read(s *crdt.PNCounter) []string {
	return []string{strconv.FormatInt(s.Value(), 10)}
}

func (crdtCounter) spec(v crdtView) []string {
	sum := int64(0)
	for _, e := range v {
		sum += e.Op.N
	}
	return []string{strconv.FormatInt(sum, 10)}
}

// CRDTSetBugs returns what can be wrong with CRDTSet. The last needs a crash and a restart.
func CRDTSetBugs() []Bug {
	return []Bug{
		{crdtMaximumContext, "a delta claims all events of its replica up to its own"},
		{crdtHighWaterRemove, "a removal takes all events up to the last one known of each replica, unknown ones too"},
		{crdtInBothSoKeep, "an element that both sides of a merge have is kept as both have it"},
		crdtReuse,
	}
}

// CRDTSet is the model of crdt.AddWinsSet.
func CRDTSet(cfg CRDTConfig) explore.Model {
	cfg = cfg.check("crdt-set", CRDTSetBugs())
	return crdtModel("crdt-set", cfg, crdtKind[addWinsSet](crdtAddWins{cfg.Bug}))
}

// crdtElements is the alphabet of sets: what is done to x, and another element beside it.
func crdtElements() []crdtOp {
	return []crdtOp{{Verb: "add", Elem: "x"}, {Verb: "add", Elem: "y"}, {Verb: "remove", Elem: "x"}}
}

func sameElement(later, earlier crdtEvent) bool { return later.Op.Elem == earlier.Op.Elem }

type addWinsSet = crdt.AddWinsSet[string]

type crdtAddWins struct{ bug string }

func (crdtAddWins) alphabet() []crdtOp { return crdtElements() }

func (k crdtAddWins) do(s *addWinsSet, n *crdtSite, e *crdtEvent) *addWinsSet {
	before := s.Context()
	var delta *addWinsSet
	switch {
	case e.Op.Verb == "add":
		delta = s.Add(n.Replica, e.Op.Elem)
	case !s.Contains(e.Op.Elem):
		return nil
	default:
		delta = s.Remove(n.Replica, e.Op.Elem)
	}
	switch {
	case k.bug == crdtMaximumContext:
		delta.Merge(deadBelow(before.Next(n.Replica), new(crdt.CausalContext)))
	case k.bug == crdtHighWaterRemove && e.Op.Verb == "remove":
		for r := crdt.Replica(1); r <= maxCRDTReplicas; r++ {
			if r != n.Replica {
				delta.Merge(deadBelow(before.Next(r), before))
			}
		}
	}
	return delta
}

// deadBelow is a state that has seen all events of a replica before d but those known, and none
// of them alive.
func deadBelow(d crdt.Dot, known *crdt.CausalContext) *addWinsSet {
	var all addWinsSet
	for range d.Counter {
		all.Add(d.Replica, "")
	}
	claims := new(addWinsSet)
	for piece := range all.Split() {
		seen := piece.Context() // of one event, and each add has taken the one before
		if !seen.Contains(d) && known.Meet(seen).IsEmpty() {
			claims.Merge(piece)
		}
	}
	return claims
}

func (k crdtAddWins) receive(s *addWinsSet, _ *crdtSite, delta *addWinsSet) {
	if k.bug == crdtInBothSoKeep {
		for e := range delta.All() {
			if s.Contains(e) {
				delta = aliveOnly(delta)
				break
			}
		}
	}
	s.Merge(delta)
}

// aliveOnly returns what a state has without what it knows to be gone.
func aliveOnly(s *addWinsSet) *addWinsSet {
	alive := new(addWinsSet)
	for piece := range s.Split() {
		if piece.Len() > 0 {
			alive.Merge(piece)
		}
	}
	return alive
}

func (crdtAddWins) covers(later, earlier crdtEvent) bool { return sameElement(later, earlier) }

func (crdtAddWins) read(s *addWinsSet) []string { return slices.Collect(s.All()) }

// spec: an element is in if an add of it is visible that nothing visible on the element saw.
func (crdtAddWins) spec(v crdtView) []string {
	return crdtNames(v.standing(), func(e crdtEvent) string {
		if e.Op.Verb == "remove" {
			return ""
		}
		return e.Op.Elem
	})
}

// CRDTRemoveWinsSet is the model of crdt.RemoveWinsSet.
func CRDTRemoveWinsSet(cfg CRDTConfig) explore.Model {
	cfg = cfg.check("crdt-set/remove-wins", nil)
	return crdtModel("crdt-set/remove-wins", cfg, crdtKind[removeWinsSet](crdtRemoveWins{}))
}

type removeWinsSet = crdt.RemoveWinsSet[string]

type crdtRemoveWins struct{}

func (crdtRemoveWins) alphabet() []crdtOp { return crdtElements() }

func (crdtRemoveWins) do(s *removeWinsSet, n *crdtSite, e *crdtEvent) *removeWinsSet {
	if e.Op.Verb == "add" {
		return s.Add(n.Replica, e.Op.Elem)
	}
	return s.Remove(n.Replica, e.Op.Elem)
}

func (crdtRemoveWins) receive(s *removeWinsSet, _ *crdtSite, delta *removeWinsSet) { s.Merge(delta) }

func (crdtRemoveWins) covers(later, earlier crdtEvent) bool { return sameElement(later, earlier) }

func (crdtRemoveWins) read(s *removeWinsSet) []string { return slices.Collect(s.All()) }

// spec: an element is in if of the visible adds and removes of it that no other one saw there
// are some, and all are adds.
func (crdtRemoveWins) spec(v crdtView) []string {
	last := v.standing()
	removed := crdtNames(last, func(e crdtEvent) string {
		if e.Op.Verb == "remove" {
			return e.Op.Elem
		}
		return ""
	})
	return crdtNames(last, func(e crdtEvent) string {
		if slices.Contains(removed, e.Op.Elem) {
			return ""
		}
		return e.Op.Elem
	})
}

package models

import (
	"cmp"
	"slices"

	"phoenix/crdt"
	"phoenix/properties/explore"
)

// The bugs of the models of maps.
const (
	crdtResetIfGone   = "reset-only-if-gone"
	crdtTieByArrival  = "tie-by-arrival"
	crdtOwnCountStamp = "own-count-stamp"
)

// CRDTMapBugs returns what can be wrong with CRDTMap.
func CRDTMapBugs() []Bug {
	return []Bug{{crdtResetIfGone, "the removal of a key resets nothing of it if something of it stays"}}
}

// CRDTMap is the model of crdt.ORMap, of sets.
func CRDTMap(cfg CRDTConfig) explore.Model {
	cfg = cfg.check("crdt-map", CRDTMapBugs())
	return crdtModel("crdt-map", cfg, crdtKind[setMap](crdtORMap{cfg.Bug}))
}

type setMap = crdt.ORMap[string, *addWinsSet]

type crdtORMap struct{ bug string }

func (crdtORMap) alphabet() []crdtOp {
	return []crdtOp{{Verb: "add", Key: "k", Elem: "x"}, {Verb: "add", Key: "k", Elem: "y"}, {Verb: "remove", Key: "k"}}
}

func (crdtORMap) do(s *setMap, n *crdtSite, e *crdtEvent) *setMap {
	if e.Op.Verb == "remove" {
		if _, here := s.Get(e.Op.Key); !here {
			return nil
		}
		return s.Remove(n.Replica, e.Op.Key)
	}
	return s.Update(e.Op.Key, func(v *addWinsSet) *addWinsSet { return v.Add(n.Replica, e.Op.Elem) })
}

func (k crdtORMap) receive(s *setMap, _ *crdtSite, delta *setMap) {
	before := crdtMerged(s)
	s.Merge(delta)
	if k.bug == crdtResetIfGone && delta.Len() == 0 && s.Len() > 0 {
		*s = *before
	}
}

func (crdtORMap) covers(later, earlier crdtEvent) bool {
	return later.Op.Key == earlier.Op.Key && (later.Op.Verb == "remove" || later.Op.Elem == earlier.Op.Elem)
}

func (crdtORMap) read(s *setMap) (shows []string) {
	for key, v := range s.All() {
		for e := range v.All() {
			shows = append(shows, key+" "+e)
		}
	}
	return shows
}

// spec: an element is under a key if an add of it is visible that no add of the same and no
// removal of the key saw.
func (crdtORMap) spec(v crdtView) []string {
	return crdtNames(v.standing(), func(e crdtEvent) string {
		if e.Op.Verb == "remove" {
			return ""
		}
		return e.Op.Key + " " + e.Op.Elem
	})
}

// CRDTLWWMapBugs returns what can be wrong with CRDTLWWMap.
func CRDTLWWMapBugs() []Bug {
	return []Bug{
		{crdtTieByArrival, "stamps have no replica in them, and of two equal ones what comes last stays"},
		{crdtOwnCountStamp, "the stamp of a write is how many its replica has done"},
	}
}

// CRDTLWWMap is the model of crdt.LWWMap with stamps of hybrid clocks. The physical clock of a
// replica moves on before it sets b, and stands still else: they differ.
func CRDTLWWMap(cfg CRDTConfig) explore.Model {
	cfg = cfg.check("crdt-map/lww", CRDTLWWMapBugs())
	return crdtModel("crdt-map/lww", cfg, crdtKind[lwwMap](crdtLWW{cfg.Bug}))
}

type lwwMap = crdt.LWWMap[string, string]

type crdtLWW struct{ bug string }

// alphabet: the clock moves on by N before the write.
func (crdtLWW) alphabet() []crdtOp {
	return []crdtOp{
		{Verb: "set", Key: "k", Elem: "a"}, {Verb: "set", Key: "k", Elem: "b", N: 1}, {Verb: "delete", Key: "k"},
	}
}

func (k crdtLWW) do(s *lwwMap, n *crdtSite, e *crdtEvent) *lwwMap {
	n.Now += e.Op.N
	e.Stamp = n.Clock.Now(n.Replica, n.Now)
	switch k.bug {
	case crdtTieByArrival:
		e.Stamp.Replica = 0
	case crdtOwnCountStamp:
		e.Stamp = crdt.Stamp{Logical: uint32(n.Done + 1), Replica: n.Replica}
	}
	if e.Op.Verb == "delete" {
		return s.Delete(e.Stamp, e.Op.Key)
	}
	return s.Set(e.Stamp, e.Op.Key, e.Op.Elem)
}

// receive tells the clock of what is news only: of the stamp of anything else it has been told,
// and a clock that moved on for every copy of a message would have states without end.
func (k crdtLWW) receive(s *lwwMap, n *crdtSite, delta *lwwMap) {
	stamp, _ := delta.Stamp("k")
	own, known := s.Stamp("k")
	if !known || own.Compare(stamp) < 0 {
		n.observe(stamp)
	} else if k.bug == crdtTieByArrival && own == stamp {
		*s = lwwMap{}
	}
	s.Merge(delta)
}

// observe tells the clock of a stamp.
func (n *crdtSite) observe(stamp crdt.Stamp) {
	if err := n.Clock.Observe(stamp, n.Now); err != nil {
		panic(err) // the bound is above all that a model can reach
	}
}

// covers: a write that saw another takes it away. The stamps have to agree to it.
func (crdtLWW) covers(_, _ crdtEvent) bool { return true }

func (crdtLWW) read(s *lwwMap) (shows []string) {
	for key, v := range s.All() {
		shows = append(shows, key+" "+v)
	}
	return shows
}

// spec: of the visible writes that no other one saw, the one with the greatest stamp.
func (crdtLWW) spec(v crdtView) []string {
	last := v.standing()
	if len(last) == 0 {
		return nil
	}
	e := slices.MaxFunc(last, func(a, b crdtEvent) int {
		return cmp.Or(cmp.Compare(a.Stamp.Time, b.Stamp.Time), cmp.Compare(a.Stamp.Logical, b.Stamp.Logical),
			cmp.Compare(a.ID, b.ID))
	})
	return crdtNames(crdtView{e}, func(e crdtEvent) string {
		if e.Op.Verb == "delete" {
			return ""
		}
		return e.Op.Key + " " + e.Op.Elem
	})
}

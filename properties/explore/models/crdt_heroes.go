package models

import (
	"fmt"

	"phoenix/crdt"
	"phoenix/properties/explore"
)

// The bugs of CRDTHeroes.
const (
	crdtEarlyCollect    = "early-collect"
	crdtReadModifyWrite = "read-modify-write"
)

// CRDTHeroesBugs returns what can be wrong with CRDTHeroes.
func CRDTHeroesBugs() []Bug {
	return []Bug{
		{crdtEarlyCollect, "who deletes collects the tombstone at once: it has heard of nobody who lacks it"},
		{crdtReadModifyWrite, "health is read, changed and written as one value, of which the last one wins"},
	}
}

// CRDTHeroes is the model of crdt.TombstoneMap: heroes that are hit and healed, and stay dead.
func CRDTHeroes(cfg CRDTConfig) explore.Model {
	cfg = cfg.check("crdt-heroes", CRDTHeroesBugs())
	if cfg.Bug == crdtReadModifyWrite {
		return crdtModel("crdt-heroes", cfg, crdtKind[lwwHeroes](crdtLWWHeroes{}))
	}
	return crdtModel("crdt-heroes", cfg, crdtKind[heroes](crdtTombstones{cfg.Bug}))
}

type heroes = crdt.TombstoneMap[string, crdt.PNCounter]

type crdtTombstones struct{ bug string }

func (crdtTombstones) alphabet() []crdtOp { return crdtFate() }

// crdtFate is the alphabet of heroes.
func crdtFate() []crdtOp {
	return []crdtOp{{Verb: "hit", Key: "ada", N: -11}, {Verb: "heal", Key: "ada", N: 20}, {Verb: "kill", Key: "ada"}}
}

// do does an operation. What a replica did to a hero before comes with its delta, so that Sum
// of its last event stands for all.
func (k crdtTombstones) do(s *heroes, n *crdtSite, e *crdtEvent) *heroes {
	if s.Dead(e.Op.Key) {
		return nil
	}
	if e.Op.Verb == "kill" {
		delta := s.Delete(n.Replica, e.Op.Key)
		if k.bug == crdtEarlyCollect {
			collected, _ := s.Collect(n.Replica, s.Context())
			delta.Merge(collected)
		}
		return delta
	}
	e.Sum = n.total(e.Op)
	delta, err := s.Update(n.Replica, e.Op.Key, func(v *crdt.PNCounter) *crdt.PNCounter {
		return v.Add(n.Replica, e.Op.N)
	})
	if err != nil {
		panic(err) // only the dead are not updated
	}
	return delta
}

// total is what the replica has counted, with one more operation.
func (n *crdtSite) total(op crdtOp) int64 {
	sum := op.N
	for _, e := range n.Seen {
		if n.own(e) && e.Op.Key == op.Key {
			sum += e.Op.N
		}
	}
	return sum
}

func (crdtTombstones) receive(s *heroes, _ *crdtSite, delta *heroes) { s.Merge(delta) }

func (crdtTombstones) covers(_, _ crdtEvent) bool { return false }

func (crdtTombstones) read(s *heroes) (shows []string) {
	for name, v := range s.All() {
		shows = append(shows, fmt.Sprintf("%s %d", name, v.Value()))
	}
	return shows
}

func (crdtTombstones) spec(v crdtView) []string { return crdtHealth(v) }

// crdtHealth is the specification of heroes: who was killed is dead, whatever else was done
// before, beside or after it; of all others health is the sum of all that was counted, by each
// replica up to the last that is visible of it.
func crdtHealth(v crdtView) []string {
	if len(v) == 0 {
		return nil
	}
	health := int64(0)
	for i, e := range v {
		if e.Op.Verb == "kill" {
			return nil
		}
		if i == len(v)-1 || v[i+1].ID/maxCRDTOperations != e.ID/maxCRDTOperations {
			health += e.Sum
		}
	}
	return []string{fmt.Sprintf("ada %d", health)}
}

// crdtLWWHeroes are heroes whose health is a register instead of a counter.
type crdtLWWHeroes struct{}

type (
	health    = crdt.LWWRegister[int64]
	lwwHeroes = crdt.TombstoneMap[string, health]
)

func (crdtLWWHeroes) alphabet() []crdtOp { return crdtFate() }

func (crdtLWWHeroes) do(s *lwwHeroes, n *crdtSite, e *crdtEvent) *lwwHeroes {
	if s.Dead(e.Op.Key) {
		return nil
	}
	if e.Op.Verb == "kill" {
		return s.Delete(n.Replica, e.Op.Key)
	}
	e.Sum = n.total(e.Op)
	delta, err := s.Update(n.Replica, e.Op.Key, func(v *health) *health {
		old, _ := v.Get()
		return v.Set(n.Clock.Now(n.Replica, n.Now), old+e.Op.N)
	})
	if err != nil {
		panic(err) // only the dead are not updated
	}
	return delta
}

func (crdtLWWHeroes) receive(s *lwwHeroes, n *crdtSite, delta *lwwHeroes) {
	before := crdtPack(s)
	s.Merge(delta)
	for _, v := range delta.All() {
		if crdtPack(s) != before { // as for crdtLWW
			n.observe(v.Stamp())
		}
	}
}

func (crdtLWWHeroes) covers(_, _ crdtEvent) bool { return false }

func (crdtLWWHeroes) read(s *lwwHeroes) (shows []string) {
	for name, v := range s.All() {
		n, _ := v.Get()
		shows = append(shows, fmt.Sprintf("%s %d", name, n))
	}
	return shows
}

func (crdtLWWHeroes) spec(v crdtView) []string { return crdtHealth(v) }

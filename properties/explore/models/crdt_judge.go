package models

import (
	"fmt"
	"slices"
	"sync"

	"phoenix/crdt"
	"phoenix/network"
	"phoenix/properties/explore"
)

// crdtProperties are the claims about a kind.
func crdtProperties[S any](cfg CRDTConfig, kind crdtKind[S]) []explore.Property {
	pairs := &crdtPairs[S]{}
	copies := func(s *explore.State) []*crdtCopy[S] { return handlers[*crdtCopy[S]](s, cfg.Replicas) }
	always := func(name string, holds func([]*crdtCopy[S]) error) explore.Property {
		return explore.Always(name, func(s *explore.State) error { return holds(copies(s)) })
	}
	all := []explore.Property{
		always(CRDTSpecified, func(cs []*crdtCopy[S]) error {
			for _, c := range cs {
				if err := crdtShows(kind, c.ep.Name(), c.shows, c.site.Seen); err != nil {
					return err
				}
			}
			return nil
		}),
		always(CRDTEqual, crdtEqual[S]),
		always(CRDTCatchUp, func(cs []*crdtCopy[S]) error { return pairs.all(kind, cs) }),
		always(CRDTNothingLost, func(cs []*crdtCopy[S]) error { return crdtTogether(kind, cs) }),
		explore.Sometimes(CRDTAllHeard, func(s *explore.State) bool { return crdtAllHeard(cfg, copies(s)) }),
	}
	if cfg.Faults.Drops == 0 && cfg.Faults.Crashes == 0 && !cfg.Lossy {
		all = append(all, explore.Converged(CRDTConverged, func(h network.Handler) any {
			return h.(*crdtCopy[S]).state
		}))
	}
	return all
}

// crdtShows compares what somebody shows with what is specified of what it has heard.
func crdtShows[S any](kind crdtKind[S], name string, shows []string, heard crdtView) error {
	if want := kind.spec(heard); !slices.Equal(want, shows) {
		return fmt.Errorf("%s: %v is shown, %v is specified of: %v", name, shows, want, heard)
	}
	if !heard.closed() {
		return nil
	}
	if want := kind.spec(heard.causal(kind.covers)); !slices.Equal(want, shows) {
		return fmt.Errorf("%s: %v is shown, %v is specified, in causal order, of: %v", name, shows, want, heard)
	}
	return nil
}

// crdtEqual compares those that have heard the same, and those of equal contexts.
func crdtEqual[S any](cs []*crdtCopy[S]) error {
	for i, a := range cs {
		for _, b := range cs[:i] {
			if a.state != b.state && a.site.Seen.ids() == b.site.Seen.ids() {
				return fmt.Errorf("%s and %s differ, and both have heard of: %v", b.ep.Name(), a.ep.Name(), a.site.Seen)
			}
		}
	}
	return nil
}

// crdtLack returns what a copy lacks of another.
func crdtLack[S any](of, to *S) *S {
	if c, causal := any(of).(crdt.Causal[S]); causal {
		return c.Delta(any(to).(crdt.Causal[S]).Context())
	}
	return any(of).(crdt.Splitter[S]).Diff(to)
}

// crdtPairs has copies catch up with each other, and remembers what came of it: far more states
// differ in what is under way than in two copies.
type crdtPairs[S any] struct{ judged sync.Map } // [2]crdtBytes -> string, "" if it holds

func (p *crdtPairs[S]) all(kind crdtKind[S], cs []*crdtCopy[S]) error {
	for i, a := range cs {
		for _, b := range cs[:i] {
			if a.state == b.state {
				continue
			}
			wrong, done := p.judged.Load([2]crdtBytes{a.known, b.known})
			if !done {
				wrong = crdtPair(kind, a, b)
				p.judged.Store([2]crdtBytes{a.known, b.known}, wrong)
			}
			if wrong != "" {
				return fmt.Errorf("%s and %s, %s", a.ep.Name(), b.ep.Name(), wrong)
			}
		}
	}
	return nil
}

// crdtPair returns what is wrong when two copies catch up with each other.
func crdtPair[S any](kind crdtKind[S], a, b *crdtCopy[S]) string {
	x, y := crdtOpen[S](a.state), crdtOpen[S](b.state)
	both := crdtMerged(x, y)
	if err := crdtShows(kind, "merged", kind.read(both), a.site.Seen.with(b.site.Seen)); err != nil {
		return err.Error()
	}
	want := crdtPack(both)
	if crdtPack(crdtMerged(x, crdtLack(y, x))) != want || crdtPack(crdtMerged(y, crdtLack(x, y))) != want {
		return "told what one lacks of the other: it is not what a merge gives"
	}
	return ""
}

func crdtAll[S any](cs []*crdtCopy[S]) (states []*S) {
	for _, c := range cs {
		states = append(states, crdtOpen[S](c.state))
	}
	return states
}

// crdtTogether merges all copies, in both directions.
func crdtTogether[S any](kind crdtKind[S], cs []*crdtCopy[S]) error {
	states := crdtAll(cs)
	var heard crdtView
	for _, c := range cs {
		heard = heard.with(c.site.Seen)
	}
	all := crdtMerged(states...)
	slices.Reverse(states)
	if crdtPack(all) != crdtPack(crdtMerged(states...)) {
		return fmt.Errorf("the order of merges counts")
	}
	return crdtShows(kind, "all merged", kind.read(all), heard)
}

// crdtAllHeard reports whether all operations are done and heard of by all.
func crdtAllHeard[S any](cfg CRDTConfig, cs []*crdtCopy[S]) bool {
	if len(cs) < cfg.Replicas {
		return false
	}
	for _, c := range cs {
		if c.left > 0 || len(c.site.Seen) < cfg.Operations || c.site.Seen.ids() != cs[0].site.Seen.ids() {
			return false
		}
	}
	return true
}

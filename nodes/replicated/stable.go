package replicated

import (
	"phoenix/crdt"
	"phoenix/network"
	"phoenix/sim"
)

// stability is what a server knows of what all servers know, so that deletions which
// everybody has seen can be forgotten (causal stability: Baquero, Almeida, Shoker,
// "Making operation-based CRDTs operation-based", DAIS 2014, section 4).
//
// Reports say what is on a disk: what was reported is not unseen again. One counts when
// its receiver has seen all that its sender had, and with it all that the sender did
// before it saw a deletion. Old reports do, so servers that never rest forget too.
type stability struct {
	cfg   Config
	ep    *network.Endpoint
	timer *sim.Timer
	heard map[network.ID]*known // of each server, itself included
	saves bool                  // a report is on its way to the disk
}

// known is what is known of a server: which events it has on its disk, and those of them
// that count.
type known struct {
	has, counts crdt.CausalContext

	at sim.Time // when it reported last
}

func newStability(cfg Config, ep *network.Endpoint, tell func()) stability {
	st := stability{cfg: cfg, ep: ep, heard: map[network.ID]*known{}}
	st.timer = ep.Timer("report", tell)
	return st
}

func (st *stability) of(id network.ID) *known {
	if st.heard[id] == nil {
		st.heard[id] = &known{}
	}
	return st.heard[id]
}

// hear takes a report, of which nothing is taken back by a later one. What does not
// decode is ignored.
func (st *stability) hear(from network.ID, m report) {
	var has crdt.CausalContext
	if has.UnmarshalBinary(m.Has) != nil {
		return
	}
	k := st.of(from)
	k.at = st.ep.Monotonic()
	k.has.Merge(&has)
}

// contexts returns what is on each disk, as far as that is known and in ctx.
func (st *stability) contexts(ctx *crdt.CausalContext) []*crdt.CausalContext {
	var all []*crdt.CausalContext
	for _, id := range st.cfg.Servers {
		k := st.of(id)
		if st.cfg.Bug == CollectsEarly && st.ep.Monotonic().Sub(k.at) > 3*st.cfg.Report {
			continue // as if nobody were there
		}
		if ctx.Covers(&k.has) {
			k.counts.Merge(&k.has)
		}
		all = append(all, &k.counts)
	}
	return all
}

// causal returns the state as what types that forget are.
func causal[S any](s *S) crdt.Causal[S] { return any(s).(crdt.Causal[S]) }

// concerned has reports go round as long as there is something to forget.
func (s *server[S, P]) concerned() {
	if s.forgets() && !s.stable.timer.Running() && s.lacks() {
		s.stable.timer.Reset(s.cfg.Report)
	}
}

// forgets reports whether the type has something to forget.
func (s *server[S, P]) forgets() bool { return s.typ.Collect != nil }

// lacks reports whether it takes reports of others to go on.
func (s *server[S, P]) lacks() bool { return len(s.typ.Deleted(s.state.State())) > 0 }

// ask tells the others what is here and asks them for the same.
func (s *server[S, P]) ask() {
	s.collect()
	if s.lacks() {
		s.report(s.others(), true)
	}
	s.concerned()
}

func (s *server[S, P]) others() []network.ID {
	var all []network.ID
	for _, id := range s.cfg.Servers {
		if id != s.ep.ID() {
			all = append(all, id)
		}
	}
	return all
}

// report writes the state to the disk and then says what it holds. An update on its way
// there has not seen what has come since, so it is waited for.
func (s *server[S, P]) report(to []network.ID, wants bool) {
	if s.writing != nil || s.stable.saves || !s.wal.Ready() {
		return
	}
	has := encoded(causal(s.state.State()).Context())
	s.stable.saves = true
	s.wal.Append(s.record(s.state.State()), func() {
		s.stable.saves = false
		s.stable.hear(s.ep.ID(), report{Has: has})
		for _, id := range to {
			s.ep.Send(id, report{has, wants})
		}
	})
}

// heard takes a report, and answers it if asked to.
//
// The answer goes to all: everybody has to know of everybody.
func (s *server[S, P]) heard(from network.ID, m report) {
	s.stable.hear(from, m)
	s.collect()
	if m.Wants {
		s.report(s.others(), false)
	}
	s.concerned()
}

// collect forgets the deletions that are stable, and lets the others know.
func (s *server[S, P]) collect() {
	if s.writing != nil {
		return
	}
	s.state.Update(func(by crdt.Replica, state *S) *S {
		d, _ := s.typ.Collect(state, by, s.stable.contexts(causal(state).Context())...)
		return d
	})
	s.changed()
}

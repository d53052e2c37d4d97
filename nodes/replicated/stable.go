package replicated

import (
	"slices"

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
// before it saw a deletion. Who has forgotten a deletion does not make the key anew
// before all have: a server that remembers it would take the new for the old.
type stability struct {
	cfg   Config
	ep    *network.Endpoint
	timer *sim.Timer
	heard map[network.ID]*known // of each server, itself included
	dead  []string              // keys that are known to be deleted
	shut  map[string]*crdt.CausalContext
	floor *crdt.CausalContext // shuts the keys of which this boot does not know whether it has forgotten them
	mine  crdt.CausalContext  // of which this server has forgotten the deletions, on its disk or not
	saves bool                // a report is on its way to the disk
}

// known is what is known of a server: which events it has on its disk, those of them
// that count, and of which it has forgotten the deletions.
type known struct {
	has, counts, collected crdt.CausalContext

	at sim.Time // when it reported last
}

func newStability(cfg Config, ep *network.Endpoint, tell func()) stability {
	st := stability{cfg: cfg, ep: ep, heard: map[network.ID]*known{}, shut: map[string]*crdt.CausalContext{}}
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
	var has, collected crdt.CausalContext
	if has.UnmarshalBinary(m.Has) != nil || collected.UnmarshalBinary(m.Collected) != nil {
		return
	}
	k := st.of(from)
	k.at = st.ep.Monotonic()
	k.has.Merge(&has)
	k.collected.Merge(&collected)
}

// stable returns the events that are on all disks, as far as is known where ctx was seen.
func (st *stability) stable(ctx *crdt.CausalContext) *crdt.CausalContext {
	all := ctx
	for _, id := range st.cfg.Servers {
		k := st.of(id)
		if st.cfg.Bug == CollectsEarly && st.ep.Monotonic().Sub(k.at) > 3*st.cfg.Report {
			continue // as if nobody were there
		}
		if ctx.Covers(&k.has) {
			k.counts.Merge(&k.has)
		}
		all = all.Meet(&k.counts)
	}
	return all
}

// closed reports whether a key that is not there must not be made.
func (st *stability) closed(key string) bool {
	return !st.forgotten(st.floor) || !st.forgotten(st.shut[key])
}

// forgotten reports whether all servers have forgotten the deletions of a context.
func (st *stability) forgotten(ctx *crdt.CausalContext) bool {
	for _, id := range st.cfg.Servers {
		if ctx != nil && !st.of(id).collected.Covers(ctx) {
			return false
		}
	}
	return true
}

// open drops what need not be shut any more, and reports whether all is open.
func (st *stability) open() bool {
	for key, ctx := range st.shut { // order: each is dropped or kept by itself
		if st.forgotten(ctx) {
			delete(st.shut, key)
		}
	}
	if st.forgotten(st.floor) {
		st.floor = nil
	}
	return len(st.shut) == 0 && st.floor == nil
}

// context returns the context of the state.
func (s *server[S, P]) context() *crdt.CausalContext {
	return any(s.state.State()).(crdt.Causal[S]).Context()
}

// concerned has reports go round as long as there is something to forget.
func (s *server[S, P]) concerned() {
	if s.typ.Collect != nil && !s.stable.timer.Running() && s.lacks() {
		s.stable.timer.Reset(s.cfg.Report)
	}
}

// lacks reports whether it takes reports of others to go on.
func (s *server[S, P]) lacks() bool {
	return !s.stable.open() || len(s.typ.Deleted(s.state.State())) > 0
}

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
	has, collected := encoded(s.context()), encoded(&s.stable.mine)
	s.stable.saves = true
	s.wal.Append(encoded(P(s.state.State())), func() {
		s.stable.saves = false
		s.stable.hear(s.ep.ID(), report{Has: has, Collected: collected})
		for _, id := range to {
			s.ep.Send(id, report{has, collected, wants})
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

// collect forgets the deletions that are stable.
func (s *server[S, P]) collect() {
	if s.writing != nil {
		return
	}
	stable := s.stable.stable(s.context())
	n := 0
	s.state.Update(func(by crdt.Replica, state *S) (d *S) {
		d, n = s.typ.Collect(state, by, stable)
		return d
	})
	if n > 0 {
		s.bury()
		s.watch.changed(s.ep.ID())
	}
	s.stable.mine.Merge(stable)
}

// bury shuts the keys whose deletions are forgotten now, here or because another server
// that has forgotten them told its state.
func (s *server[S, P]) bury() {
	now := s.typ.Deleted(s.state.State())
	for _, key := range s.stable.dead {
		if !slices.Contains(now, key) {
			s.stable.shut[key] = s.context()
		}
	}
	s.stable.dead = now
}

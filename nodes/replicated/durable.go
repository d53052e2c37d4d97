package replicated

import "phoenix/crdt"

// write has the disk take the first update of the queue. What it changes is worked out
// on a copy: nobody hears of it before it is durable.
func (s *server[S, P]) write() {
	for s.writing == nil && len(s.queue) > 0 && s.wal.Ready() {
		u := s.queue[0]
		s.queue = s.queue[1:]
		state := crdt.Clone(s.state.State())
		if s.carryOut(state, u) == nil {
			continue
		}
		if s.cfg.Bug == AcknowledgesEarly {
			s.acknowledge(u)
		}
		s.writing = u
		record := u.delta
		if s.forgets() {
			record = s.record(state)
		}
		s.wal.Append(record, s.written)
	}
}

// record returns what a state has that the disk was not given in this boot. With an
// update goes all that it had seen, so that a key that was made anew does not come back
// from the disk without the collection that it came after.
func (s *server[S, P]) record(state *S) []byte {
	d := causal(state).Delta(&s.logged)
	s.logged.Merge(causal(state).Context())
	return encoded(P(d))
}

// written goes on with an update that is durable.
func (s *server[S, P]) written() {
	u := s.writing
	if u == nil {
		return
	}
	s.writing = nil
	s.watch.stored(&u.event)
	s.state.Join(s.decoded(u.delta))
	s.happened(u)
	s.write()
}

// opened goes on when the disk was read, at boot or after a failure. What was on its
// way to the disk is there now, by Snapshot.
func (s *server[S, P]) opened() {
	s.stable.saves = false
	s.concerned()
	if s.writing != nil {
		s.written()
	}
	s.write()
}

// Reset does nothing: what is in memory is at least what the disk has, and the state
// only grows.
func (s *server[S, P]) Reset() {}

// Replay takes in what the disk has.
func (s *server[S, P]) Replay(record []byte) error { return s.join(record) }

// Snapshot returns the state, with the update that is on its way to the disk.
func (s *server[S, P]) Snapshot() [][]byte {
	all := crdt.Clone(s.state.State())
	if s.writing != nil {
		P(all).Merge(s.decoded(s.writing.delta))
	}
	return [][]byte{encoded(P(all))}
}

package replicated

import (
	"encoding"
	"fmt"
	"time"

	"phoenix/crdt"
	"phoenix/crdt/gossip"
	"phoenix/network"
	"phoenix/nodes"
)

// server is one copy of the value.
type server[S any, P gossip.Pointer[S]] struct {
	cfg   Config
	typ   Type[S]
	ep    *network.Endpoint
	watch *Monitor

	state    *gossip.Replica[S, P]
	clock    crdt.HybridClock
	sessions map[network.ID]session
	wal      *nodes.WAL // nil unless durable
	queue    []*update  // to be written to the disk, one after the other
	writing  *update    // on its way to the disk, nothing of it in the state yet
	holds    holds
	stable   stability
	logged   crdt.CausalContext // of what was given to the disk in this boot, if the type forgets

	version uint64 // of the state that was looked at last
}

// session is the newest request of a client in this boot.
type session struct {
	answer   answer
	answered bool
}

// update is one that a client asked for.
type update struct {
	client network.ID
	number uint64
	op     nodes.Invocation
	delta  []byte
	event  Event
}

// Server returns the boot function of a server of a type. Watch is told what happens,
// which changes nothing; it may be nil.
func Server[S any, P gossip.Pointer[S]](cfg Config, typ Type[S], watch *Monitor) network.Boot {
	if cfg = cfg.check(); typ.Collect != nil && !cfg.Durable {
		panic("replicated: servers forget deletions only if they are durable")
	}
	return func(ep *network.Endpoint) network.Handler {
		s := &server[S, P]{cfg: cfg, typ: typ, ep: ep, watch: watch, sessions: map[network.ID]session{}}
		s.clock.Bound = int64(cfg.Bound)
		s.state = gossip.New[S, P](ep, s.gossip())
		s.holds = newHolds(cfg, ep, func() []byte { return encoded(P(s.state.State())) })
		watch.boot(ep.ID(), s)
		s.stable = newStability(cfg, ep, s.ask)
		if cfg.Durable {
			s.wal = nodes.NewWAL(ep, nodes.WALConfig{}, s, s.opened)
		}
		return s
	}
}

func (s *server[S, P]) gossip() gossip.Config {
	g := gossip.Config{Peers: s.cfg.Servers, Every: s.cfg.Every}
	if s.cfg.Bug == ForgetsUnacknowledged {
		g.Bug = gossip.Unacknowledged
	}
	return g
}

// by is the replica that it acts as.
func (s *server[S, P]) by() crdt.Replica {
	if s.cfg.Bug == ReusesIdentifier {
		return gossip.ReplicaOf(s.ep.ID(), 0)
	}
	return s.state.ID()
}

// Receive is gossip, requests of clients, and what servers ask each other.
func (s *server[S, P]) Receive(from network.ID, msg any) {
	if s.state.Receive(from, msg) {
		s.changed()
		return
	}
	switch m := msg.(type) {
	case request:
		s.request(from, m)
	case hold:
		if s.join(m.State) == nil {
			s.ep.Send(from, held{m.Boot, m.Upto})
		}
	case held:
		for _, u := range s.holds.held(from, m) {
			s.acknowledge(u)
		}
	case report:
		if s.forgets() {
			s.heard(from, m)
		}
	}
}

// changed is to be called when the state may have changed.
func (s *server[S, P]) changed() {
	if v := s.state.Version(); v != s.version {
		s.version = v
		s.watch.changed(s.ep.ID())
		s.concerned()
	}
}

// request does what a client asks for, once.
func (s *server[S, P]) request(from network.ID, m request) {
	last, known := s.sessions[from]
	switch {
	case s.wal != nil && !s.wal.Ready():
	case m.Boot != s.ep.Boots():
		s.ep.Send(from, restarted{m.Number, s.ep.Boots()})
	case known && m.Number <= last.answer.Number:
		if m.Number == last.answer.Number && last.answered {
			s.ep.Send(from, last.answer)
		}
	case m.Op.Kind == nodes.Read:
		s.answer(from, s.read(m))
	default:
		s.sessions[from] = session{answer: answer{Number: m.Number}}
		s.update(&update{client: from, number: m.Number, op: m.Op})
	}
}

func (s *server[S, P]) read(m request) answer {
	for _, item := range s.items() {
		if item.Key == m.Op.Key {
			return answer{m.Number, done, item.Value}
		}
	}
	return answer{m.Number, absent, 0}
}

func (s *server[S, P]) answer(to network.ID, a answer) {
	if s.sessions[to].answer.Number <= a.Number {
		s.sessions[to] = session{a, true}
	}
	s.ep.Send(to, a)
}

// acknowledge says that an update is done, and safe.
func (s *server[S, P]) acknowledge(u *update) {
	s.watch.acknowledged(u.client, u.number)
	s.answer(u.client, answer{Number: u.number, Code: done})
}

// update carries one out: at once, or when the disk has it.
func (s *server[S, P]) update(u *update) {
	if s.wal != nil {
		s.queue = append(s.queue, u)
		s.write()
		return
	}
	s.state.Update(func(_ crdt.Replica, state *S) *S {
		delta := s.carryOut(state, u)
		if delta == nil {
			return nil
		}
		return delta
	})
	if u.delta != nil {
		s.happened(u)
	}
}

// carryOut changes a state, and answers if there was nothing to do.
func (s *server[S, P]) carryOut(state *S, u *update) *S {
	h := &hand{by: s.by(), clock: &s.clock, now: time.Duration(s.ep.Now())}
	u.event = Event{Server: s.ep.ID(), Client: u.client, Number: u.number, Op: u.op, seen: s.watch.seen(s.ep.ID())}
	delta, err := s.typ.Update(state, h, u.op)
	switch {
	case err == errNothing:
		s.answer(u.client, answer{Number: u.number, Code: done})
		return nil
	case err != nil:
		s.answer(u.client, answer{Number: u.number, Code: refused})
		return nil
	}
	u.delta = encoded(P(delta))
	u.event.Stamp, u.event.delta = h.stamp, s.decoded(u.delta)
	s.watch.updated(&u.event)
	s.watch.stamped(s.ep.ID(), h, s.cfg.Bound)
	return delta
}

// happened goes on with an update that is part of the state.
func (s *server[S, P]) happened(u *update) {
	s.changed()
	if s.cfg.Bug == AcknowledgesEarly || s.cfg.Acks == 0 {
		s.acknowledge(u)
		return
	}
	s.holds.ask(u)
}

// join takes in a delta from elsewhere.
func (s *server[S, P]) join(data []byte) error {
	d := new(S)
	if err := P(d).UnmarshalBinary(data); err != nil {
		return err
	}
	s.state.Join(d)
	s.changed()
	return nil
}

func encoded(s encoding.BinaryAppender) []byte {
	b, err := s.AppendBinary(nil)
	if err != nil {
		panic("replicated: a state has no encoding: " + err.Error())
	}
	return b
}

// decoded returns a copy of a delta that nobody else has.
func (s *server[S, P]) decoded(data []byte) *S {
	d := new(S)
	if err := P(d).UnmarshalBinary(data); err != nil {
		panic("replicated: an encoding of its own does not decode: " + err.Error())
	}
	return d
}

// What a Monitor looks at.

func (s *server[S, P]) items() []Item      { return s.typ.Items(s.state.State()) }
func (s *server[S, P]) spec(v View) []Item { return sorted(s.typ.Spec(v)) }
func (s *server[S, P]) state128() [16]byte { return digest(P(s.state.State())) }
func (s *server[S, P]) size() int          { return len(encoded(P(s.state.State()))) }
func (s *server[S, P]) bound(keys, boots int) int {
	return s.typ.Bytes(keys, boots)
}
func (s *server[S, P]) sent() gossip.Traffic { return s.state.Stats().Sent }

// includes reports whether the state knows of an event: by its context, which does not
// depend on what the state makes of it, or if it has none because the delta would
// change nothing.
func (s *server[S, P]) includes(e *Event) bool {
	if c, ok := any(s.state.State()).(crdt.Causal[S]); ok {
		return c.Context().Covers(e.delta.(interface{ Context() *crdt.CausalContext }).Context())
	}
	return crdt.Includes(s.state.State(), e.delta.(*S))
}

// untold says what there is to tell the others.
func (s *server[S, P]) untold() string {
	switch {
	case !s.state.Settled():
		return "knows what others have not acknowledged"
	case s.forgets() && s.lacks():
		return fmt.Sprintf("has not forgotten that %q were deleted", s.typ.Deleted(s.state.State()))
	}
	return ""
}

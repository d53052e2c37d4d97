package register

import (
	"math/bits"
	"slices"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// ABD returns the boot function of servers that hold replicated registers after
// Attiya, Bar-Noy and Dolev ("Sharing memory robustly in message-passing
// systems", J. ACM 42(1), 1995, the emulator with unbounded labels), for many
// writers as by Lynch and Shvartsman ("Robust emulation of shared memory using
// dynamic quorum-acknowledged broadcasts", FTCS 1997, with one configuration).
// The server that a client asks coordinates the operation, in two phases:
//
//	query  ask all servers for their tag and value of the key; wait for a majority
//	store  tell all servers a tag and value; wait until a majority has it
//
// A write stores its value under a tag above all that it met, a read what had the
// greatest tag: it writes back. Any two majorities share a server, so what an
// operation stored is met by all that begin after it ended. What is not answered
// is sent again every cfg.Retransmit while the operation lasts; it is given up
// when its client sends another request.
//
// It is linearizable under loss, delay, duplication, reordering and partitions,
// and makes progress while a majority that has never crashed is connected. A
// server that crashed has forgotten what it acknowledged. If it voted again, a
// majority could consist of servers that do not know of an acknowledged write;
// so it takes part in no majority any more. It may still coordinate reads, with
// the votes of others. Writes it answers with Unknown: a copy of a request that
// it carried out before the crash would otherwise have its effect twice, with
// other writes in between.
//
// With cfg.Durable a server keeps its tags and values on its disk (see nodes.WAL),
// and acknowledges a store, its own too, only when what it holds is durable. A query
// it answers from memory: what is met there is stored at a majority before anybody
// learns of it. After a crash it votes again. It also makes durable which write it
// begins, before it begins: what may have been begun before a crash is answered with
// Unknown and not begun again; other writes it serves. So it is linearizable with any
// number of crashes and restarts at any time, of all servers at once too, and makes
// progress whenever a majority with intact disks is connected. A server whose disk
// is wiped, fails or does not hold what was confirmed is without memory as above, as
// long as that lasts. A disk that was blank before the first boot looks like a wiped
// one to a server that crashes before it has prepared it, so disks should be
// formatted: see nodes.FormatWAL.
//
// There is no compare and set, which would solve consensus, and registers do not
// (Herlihy, "Wait-free synchronization", TOPLAS 13(1), 1991). The answer is
// Unsupported.
func ABD(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		s := &server{cfg: cfg, ep: ep, desk: newDesk(ep), data: map[string]version{}}
		s.me = 1 << cfg.index(ep)
		s.amnesia = ep.Boots() > 0 && cfg.Bug != AmnesiacVotes
		s.retransmit = ep.Timer("retransmit", s.again)
		if cfg.Durable {
			s.keep()
		}
		return s
	}
}

// server is a replica and a coordinator. Sets of servers are bits by their place
// in cfg.Servers.
type server struct {
	cfg     Config
	ep      *network.Endpoint
	me      uint64  // the set of this server alone
	amnesia bool    // it crashed, and may not vote; see votes
	disk    *keeper // nil unless it is durable

	desk       desk
	data       map[string]version
	started    uint32       // operations of this boot so far
	ops        []*operation // those under way, in order of their beginning
	retransmit *sim.Timer   // runs while there are any
}

// operation is what a coordinator knows of a request under way.
type operation struct {
	number  uint64 // unique to this server over all its boots
	client  network.ID
	request nodes.Request
	storing bool    // in the second phase
	best    version // the greatest met; in the second phase what is stored
	heard   uint64  // the servers that answered in this phase
}

// Receive is the whole protocol. What is late, doubled or unknown is ignored.
func (s *server) Receive(from network.ID, msg any) {
	if r, ok := msg.(nodes.Request); ok {
		if !s.booting() && s.desk.admit(from, r.ID) {
			s.begin(from, r)
		}
		return
	}
	if !slices.Contains(s.cfg.Servers, from) {
		return
	}
	switch m := msg.(type) {
	case query:
		if s.votes() {
			s.ep.Send(from, found{m.Op, s.data[m.Key]})
		}
	case store:
		if s.votes() {
			s.adopt(m.Key, m.Version)
			s.settled(func() { s.ep.Send(from, stored(m.Op)) })
		}
	case found:
		if op := s.answered(from, m.Op, false); op != nil {
			op.best = newer(op.best, m.Version)
			s.advance(op)
		}
	case stored:
		if op := s.answered(from, uint64(m), true); op != nil {
			s.advance(op)
		}
	}
}

// begin starts on the request of a client, and drops the one before.
func (s *server) begin(client network.ID, r nodes.Request) {
	s.ops = slices.DeleteFunc(s.ops, func(op *operation) bool { return op.client == client })
	switch {
	case !r.Valid() || r.Kind == nodes.CAS:
		s.desk.answer(client, nodes.Reply{ID: r.ID, Code: nodes.Unsupported})
		return
	case r.Kind == nodes.Write && !s.votes():
		s.desk.answer(client, nodes.Reply{ID: r.ID, Code: nodes.Unknown})
		return
	case r.Kind == nodes.Write:
		s.admitted(client, r.ID, func() { s.start(client, r) })
		return
	}
	s.start(client, r)
}

// start begins the first phase of an operation.
func (s *server) start(client network.ID, r nodes.Request) {
	s.started++
	op := &operation{number: uint64(s.ep.Boots())<<32 | uint64(s.started), client: client, request: r}
	op.best = s.data[r.Key]
	s.ops = append(s.ops, op)
	if !s.retransmit.Running() {
		s.retransmit.Reset(s.cfg.Retransmit)
	}
	if s.cfg.Bug == LocalSequence && r.Kind == nodes.Write {
		s.store(op)
		return
	}
	s.phase(op)
}

// phase begins one of the two phases of op: it asks the others, and votes itself.
func (s *server) phase(op *operation) {
	op.heard = 0
	s.ask(op)
	switch {
	case !s.votes():
	case op.storing:
		s.settled(func() { s.vote(op) })
	default:
		s.vote(op)
	}
}

// vote counts the server itself, unless the operation is over.
func (s *server) vote(op *operation) {
	if slices.Contains(s.ops, op) {
		op.heard |= s.me
		s.advance(op)
	}
}

// ask sends the message of the current phase to all that have not answered it.
func (s *server) ask(op *operation) {
	var msg any = query{op.number, op.request.Key}
	if op.storing {
		msg = store{op.number, op.request.Key, op.best}
	}
	for i, id := range s.cfg.Servers {
		if set := uint64(1) << i; set != s.me && op.heard&set == 0 {
			s.ep.Send(id, msg)
		}
	}
}

// again repeats what has not been answered.
func (s *server) again() {
	for _, op := range s.ops {
		s.ask(op)
	}
	if len(s.ops) > 0 {
		s.retransmit.Reset(s.cfg.Retransmit)
	}
}

// answered notes that a server answered a phase of an operation, and returns the
// operation; nil if it is over, in the other phase, or has heard that before.
func (s *server) answered(from network.ID, number uint64, storing bool) *operation {
	set := uint64(1) << slices.Index(s.cfg.Servers, from)
	for _, op := range s.ops {
		if op.number == number && op.storing == storing && op.heard&set == 0 {
			op.heard |= set
			return op
		}
	}
	return nil
}

// advance goes on to what comes next once a majority has answered.
func (s *server) advance(op *operation) {
	switch {
	case bits.OnesCount64(op.heard) <= len(s.cfg.Servers)/2:
	case op.storing || s.cfg.Bug == NoWriteBack && op.request.Kind == nodes.Read:
		s.finish(op)
	default:
		s.store(op)
	}
}

// store begins the second phase. A writer takes its tag and adopts it in the same
// step: the next operation of this server sees it and takes a greater one.
func (s *server) store(op *operation) {
	op.storing = true
	if op.request.Kind == nodes.Write {
		seen := newer(op.best, s.data[op.request.Key])
		op.best = version{tag{s.issue(op.request.Key, seen.Tag.Seq+1), s.ep.ID(), s.ep.Boots()}, op.request.Value}
	}
	s.adopt(op.request.Key, op.best)
	s.phase(op)
}

// adopt takes over a version that is newer than what the server holds.
func (s *server) adopt(key string, v version) {
	if s.cfg.Bug != RecordOverwrites {
		v = newer(s.data[key], v)
	}
	if s.disk != nil {
		s.disk.take(key, v)
		return
	}
	s.data[key] = v
}

func (s *server) finish(op *operation) {
	s.ops = slices.DeleteFunc(s.ops, func(other *operation) bool { return other == op })
	if len(s.ops) == 0 {
		s.retransmit.Stop()
	}
	r := nodes.Reply{ID: op.request.ID, Code: nodes.OK}
	if op.request.Kind == nodes.Read {
		r.Value = op.best.Value
	}
	s.desk.answer(op.client, r)
}

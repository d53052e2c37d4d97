package logstore

import (
	"phoenix/network"
	"phoenix/nodes"
)

// Server returns the boot function of a store: see the package.
func Server(cfg Config) network.Boot {
	cfg.Bug.check()
	return func(ep *network.Endpoint) network.Handler {
		s := &server{ep: ep, state: state{bug: cfg.Bug}}
		s.wal = nodes.NewWAL(ep, cfg.wal(), &s.state, func() {})
		return s
	}
}

type server struct {
	ep    *network.Endpoint
	wal   *nodes.WAL
	state state
}

// Receive answers requests and ignores all else. While the disk is being read, or
// after it has failed, it ignores everything.
func (s *server) Receive(from network.ID, msg any) {
	r, ok := msg.(nodes.Request)
	if !ok || !s.wal.Ready() || !s.admit(from, r.ID) {
		return
	}
	reply, sets := s.state.apply(r)
	s.state.clients[from] = session{reply: reply}
	done := func() { s.answer(from, reply) }
	if r.Kind == nodes.Read || reply.Code == nodes.Unsupported {
		s.wal.Barrier(done) // carried out again it has no effect either
		return
	}
	s.wal.Append(record{
		fixed{Client: int32(from), ID: r.ID, Code: reply.Code, Reply: reply.Value, Sets: sets, Value: r.Value}, r.Key,
	}.encode(), done)
}

// admit reports whether a request is new, and repeats the answer to the newest one.
// See nodes.Request.
func (s *server) admit(client network.ID, id uint64) bool {
	newest, known := s.state.clients[client]
	switch {
	case !known || id > newest.reply.ID || s.state.bug == RetryTwice:
		return true
	case id == newest.reply.ID && newest.answered:
		s.ep.Send(client, newest.reply)
	}
	return false
}

// answer tells a client what is durable by now.
func (s *server) answer(client network.ID, reply nodes.Reply) {
	if s.state.clients[client].reply.ID == reply.ID {
		s.state.clients[client] = session{reply, true}
	}
	s.ep.Send(client, reply)
}

// apply carries out r, and returns the answer and whether the key has a new value.
func (s *state) apply(r nodes.Request) (reply nodes.Reply, sets bool) {
	reply = nodes.Reply{ID: r.ID, Code: nodes.OK}
	now := s.data[r.Key]
	switch {
	case !r.Valid():
		reply.Code = nodes.Unsupported
	case r.Kind == nodes.Read:
		reply.Value = now
	case r.Kind == nodes.CAS && now != r.Old:
		reply.Code, reply.Value = nodes.CASFailed, now
	case r.Kind == nodes.CAS, r.Kind == nodes.Write:
		s.data[r.Key] = r.Value
		return reply, true
	default:
		reply.Code = nodes.Unsupported
	}
	return reply, false
}

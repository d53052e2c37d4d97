package service

import (
	"phoenix/network"
	"phoenix/sim"
)

// open opens a connection, after the time that this takes.
func (s *server) open(from network.ID, req network.Request, j *job) {
	s.ep.After(s.takes(s.cfg.Connect, j, drawConnect), func() {
		s.expire()
		switch {
		case j.life != s.life:
		case s.cfg.Conns > 0 && len(s.sessions) >= s.cfg.Conns:
			s.ep.Reply(from, req, answer{Code: busy})
		default:
			s.opened++
			id := uint64(s.ep.Boots())<<32 | s.opened
			s.sessions[id] = &session{until: s.idle()}
			s.ep.Reply(from, req, answer{Code: done, Conn: id})
		}
	})
}

// idle returns when a connection that is used now is closed.
func (s *server) idle() sim.Time {
	if s.cfg.Idle == 0 {
		return sim.Forever
	}
	return s.ep.Monotonic().Add(s.cfg.Idle)
}

// expire closes the connections that were idle for too long.
func (s *server) expire() {
	at := s.ep.Monotonic()
	for id, c := range s.sessions {
		if !c.inUse && c.until <= at {
			delete(s.sessions, id)
		}
	}
}

// inSession does what is asked for over a connection. The connection is in use until the answer.
func (s *server) inSession(j *job, reply func(code)) {
	s.expire()
	id, verb := j.ask.Conn, j.ask.Verb
	c := s.sessions[id]
	switch {
	case c == nil:
		reply(gone)
	case verb == Close:
		delete(s.sessions, id)
		reply(done)
	case c.inUse:
		reply(shared)
	case j.hit(drawBreak, s.cfg.Break, s.now.Break):
		delete(s.sessions, id)
		reply(gone)
	case verb == Begin && c.dirty:
		reply(dirty)
	case verb == Work, verb == Begin:
		c.inUse = true
		s.admit(j, func(outcome code) {
			c.inUse, c.until = false, s.idle()
			c.dirty = c.dirty || verb == Begin && outcome == done
			reply(outcome)
		})
	default:
		c.until = s.idle()
		if verb != Ping {
			c.dirty = false
		}
		reply(done)
	}
}

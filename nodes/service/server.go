package service

import (
	"context"
	"maps"
	"time"

	"phoenix/network"
	"phoenix/resilience"
	"phoenix/sim"
)

// server is a queue before some workers.
type server struct {
	cfg   Config
	ep    *network.Endpoint
	guard resilience.Policy // nil: none
	key   sim.Key
	asked uint64 // requests so far

	waiting sim.FIFO[*job]
	busy    int    // workers
	life    uint32 // how often it went down
	now     Phase
	phase   *sim.Timer

	known    map[network.ID]*numbers // requests that came
	opened   uint64                  // connections so far
	sessions map[uint64]*session
}

// job is a request that waits for a worker or has one.
type job struct {
	ask  Ask
	key  sim.Key
	life uint32
	end  func(code) // tells the outcome, once
}

// session is a connection as the server knows it.
type session struct {
	inUse, dirty bool
	until        sim.Time // when it is closed, unless it is used
}

// Server returns the boot function of a server. A server that crashed starts with empty queues and
// without connections.
func Server(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		s := &server{cfg: cfg, ep: ep, sessions: map[uint64]*session{}, known: map[network.ID]*numbers{}}
		s.key = ep.Key("service").Num(uint64(ep.Boots()))
		if cfg.Guard != nil {
			s.guard = cfg.Guard(ep)
		}
		s.phase = ep.Timer("phase", s.turn)
		s.turn()
		return s
	}
}

// turn puts the phase of this time into force, and sets the timer for the next.
func (s *server) turn() {
	at := s.ep.Monotonic()
	was := s.now
	s.now = Phase{}
	next := sim.Forever
	for _, ph := range s.cfg.Phases {
		if s.now == (Phase{}) && ph.holds(at) {
			s.now = ph
		}
		for _, edge := range []sim.Time{sim.Time(ph.From), sim.Time(ph.Until)} {
			if at < edge {
				next = min(next, edge)
			}
		}
	}
	if next != sim.Forever {
		s.phase.Reset(next.Sub(at))
	}
	if s.now != was {
		s.ep.Note("service: phase %q", s.now.Name)
	}
	if s.now.Down && !was.Down {
		s.collapse()
	}
	s.serve()
}

// collapse loses all that the server was about.
func (s *server) collapse() {
	s.life++
	s.busy = 0
	clear(s.sessions)
	for s.waiting.Len() > 0 {
		s.waiting.Pop().end(lost)
	}
}

// Receive takes requests.
func (s *server) Receive(from network.ID, msg any) {
	req, ok := msg.(network.Request)
	if !ok || s.now.Down {
		return
	}
	ask, ok := req.Body.(Ask)
	if !ok || s.cfg.Bug != RunsDoubles && !s.isNew(from, req.ID) {
		return
	}
	s.asked++
	j := &job{ask: ask, key: s.key.Num(s.asked), life: s.life}
	reply := func(c code) {
		if c != lost {
			s.ep.Reply(from, req, answer{Code: c})
		}
	}
	switch {
	case ask.Verb == Open:
		s.open(from, req, j)
	case ask.Conn != 0:
		s.inSession(j, reply)
	case ask.Verb == Work:
		s.admit(j, reply)
	default:
		reply(gone)
	}
}

// recent is how many numbers of requests a server remembers of each client, at least.
const recent = 4096

// numbers are those of the requests that came from one node. They grow, but may overtake each other.
type numbers struct {
	highest uint64
	seen    map[uint64]struct{}
}

// isNew reports whether a request comes for the first time, and remembers it. What is so late that it is
// forgotten is taken for known: nothing runs twice, unless the server forgets all in a crash.
func (s *server) isNew(from network.ID, id uint64) bool {
	n := s.known[from]
	if n == nil {
		n = &numbers{seen: map[uint64]struct{}{}}
		s.known[from] = n
	}
	if _, seen := n.seen[id]; seen || id+recent <= n.highest {
		return false
	}
	n.highest = max(n.highest, id)
	n.seen[id] = struct{}{}
	if len(n.seen) > 2*recent {
		maps.DeleteFunc(n.seen, func(old uint64, _ struct{}) bool { return old+recent <= n.highest })
	}
	return true
}

// admit has a job served under the guard, if there is one.
func (s *server) admit(j *job, reply func(code)) {
	if s.guard == nil {
		j.end = reply
		s.enqueue(j)
		return
	}
	s.ep.Go("serve", func(p *network.Proc) {
		ctx := resilience.WithPriority(In(p), j.ask.Priority)
		if j.ask.Left > 0 {
			var cancel context.CancelFunc
			ctx, cancel = resilience.WithTimeout(ctx, j.ask.Left)
			defer cancel()
		}
		outcome := busy // what the guard rejects
		err := s.guard.Do(ctx, func(context.Context) error {
			var known sim.Future[code]
			j.end = func(c code) { known.Resolve(c, nil) }
			s.enqueue(j)
			outcome, _ = known.Await(p.Proc, 0)
			if outcome == lost {
				return context.DeadlineExceeded
			}
			return failures[outcome]
		})
		if err != nil && outcome == done {
			outcome = failed // the guard would not have it
		}
		reply(outcome)
	})
}

func (s *server) enqueue(j *job) {
	switch {
	case j.life != s.life:
		j.end(lost)
	case s.cfg.Queue > 0 && s.waiting.Len() >= s.cfg.Queue:
		j.end(busy)
	default:
		s.waiting.Push(j)
		s.serve()
	}
}

// serve gives jobs to workers that are free.
func (s *server) serve() {
	workers := s.cfg.Workers
	if s.now.Workers > 0 {
		workers = min(workers, s.now.Workers)
	}
	for s.busy < workers && s.waiting.Len() > 0 && !s.now.Down {
		s.busy++
		s.work(s.waiting.Pop())
	}
}

// The draws of a request.
const (
	drawTime uint64 = iota
	drawFail
	drawHang
	drawBreak
	drawConnect
)

func (j *job) hit(draw uint64, p, q sim.Prob) bool {
	u := uint32(j.key.Num(draw).Uint64())
	return p.Hit(u) || q.Hit(u)
}

// takes returns how long something takes in this phase.
func (s *server) takes(d network.Delay, j *job, draw uint64) time.Duration {
	return d.Sample(j.key.Num(draw).Uint64()) * time.Duration(max(1, s.now.Slow))
}

// work begins a job.
func (s *server) work(j *job) {
	if j.ask.Op != 0 {
		s.ep.Note(runs+"%d/%d", j.ask.Op, j.ask.Attempt)
	}
	outcome, d := done, s.takes(s.cfg.Service, j, drawTime)
	switch {
	case j.hit(drawHang, s.cfg.Hang, s.now.Hang):
		outcome, d = lost, s.cfg.HangFor
	case j.hit(drawFail, s.cfg.Fail, s.now.Fail):
		outcome = failed
	}
	s.ep.After(d, func() {
		if j.life != s.life {
			j.end(lost)
			return
		}
		s.busy--
		j.end(outcome)
		s.serve()
	})
}

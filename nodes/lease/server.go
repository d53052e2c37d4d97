package lease

import (
	"fmt"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"

	"github.com/zeebo/xxh3"
)

// The messages. A request has a number that its client uses once.
type (
	// acquire asks for a lock.
	acquire struct {
		Lock    string
		Request uint64
	}
	// granted answers the acquire of that number.
	granted struct {
		Lock           string
		Request, Token uint64
	}
	// release gives a lock back.
	release struct {
		Lock  string
		Token uint64
	}
	// write is work on the resource.
	write struct {
		Lock  string
		Token uint64
	}
	// refused answers a write whose token is too old.
	refused struct {
		Lock  string
		Token uint64
	}
)

// String returns the message as in "acquire x (#7)".
func (m acquire) String() string { return fmt.Sprintf("acquire %s (#%d)", m.Lock, m.Request) }

// String returns the message as in "granted x token 12 (#7)".
func (m granted) String() string {
	return fmt.Sprintf("granted %s token %d (#%d)", m.Lock, m.Token, m.Request)
}

// String returns the message as in "release x token 12".
func (m release) String() string { return fmt.Sprintf("release %s token %d", m.Lock, m.Token) }

// String returns the message as in "write x token 12".
func (m write) String() string { return fmt.Sprintf("write %s token %d", m.Lock, m.Token) }

// String returns the message as in "refused x token 12".
func (m refused) String() string { return fmt.Sprintf("refused %s token %d", m.Lock, m.Token) }

// issued is a record of the server's journal: a token that is not given again.
type issued struct{ Token uint64 }

type server struct {
	cfg     Config
	ep      *network.Endpoint
	journal *nodes.Journal[issued]
	token   uint64           // the last one issued
	opens   sim.Time         // up to then it grants nothing; leases from before a crash may last
	grants  map[string]grant // by lock; those that ran out stay until the next
}

// grant is to whom a lock was given last.
type grant struct {
	to             network.ID
	request, token uint64
	pending        bool     // the token is not on the disk yet
	until          sim.Time // on the server's clock; sim.Forever while pending
}

// Server returns the boot function of the node that grants locks.
func Server(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		s := &server{cfg: cfg, ep: ep, grants: map[string]grant{}}
		s.journal = nodes.OpenJournal(ep, "tokens", func(records []issued) {
			if len(records) == 0 {
				return // it has never granted anything
			}
			s.token = records[len(records)-1].Token
			if cfg.Bug != ForgetsGrant {
				s.opens = ep.Monotonic().Add(cfg.Lease)
			}
		})
		return s
	}
}

// Receive grants locks that are free, and takes them back. It does not answer
// whoever has to wait: clients ask again.
func (s *server) Receive(from network.ID, msg any) {
	if !s.journal.Ready() {
		return
	}
	switch m := msg.(type) {
	case acquire:
		s.acquire(from, m)
	case release:
		g, known := s.grants[m.Lock]
		if known && !g.pending && (g.token == m.Token || s.cfg.Bug == StaleRelease) {
			delete(s.grants, m.Lock)
		}
	}
}

// acquire grants a lock that is free. Clock readings are rounded down: only what is
// past for sure has ended.
func (s *server) acquire(from network.ID, m acquire) {
	now := s.ep.Monotonic()
	g, known := s.grants[m.Lock]
	switch {
	case now <= s.opens:
	case !known || g.until < now:
		s.issue(from, m)
	case g.to == from && g.request == m.Request && !g.pending:
		s.ep.Send(from, granted{m.Lock, m.Request, g.token})
	}
}

// issue grants a lock once its token is durable. The lease begins then.
func (s *server) issue(to network.ID, m acquire) {
	s.token++
	g := grant{to: to, request: m.Request, token: s.token, pending: true, until: sim.Forever}
	s.grants[m.Lock] = g
	s.journal.Append(issued{g.token}, func() {
		g.pending, g.until = false, s.ep.Monotonic().Add(s.cfg.Lease)
		s.grants[m.Lock] = g
		s.ep.Note("lease: grants %q token %d to %d", m.Lock, g.token, to)
		s.ep.Send(to, granted{m.Lock, m.Request, g.token})
	})
}

// accepted is a record of the resource's journal: a token under which there was a
// write, and the hash of the lock's name.
type accepted struct{ Lock, Token uint64 }

type resource struct {
	cfg     Config
	ep      *network.Endpoint
	journal *nodes.Journal[accepted]
	highest map[uint64]uint64 // token by the hash of the lock's name
}

// Resource returns the boot function of the node that holders write to.
func Resource(cfg Config) network.Boot {
	cfg = cfg.check()
	return func(ep *network.Endpoint) network.Handler {
		r := &resource{cfg: cfg, ep: ep, highest: map[uint64]uint64{}}
		r.journal = nodes.OpenJournal(ep, "accepted", func(records []accepted) {
			for _, a := range records {
				r.highest[a.Lock] = max(r.highest[a.Lock], a.Token)
			}
		})
		return r
	}
}

// Receive accepts writes of the newest token, and of newer ones. What it accepts is
// on its disk before it counts; a journal calls back in order.
func (r *resource) Receive(from network.ID, msg any) {
	m, ok := msg.(write)
	if !ok || !r.journal.Ready() {
		return
	}
	lock := xxh3.HashString(m.Lock)
	if m.Token < r.highest[lock] && r.cfg.Bug != NoFencing {
		r.ep.Note("lease: refuses %q token %d from %d", m.Lock, m.Token, from)
		r.ep.Send(from, refused(m))
		return
	}
	r.highest[lock] = max(r.highest[lock], m.Token)
	r.journal.Append(accepted{lock, m.Token}, func() {
		r.ep.Note("lease: accepts %q token %d from %d", m.Lock, m.Token, from)
	})
}

package models

import (
	"fmt"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// The bugs of Lease.
const leaseNoFencing = "no-fencing"

// LeaseBugs returns what can be wrong with Lease.
func LeaseBugs() []Bug {
	return []Bug{{leaseNoFencing, "the store takes writes without comparing their tokens"}}
}

// The messages of Lease. Tokens are numbered from 1 on, in the order of the leases.
type (
	acquire struct{}
	lease   struct{ Token int }
	write   struct{ Token int }
)

// String returns "acquire".
func (acquire) String() string { return "acquire" }

// String returns the lease as in "lease 2".
func (m lease) String() string { return fmt.Sprintf("lease %d", m.Token) }

// String returns the write as in "write under lease 2".
func (m write) String() string { return fmt.Sprintf("write under lease %d", m.Token) }

// Lease is a lock that is given out for a time, and a store that its holders write to. A lease
// may end while the write of its holder is under way, and the next holder's overtake it; the
// store must refuse the late one by the token that comes with each lease (Kleppmann,
// "Designing data-intensive applications", 2017, section 8.4, "fencing tokens"). Each client
// takes the lock once and writes once. It takes at least one client and panics for a bug that
// it does not have.
func Lease(clients int, bug string) explore.Model {
	atLeast("lease", "clients", clients, 1)
	demand("lease", bug, LeaseBugs())
	const lockServer, storeServer = network.ID(0), network.ID(1)
	m := explore.Model{
		Name: "lease",
		Nodes: []explore.Node{{Name: "lock", Boot: bootLock}, {Name: "store", Boot: func(*network.Endpoint) network.Handler {
			return &leaseStore{bug: bug}
		}}},
		Symmetric: []explore.Group{{Nodes: ids(2, clients)}},
		Properties: []explore.Property{
			explore.Always("in order of leases", func(s *explore.State) error {
				return s.Node(storeServer).(*leaseStore).inOrder()
			}).Reads(storeServer),
			explore.Sometimes("late write refused", func(s *explore.State) bool {
				return s.Node(storeServer).(*leaseStore).refused
			}).Reads(storeServer),
		},
	}
	for i := range clients {
		m.Nodes = append(m.Nodes, explore.Node{Name: fmt.Sprintf("c%d", i), Boot: func(ep *network.Endpoint) network.Handler {
			ep.Send(lockServer, acquire{})
			return &holder{ep: ep, store: storeServer}
		}})
	}
	return m
}

// lockNode gives out the lock, to one client at a time. The timer "expire" runs while it is
// out.
type lockNode struct {
	ep      *network.Endpoint
	token   int
	asked   map[network.ID]bool
	waiting []network.ID

	expire *sim.Timer
}

func bootLock(ep *network.Endpoint) network.Handler {
	l := &lockNode{ep: ep, asked: map[network.ID]bool{}}
	l.expire = ep.Timer("expire", l.grant)
	return l
}

// Receive has a client wait for its turn, once.
func (l *lockNode) Receive(from network.ID, msg any) {
	if msg != (acquire{}) || l.asked[from] {
		return
	}
	l.asked[from] = true
	l.waiting = append(l.waiting, from)
	if !l.expire.Running() {
		l.grant()
	}
}

// grant gives the lock to the first that waits.
func (l *lockNode) grant() {
	if len(l.waiting) == 0 {
		return
	}
	l.token++
	l.ep.Send(l.waiting[0], lease{l.token})
	l.waiting = l.waiting[1:]
	arm(l.expire, true, pace(l.ep, "lease"))
}

// holder is a client: it writes when it has the lock.
type holder struct {
	ep    *network.Endpoint
	store network.ID
	token int // 0 before it has a lease
}

// Receive takes a lease.
func (h *holder) Receive(_ network.ID, msg any) {
	if m, ok := msg.(lease); ok && h.token == 0 {
		h.token = m.Token
		h.ep.Send(h.store, write(m))
	}
}

// leaseStore has the latest lease that it took a write under.
type leaseStore struct {
	bug     string
	latest  int
	late    int  // the first lease under which it took a write after one of a later lease
	refused bool // it has refused one
}

// Receive takes a write unless one under a later lease came before.
func (s *leaseStore) Receive(_ network.ID, msg any) {
	m, ok := msg.(write)
	switch {
	case !ok:
	case m.Token >= s.latest:
		s.latest = m.Token
	case s.bug != leaseNoFencing:
		s.refused = true
	case s.late == 0:
		s.late = m.Token
	}
}

// inOrder returns an error if a write was taken after one of a later lease.
func (s *leaseStore) inOrder() error {
	if s.late > 0 {
		return fmt.Errorf("the store took a write under lease %d after one under lease %d", s.late, s.latest)
	}
	return nil
}

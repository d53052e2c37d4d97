package explore

import (
	"cmp"
	"slices"
	"sync"

	"phoenix/network"
)

// State is one global state, to be read by properties, guards and bounds. It is valid
// during the call that it is given to, and so is what it returns.
type State struct {
	sys *system
	row row
	err error // a node could not be brought back

	idle *spares // of the worker whose state it is; may be nil
}

// Envelope is a message under way.
type Envelope struct {
	From, To network.ID
	Msg      any
}

// Up reports whether a node runs, as opposed to crashed.
func (s *State) Up(id network.ID) bool { return !s.local(id).down }

// Node returns the handler of a node, for reading only; nil if the node is down. It may be
// that of other states, too, in which the node is in the same local state.
func (s *State) Node(id network.ID) network.Handler {
	l := s.local(id)
	if l.down {
		return nil
	}
	return s.handler(s.row[rowLocals+int(id)], l)
}

// handler returns the node in a local state. The first ones are kept; later ones a worker
// brings back when they are asked for.
func (s *State) handler(id uint32, l *local) network.Handler {
	live := l.live.Load()
	if live == nil && s.idle != nil && id > s.sys.kept.most {
		if r, err := s.sys.revive(id, l.host, s.idle); err == nil {
			s.idle.put(id, r)
			return r.solo.Handler()
		}
	}
	if live == nil {
		if live = s.sys.bringBack(id, l, &s.err); live == nil {
			return nil
		}
	}
	return live.Handler()
}

// Last is Node, and of a node that is down for good, in a model without restarts, what it
// was before it crashed: for claims about all that ever was, such as uniform agreement.
func (s *State) Last(id network.ID) network.Handler {
	l := s.local(id)
	if !l.down || l.last == 0 {
		return s.Node(id)
	}
	return s.handler(l.last, s.sys.locals.at(l.last))
}

// bringBack makes a node in a local state, for looking at. If the node does something else
// this time, that is what is looked at, and the search fails.
func (sys *system) bringBack(id uint32, l *local, failed *error) *network.Solo {
	l.mu.Lock()
	defer l.mu.Unlock()
	if live := l.live.Load(); live != nil {
		return live
	}
	r, err := sys.revive(id, l.host, nil)
	if err != nil {
		*failed = err
		sys.failed.CompareAndSwap(nil, &err)
		if r == nil {
			return nil
		}
	}
	r.solo.Close()
	if err == nil {
		l.live.Store(r.solo)
		sys.kept.keep(l)
	}
	return r.solo
}

// keptLive is how many nodes are kept to be looked at: there is a world behind each, and
// models have as many local states as global ones.
const keptLive = 4096

// keeper forgets nodes that are kept, the one that was kept first before the others.
type keeper struct {
	most uint32
	mu   sync.Mutex
	ring []*local
	next int
}

func (k *keeper) keep(l *local) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.ring) < int(k.most) {
		k.ring = append(k.ring, l)
		return
	}
	k.ring[k.next].live.Store(nil)
	k.ring[k.next] = l
	k.next = (k.next + 1) % len(k.ring)
}

// Timers returns the names of the timers of a node that run, sorted.
func (s *State) Timers(id network.ID) []string { return s.local(id).timers }

// Observer returns the observer, for reading only; nil if the model has none.
func (s *State) Observer() Observer {
	if s.sys.m.Observe == nil {
		return nil
	}
	return s.sys.observers.at(s.row[s.sys.observerAt()]).live
}

// Cut returns the name of the partition in force, "" if there is none.
func (s *State) Cut() string {
	if f := s.sys.faults.at(s.row[s.sys.faultsAt()]); f.cut != 0 {
		return s.sys.m.Faults.Cuts[f.cut-1].Name
	}
	return ""
}

// Messages returns the messages under way, each as often as there are copies: by sender,
// receiver and, on Ordered channels, in their order, else by content.
func (s *State) Messages() []Envelope {
	ids := s.sys.underway(s.row)
	all := make([]Envelope, len(ids))
	for i, id := range ids {
		m := s.sys.messages.at(id)
		all[i] = Envelope{m.from, m.to, m.msg}
	}
	return all
}

// underway returns the messages of a row in the order of Messages.
func (sys *system) underway(r row) []uint32 {
	var ids []uint32
	for _, id := range r[sys.networkAt():][:r[rowLength]] {
		if sys.m.Network == Ordered {
			ids = append(ids, sys.channels.at(id).items...)
		} else {
			ids = append(ids, id)
		}
	}
	slices.SortStableFunc(ids, func(a, b uint32) int {
		x, y := sys.messages.at(a), sys.messages.at(b)
		byContent := 0
		if sys.m.Network != Ordered {
			byContent = cmp.Compare(x.hash, y.hash)
		}
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to), byContent)
	})
	return ids
}

func (s *State) local(id network.ID) *local { return s.sys.locals.at(s.row[rowLocals+int(id)]) }

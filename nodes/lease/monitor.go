package lease

import (
	"fmt"
	"time"

	"phoenix/network"
	"phoenix/sim"
)

// The names of a host's clocks in notes.
const (
	monotonic = "monotonic"
	wall      = "wall"
)

// Monitor judges clients, server and resource of a world by their notes.
type Monitor struct {
	w        *sim.World
	clients  []network.ID
	beliefs  map[network.ID]belief
	done     map[network.ID]bool   // had its rounds, in this boot
	owners   map[uint64]network.ID // whom each token was granted to
	highest  map[string]uint64     // token that was accepted, by lock
	handed   int
	fenced   int
	both     error // of two that held a lock
	unfenced error // of a write that should have been refused
}

// belief is that a client holds a lock: while it says so, is up, and the clock that
// it goes by has not reached the end.
type belief struct {
	lock  string
	token uint64
	until sim.Time
	wall  bool
}

// Watch returns a monitor of w and of those clients. It is to be called before the
// run.
func Watch(w *sim.World, clients []network.ID) *Monitor {
	m := &Monitor{w: w, clients: clients, beliefs: map[network.ID]belief{}, done: map[network.ID]bool{},
		owners: map[uint64]network.ID{}, highest: map[string]uint64{}}
	w.Observe(m.observe)
	w.AfterStep(m.exclude)
	return m
}

func (m *Monitor) observe(e *sim.Event) {
	if e.Kind == sim.Crash {
		delete(m.beliefs, e.Host)
		delete(m.done, e.Host)
	}
	if e.Kind != sim.Note {
		return
	}
	var lock, until, clock string
	var token uint64
	var host network.ID
	says := func(format string, values ...any) bool {
		n, _ := fmt.Sscanf(e.Name, format, values...)
		return n == len(values)
	}
	switch {
	case says("lease: grants %q token %d to %d", &lock, &token, &host):
		m.owners[token] = host
	case says("lease: holds %q token %d until %s on the %s clock", &lock, &token, &until, &clock):
		if end, err := time.ParseDuration(until); err == nil {
			m.beliefs[e.Host] = belief{lock, token, sim.Time(end), clock == wall}
			m.handed++
		}
	case says("lease: lets go of %q token %d", &lock, &token):
		delete(m.beliefs, e.Host)
	case says("lease: accepts %q token %d from %d", &lock, &token, &host):
		m.accept(lock, token, host)
	case says("lease: refuses %q token %d from %d", &lock, &token, &host):
		m.fenced++
	case says("lease: has had its rounds of %q", &lock):
		m.done[e.Host] = true
	}
}

// accept judges a write.
func (m *Monitor) accept(lock string, token uint64, from network.ID) {
	owner, known := m.owners[token]
	switch {
	case m.unfenced != nil:
	case !known || owner != from:
		m.unfenced = fmt.Errorf("%s wrote under token %d of %s, which it was not granted", m.w.HostName(from), token, lock)
	case token < m.highest[lock]:
		m.unfenced = fmt.Errorf("%s was accepted to write under token %d of %s after token %d",
			m.w.HostName(from), token, lock, m.highest[lock])
	}
	m.highest[lock] = max(m.highest[lock], token)
}

// exclude looks for two clients that hold one lock now.
func (m *Monitor) exclude() {
	for i, a := range m.clients {
		if m.both != nil || !m.believes(a) {
			continue
		}
		for _, b := range m.clients[i+1:] {
			if x, y := m.beliefs[a], m.beliefs[b]; m.believes(b) && x.lock == y.lock {
				m.both = fmt.Errorf("%s (token %d) and %s (token %d) both hold %s at %s",
					m.w.HostName(a), x.token, m.w.HostName(b), y.token, x.lock, m.w.Now())
				return
			}
		}
	}
}

func (m *Monitor) believes(id network.ID) bool {
	b, known := m.beliefs[id]
	clock := m.w.Host(id).Monotonic()
	if b.wall {
		clock = m.w.Host(id).Now()
	}
	return known && clock < b.until
}

// MutualExclusion returns an error if two clients have believed at the same time
// that they hold one lock.
func (m *Monitor) MutualExclusion() error { return m.both }

// Fencing returns an error if the resource has accepted a write under an older token
// after a newer one, or from a client that the token was not granted to.
func (m *Monitor) Fencing() error { return m.unfenced }

// Held returns how often a client has got a lock.
func (m *Monitor) Held() int { return m.handed }

// Refused returns how often the resource has refused a write.
func (m *Monitor) Refused() int { return m.fenced }

// Settled returns nil if every client that is up has had all its rounds; else an
// error that names those that have not.
func (m *Monitor) Settled() error {
	var waiting []string
	for _, id := range m.clients {
		if m.w.Host(id).Up() && !m.done[id] {
			waiting = append(waiting, m.w.HostName(id))
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	return fmt.Errorf("still want the lock: %q", waiting)
}

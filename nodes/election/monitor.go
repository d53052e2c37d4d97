package election

import (
	"fmt"

	"phoenix/network"
	"phoenix/sim"
)

// Monitor judges the servers of a world by their notes.
type Monitor struct {
	w       *sim.World
	servers []network.ID
	leaders map[uint64]network.ID // of each term, the first
	offices map[network.ID]office // what each server said last, in this boot
	latest  office                // the one of the greatest term
	twice   error                 // of two leaders in one term
}

// office is a leader and its term, as a server knows it.
type office struct {
	leader network.ID
	term   uint64
}

// Watch returns a monitor of the servers of w. It is to be called before the run.
func Watch(w *sim.World, servers []network.ID) *Monitor {
	m := &Monitor{w: w, servers: servers, leaders: map[uint64]network.ID{}, offices: map[network.ID]office{},
		latest: office{leader: sim.NoHost}}
	w.Observe(m.observe)
	return m
}

func (m *Monitor) observe(e *sim.Event) {
	if e.Kind == sim.Crash {
		delete(m.offices, e.Host)
	}
	if e.Kind != sim.Note {
		return
	}
	var o office
	if n, _ := fmt.Sscanf(e.Name, "election: enters term %d", &o.term); n == 1 {
		delete(m.offices, e.Host)
	}
	if n, _ := fmt.Sscanf(e.Name, "election: leads term %d", &o.term); n == 1 {
		o.leader = e.Host
		m.lead(o)
		m.offices[e.Host] = o
	}
	if n, _ := fmt.Sscanf(e.Name, "election: follows %d in term %d", &o.leader, &o.term); n == 2 {
		m.offices[e.Host] = o
	}
}

// lead takes down the leader of a term.
func (m *Monitor) lead(o office) {
	if o.term > m.latest.term {
		m.latest = o
	}
	first, known := m.leaders[o.term]
	if !known {
		m.leaders[o.term] = o.leader
	} else if first != o.leader && m.twice == nil {
		m.twice = fmt.Errorf("two leaders of term %d: %s, then %s", o.term, m.w.HostName(first), m.w.HostName(o.leader))
	}
}

// AtMostOneLeader returns an error if two servers have led in one term, at any
// time.
func (m *Monitor) AtMostOneLeader() error { return m.twice }

// Terms returns how many terms have had a leader: more than one shows that
// leadership went over.
func (m *Monitor) Terms() int { return len(m.leaders) }

// Leader returns the server that leads in the latest term that has had a leader, and
// that term; sim.NoHost and 0 if there was none. It may be down, or not know yet that
// others have gone on.
func (m *Monitor) Leader() (id network.ID, term uint64) {
	return m.latest.leader, m.latest.term
}

// Settled returns nil if a server leads and all servers that are up follow it, in
// the same term; else an error that names one that does not, and why.
func (m *Monitor) Settled() error {
	var agreed office
	by := sim.NoHost
	for _, id := range m.servers {
		if !m.w.Host(id).Up() {
			continue
		}
		o, known := m.offices[id]
		switch {
		case !known:
			return fmt.Errorf("%s follows nobody", m.w.HostName(id))
		case by == sim.NoHost:
			agreed, by = o, id
		case o != agreed:
			return fmt.Errorf("%s has %s, %s has %s", m.w.HostName(by), m.say(agreed), m.w.HostName(id), m.say(o))
		}
	}
	if by == sim.NoHost {
		return fmt.Errorf("no server is up")
	}
	if m.offices[agreed.leader] != agreed {
		return fmt.Errorf("%s does not lead any more", m.say(agreed))
	}
	return nil
}

func (m *Monitor) say(o office) string {
	return fmt.Sprintf("%s in term %d", m.w.HostName(o.leader), o.term)
}

package commit

import (
	"fmt"

	"phoenix/network"
	"phoenix/nodes"
	"phoenix/sim"
)

// Monitor judges coordinator and participants of a world by what they send: votes,
// decisions, what was done about them, and the answers to clients. Each is sent when
// the sender is bound by it.
type Monitor struct {
	w         *sim.World
	cfg       Config
	fates     map[Txn]*fate
	begun     []Txn // in order
	settled   int   // how many of begun have ended everywhere, from the first on
	committed int
	split     error // of two that came to different ends
}

// fate is what became of a transaction, as those concerned said.
type fate struct {
	votes map[network.ID]bool  // what each participant voted first
	ends  map[network.ID]state // of participants, the coordinator, and the client that was told
	first network.ID           // the first of them
}

// Watch returns a monitor of w, which runs the protocol as cfg says. It is to be
// called before the run.
func Watch(w *sim.World, cfg Config) *Monitor {
	m := &Monitor{w: w, cfg: cfg, fates: map[Txn]*fate{}}
	w.Observe(m.observe)
	return m
}

func (m *Monitor) observe(e *sim.Event) {
	if e.Kind != sim.Send {
		return
	}
	switch msg := e.Value.(type) {
	case prepare:
		m.fate(msg.Txn)
	case vote:
		m.vote(msg.Txn, e.Host, msg.Yes)
	case decision:
		m.end(msg.Txn, e.Host, ended(msg.Commit))
	case acknowledged:
		m.end(msg.Txn, e.Host, ended(msg.Commit))
	case nodes.Reply:
		if e.Host == m.cfg.Coordinator {
			m.told(Txn{e.Peer, msg.ID}, msg)
		}
	}
}

func (m *Monitor) fate(txn Txn) *fate {
	f := m.fates[txn]
	if f == nil {
		f = &fate{votes: map[network.ID]bool{}, ends: map[network.ID]state{}, first: sim.NoHost}
		m.fates[txn] = f
		m.begun = append(m.begun, txn)
	}
	return f
}

// vote takes down a vote: yes counts only if it was never no.
func (m *Monitor) vote(txn Txn, by network.ID, yes bool) {
	f := m.fate(txn)
	before, voted := f.votes[by]
	f.votes[by] = yes && (before || !voted)
}

// told takes down what the client of a transaction was answered. What the
// coordinator never began it may refuse.
func (m *Monitor) told(txn Txn, r nodes.Reply) {
	if r.Code == nodes.OK || m.fates[txn] != nil {
		m.end(txn, txn.Client, ended(r.Code == nodes.OK))
	}
}

// end takes down how a transaction ended for somebody, and compares.
func (m *Monitor) end(txn Txn, by network.ID, s state) {
	f := m.fate(txn)
	if f.first == sim.NoHost {
		f.first = by
		if s == committed {
			m.committed++
		}
	}
	if _, known := f.ends[by]; !known {
		f.ends[by] = s
	}
	if m.split != nil {
		return
	}
	if f.ends[f.first] != s {
		m.split = fmt.Errorf("transaction %s: %s for %s, %s for %s", txn,
			f.ends[f.first], m.w.HostName(f.first), s, m.w.HostName(by))
		return
	}
	for _, id := range m.cfg.Participants {
		if s == committed && !f.votes[id] {
			m.split = fmt.Errorf("transaction %s: %s for %s, but %s has not voted yes",
				txn, s, m.w.HostName(by), m.w.HostName(id))
			return
		}
	}
}

// Agreement returns an error if a transaction has ended in two ways, for
// participants, the coordinator or the client, at whatever times, or was committed
// without the votes of all.
func (m *Monitor) Agreement() error { return m.split }

// Committed returns how many transactions somebody has committed.
func (m *Monitor) Committed() int { return m.committed }

// Settled returns nil if every transaction that was begun has ended at the
// coordinator and all participants; else an error that names the first that has not.
func (m *Monitor) Settled() error {
	for ; m.settled < len(m.begun); m.settled++ {
		txn := m.begun[m.settled]
		ends := m.fate(txn).ends
		for _, id := range append([]network.ID{m.cfg.Coordinator}, m.cfg.Participants...) {
			if _, ended := ends[id]; !ended {
				return fmt.Errorf("transaction %s: %s does not know the end", txn, m.w.HostName(id))
			}
		}
	}
	return nil
}

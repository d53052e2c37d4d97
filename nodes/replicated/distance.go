package replicated

import (
	"iter"
	"time"

	"phoenix/crdt/gossip"
	"phoenix/sim"
)

// Distance says how far the servers that are up are apart from a time on.
type Distance struct {
	At sim.Time
	// States is how many different states they have.
	States int
	// Missing is how many updates they lack that another of them has, all added up.
	Missing int
}

// measure notes how far the servers are apart, if that has changed.
func (m *Monitor) measure() {
	now := Distance{At: m.w.Now()}
	var all bits
	states := map[[16]byte]bool{}
	for _, id := range m.cfg.Servers {
		if c := m.copies[id]; c.at != nil {
			c.digest = c.at.state128()
			states[c.digest] = true
			all.join(c.seen)
		}
	}
	for i := range m.events {
		for _, id := range m.cfg.Servers {
			if c := m.copies[id]; c.at != nil && all.has(i) && !c.seen.has(i) {
				now.Missing++
			}
		}
	}
	now.States = len(states)
	last := len(m.distance) - 1
	switch {
	case last >= 0 && m.distance[last].States == now.States && m.distance[last].Missing == now.Missing:
	case last >= 0 && m.distance[last].At == now.At:
		m.distance[last] = now
	default:
		m.distance = append(m.distance, now)
	}
}

// Distances returns how far the servers were apart, over virtual time: each entry holds
// until the next. It is not to be changed.
func (m *Monitor) Distances() []Distance { return m.distance }

// Divergence says how far servers were apart in a stretch of virtual time.
type Divergence struct {
	Apart   time.Duration // for which they had different states
	Longest time.Duration // of that, without a pause
	Missing int           // the most updates that were missing at once
	// Lag is the area under the updates that were missing: each of them counts for as
	// long as it was, at each of the servers.
	Lag time.Duration
}

// Divergence returns how far the servers were apart up to a time.
func (m *Monitor) Divergence(until sim.Time) Divergence {
	var d Divergence
	stretch := time.Duration(0)
	for at, lasts := range m.stretches(until) {
		if at.States <= 1 {
			stretch = 0
		} else {
			stretch += lasts
			d.Apart += lasts
		}
		d.Longest, d.Missing = max(d.Longest, stretch), max(d.Missing, at.Missing)
		d.Lag += lasts * time.Duration(at.Missing)
	}
	return d
}

// Settled returns how long after the end of all faults the servers became equal, not
// to differ again up to a time: which is until then if they still differ. It returns
// false if the faults did not end. Servers that boot then have to catch up first.
func (m *Monitor) Settled(until sim.Time) (time.Duration, bool) {
	if m.calm > until {
		return 0, false
	}
	last := m.calm
	for at, lasts := range m.stretches(until) {
		if at.States > 1 {
			last = max(last, at.At.Add(lasts))
		}
	}
	return last.Sub(m.calm), true
}

// stretches are the distances up to a time, with how long each of them lasts.
func (m *Monitor) stretches(until sim.Time) iter.Seq2[Distance, time.Duration] {
	return func(yield func(Distance, time.Duration) bool) {
		for i, d := range m.distance {
			end := until
			if i+1 < len(m.distance) {
				end = min(end, m.distance[i+1].At)
			}
			if d.At > until || !yield(d, end.Sub(d.At)) {
				return
			}
		}
	}
}

// Gossiped returns what all servers have sent as gossip so far, in all of their boots.
func (m *Monitor) Gossiped() gossip.Traffic {
	all := m.sent
	for _, id := range m.cfg.Servers {
		if c := m.copies[id]; c.at != nil {
			all.Add(c.at.sent())
		}
	}
	return all
}

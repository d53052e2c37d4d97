package replicated

import (
	"time"

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

// Apart returns for how long the servers were not equal up to a time, and the most
// updates that were missing.
func (m *Monitor) Apart(until sim.Time) (total time.Duration, most int) {
	for i, d := range m.distance {
		end := until
		if i+1 < len(m.distance) {
			end = min(end, m.distance[i+1].At)
		}
		if d.States > 1 && end > d.At {
			total += end.Sub(d.At)
		}
		most = max(most, d.Missing)
	}
	return total, most
}

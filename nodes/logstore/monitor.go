package logstore

import (
	"fmt"
	"strings"

	"phoenix/nodes"
	"phoenix/sim"
)

// Monitor judges the stores of a world by their notes.
type Monitor struct {
	w       *sim.World
	refused error
	stops   int
	open    map[sim.HostID]bool // stopped, and neither went on nor crashed
}

// Watch returns a monitor of w. It is to be called before the run.
func Watch(w *sim.World) *Monitor {
	m := &Monitor{w: w, open: map[sim.HostID]bool{}}
	w.Observe(m.observe)
	return m
}

func (m *Monitor) observe(e *sim.Event) {
	switch e.Kind {
	case sim.Crash:
		delete(m.open, e.Host)
	case sim.Note:
		why, stops := strings.CutPrefix(e.Name, nodes.WALStops)
		switch {
		case stops:
			m.stops++
			m.open[e.Host] = true
			if m.refused == nil && strings.Contains(why, nodes.ErrCorrupt.Error()) {
				m.refused = fmt.Errorf("%s at %s: %s", m.w.HostName(e.Host), e.At, why)
			}
		case e.Name == nodes.WALGoesOn:
			delete(m.open, e.Host)
		}
	}
}

// Refused returns an error if a store has refused to go on with what its disk held,
// the first such. Where no fault damages what was synced, that is a bug.
func (m *Monitor) Refused() error { return m.refused }

// Stopped returns how often a store has stopped, for whatever reason, and how many
// are up and have not gone on since.
func (m *Monitor) Stopped() (times, now int) { return m.stops, len(m.open) }

package supervisor

import (
	"time"

	"phoenix/sim"
)

// A window remembers the restarts of the last period (supervisor.erl, add_restart and can_restart).
type window struct {
	intensity int
	period    time.Duration
	at        []sim.Time // oldest first, at most intensity of them
}

// allow counts a restart, and reports whether there have been at most intensity of them within the
// period, this one included. One exactly a period ago still counts.
func (w *window) allow(now sim.Time) bool {
	for len(w.at) > 0 && w.at[0] < now.Add(-w.period) {
		w.at = w.at[1:]
	}
	if len(w.at) >= w.intensity {
		return false
	}
	w.at = append(w.at, now)
	return true
}

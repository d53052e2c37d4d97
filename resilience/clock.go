package resilience

import (
	"time"

	"phoenix/sim"
)

// A Clock tells how much time has passed since some beginning. It never goes back and never
// jumps. A *network.Endpoint and a *sim.Host are Clocks of their node; System is that of the
// machine.
type Clock interface {
	Monotonic() sim.Time
}

// System returns a Clock that runs on the monotonic clock of this machine and begins at 0 now.
// Inside a bubble of testing/synctest it is the clock of the bubble.
func System() Clock { return system{start: time.Now()} }

type system struct{ start time.Time }

// Monotonic takes one reading: time.Since of a time with a monotonic part reads no wall clock.
func (s system) Monotonic() sim.Time { return sim.Time(time.Since(s.start)) }

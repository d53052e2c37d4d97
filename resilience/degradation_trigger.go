package resilience

import (
	"cmp"
	"fmt"
	"time"

	"phoenix/sim"
)

// A Trigger calls for a level while a signal is bad. It has two thresholds: the signal is bad at
// Enter or beyond, good at Exit or on its other side, and in between it is neither, and stays what it was.
type Trigger struct {
	Cause  string // for people
	Level  Level  // at least this one, while the cause is active
	Signal string // given to Observe
	Below  bool   // low values are bad; else high ones are
	Enter  int64
	Exit   int64 // must be better than Enter
	// Up is how long the signal must be bad until the cause is active; 0 means DefaultUp, negative at once.
	Up time.Duration
	// Down is how long it must be good until the level may recover; 0 means DefaultDown. It must be
	// longer than Up.
	Down time.Duration
	// Stale is the age at which an observation proves nothing good any more; 0 means Down.
	Stale time.Duration
}

// settle puts defaults in, and panics with the number of the trigger if it is not valid.
func (t *Trigger) settle(i int) {
	fail := func(format string, args ...any) {
		panic(fmt.Sprintf("resilience: Triggers[%d] (%s): ", i, t.Cause) + fmt.Sprintf(format, args...))
	}
	t.Up = max(cmp.Or(t.Up, DefaultUp), 0)
	t.Down = cmp.Or(t.Down, DefaultDown)
	t.Stale = cmp.Or(t.Stale, t.Down)
	switch {
	case t.Signal == "":
		fail("Signal is empty")
	case t.Level == LevelNormal || t.Level > LevelShutdown:
		fail("Level is %v, expected limited to shutdown", t.Level)
	case t.Below && t.Exit <= t.Enter, !t.Below && t.Exit >= t.Enter:
		fail("Exit %d must be better than Enter %d, or the level flaps", t.Exit, t.Enter)
	case t.Down <= t.Up:
		fail("Down %v must be longer than Up %v, or the level flaps", t.Down, t.Up)
	case t.Stale < 0:
		fail("Stale %v must not be negative", t.Stale)
	}
}

// Triggers of the three causes that every service has. Signals: "reachable nodes", "memory percent",
// "cpu percent", "errors percent".
var (
	// PartitionTrigger: fewer than two nodes in reach leave essential features only.
	PartitionTrigger = Trigger{Cause: "network partition", Level: LevelEssential,
		Signal: "reachable nodes", Below: true, Enter: 1, Exit: 2}
	// MemoryTrigger: limited service from 90 % of the memory in use, until it is 80 %.
	MemoryTrigger = Trigger{Cause: "resource exhaustion", Level: LevelLimited,
		Signal: "memory percent", Enter: 90, Exit: 80}
	// CPUTrigger: limited service from 95 % of the processor in use, until 20 % are free again.
	CPUTrigger = Trigger{Cause: "resource exhaustion", Level: LevelLimited,
		Signal: "cpu percent", Enter: 95, Exit: 80}
	// ErrorRateTrigger: limited service from 30 % of errors, until they are 10 %.
	ErrorRateTrigger = Trigger{Cause: "high error rate", Level: LevelLimited,
		Signal: "errors percent", Enter: 30, Exit: 10}
)

// signalState is what a trigger has seen. Bad and good are told apart from neither, so that a signal
// between the thresholds neither enters nor recovers.
type signalState struct {
	seen   sim.Time // the last observation
	bad    bool
	good   bool
	since  sim.Time // bad or good, without a break
	called bool     // was active since the level was last better than that of the trigger
}

func (s *signalState) observe(now sim.Time, t Trigger, value int64) {
	s.active(now, t) // what was bad long enough until now called, whatever comes
	enter, exit := value >= t.Enter, value <= t.Exit
	if t.Below {
		enter, exit = value <= t.Enter, value >= t.Exit
	}
	stale := now.Sub(s.seen) > t.Stale
	if enter != s.bad || exit != s.good || exit && stale {
		s.bad, s.good, s.since = enter, exit, now
	}
	s.seen = now
}

// active reports whether the trigger calls for its level now.
func (s *signalState) active(now sim.Time, t Trigger) bool {
	if s.bad && now.Sub(s.since) >= t.Up {
		s.called = true
		return true
	}
	return false
}

// clear reports whether the trigger lets its level recover now: it did not call for it, or was seen good
// for long enough, and lately.
func (s *signalState) clear(now sim.Time, t Trigger) bool {
	if !s.called {
		return !s.bad
	}
	return s.good && now.Sub(s.since) >= t.Down && now.Sub(s.seen) <= t.Stale
}

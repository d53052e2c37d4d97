// Package planted_test holds tests that fail, each in its own way. The tests of
// simtest run them with go test and read what is printed.
package planted_test

import (
	"testing"
	"time"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// walk builds a host that ticks until its draw is unlucky, and then does what bad says.
func walk(w *sim.World, bad func(h *sim.Host)) {
	w.AddHost("walker", func(h *sim.Host) {
		r := h.Rand("walk")
		var tick *sim.Timer
		tick = h.Timer("tick", func() {
			if r.IntN(20) == 0 {
				bad(h)
			}
			tick.Reset(time.Second)
		})
		tick.Reset(time.Second)
	})
	w.RunFor(2500 * time.Millisecond)
}

func TestJudgedBad(t *testing.T) {
	t.Run("sub 'test'", func(t *testing.T) {
		simtest.Run(t, simtest.Options{}, func(t *simtest.T) {
			walk(t.World, func(h *sim.Host) { t.Fatalf("unlucky at %s", h.Now()) })
		})
	})
}

func TestPanics(t *testing.T) {
	simtest.Run(t, simtest.Options{Parallel: true}, func(t *simtest.T) {
		walk(t.World, func(*sim.Host) { panic("unlucky") })
	})
}

func TestPanicsAllowed(t *testing.T) {
	simtest.Run(t, simtest.Options{AllowPanics: true}, func(t *simtest.T) {
		walk(t.World, func(*sim.Host) { panic("unlucky") })
	})
}

func TestBodyPanics(t *testing.T) {
	simtest.Run(t, simtest.Options{}, func(t *simtest.T) {
		walk(t.World, func(h *sim.Host) { h.Note("bad") })
		if t.Seed == 3 {
			panic("the test itself")
		}
	})
}

func TestQuiet(t *testing.T) {
	ran := 0
	simtest.Run(t, simtest.Options{Seeds: sim.SeedRange{First: 7, Count: 2}}, func(t *simtest.T) {
		ran++
		walk(t.World, func(*sim.Host) {})
	})
	t.Logf("%d seeds, long %t", ran, simtest.Long())
}

func TestSkips(t *testing.T) {
	simtest.Run(t, simtest.Options{}, func(t *simtest.T) { t.SkipNow() })
}

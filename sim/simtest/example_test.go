package simtest_test

import (
	"fmt"
	"testing"
	"time"

	"phoenix/sim"
	"phoenix/sim/simtest"
)

// pair builds two hosts, of which one watches whether the other is up.
func pair(w *sim.World) *sim.Host {
	server := w.AddHost("server", nil)
	w.AddHost("watch", func(h *sim.Host) {
		h.Go("watch", func(p *sim.Proc) {
			for server.Up() {
				p.Sleep(time.Second)
			}
			h.Note("the server is down")
		})
	})
	return server
}

// A test of a world, run with 100 seeds.
func ExampleRun() {
	TestTheCrashIsNoticed := func(t *testing.T) {
		simtest.Run(t, simtest.Options{}, func(t *simtest.T) {
			server := pair(t.World)
			t.World.At(sim.Time(t.World.Key("crash").Below(int(time.Minute))), server.Crash)
			if why := t.World.RunFor(2 * time.Minute); why != sim.Quiescent {
				t.Errorf("the crash was not noticed: %s", why)
			}
		})
	}
	_ = TestTheCrashIsNoticed // go test would call it
}

// reporter stands for the *testing.T that a test would give.
type reporter struct{ testing.TB }

func (reporter) Helper()                         {}
func (reporter) Name() string                    { return "TestPair" }
func (reporter) Errorf(text string, args ...any) { fmt.Printf(text+"\n", args...) }

// A world that looks at something outside: the second run is not like the first.
func ExampleTwice() {
	runs := 0
	simtest.Twice(reporter{}, simtest.Options{Seeds: sim.SeedRange{Count: 1}}, func(w *sim.World) {
		runs++
		w.AddHost("a", func(h *sim.Host) { h.Note("run %d", runs%2) })
		w.Run(sim.Limit{})
	})
	// Output:
	// seed 0x0: two runs differ: 2 events, digest 0aa323fff0f90d299c458163ff9dc52c, and 2 events, digest 46f243de2b439cb9ed4eaaa51fcb051f
	// first at event 2:
	//   both        1           0s host 0   boot     a
	//   first       2           0s host 0   note     run 1  (after 1)
	//   second      2           0s host 0   note     run 0  (after 1)
	//   test:    go test ./sim/simtest -run '^TestPair$' -sim.seed=0x0
}

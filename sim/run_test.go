package sim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ticking returns a world whose only host ticks every second and notes it: two
// events a second, after one for its boot.
func ticking(t testing.TB) *World {
	w := world(t, Config{})
	w.AddHost("a", func(h *Host) {
		var tick *Timer
		tick = h.Timer("tick", func() {
			h.Note("tick")
			tick.Reset(second)
		})
		tick.Reset(second)
	})
	return w
}

func TestARunEndsAtItsLimitAndSaysWhich(t *testing.T) {
	w := ticking(t)
	require.Equal(t, TimeLimit, w.Run(Limit{Until: Time(2 * second)}), "the limit itself is within")
	require.Equal(t, uint64(5), w.Events())
	require.Equal(t, Time(2*second), w.Now())
	require.Equal(t, EventLimit, w.Run(Limit{Events: 8}), "no step is cut in two")
	require.Equal(t, uint64(9), w.Events())
	require.Equal(t, EventLimit, w.Run(Limit{Events: 8}))
	require.Equal(t, uint64(9), w.Events())
	require.Equal(t, TimeLimit, w.RunFor(1500*ms))
	require.Equal(t, Time(5500*ms), w.Now())
	require.Equal(t, TimeLimit, w.Run(Limit{Until: 1}))
	require.Equal(t, Time(5500*ms), w.Now(), "time does not go back")
	require.Equal(t, Stopped, w.Run(Limit{Stop: func() bool { return w.Now() == Time(7*second) }}))
	w.At(Time(8500*ms), w.Halt)
	require.Equal(t, Stopped, w.Run(Limit{}))
	require.Equal(t, Time(8500*ms), w.Now())
	w.Close()
	require.Equal(t, Stopped, w.Run(Limit{}))
}

func TestAQuietWorldWaitsForItsTimeLimit(t *testing.T) {
	w := world(t, Config{})
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.Equal(t, Time(0), w.Now())
	require.Equal(t, Quiescent, w.RunFor(second))
	require.Equal(t, Time(second), w.Now())
}

func TestRunningForNoTimeDoesNotMoveTime(t *testing.T) {
	w := ticking(t)
	require.Equal(t, TimeLimit, w.RunFor(0))
	require.Equal(t, uint64(1), w.Events(), "the boot")
	require.Equal(t, Time(0), w.Now())
}

func TestReasonsPrint(t *testing.T) {
	for r, want := range map[Reason]string{Quiescent: "quiescent", TimeLimit: "time limit", EventLimit: "event limit",
		Stopped: "stopped", Panicked: "panicked", 0: "reason(0)", 9: "reason(9)"} {
		require.Equal(t, want, r.String())
	}
}

func TestAnIdleWorldCostsTheSameForASecondAndForAYear(t *testing.T) {
	steps := func(d Duration) uint64 {
		w := world(t, Config{})
		for i := range 50 {
			w.AddHost(fmt.Sprint("h", i), func(h *Host) {
				h.Timer("never", func() {})
				h.Timer("one day", func() {}).Reset(1000 * 365 * 24 * 3600 / 10 * second)
				h.Go("main", func(p *Proc) { p.Wait(new(Signal)) })
			})
		}
		require.Equal(t, TimeLimit, w.RunFor(d))
		require.Equal(t, uint64(100), w.Events())
		return w.steps
	}
	require.Equal(t, uint64(100), steps(second))
	require.Equal(t, uint64(100), steps(365*24*3600*second))
}

func TestAfterStepSeesWhatAStepHasDone(t *testing.T) {
	w := world(t, Config{})
	var seen []int
	notes := 0
	w.AfterStep(func() { seen = append(seen, notes) })
	w.At(1, func() { notes++; notes++ })
	w.At(2, func() { notes++ })
	w.Run(Limit{})
	require.Equal(t, []int{2, 3}, seen)
}

type fragile struct{ items []int }

func (f *fragile) at(i int) int { return f.items[i] }

func TestAPanicOfNodeCodeIsAFindingAndTheHostCrashes(t *testing.T) {
	boom := func(*Host) { new(fragile).at(3) }
	const index = "runtime error: index out of range [3] with length 0"
	for name, c := range map[string]struct {
		boot    func(*Host)
		at      Time
		event   uint64
		message string
	}{
		"boot":    {boom, 0, 1, index},
		"timer":   {func(h *Host) { h.After(second, func() { boom(h) }) }, Time(second), 3, index},
		"process": {func(h *Host) { h.Go("main", func(p *Proc) { p.Sleep(second); boom(h) }) }, Time(second), 4, "process main: " + index},
		"handler": {func(h *Host) { on(h, second, func() { mail{h}.Run(1); boom(h) }) }, Time(second), 3, index},
	} {
		w := world(t, Config{})
		got := told(t, w)
		h := w.AddHost("a", c.boot)
		w.AddHost("b", nil)
		w.At(Time(5*second), func() {})
		require.Equal(t, Panicked, w.Run(Limit{}), name)
		require.Len(t, w.Findings(), 1)
		f := w.Findings()[0]
		require.Equal(t, h.ID(), f.Host)
		require.Equal(t, c.at, f.At)
		require.Equal(t, c.event, f.Event, name)
		require.Equal(t, c.message, f.Message)
		require.Regexp(t, `^phoenix/sim\.\(\*fragile\)\.at \(sim/run_test\.go:\d+\)$`, f.Stack[0])
		require.Equal(t, f.Message+" at "+f.Stack[0], f.String())
		require.False(t, h.Up())
		require.Contains(t, strings.Join(*got, "\n"), " a panic "+c.message)
		require.Equal(t, Quiescent, w.Run(Limit{}), "it goes on without a")
		require.True(t, w.Lookup("b").Up())
	}
}

func TestStacksEndAtTheKernelAndHoldNoAddresses(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	on(h, 0, func() { NewKey(1).Below(-1) })
	w.Run(Limit{})
	f := w.Findings()[0]
	require.Equal(t, "sim: Key.Below needs a positive bound", f.Message)
	require.Regexp(t, `^phoenix/sim\.Key\.Below \(sim/rand\.go:\d+\)$`, f.Stack[0], "node code misused the kernel")
	require.Regexp(t, `^phoenix/sim\.TestStacksEnd\S+ \(sim/run_test\.go:\d+\)$`, f.Stack[1])
	for _, frame := range f.Stack {
		require.NotContains(t, frame, "0x")
		require.NotContains(t, frame, "loop (")
	}
}

func TestAPanicInABootAtRestartIsAFinding(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", func(h *Host) {
		if h.Epoch() == 1 {
			panic("bad disk")
		}
	})
	w.At(1, h.Crash)
	w.At(2, h.Restart)
	w.At(3, h.Restart)
	require.Equal(t, Panicked, w.Run(Limit{}))
	require.Equal(t, Finding{Host: 0, Event: 3, At: 2, Message: "bad disk", Stack: w.Findings()[0].Stack}, w.Findings()[0])
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.True(t, h.Up())
	require.Equal(t, "bad disk", Finding{Message: "bad disk"}.String())
}

func TestAPanicWhileBeingKilledIsAFindingToo(t *testing.T) {
	w := New(Config{})
	boot := func(h *Host) {
		h.Go("main", func(p *Proc) {
			defer func() { panic("cannot let go") }()
			p.Sleep(Duration(Forever))
		})
	}
	a := w.AddHost("a", boot)
	w.AddHost("b", boot)
	w.At(1, a.Crash)
	require.Equal(t, Panicked, w.Run(Limit{}))
	require.Len(t, w.Findings(), 1)
	w.Run(Limit{})
	w.Close()
	require.Len(t, w.Findings(), 2)
	require.Equal(t, "process main: cannot let go", w.Findings()[1].Message)
	require.Equal(t, HostID(1), w.Findings()[1].Host)
}

func TestAPanicOutsideNodeCodeGoesToTheCaller(t *testing.T) {
	panics := func(code func(*World)) {
		w := world(t, Config{})
		w.AddHost("a", func(h *Host) {
			h.Note("hello")
			h.Go("main", func(p *Proc) {
				p.Sleep(second)
				h.Note("hello")
			})
		})
		code(w)
		require.PanicsWithValue(t, "mine", func() { w.Run(Limit{}) })
		require.Empty(t, w.Findings())
	}
	panics(func(w *World) { w.At(1, func() { panic("mine") }) })
	panics(func(w *World) { w.AfterStep(func() { panic("mine") }) })
	for _, at := range []Time{0, Time(second)} {
		panics(func(w *World) {
			w.Observe(func(e *Event) {
				if e.Kind == Note && e.At == at {
					panic("mine")
				}
			})
		})
	}
	w := ticking(t)
	require.PanicsWithValue(t, "mine", func() { w.Run(Limit{Stop: func() bool { panic("mine") }}) })
}

// causes maps each line that told would give to that of its cause.
func causes(w *World) map[string]string {
	lines := map[uint64]string{}
	of := map[string]string{}
	w.Observe(func(e *Event) {
		lines[e.Seq] = fmt.Sprintf("%s %s %s", e.At, e.Kind, e.Name)
		of[lines[e.Seq]] = lines[e.Cause]
	})
	return of
}

func TestEveryEventHasTheEventThatLedToItAsItsCause(t *testing.T) {
	w := world(t, Config{})
	of := causes(w)
	var f Future[int]
	h := w.AddHost("a", func(h *Host) {
		h.After(1, func() {
			h.Note("first")
			h.After(1, func() {
				h.Note("second")
				f.Resolve(1, nil)
			})
		})
		h.Go("main", func(p *Proc) {
			_, _ = f.Await(p, 0)
			h.Note("known")
			p.Sleep(1)
			h.Note("slept")
		})
	})
	on(h, 10, func() {
		w.Begin(Event{Kind: Deliver, Host: 0, Peer: NoHost, Name: "m"})
		w.Emit(Event{Kind: Send, Host: 0, Peer: NoHost, Name: "reply"})
	})
	w.At(20, h.Crash)
	w.At(21, h.Restart)
	w.Run(Limit{})
	require.Equal(t, map[string]string{
		"0s boot a":            "",
		"0s wake main":         "0s boot a",
		"1ns timer after":      "0s boot a",
		"1ns note first":       "1ns timer after",
		"2ns timer after":      "1ns timer after",
		"2ns note second":      "2ns timer after",
		"2ns wake main":        "2ns timer after",
		"2ns note known":       "2ns wake main",
		"3ns timer proc main":  "2ns wake main",
		"3ns note slept":       "3ns timer proc main",
		"10ns deliver m":       "",
		"10ns send reply":      "10ns deliver m",
		"20ns crash ":          "",
		"21ns restart a":       "",
		"22ns timer after":     "21ns restart a",
		"22ns note first":      "22ns timer after",
		"23ns timer after":     "22ns timer after",
		"23ns note second":     "23ns timer after",
		"21ns wake main":       "21ns restart a",
		"21ns note known":      "21ns wake main",
		"22ns timer proc main": "21ns wake main",
		"22ns note slept":      "22ns timer proc main",
	}, of)
}

func TestWhatWaitedKeepsItsCause(t *testing.T) {
	w := world(t, Config{})
	of := causes(w)
	h := w.AddHost("a", nil)
	w.At(1, h.Pause)
	w.At(2, func() {
		w.Begin(Event{Kind: Note, Host: NoHost, Peer: NoHost, Name: "sender"})
		h.Submit(task(func() { h.Note("held") }), 0)
	})
	w.At(3, func() {
		w.Begin(Event{Kind: Note, Host: NoHost, Peer: NoHost, Name: "plan"})
		h.Resume()
		h.Note("after")
		h.SetSlow(5)
	})
	w.At(4, func() {
		w.Begin(Event{Kind: Note, Host: NoHost, Peer: NoHost, Name: "slow sender"})
		h.Submit(task(func() { h.Note("served") }), 0)
	})
	w.Run(Limit{})
	require.Equal(t, "2ns note sender", of["3ns note held"])
	require.Equal(t, "3ns note plan", of["3ns resume "])
	require.Equal(t, "3ns note plan", of["3ns note after"])
	require.Equal(t, "4ns note slow sender", of["9ns note served"])
}

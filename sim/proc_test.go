package sim

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProcessesSleepAndRunInOrderOfTheirStart(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	w.AddHost("a", func(h *Host) {
		for _, name := range []string{"x", "y"} {
			h.Go(name, func(p *Proc) {
				require.Equal(t, h, p.Host())
				p.Sleep(second)
				h.Note("%s at %s", name, p.Now())
				p.Sleep(0)
				h.Note("%s ends", name)
			})
		}
		h.Note("booted")
	})
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a note booted", "0s a wake #1 x", "0s a wake #2 y",
		"1s a timer proc x", "1s a note x at 1s", "1s a timer proc y", "1s a note y at 1s",
		"1s a timer proc x", "1s a note x ends", "1s a timer proc y", "1s a note y ends"}, *got)
	require.Empty(t, w.hosts[0].procs)
	require.Len(t, w.timers.free, len(w.timers.places), "nothing of an ended process is left")
}

func TestABroadcastWakesAllThatWaitInOrder(t *testing.T) {
	w := world(t, Config{})
	var s Signal
	order := ""
	h := w.AddHost("a", func(h *Host) {
		for _, name := range []string{"x", "y", "z"} {
			h.Go(name, func(p *Proc) {
				p.Wait(&s)
				order += name
				p.Wait(&s)
				order += name
			})
		}
	})
	on(h, second, func() { s.Broadcast(); s.Broadcast(); order += "|" })
	on(h, 2*second, s.Broadcast)
	on(h, 3*second, s.Broadcast)
	w.Run(Limit{})
	require.Equal(t, "|xyzxyz", order)
}

func TestWaitForTellsASignalFromATimeout(t *testing.T) {
	for want, at := range map[string]Duration{
		"true at 1s":  second,
		"false at 2s": 3 * second,
	} {
		w := world(t, Config{})
		var s Signal
		got := ""
		h := w.AddHost("a", func(h *Host) {
			h.Go("main", func(p *Proc) {
				got = fmt.Sprint(p.WaitFor(&s, 2*second), " at ", p.Now())
				p.Sleep(10 * second)
				got += fmt.Sprint(" ", p.Now())
			})
		})
		on(h, at, s.Broadcast)
		w.Run(Limit{})
		require.Equal(t, fmt.Sprint(want, " ", map[Duration]string{second: "11s", 3 * second: "12s"}[at]), got)
	}
}

// Whichever is first within the instant counts, and nothing is lost or counted twice.
func TestASignalAndATimeoutAtOneInstant(t *testing.T) {
	for want, before := range map[string]bool{"signalled true": true, "signalled false": false} {
		w := world(t, Config{})
		var s Signal
		got := ""
		wakes := 0
		h := w.AddHost("a", nil)
		signal := func() { on(h, 2*second, s.Broadcast) }
		if before {
			signal()
		}
		on(h, second, func() {
			h.Go("main", func(p *Proc) {
				got = fmt.Sprint("signalled ", p.WaitFor(&s, second))
				wakes++
				p.Sleep(5 * second)
				require.Equal(t, Time(7*second), p.Now())
			})
		})
		w.RunFor(second)
		if !before {
			signal()
		}
		w.Run(Limit{})
		require.Equal(t, want, got)
		require.Equal(t, 1, wakes)
	}
}

func TestWaitingAgainAndAgainInVainKeepsASignalSmall(t *testing.T) {
	w := world(t, Config{})
	var s Signal
	w.AddHost("a", func(h *Host) {
		for range 10 {
			h.Go("main", func(p *Proc) {
				for range 1000 {
					require.False(t, p.WaitFor(&s, second))
				}
			})
		}
	})
	w.Run(Limit{})
	require.Less(t, cap(s.waiting), 100)
}

var errLate = errors.New("late")

func TestAFutureIsAwaitedUntilItIsResolvedOrTheTimeIsUp(t *testing.T) {
	w := world(t, Config{})
	var f Future[string]
	type result struct {
		value string
		err   error
		at    Time
	}
	got := map[string]result{}
	h := w.AddHost("a", func(h *Host) {
		await := func(name string, start, d Duration) {
			h.Go(name, func(p *Proc) {
				p.Sleep(start)
				v, err := f.Await(p, d)
				got[name] = result{v, err, p.Now()}
			})
		}
		await("patient", 0, 0)
		await("in time", 0, 3*second)
		await("timed out", 0, second)
		await("already known", 5*second, second)
		await("in the same instant", 0, 2*second)
	})
	on(h, 2*second, func() {
		require.False(t, f.Known())
		require.True(t, f.Resolve("yes", errLate))
		require.False(t, f.Resolve("no", nil))
		require.True(t, f.Known())
	})
	w.Run(Limit{})
	require.Equal(t, map[string]result{
		"patient":             {"yes", errLate, Time(2 * second)},
		"in time":             {"yes", errLate, Time(2 * second)},
		"timed out":           {"", ErrTimeout, Time(second)},
		"already known":       {"yes", errLate, Time(5 * second)},
		"in the same instant": {"yes", errLate, Time(2 * second)},
	}, got)
}

func TestKillingAProcessRunsItsDeferredCallsWithoutEffect(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	var s Signal
	unwound := ""
	h := w.AddHost("a", func(h *Host) {
		if h.Epoch() > 0 {
			return
		}
		for _, name := range []string{"x", "y"} {
			h.Go(name, func(p *Proc) {
				defer func() {
					unwound += name
					h.Note("unheard")
					s.Broadcast()
					h.Go("ghost", func(*Proc) { t.Error("started by the dead") })
					h.After(0, func() { t.Error("a timer of the dead") })
				}()
				p.Wait(&s)
				t.Error("woken by the dead")
			})
		}
	})
	w.At(Time(second), func() { h.Crash(); h.Restart() })
	w.Run(Limit{})
	require.Equal(t, "xy", unwound)
	require.Equal(t, []string{"0s a boot a", "0s a wake #1 x", "0s a wake #2 y", "1s a crash", "1s a restart a"}, *got)
}

func TestAKilledProcessThatRecoversEndsAtItsNextBlock(t *testing.T) {
	w := world(t, Config{})
	survived, ended := 0, false
	h := w.AddHost("a", func(h *Host) {
		h.Go("stubborn", func(p *Proc) {
			defer func() { ended = true }()
			for range 3 {
				func() {
					defer func() { _ = recover() }()
					p.Sleep(10 * second)
				}()
				survived++
			}
			p.Sleep(second)
			t.Error("it blocked and came back")
		})
	})
	w.At(Time(second), h.Crash)
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.Equal(t, 3, survived)
	require.True(t, ended)
	require.Empty(t, w.Findings())
}

func TestAProcessMayCrashItsOwnHost(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	unwound := ""
	h := w.AddHost("a", func(h *Host) {
		if h.Epoch() > 0 {
			return
		}
		h.Go("other", func(p *Proc) {
			defer func() { unwound += "other " }()
			p.Sleep(Duration(Forever))
		})
		h.Go("main", func(p *Proc) {
			defer func() { unwound += "main" }()
			p.Sleep(second)
			h.Crash()
			t.Error("it went on")
		})
	})
	w.At(Time(2*second), h.Restart)
	w.Run(Limit{})
	require.Equal(t, "other main", unwound)
	require.Equal(t, []string{"0s a boot a", "0s a wake #1 other", "0s a wake #2 main", "1s a timer proc main",
		"1s a crash", "2s a restart a"}, *got)
	require.Empty(t, w.Findings())
}

func TestAProcessKilledBeforeItRanNeverRuns(t *testing.T) {
	before := runtime.NumGoroutine()
	w := New(Config{})
	h := w.AddHost("a", nil)
	on(h, 0, func() {
		h.Go("main", func(*Proc) { t.Error("it ran") })
		h.Crash()
		h.Restart()
	})
	w.Run(Limit{})
	w.Close()
	settled(t, before)
}

func TestProcessesStartProcesses(t *testing.T) {
	w := world(t, Config{})
	var f Future[int]
	sum := 0
	w.AddHost("a", func(h *Host) {
		h.Go("parent", func(p *Proc) {
			h.Go("child", func(p *Proc) {
				p.Sleep(second)
				f.Resolve(42, nil)
			})
			sum, _ = f.Await(p, 0)
		})
	})
	w.Run(Limit{})
	require.Equal(t, 42, sum)
}

func TestClosingAWorldLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		w := New(Config{})
		h := w.AddHost("a", func(h *Host) {
			for i := range 50 {
				h.Go("main", func(p *Proc) {
					defer h.Go("ghost", func(*Proc) {})
					p.Sleep(Duration(i) * second)
				})
			}
		})
		w.RunFor(10 * second)
		h.Crash()
		h.Restart()
		w.RunFor(10 * second)
		w.Close()
	}
	settled(t, before)
}

func TestTenThousandProcessesOnOneHost(t *testing.T) {
	const n = 10000
	before := runtime.NumGoroutine()
	w := New(Config{})
	ended := 0
	w.AddHost("a", func(h *Host) {
		for i := range n {
			h.Go("main", func(p *Proc) {
				p.Sleep(Duration(i%7) * second)
				p.Sleep(Duration(i%11) * second)
				ended++
			})
		}
	})
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.Equal(t, n, ended)
	require.Equal(t, uint64(1+3*n), w.Events())
	w.Close()
	settled(t, before)
}

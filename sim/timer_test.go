package sim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATimerFiresOnceAfterItsLastReset(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	w.AddHost("a", func(h *Host) {
		tick := h.Timer("tick", func() {})
		require.Equal(t, "tick", tick.Name())
		require.False(t, tick.Running(), "made stopped")
		tick.Reset(5 * second)
		tick.Reset(second)
		tick.Reset(3 * second)
		require.True(t, tick.Running())
		require.Equal(t, Time(3*second), tick.Due())
		h.Timer("never", func() {})
		h.Timer("past", func() {}).Reset(-second)
	})
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a timer past", "3s a timer tick"}, *got)
}

func TestAStoppedTimerDoesNotFireAndMayRunAgain(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	var tick *Timer
	h := w.AddHost("a", func(h *Host) {
		tick = h.Timer("tick", func() {})
		require.False(t, tick.Stop())
		tick.Reset(second)
	})
	on(h, 0, func() {
		require.True(t, tick.Stop())
		require.False(t, tick.Stop())
		require.False(t, tick.Running())
	})
	on(h, 5*second, func() { tick.Reset(second) })
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "6s a timer tick"}, *got)
}

func TestATimerMayResetAndStopItselfAndOthersThatAreDue(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	w.AddHost("a", func(h *Host) {
		var first, second *Timer
		n := 0
		first = h.Timer("first", func() {
			require.False(t, first.Running())
			require.False(t, first.Stop())
			if n++; n < 3 {
				first.Reset(ms)
			}
			second.Stop()
		})
		second = h.Timer("second", func() { t.Error("it was stopped at its instant") })
		first.Reset(ms)
		second.Reset(ms)
	})
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "1ms a timer first", "2ms a timer first", "3ms a timer first"}, *got)
}

// The place of a timer made by After serves others once it fired or was stopped.
func TestAUsedTimerOfAfterDoesNotTouchItsSuccessor(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	w.AddHost("a", func(h *Host) {
		stopped := h.After(second, func() { t.Error("it was stopped") })
		require.True(t, stopped.Stop())
		heir := h.After(2*second, func() { h.Note("heir") })
		require.Equal(t, stopped.place, heir.place)
		require.False(t, stopped.Stop())
		stopped.Reset(0)
		require.True(t, heir.Running())

		var fired *Timer
		fired = h.After(3*second, func() {
			h.After(second, func() { h.Note("second heir") })
			fired.Reset(0)
			require.False(t, fired.Stop())
		})
	})
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "2s a timer after", "2s a note heir", "3s a timer after",
		"4s a timer after", "4s a note second heir"}, *got)
	require.Len(t, w.timers.places, 2)
}

func TestResettingATimerOnEveryMessageKeepsTheQueueShort(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	longest, fired := 0, 0
	on(h, 0, func() {
		timers := make([]*Timer, 10)
		for i := range timers {
			timers[i] = h.Timer("election", func() { fired++ })
		}
		for i := range 100000 {
			timers[i%10].Reset(second)
			longest = max(longest, w.queue.n)
		}
	})
	w.Run(Limit{})
	require.Less(t, longest, 200)
	require.Equal(t, 10, fired)
	require.Zero(t, w.stale)
}

func TestStaleTimersAreCountedRight(t *testing.T) {
	for _, interleave := range []bool{false, true} {
		w := world(t, Config{Seed: 3, Interleave: interleave})
		count := func() {
			n := 0
			w.queue.sweep(func(it item) bool {
				if w.isStale(it) {
					n++
				}
				return true
			})
			require.Equal(t, n, w.stale)
		}
		w.AfterStep(count)
		var hosts []*Host
		for _, name := range []string{"a", "b", "c"} {
			hosts = append(hosts, w.AddHost(name, func(h *Host) {
				r := h.Key("delays").Num(uint64(h.Epoch())).Rand()
				timers := make([]*Timer, 5)
				for i := range timers {
					timers[i] = h.Timer("t", func() {
						timers[r.IntN(5)].Reset(Duration(r.IntN(10)))
						timers[r.IntN(5)].Stop()
						timers[i].Reset(Duration(r.IntN(10)))
						h.After(Duration(r.IntN(10)), func() {})
					})
					timers[i].Reset(Duration(i))
				}
			}))
		}
		for i := range Time(300) {
			h := hosts[i%3]
			w.At(i*10, []func(){h.Crash, h.Pause, func() { h.SetDrift(int64(i) * 1e6) }, h.Restart, h.Resume}[i%5])
		}
		w.Run(Limit{Until: 3000})
		require.Greater(t, w.Events(), uint64(1000))
	}
}

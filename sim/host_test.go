package sim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACrashDiscardsTimersTasksAndProcesses(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", func(h *Host) {
		if h.Epoch() > 0 {
			return
		}
		h.Timer("lost", func() {}).Reset(5 * second)
		h.Go("main", func(p *Proc) {
			defer func() { h.Note("unheard") }()
			p.Sleep(10 * second)
			t.Error("it was killed")
		})
	})
	w.At(Time(second), func() { h.SetSlow(second) })
	post(h, second, 1, 2)
	w.At(Time(1500*ms), h.Crash)
	w.At(Time(1600*ms), h.Crash)
	post(h, 2*second, 3)
	w.At(Time(3*second), func() { h.SetSlow(0) })
	w.At(Time(4*second), h.Restart)
	w.At(Time(4*second), h.Restart)
	post(h, 6*second, 4)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a wake #1 main", "1s a fault slow 1s", "1.5s a crash",
		"1.5s a drop #1", "1.5s a drop #2", "2s a drop #3", "3s a fault slow 0s", "4s a restart a", "6s a deliver #4"}, *got)
	require.Equal(t, []FaultCount{
		{Name: "slow a", Fired: 1, Effect: 1},
		{Name: "crash a", Fired: 1, Effect: 5}, // two timers running, a process, two tasks
		{Name: "restart a", Fired: 1, Effect: 1},
	}, w.Faults())
	require.Equal(t, uint32(1), h.Epoch())
}

func TestARestartBootsAnew(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", func(h *Host) {
		n := 0
		h.Timer("tick", func() {
			n++
			h.Note("boot %d tick %d", h.Epoch(), n)
		}).Reset(second)
	})
	require.True(t, h.Up())
	w.At(Time(1500*ms), h.Crash)
	w.At(Time(1700*ms), func() { require.False(t, h.Up()) })
	w.At(Time(2*second), h.Restart)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "1s a timer tick", "1s a note boot 0 tick 1", "1.5s a crash",
		"2s a restart a", "3s a timer tick", "3s a note boot 1 tick 1"}, *got)
}

func TestTimersOfAnEarlierBootDoNothing(t *testing.T) {
	w := world(t, Config{})
	var old *Timer
	h := w.AddHost("a", func(h *Host) {
		if h.Epoch() == 0 {
			old = h.Timer("old", func() { t.Error("an old timer fired") })
			old.Reset(10 * second)
		} else {
			h.Timer("new", func() {}).Reset(10 * second)
		}
	})
	on(h, second, func() {
		h.Crash()
		old.Reset(0)
		h.After(0, func() { t.Error("a timer of a host that is down fired") })
		h.Go("ghost", func(*Proc) { t.Error("a process of a host that is down ran") })
		h.Note("unheard")
		h.Restart()
		old.Reset(second)
		require.False(t, old.Stop())
	})
	got := told(t, w)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "1s a crash", "1s a restart a", "11s a timer new"}, *got)
}

func TestAHostThatCrashedBeforeItBootedBootsOnRestart(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", nil)
	h.Crash()
	w.At(5, h.Restart)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a crash", "5ns a restart a"}, *got)
}

func TestAPauseHoldsEverythingAndResumeDeliversInOrder(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", func(h *Host) {
		h.Timer("tick", func() {}).Reset(3 * second)
		h.Go("main", func(p *Proc) { p.Sleep(4 * second); h.Note("awake at %s", p.Now()) })
	})
	w.At(Time(second), h.Pause)
	w.At(Time(second), h.Pause)
	post(h, 2*second, 1, 2)
	post(h, 5*second, 3)
	w.At(Time(6*second), func() { require.True(t, h.Up() && h.Paused()) })
	w.At(Time(7*second), h.Resume)
	w.At(Time(7*second), h.Resume)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a wake #1 main", "1s a pause", "7s a resume", "7s a deliver #1",
		"7s a deliver #2", "7s a timer tick", "7s a timer proc main", "7s a note awake at 7s", "7s a deliver #3"}, *got)
	require.Equal(t, []FaultCount{{Name: "pause a", Fired: 1, Effect: 5}}, w.Faults())
}

func TestATimerStoppedOrResetWhileItWaitedDoesNotFireEarly(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	var stopped, reset *Timer
	h := w.AddHost("a", func(h *Host) {
		stopped = h.Timer("stopped", func() {})
		reset = h.Timer("reset", func() {})
	})
	on(h, 0, func() {
		stopped.Reset(2 * second)
		reset.Reset(2 * second)
	})
	w.At(Time(second), h.Pause)
	w.At(Time(3*second), func() {
		require.True(t, stopped.Running(), "due, and held")
		require.True(t, stopped.Stop())
		reset.Reset(4 * second)
	})
	w.At(Time(4*second), h.Resume)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "1s a pause", "4s a resume", "7s a timer reset"}, *got)
}

func TestASlowHostQueuesAndEachTaskTakesItsTime(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", nil)
	w.At(0, func() { h.SetSlow(2 * second) })
	post(h, second, 1, 2, 3)
	post(h, 20*second, 4)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a fault slow 2s", "3s a deliver #1", "5s a deliver #2",
		"7s a deliver #3", "22s a deliver #4"}, *got)
	require.Equal(t, uint64(4), w.FaultCount("slow a").Effect)
	require.PanicsWithValue(t, "sim: a processing time is negative", func() { h.SetSlow(-1) })
}

func TestSetSlowToZeroServesTheRestAtOnceAfterTheTaskInHand(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", nil)
	w.At(0, func() { h.SetSlow(2 * second) })
	post(h, second, 1, 2, 3)
	w.At(Time(2*second), func() { h.SetSlow(0) })
	post(h, 2500*ms, 4)
	post(h, 9*second, 5)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a fault slow 2s", "2s a fault slow 0s", "3s a deliver #1",
		"3s a deliver #2", "3s a deliver #3", "3s a deliver #4", "9s a deliver #5"}, *got)
}

func TestTasksOfAHostDoNotNest(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", nil)
	w.At(0, func() { h.SetSlow(second) })
	on(h, 0, func() {
		h.Note("begin")
		h.SetSlow(0)
		h.Note("end")
	})
	post(h, 0, 1, 2)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a fault slow 1s", "1s a note begin", "1s a fault slow 0s", "1s a note end",
		"1s a deliver #1", "1s a deliver #2"}, *got)
}

func TestAPauseWhileServingStartsTheTaskAnew(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", nil)
	w.At(0, func() { h.SetSlow(4 * second) })
	post(h, second, 1)
	w.At(Time(2*second), h.Pause)
	w.At(Time(10*second), h.Resume)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a fault slow 4s", "2s a pause", "10s a resume", "14s a deliver #1"}, *got)
}

func TestACrashWhilePausedLosesWhatWasHeldAndEndsThePause(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", nil)
	w.At(Time(second), h.Pause)
	post(h, 2*second, 1)
	w.At(Time(3*second), h.Crash)
	w.At(Time(4*second), h.Resume)
	w.At(Time(4*second), h.Pause)
	w.At(Time(5*second), h.Restart)
	post(h, 6*second, 2)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "1s a pause", "3s a crash", "3s a drop #1", "5s a restart a", "6s a deliver #2"}, *got)
}

func TestNothingOfAnEarlierBootIsServedAfterARestart(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", nil)
	w.At(0, func() { h.SetSlow(4 * second) })
	post(h, second, 1)
	w.At(Time(2*second), h.Crash)
	w.At(Time(2*second), h.Restart)
	post(h, 3*second, 2)
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "0s a fault slow 4s", "2s a crash", "2s a drop #1", "2s a restart a", "7s a deliver #2"}, *got)
}

func TestAHostMayCrashItselfFromAHandler(t *testing.T) {
	for _, slow := range []Duration{0, second} {
		w := world(t, Config{})
		got := told(t, w)
		h := w.AddHost("a", nil)
		w.At(0, func() { h.SetSlow(slow) })
		on(h, second, func() {
			h.Note("last words")
			h.Crash()
			h.Note("unheard")
		})
		post(h, second, 1)
		require.Equal(t, Quiescent, w.Run(Limit{}))
		require.Equal(t, "a drop #1", (*got)[len(*got)-1][len(Time(second+slow).String())+1:])
		require.Contains(t, *got, Time(second+slow).String()+" a note last words")
		require.Contains(t, *got, Time(second+slow).String()+" a crash")
		require.Empty(t, w.Findings())
	}
}

func TestAHostMayResumeAnotherAndGoOn(t *testing.T) {
	w := world(t, Config{})
	a, b := w.AddHost("a", nil), w.AddHost("b", nil)
	w.At(Time(second), b.Pause)
	post(b, 2*second, 7)
	var resumed uint64
	on(a, 3*second, func() {
		a.w.Begin(Event{Kind: Note, Host: a.id, Peer: NoHost, Name: "round"})
		resumed = w.Cause()
		b.Resume()
		require.Equal(t, resumed, w.Cause(), "what b did is not the cause of what a does next")
		panic("on a")
	})
	require.Equal(t, Panicked, w.Run(Limit{}))
	require.Equal(t, a.ID(), w.Findings()[0].Host)
	require.Equal(t, resumed, w.Findings()[0].Event)
	require.True(t, b.Up())
}

func TestMessagesLostByBeingDownCountAsAnEffectOfTheCrash(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	h.DownDrop()
	require.Equal(t, []FaultCount{{Name: "crash a", Effect: 1}}, w.Faults())
}

func TestAHostsRandomnessIsKeyedByItsNameAndThePurpose(t *testing.T) {
	draw := func(seed uint64, host, purpose string) uint64 {
		w := world(t, Config{Seed: seed})
		w.AddHost("first", nil).Rand("x").Uint64()
		return w.AddHost(host, nil).Rand(purpose).Uint64()
	}
	require.Equal(t, draw(1, "a", "p"), draw(1, "a", "p"))
	require.Equal(t, NewKey(1).Sub("host").Sub("a").Sub("p").Rand().Uint64(), draw(1, "a", "p"))
	require.NotEqual(t, draw(1, "a", "p"), draw(2, "a", "p"))
	require.NotEqual(t, draw(1, "a", "p"), draw(1, "b", "p"))
	require.NotEqual(t, draw(1, "a", "p"), draw(1, "a", "q"))
}

func TestAnInboxReusesItsMemory(t *testing.T) {
	var r FIFO[job]
	next, want := uint64(0), uint64(0)
	push := func() { r.Push(job{arg: next}); next++ }
	for range 50 {
		push()
	}
	for range 100000 {
		push()
		require.Equal(t, want, r.Pop().arg)
		want++
	}
	require.Equal(t, 50, r.Len())
	require.Less(t, cap(r.items), 500)
}

func TestHurryEndsTheProcessingTimeOfTheTaskInHand(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	var done []Time
	for at := range 3 {
		w.At(Time(at+1), func() { h.Submit(task(func() { done = append(done, w.Now()) }), 0) })
	}
	w.At(0, func() { h.SetSlow(second) })
	w.At(5, h.Hurry)
	w.Run(Limit{})
	require.Equal(t, []Time{5, 5 + Time(second), 5 + Time(2*second)}, done)
	h.Hurry() // nothing is in hand
	require.True(t, h.Up())
}

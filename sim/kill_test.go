package sim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAKilledProcessNeverGoesOnAndItsHostDoes(t *testing.T) {
	w := world(t, Config{})
	var s Signal
	var log []string
	say := func(text string) { log = append(log, text) }
	var victims []*Proc
	h := w.AddHost("a", func(h *Host) {
		victims = []*Proc{
			h.Go("sleeps", func(p *Proc) {
				defer say("sleeper unwound")
				p.Sleep(2 * second)
				say("never")
			}),
			h.Go("waits", func(p *Proc) {
				defer func() {
					say("waiter unwound")
					h.Go("heir", func(*Proc) { say("its deferred call started a process") })
					p.Sleep(second)
					say("never")
				}()
				p.Wait(&s)
				say("never")
			}),
			h.Go("ended", func(*Proc) {}),
		}
		h.Go("bystander", func(p *Proc) { p.Sleep(3 * second); say("bystander ends") })
	})
	on(h, second, func() {
		s.Broadcast() // the wake-up of one that is killed within the instant comes to nothing
		for _, p := range append(victims, victims...) {
			p.Kill()
		}
		stillborn := h.Go("stillborn", func(*Proc) { say("never") })
		stillborn.Kill()
	})
	w.Run(Limit{})
	require.Equal(t, []string{"sleeper unwound", "waiter unwound", "its deferred call started a process",
		"bystander ends"}, log)
	require.Empty(t, w.Findings())
	require.True(t, h.Up())
	require.Empty(t, h.procs)
	require.Len(t, w.timers.free, len(w.timers.places), "nothing of a killed process is left")
}

func TestAProcessThatKillsItselfDoesNotReturn(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	reached := ""
	on(h, 0, func() {
		var self *Proc
		self = h.Go("self", func(p *Proc) {
			defer func() { reached += "unwound" }()
			require.Nil(t, p.Guard(func() { self.Kill() }))
			reached += "never"
		})
	})
	w.Run(Limit{})
	require.Equal(t, "unwound", reached)
	require.Empty(t, w.Findings())
	require.Empty(t, h.procs)
}

// A process of one host resumes another host, whose code kills it: it stands on the stack.
func TestAProcessThatResumedItsKillerEndsWhenItWouldBlock(t *testing.T) {
	w := world(t, Config{})
	a, b := w.AddHost("a", nil), w.AddHost("b", nil)
	reached := ""
	on(a, second, func() {
		p := a.Go("p", func(p *Proc) {
			b.Resume()
			reached += "runs on, "
			p.Sleep(second)
			reached += "never"
		})
		b.Pause()
		b.Submit(task(func() { p.Kill(); reached += "killed, " }), 0)
	})
	w.Run(Limit{})
	require.Equal(t, "killed, runs on, ", reached)
	require.Empty(t, a.procs)
}

func TestGuardReturnsPanicsOfTheProcessOnly(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	var failed, fine *Finding
	on(h, second, func() {
		h.Go("p", func(p *Proc) {
			fine = p.Guard(func() { p.Sleep(second) })
			failed = p.Guard(func() { panic("bang") })
		})
	})
	w.Run(Limit{})
	require.Nil(t, fine)
	require.Equal(t, "bang", failed.Message)
	require.Equal(t, Time(2*second), failed.At)
	require.Contains(t, failed.Stack[0], "kill_test.go")
	require.Empty(t, w.Findings())
	require.True(t, h.Up())

	w = world(t, Config{})
	h = w.AddHost("a", nil)
	w.Observe(func(e *Event) {
		if e.Kind == Note {
			panic("the observer's")
		}
	})
	on(h, 0, func() { h.Go("p", func(p *Proc) { p.Guard(func() { h.Note("x") }) }) })
	require.PanicsWithValue(t, "the observer's", func() { w.Run(Limit{}) })

	w = world(t, Config{})
	h = w.AddHost("a", nil)
	on(h, 0, func() { h.Go("p", func(p *Proc) { p.Guard(func() { p.Sleep(2 * second) }); panic("never") }) })
	on(h, second, h.Crash)
	w.Run(Limit{})
	require.Empty(t, w.Findings(), "a crash goes through")
}

func TestADeferredCallOfAKilledProcessMayPanicOrCrashItsHost(t *testing.T) {
	for name, last := range map[string]func(h *Host){
		"panic": func(*Host) { panic("in its last words") },
		"crash": func(h *Host) { h.Crash() },
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, Config{})
			h := w.AddHost("a", nil)
			on(h, 0, func() {
				p := h.Go("p", func(p *Proc) {
					defer last(h)
					p.Sleep(second)
				})
				h.After(second/2, p.Kill)
			})
			w.Run(Limit{})
			require.False(t, h.Up())
			require.Len(t, w.Findings(), map[string]int{"panic": 1, "crash": 0}[name])
		})
	}
}

// A process of one host resumes another host, one of whose processes crashes the first.
func TestACrashLeavesAProcessUpTheStackToUnwindItself(t *testing.T) {
	w := world(t, Config{})
	a, b := w.AddHost("a", nil), w.AddHost("b", nil)
	var s Signal
	log := ""
	on(b, 0, func() {
		b.Go("r", func(p *Proc) {
			p.Wait(&s)
			a.Crash()
			log += "crashed, "
			p.Sleep(second)
			log += "its killer lives"
		})
	})
	on(b, second, func() { s.Broadcast(); b.Pause() })
	on(a, 2*second, func() {
		a.Go("p", func(p *Proc) {
			defer func() { log += "unwound, " }()
			b.Resume()
			p.Sleep(second)
			log += "never"
		})
	})
	w.Run(Limit{})
	require.Empty(t, w.Findings())
	require.Equal(t, "crashed, unwound, its killer lives", log)
}

func TestTheLastCallsOfAKilledProcessMayKillItsKiller(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	log := ""
	on(h, 0, func() {
		var victim, killer *Proc
		victim = h.Go("victim", func(p *Proc) {
			defer func() { killer.Kill(); log += "to the end, " }()
			p.Sleep(2 * second)
		})
		killer = h.Go("killer", func(p *Proc) {
			p.Sleep(second)
			victim.Kill()
			log += "until it blocks"
			p.Sleep(second)
			log += "never"
		})
	})
	w.Run(Limit{})
	require.Equal(t, "to the end, until it blocks", log)
	require.Empty(t, h.procs)
}

// Who must know why it is unwound recovers, asks, and panics on.
func TestAKillIsToldFromAPanic(t *testing.T) {
	w := world(t, Config{})
	var kills []bool
	ask := func() {
		r := recover()
		kills = append(kills, IsKill(r))
		panic(r)
	}
	h := w.AddHost("a", nil)
	p := h.Go("sleeps", func(p *Proc) { defer ask(); p.Sleep(second) })
	crashes := h.Go("panics", func(*Proc) { defer ask(); panic("oops") })
	w.RunFor(1)
	p.Kill()
	crashes.Kill()
	require.Equal(t, []bool{false, true}, kills)
	require.Len(t, w.Findings(), 1, "of the panic")
	require.False(t, IsKill(nil))
}

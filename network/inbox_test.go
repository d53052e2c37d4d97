package network_test

import (
	"testing"
	"time"

	"phoenix/network"
	"phoenix/sim"

	"github.com/stretchr/testify/require"
)

func TestAFullInboxLosesMessages(t *testing.T) {
	busy := map[string]func(h *sim.Host){
		"paused": func(h *sim.Host) { h.Pause() },
		"slow":   func(h *sim.Host) { h.SetSlow(100 * ms) },
	}
	for name, begin := range busy {
		p := newPost(1, delayed(10*ms), "a", "b")
		p.n.SetInbox(1, 3)
		p.at(ms, func() { begin(p.w.Host(1)) })
		chatter(p, 5)
		p.send(0, 1, 1, "to itself")
		p.send(14*ms, 1, 1, "to itself, when it is full")
		p.at(50*ms, func() { require.Equal(t, 4, p.w.Host(1).Waiting(), name) })
		p.at(60*ms, func() { p.n.SetInbox(1, 0) })
		p.send(60*ms, 0, 1, "later")
		p.at(150*ms, func() { p.w.Host(1).Resume() })
		p.run(t)
		require.Equal(t, []any{"to itself", 0, 1, 2, "to itself, when it is full", "later"}, p.bodies(1), name)
		require.Equal(t, map[string]int{"inbox full": 2}, p.drops(), name)
		require.Equal(t, sim.FaultCount{Name: "inbox b", Fired: 1, Effect: 2}, p.faults("inbox b"))
	}
}

func TestAFreeHostNeedsNoInbox(t *testing.T) {
	p := newPost(1, delayed(10*ms), "a", "b")
	p.n.SetInbox(0, 1)
	p.n.SetInbox(1, 1)
	for range 10 {
		p.send(0, 0, 1, "at one instant")
	}
	p.run(t)
	require.Len(t, p.got[1], 10)
	require.Zero(t, p.faults("inbox b").Effect)
}

func TestTimersAreNotLostToAFullInbox(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	fired := 0
	p.n.SetInbox(1, 1)
	p.at(0, func() {
		for i := range time.Duration(3) {
			p.ep[1].After(i*ms, func() { fired++ })
		}
		p.w.Host(1).Pause()
	})
	p.send(5*ms, 0, 1, "lost")
	p.at(10*ms, func() { p.w.Host(1).Resume() })
	p.run(t)
	require.Equal(t, 3, fired)
	require.Equal(t, map[string]int{"inbox full": 1}, p.drops())
}

func TestAHostThatIsDownIsNotFull(t *testing.T) {
	p := newPost(1, network.Config{}, "a", "b")
	p.n.SetInbox(1, 1)
	p.at(0, func() { p.w.Host(1).Crash() })
	p.send(ms, 0, 1, "lost")
	p.run(t)
	require.Equal(t, map[string]int{"host down": 1}, p.drops())
}

func TestAnInboxThatCannotBePanics(t *testing.T) {
	p := newPost(1, network.Config{}, "a")
	require.Panics(t, func() { p.n.SetInbox(1, 1) })
	require.Panics(t, func() { p.n.SetInbox(0, -1) })
}

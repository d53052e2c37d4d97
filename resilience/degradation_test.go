package resilience

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/simtest"
)

func TestMistakesInTriggersAreNamed(t *testing.T) {
	for want, mistake := range map[string]Trigger{
		"Triggers[0] (a): Signal is empty":                          {Cause: "a", Level: LevelLimited, Enter: 2, Exit: 1},
		"Level is normal, expected limited to shutdown":             {Signal: "s", Enter: 2, Exit: 1},
		"Exit 2 must be better than Enter 2":                        {Signal: "s", Level: LevelLimited, Enter: 2, Exit: 2},
		"Exit 1 must be better than Enter 2":                        {Signal: "s", Level: LevelLimited, Enter: 2, Exit: 1, Below: true},
		"Down 1s must be longer than Up 2s, or the level flaps":     {Signal: "s", Level: LevelLimited, Enter: 2, Down: time.Second},
		"Stale -1s must not be negative":                            {Signal: "s", Level: LevelLimited, Enter: 2, Stale: -time.Second},
		"Level is resilience.Level 9, expected limited to shutdown": {Signal: "s", Level: 9, Enter: 2},
		"Down 20s must be longer than Up 1m0s, or the level flap":   {Signal: "s", Level: LevelLimited, Enter: 2, Up: time.Minute},
	} {
		require.Contains(t, panicOf(func() { NewDegradation(&hand{}, DegradationConfig{Triggers: []Trigger{mistake}}) }), want)
	}
	require.Contains(t, panicOf(func() { NewDegradation(&hand{}, DegradationConfig{Dwell: -1}) }), "Dwell -1ns")
}

// panicOf returns the text that fn panics with.
func panicOf(fn func()) (text string) {
	defer func() { text, _ = recover().(string) }()
	fn()
	return ""
}

func TestSwitchesMayUseTheDegradationTheyBelongTo(t *testing.T) {
	d := NewDegradation(&hand{}, DegradationConfig{})
	var seen []Level
	d.Register(Feature{Name: "a", Off: func() {
		seen = append(seen, d.Level())
		d.Raise("the switch failed", LevelEssential)
	}})
	d.Register(Feature{Name: "b", Last: LevelLimited, Off: func() { seen = append(seen, d.Level()) }})
	d.Raise("cause", LevelLimited)
	require.Equal(t, []Level{LevelLimited, LevelEssential}, seen)
}

func TestASwitchThatPanicsLeavesTheDegradationUsable(t *testing.T) {
	d := NewDegradation(&hand{}, DegradationConfig{})
	d.Register(Feature{Name: "a", Off: func() { panic("cannot") }})
	require.PanicsWithValue(t, "cannot", func() { d.Raise("cause", LevelLimited) })
	told := 0
	d.Register(Feature{Name: "b", Off: func() { told++ }})
	require.Equal(t, 1, told)
	require.Equal(t, LevelLimited, d.Level())
}

func TestChangesAreToldInOrderUnderLoad(t *testing.T) {
	var changes []Change // told one at a time: the race detector watches
	d := NewDegradation(System(), DegradationConfig{Dwell: 1, Triggers: testTriggers,
		OnChange: func(c Change) { changes = append(changes, c) }})
	d.Register(Feature{Name: "search"})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 300 {
				switch (i + worker) % 5 {
				case 0:
					d.Raise("cause", Level(i%4))
				case 1:
					d.Clear("cause")
				case 2:
					d.Observe("nodes", int64(i%4))
				case 3:
					d.Available("search")
				case 4:
					d.Status()
				}
			}
		})
	}
	all.Wait()
	require.NotEmpty(t, changes)
	for i, c := range changes[1:] {
		require.Equal(t, changes[i].To, c.From)
	}
}

func TestDegradationRunsOnTheClockOfTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDegradation(System(), DegradationConfig{Triggers: []Trigger{ErrorRateTrigger}})
		d.Observe("errors percent", 50)
		time.Sleep(DefaultUp - 1)
		require.Equal(t, LevelNormal, d.Level())
		time.Sleep(time.Nanosecond)
		require.Equal(t, LevelLimited, d.Level())
		d.Observe("errors percent", 0)
		time.Sleep(DefaultDown)
		require.Equal(t, LevelNormal, d.Level())
	})
}

// A node measures its peers by their greetings and degrades by what it hears.
type watcher struct {
	ep    *network.Endpoint
	d     *Degradation
	heard map[network.ID]bool
	seen  int // in the last second, itself included
	beat  *sim.Timer
}

func (w *watcher) Receive(from network.ID, _ any) { w.heard[from] = true }

func (w *watcher) tick() {
	w.seen = len(w.heard)
	w.d.Observe("reachable nodes", int64(w.seen))
	clear(w.heard)
	for _, id := range w.ep.Nodes() {
		w.ep.Send(id, "hello")
	}
	w.beat.Reset(time.Second)
}

// watched runs three such nodes, one of which is alone from 10 s to 30 s, and returns its changes.
func watched(w *sim.World) []Change {
	n := network.New(w, network.Config{Link: network.Link{Delay: network.Uniform(time.Millisecond, 20*time.Millisecond)}})
	var changes []Change
	for _, name := range []string{"a", "b", "c"} {
		n.Add(name, func(ep *network.Endpoint) network.Handler {
			h := &watcher{ep: ep, heard: map[network.ID]bool{}}
			h.d = NewDegradation(ep, DegradationConfig{Triggers: []Trigger{PartitionTrigger}, OnChange: func(c Change) {
				ep.Note("%v to %v: %s", c.From, c.To, c.Why)
				if name == "a" {
					changes = append(changes, c)
				}
			}})
			h.beat = ep.Timer("beat", h.tick)
			h.beat.Reset(5 * time.Second)
			return h
		})
	}
	w.RunFor(10 * time.Second)
	cut := n.Partition("a alone", network.Complete([]network.ID{0}, []network.ID{1, 2}))
	w.RunFor(20 * time.Second)
	cut.Heal()
	w.RunFor(60 * time.Second)
	return changes
}

func TestAPartitionedNodeDegradesAndRecoversInAWorld(t *testing.T) {
	w := sim.New(sim.Config{Seed: 3})
	defer w.Close()
	require.Equal(t, []Change{
		{At: sim.Time(13 * time.Second), From: LevelNormal, To: LevelEssential, Why: "network partition"},
		{At: sim.Time(52 * time.Second), From: LevelEssential, To: LevelLimited, Why: "recovered"},
		{At: sim.Time(62 * time.Second), From: LevelLimited, To: LevelNormal, Why: "recovered"},
	}, watched(w))
}

func TestDegradationInAWorldIsDeterministic(t *testing.T) {
	simtest.Twice(t, simtest.Options{Seeds: sim.SeedRange{Count: 10}}, func(w *sim.World) { watched(w) })
}

func TestAskingForTheLevelAllocatesNothing(t *testing.T) {
	d := NewDegradation(System(), DegradationConfig{Triggers: testTriggers})
	d.Register(Feature{Name: "search"})
	require.Zero(t, testing.AllocsPerRun(100, func() {
		d.Observe("nodes", 3)
		d.Available("search")
	}))
}

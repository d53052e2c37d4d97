package sim

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// clerk is a Scheduler that picks with a function and notes what it was shown.
type clerk struct {
	Chooser
	pick  func([]Pending) int
	shown [][]Pending
}

func (c *clerk) Next(options []Pending) int {
	c.shown = append(c.shown, slices.Clone(options))
	return c.pick(options)
}

// lastFirst is the Chooser that takes what was scheduled last.
type lastFirst struct{}

func (lastFirst) Choose(_ string, n int) int { return n - 1 }

func TestUntimedAnyPendingEventMayComeNextInOrderOfScheduling(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(300) {
		w := world(t, Config{Seed: seed, Untimed: true})
		order := ""
		for i, name := range []string{"a", "b", "c", "d"} {
			w.At(Time(100-i), func() { order += name })
		}
		require.Equal(t, Quiescent, w.Run(Limit{}))
		seen[order] = true
	}
	require.Len(t, seen, 24)

	w := world(t, Config{Untimed: true, Chooser: lastFirst{}})
	lines := told(t, w)
	w.At(5, func() { w.Emit(Event{Kind: Note, Host: NoHost, Peer: NoHost, Name: "first"}) })
	w.At(3, func() { w.Emit(Event{Kind: Note, Host: NoHost, Peer: NoHost, Name: "second"}) })
	w.At(9, func() { w.Emit(Event{Kind: Note, Host: NoHost, Peer: NoHost, Name: "third"}) })
	w.Run(Limit{})
	require.Equal(t, []Pick{{"next", 3, 2}, {"next", 2, 1}}, w.Picks())
	require.Equal(t, []string{
		"0s world choice next", "9ns world note third",
		"9ns world choice next", "9ns world note second", "9ns world note first",
	}, *lines, "time becomes the greater of now and that of the event")
}

func TestUntimedNeitherCancelledTimersNorWhatIsBeyondTheLimitAreOffered(t *testing.T) {
	c := &clerk{pick: func([]Pending) int { return 0 }}
	w := world(t, Config{Untimed: true, Chooser: c})
	fired := ""
	h := w.AddHost("a", func(h *Host) {
		late := h.Timer("late", func() { fired += "late " })
		late.Reset(2 * second)
		h.Timer("never", func() { fired += "never " }).Reset(second)
		again := h.Timer("again", func() { fired += "again " })
		for range 1000 {
			again.Reset(second)
		}
		h.timersNamed("never")[0].Stop()
	})
	require.Equal(t, TimeLimit, w.Run(Limit{Until: Time(second)}))
	require.Equal(t, "again ", fired)
	require.Equal(t, Time(second), w.Now())
	require.Len(t, w.order.pending, 1)
	require.Equal(t, TimeLimit, w.RunFor(ms))
	require.Equal(t, Time(second+ms), w.Now())
	require.Equal(t, Quiescent, w.Run(Limit{}))
	require.Equal(t, "again late ", fired)
	require.Equal(t, Time(2*second), w.Now())
	require.Empty(t, w.Picks(), "there was never a choice")
	require.Len(t, c.shown, 3)
	require.Equal(t, Pending{Kind: Boot, Host: h.ID(), Peer: NoHost}, c.shown[0][0])
	for i, name := range []string{"again", "late"} {
		o := c.shown[i+1]
		require.Len(t, o, 1)
		require.Equal(t, []any{Fire, h.ID(), name, Time(second) * Time(i+1)}, []any{o[0].Kind, o[0].Host, o[0].Name, o[0].At})
	}
}

// timersNamed returns the timers of h that have a name.
func (h *Host) timersNamed(name string) (found []*Timer) {
	for _, p := range h.w.timers.places {
		if p.v != nil && p.v.host == h && p.v.name == name {
			found = append(found, p.v)
		}
	}
	return found
}

// mixed makes a world in which all kinds of events are pending at a time.
func mixed(t testing.TB, cfg Config) *World {
	w := gamble(t, cfg)
	slow := w.AddHost("slow", func(h *Host) {
		var signal Signal
		h.Go("waits", func(p *Proc) {
			for range 3 {
				p.WaitFor(&signal, 3*second)
			}
			h.Note("waited")
		})
		h.Go("signals", func(p *Proc) {
			for range 5 {
				p.Sleep(second)
				signal.Broadcast()
			}
		})
	})
	w.At(Time(second), func() { slow.SetSlow(second) })
	w.At(Time(2*second), w.Host(0).Crash)
	w.At(Time(3*second), w.Host(0).Restart)
	return w
}

func TestATapeOfAnUntimedOrScheduledWorldReplaysToTheSameDigest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		key := NewKey(rapid.Uint64().Draw(rt, "seed"))
		untimed := rapid.Bool().Draw(rt, "untimed")
		var c Chooser = Seeded(key)
		if rapid.Bool().Draw(rt, "scheduled") {
			r := key.Sub("order").Rand()
			c = &clerk{Chooser: c, pick: func(o []Pending) int { return r.IntN(len(o)) }}
		}
		w := mixed(t, Config{Chooser: c, Untimed: untimed})
		limit := Limit{Events: 300, Until: Time(100 * second)}
		why := w.Run(limit)
		require.NotEmpty(rt, w.Picks())

		tape := Replay(w.Picks())
		again := mixed(t, Config{Seed: 1, Chooser: tape, Untimed: untimed})
		require.Equal(rt, why, again.Run(limit))
		require.NoError(rt, tape.Err())
		require.Zero(rt, tape.Left())
		require.Equal(rt, w.Digest(), again.Digest())
		require.Equal(rt, w.Picks(), again.Picks())
	})
}

// A Scheduler that always says the same as a Chooser makes the same run.
func TestASchedulerIsRecordedAsAChooserIs(t *testing.T) {
	for _, untimed := range []bool{false, true} {
		for seed := range uint64(20) {
			limit := Limit{Events: 300, Until: Time(100 * second)}
			plain := mixed(t, Config{Chooser: Seeded(NewKey(seed)), Untimed: untimed})
			plain.Run(limit)
			same := Seeded(NewKey(seed))
			c := &clerk{Chooser: same}
			c.pick = func(o []Pending) int {
				if len(o) == 1 {
					return 0
				}
				return same.Choose("next", len(o))
			}
			scheduled := mixed(t, Config{Chooser: c, Untimed: untimed})
			scheduled.Run(limit)
			require.Equal(t, plain.Digest(), scheduled.Digest())
			kinds := map[Kind]bool{}
			for _, options := range c.shown {
				ids := map[string]bool{}
				for _, o := range options {
					kinds[o.Kind] = true
					ids[fmt.Sprint(o.Kind, o.Host, o.ID)] = true
				}
				require.Len(t, ids, len(options), "each option is told from the others: %v", options)
			}
			require.Equal(t, map[Kind]bool{Boot: true, Fire: true, Wake: true, 0: true}, kinds)
		}
	}
}

func TestAPickOfASchedulerOutOfRangeIsItsFault(t *testing.T) {
	for _, pick := range []int{-1, 2} {
		w := world(t, Config{Untimed: true, Chooser: &clerk{pick: func([]Pending) int { return pick }}})
		w.At(1, func() {})
		w.At(2, func() {})
		require.PanicsWithValue(t, fmt.Sprintf(`sim: the Scheduler picked %d, expected 0 to 1`, pick),
			func() { w.Run(Limit{}) })
	}
}

// turns is a sink whose arrivals have to come in the order of their arguments.
type turns struct {
	w    *World
	turn uint64
	line []uint64
}

func (s *turns) Fire(arg uint64) { s.line = append(s.line, arg); s.turn++ }

func (s *turns) Describe(arg uint64) (Pending, bool) {
	return Pending{Kind: Deliver, Host: 0, Peer: 1, ID: arg, Value: "letter"}, arg == s.turn
}

func TestWhatHasToWaitIsNotOfferedButCountedInThePick(t *testing.T) {
	c := &clerk{pick: func(o []Pending) int { return len(o) - 1 }}
	w := world(t, Config{Untimed: true, Chooser: c})
	s := &turns{w: w}
	sink := w.AddSink(s)
	for _, arg := range []uint64{2, 1, 0} {
		w.Schedule(Time(arg), sink, arg)
	}
	w.Run(Limit{})
	require.Equal(t, []uint64{0, 1, 2}, s.line)
	require.Equal(t, []Pick{{"next", 3, 2}, {"next", 2, 1}}, w.Picks())
	require.Equal(t, []Pending{{Kind: Deliver, Host: 0, Peer: 1, ID: 1, Value: "letter", At: 1}}, c.shown[1])

	stuck := world(t, Config{Untimed: true, Chooser: c})
	sink = stuck.AddSink(&turns{w: stuck})
	stuck.Schedule(0, sink, 5)
	require.PanicsWithValue(t, "sim: every pending event of a Describer waits for another one", func() { stuck.Run(Limit{}) })
}

// After a closed world its memory serves another one: nothing of it may show.
func TestAnUntimedWorldLeavesNothingToTheNext(t *testing.T) {
	w := New(Config{Untimed: true})
	w.At(1, func() {})
	w.At(2, func() {})
	w.Close()
	require.Equal(t, Stopped, w.Run(Limit{}))
	for range 3 {
		next := world(t, Config{Untimed: true})
		require.Equal(t, Quiescent, next.Run(Limit{}))
		require.Zero(t, next.Now())
	}
}

package sim

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// gamble makes a world whose run consists of decisions: three hosts tick at the
// same instants and choose.
func gamble(t testing.TB, cfg Config) *World {
	cfg.Interleave = true
	w := world(t, cfg)
	for i := range 3 {
		w.AddHost(fmt.Sprint("h", i), func(h *Host) {
			var tick *Timer
			tick = h.Timer("tick", func() {
				if w.Choose("again", 4) > 0 {
					tick.Reset(second)
				}
			})
			tick.Reset(second)
		})
	}
	return w
}

func TestATapeReplaysToTheSameDigest(t *testing.T) {
	for seed := range uint64(50) {
		w := gamble(t, Config{Seed: seed})
		w.Run(Limit{Until: Time(100 * second)})
		require.NotEmpty(t, w.Picks())

		tape := Replay(w.Picks())
		again := gamble(t, Config{Seed: seed + 1000, Chooser: tape})
		again.Run(Limit{Until: Time(100 * second)})
		require.NoError(t, tape.Err())
		require.Zero(t, tape.Left())
		require.Equal(t, w.Digest(), again.Digest())
		require.Equal(t, w.Picks(), again.Picks())
	}
}

func TestAStrayedTapeSaysWhereAndGoesOnWithTheFirst(t *testing.T) {
	picks := []Pick{{"a", 3, 2}, {"b", 2, 1}}
	for want, then := range map[string]func(*Tape) int{
		`sim: choice 1 is 1 of 2 for "b" on the tape, but the run asks for "c" of 2`: func(tape *Tape) int { return tape.Choose("c", 2) },
		`sim: choice 1 is 1 of 2 for "b" on the tape, but the run asks for "b" of 3`: func(tape *Tape) int { return tape.Choose("b", 3) },
		`sim: the tape ends after 2 choices, but the run asks for "c" of 5`: func(tape *Tape) int {
			require.Equal(t, 1, tape.Choose("b", 2))
			return tape.Choose("c", 5)
		},
	} {
		tape := Replay(picks)
		require.Equal(t, 2, tape.Choose("a", 3))
		require.Equal(t, 1, tape.Left())
		require.NoError(t, tape.Err())
		require.Zero(t, then(tape))
		require.EqualError(t, tape.Err(), want)
		require.Zero(t, tape.Choose("b", 2), "strayed for good")
		require.EqualError(t, tape.Err(), want, "the first place counts")
	}
	wild := Replay([]Pick{{"a", 2, 2}})
	require.Zero(t, wild.Choose("a", 2))
	require.ErrorContains(t, wild.Err(), `choice 0 is 2 of 2 for "a"`)
}

// Promise 2 for decisions: more of them elsewhere do not re-roll these.
func TestSeededDecisionsDoNotDependOnThoseUnderOtherLabels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := NewKey(rapid.Uint64().Draw(t, "seed"))
		labels := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "c"})).Draw(t, "labels")
		all := Seeded(key)
		apart := map[string]Chooser{"a": Seeded(key), "b": Seeded(key), "c": Seeded(key)}
		for _, label := range labels {
			require.Equal(t, apart[label].Choose(label, 1000), all.Choose(label, 1000))
		}
	})
}

func TestEqualTimesComeFirstInFirstOutUnlessInterleaved(t *testing.T) {
	orders := func(interleave bool) map[string]int {
		seen := map[string]int{}
		for seed := range uint64(100) {
			w := world(t, Config{Seed: seed, Interleave: interleave})
			order := ""
			w.At(Time(second), func() { order += "a" })
			w.At(Time(second), func() { order += "b" })
			w.At(Time(2*second), func() { order += "c" })
			w.Run(Limit{})
			seen[order]++
		}
		return seen
	}
	require.Equal(t, map[string]int{"abc": 100}, orders(false))
	both := orders(true)
	require.Len(t, both, 2)
	require.Equal(t, 100, both["abc"]+both["bac"])
	require.InDelta(t, 50, both["abc"], 20)
}

func TestAllOrdersOfEqualTimesAreReachable(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(300) {
		w := world(t, Config{Seed: seed, Interleave: true})
		order := ""
		for _, name := range []string{"a", "b", "c", "d"} {
			w.At(5, func() { order += name })
		}
		w.Run(Limit{})
		seen[order] = true
	}
	require.Len(t, seen, 24)
}

func TestTheChoiceOfWhatIsNextHappensAtItsInstantAndHasNoCause(t *testing.T) {
	w := world(t, Config{Interleave: true})
	var got []Event
	w.Observe(func(e *Event) { got = append(got, *e) })
	h := w.AddHost("a", func(h *Host) {
		h.After(second, func() {})
		h.After(second, func() {})
	})
	w.Run(Limit{})
	require.Len(t, got, 4)
	require.Equal(t, Event{Seq: 2, At: Time(second), Kind: Choice, Host: NoHost, Peer: NoHost, N: 2, Name: "next",
		Arg: uint64(w.Picks()[0].Picked)}, got[1])
	require.Equal(t, h.ID(), got[2].Host)
	require.Equal(t, uint64(1), got[2].Cause)
}

func TestCancelledTimersAreNotOffered(t *testing.T) {
	w := world(t, Config{Interleave: true})
	w.AddHost("a", func(h *Host) {
		h.After(second, func() { h.Note("only") })
		for range 5 {
			h.After(second, func() {}).Stop()
		}
	})
	w.Run(Limit{})
	require.Empty(t, w.Picks())
	require.Zero(t, w.stale)
}

func TestAChoiceIsAnEventAndOneOfOneIsNone(t *testing.T) {
	w := world(t, Config{Chooser: Replay([]Pick{{"coin", 2, 1}})})
	var got []Event
	w.Observe(func(e *Event) { got = append(got, *e) })
	h := w.AddHost("a", nil)
	on(h, 0, func() {
		require.Equal(t, 1, w.Choose("coin", 2))
		require.Zero(t, w.Choose("sure", 1))
		require.Zero(t, w.Choose("none", 0))
	})
	w.Run(Limit{})
	require.Equal(t, Event{Seq: 2, Kind: Choice, Host: 0, Peer: NoHost, Arg: 1, N: 2, Name: "coin"}, got[1])
	require.Equal(t, []Pick{{"coin", 2, 1}}, w.Picks())
}

type stubborn int

func (s stubborn) Choose(string, int) int { return int(s) }

func TestAPickOutOfRangeIsTheChoosersFault(t *testing.T) {
	for _, pick := range []int{-1, 2} {
		w := world(t, Config{Chooser: stubborn(pick)})
		require.PanicsWithValue(t, fmt.Sprintf(`sim: the Chooser picked %d for "coin", expected 0 to 1`, pick),
			func() { w.Choose("coin", 2) })
	}
}

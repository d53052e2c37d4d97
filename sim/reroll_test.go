package sim

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// rerolled runs a world in which everything that draws does so once a nanosecond, with
// keys and streams handed out at the beginning and at the time, and returns what was
// drawn, by time.
func rerolled(seed uint64, r *Reroll) (drawn [20][]uint64, digests [20]Digest) {
	w := New(Config{Seed: seed, Reroll: r})
	defer w.Close()
	h := w.AddHost("a", nil)
	var src rand.PCG
	key, deep, stream := w.Key("x"), h.Key("y").Sub("z").Num(1), h.Rand("old")
	for i := range Time(20) {
		w.At(i, func() {
			key.Seed(&src, uint64(i))
			drawn[i] = []uint64{
				src.Uint64(), key.Num(uint64(i)).Uint64(), uint64(deep.Num(uint64(i)).Below(1<<31 - 1)), stream.Uint64(),
				w.Key("fresh").Num(uint64(i)).Uint64(), uint64(w.Choose("which", 1<<31-1)),
				h.Key("stream").Num(uint64(i)).Rand().Uint64(),
			}
			digests[i] = w.Digest()
		})
	}
	w.Run(Limit{})
	return drawn, digests
}

// What was drawn before is the same, what is drawn from there on is not: by keys and
// streams that were handed out before too, and by choices.
func TestARerollChangesWhatIsDrawnFromATimeOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, at := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 20).Draw(t, "at")
		plain, digests := rerolled(seed, nil)
		one, sameDigests := rerolled(seed, &Reroll{At: Time(at), Seed: 1})
		two, _ := rerolled(seed, &Reroll{At: Time(at), Seed: 2})
		again, _ := rerolled(seed, &Reroll{At: Time(at), Seed: 1})
		require.Equal(t, one, again)
		require.Equal(t, plain[:at], one[:at])
		require.Equal(t, digests[:at], sameDigests[:at])
		for i := at; i < 20; i++ {
			for j := range plain[i] {
				require.NotEqual(t, plain[i][j], one[i][j], "draw %d at %d", j, i)
				require.NotEqual(t, one[i][j], two[i][j], "draw %d at %d", j, i)
			}
		}
	})
}

// A reroll is of the world's own keys, and may take its seed for the other one: that
// is another run all the same.
func TestARerollIsNotTheRunOfItsSeed(t *testing.T) {
	other, _ := rerolled(7, nil)
	same, _ := rerolled(7, &Reroll{Seed: 7})
	moved, _ := rerolled(8, &Reroll{Seed: 7})
	require.NotEqual(t, other, same)
	require.NotEqual(t, other, moved)
	require.NotEqual(t, same, moved)
}

// A recorded run can be played up to a time and left to chance from there on.
func TestARerollTakesOverFromATape(t *testing.T) {
	run := func(c Chooser, r *Reroll) (picked []int) {
		w := New(Config{Seed: 3, Chooser: c, Reroll: r})
		defer w.Close()
		for i := range Time(40) {
			w.At(i, func() { picked = append(picked, w.Choose("which", 100)) })
		}
		w.Run(Limit{})
		return picked
	}
	var picks []Pick
	for i := range 10 {
		picks = append(picks, Pick{"which", 100, i})
	}
	tape := Replay(picks)
	got := run(tape, &Reroll{At: 10, Seed: 1})
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got[:10])
	require.NoError(t, tape.Err())
	require.Zero(t, tape.Left())
	require.Equal(t, run(nil, &Reroll{Seed: 1})[:30], got[10:], "the choices of the world, from their start")
}

func TestARerollIsPinned(t *testing.T) {
	w := New(Config{Seed: 42, Reroll: &Reroll{Seed: 1}})
	defer w.Close()
	require.Equal(t, uint64(0xda4ad15231b6752f), w.Key("x").Uint64())
	require.Equal(t, uint64(0x18a435668ef5a772), w.Key("x").Rand().Uint64())
}

func TestWaitingCountsTheTasksOfABusyHost(t *testing.T) {
	w := New(Config{})
	defer w.Close()
	h := w.AddHost("a", nil)
	w.At(0, func() {
		require.Zero(t, h.Waiting())
		h.SetSlow(10)
		for range 3 {
			h.After(1, func() {})
		}
	})
	var waiting []int
	for _, at := range []Time{1, 11, 21, 31} {
		w.At(at, func() { waiting = append(waiting, h.Waiting()) })
	}
	w.At(12, func() { h.Pause(); waiting = append(waiting, h.Waiting()); h.Resume() })
	w.Run(Limit{})
	require.Equal(t, []int{0, 3, 2, 2, 1}, waiting)
	h.Crash()
	require.Zero(t, h.Waiting())
}

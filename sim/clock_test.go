package sim

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// reading is what the monotonic clock of c must show, in exact arithmetic.
func reading(c clock, now Time) *big.Int {
	x := big.NewInt(int64(now - c.base))
	x.Mul(x, big.NewInt(billion+c.ppb))
	x.Div(x, big.NewInt(billion))
	return x.Add(x, big.NewInt(int64(c.mono)))
}

func capped(x *big.Int) Time {
	if !x.IsInt64() {
		return Forever
	}
	return Time(x.Int64())
}

func clocks() *rapid.Generator[clock] {
	return rapid.Custom(func(t *rapid.T) clock {
		return clock{
			base: Time(rapid.Int64Range(0, int64(Forever)).Draw(t, "base")),
			mono: Time(rapid.Int64Range(0, int64(Forever)).Draw(t, "mono")),
			ppb: rapid.OneOf(rapid.Just[int64](0), rapid.Int64Range(-1000, 1000),
				rapid.Int64Range(-billion+1, billion)).Draw(t, "ppb"),
		}
	})
}

func TestTheMonotonicClockIsExactAndRoundedDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := clocks().Draw(t, "clock")
		now := Time(rapid.Int64Range(int64(c.base), int64(Forever)).Draw(t, "now"))
		require.Equal(t, capped(reading(c, now)), c.monotonic(now))
	})
}

func TestWhenIsTheFirstInstantOfAReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := clocks().Draw(t, "clock")
		m := Time(rapid.Int64Range(0, int64(Forever)).Draw(t, "m"))
		at := c.when(m)
		if at < Forever {
			require.GreaterOrEqual(t, c.monotonic(at), m)
		}
		if at > c.base {
			require.Negative(t, reading(c, at-1).Cmp(big.NewInt(int64(m))))
		}
		require.GreaterOrEqual(t, at, c.base)
	})
}

func TestScaleIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, int64(Forever)).Draw(t, "a")
		num := rapid.Int64Range(0, 2*billion).Draw(t, "num")
		den := rapid.Int64Range(1, 2*billion).Draw(t, "den")
		down, up := scale(a, num, den)
		product := new(big.Int).Mul(big.NewInt(a), big.NewInt(num))
		q, rest := new(big.Int).QuoRem(product, big.NewInt(den), new(big.Int))
		require.Equal(t, int64(capped(q)), down)
		if rest.Sign() > 0 {
			q.Add(q, big.NewInt(1))
		}
		require.Equal(t, int64(capped(q)), up)
	})
}

func TestOffsetAndJumpMoveTheWallClockOnly(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	w.RunFor(10 * second)
	require.Equal(t, Time(10*second), h.Now())
	h.SetOffset(-3 * second)
	require.Equal(t, Time(7*second), h.Now())
	h.Jump(-20 * second)
	require.Equal(t, Time(-13*second), h.Now())
	h.Jump(5 * second)
	require.Equal(t, Time(-8*second), h.Now())
	require.Equal(t, Time(10*second), h.Monotonic())
	require.Equal(t, []FaultCount{{Name: "clock a", Fired: 3, Effect: 3}}, w.Faults())
}

func TestTimersDoNotHeedJumps(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", func(h *Host) {
		h.Timer("t", func() { h.Note("%s", h.Now()) }).Reset(10 * second)
	})
	w.At(Time(second), func() { h.Jump(-second * 60) })
	w.At(Time(2*second), func() { h.Jump(second * 3600) })
	w.Run(Limit{})
	require.Equal(t, []string{"0s a boot a", "1s a clock jump -1m0s", "2s a clock jump 1h0m0s",
		"10s a timer t", "10s a note 59m10s"}, *got)
}

func TestTimersFollowADriftThatChanges(t *testing.T) {
	w := world(t, Config{})
	got := told(t, w)
	h := w.AddHost("a", func(h *Host) {
		h.Timer("late", func() {}).Reset(20 * second)
		h.Timer("soon", func() {}).Reset(12 * second)
	})
	w.At(Time(4*second), func() { h.SetDrift(billion) })      // twice as fast: 4 s + 8 s/2
	w.At(Time(9*second), func() { h.SetDrift(-billion / 2) }) // reads 14 s, half as fast: 6 s left
	w.At(Time(11*second), func() { h.SetDrift(0) })           // reads 15 s
	w.At(Time(12*second), func() { h.Note("%s", h.Monotonic()) })
	w.Run(Limit{})
	require.Equal(t, []string{
		"0s a boot a", "4s a clock drift 1000000000ppb", "8s a timer soon", "9s a clock drift -500000000ppb",
		"11s a clock drift 0ppb", "12s a note 16s", "16s a timer late",
	}, *got)
	require.Equal(t, Time(20*second), h.Monotonic())
	require.Zero(t, w.stale)
}

func TestADriftOutOfBoundsPanics(t *testing.T) {
	h := world(t, Config{}).AddHost("a", nil)
	for _, ppb := range []int64{-billion, billion + 1} {
		require.Panics(t, func() { h.SetDrift(ppb) })
	}
}

func TestAnAlmostStoppedClockStillTicks(t *testing.T) {
	w := world(t, Config{})
	h := w.AddHost("a", nil)
	h.SetDrift(-billion + 1)
	fired := Time(0)
	on(h, 0, func() { h.After(3, func() { fired = w.Now() }) })
	w.Run(Limit{})
	require.Equal(t, Time(3*second), fired)
}

package gen

import (
	"time"

	"phoenix/sim"

	"pgregory.net/rapid"
)

// below draws a number in [0, n), and shrinks to 0.
func below(t *rapid.T, n int) int { return numbers(n).Draw(t, "below") }

// numbers draws numbers in [0, n), 0 first. Small ones are more likely, the more so the
// larger n is: below ten or so, none is half as likely as on average.
//
// A number of a few bits is drawn bit by bit, for rapid shrinks a bit by one try and a
// number by up to a hundred. Other ranges rapid draws with a bias: now and then their
// end, in a way that does not shrink to what is between. Here that end is one beyond the
// last number, and stands for 0; a few numbers share the range several times, so that 0
// is not much more likely.
func numbers(n int) *rapid.Generator[int] {
	switch {
	case n == 2:
		return rapid.Map(rapid.Bool(), func(b bool) int { return bit(b) })
	case n > 2 && n <= 4:
		return rapid.Custom(func(t *rapid.T) int {
			return (2*bit(rapid.Bool().Draw(t, "high")) + bit(rapid.Bool().Draw(t, "low"))) % n
		})
	}
	times := 1
	if n <= 64 {
		times = 4
	}
	return rapid.Map(rapid.Uint64Range(0, uint64(times*n)), func(u uint64) int { return int(u % uint64(n)) })
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// between draws a number from lo to hi, and shrinks to lo.
func between(t *rapid.T, lo, hi int) int { return lo + below(t, max(hi-lo, 0)+1) }

// pick draws one of all, and shrinks to the first.
func pick[V any](t *rapid.T, all ...V) V { return all[below(t, len(all))] }

// coin draws true or false, and shrinks to false.
func coin(t *rapid.T) bool { return below(t, 2) == 1 }

// span draws a duration from lo to hi in whole milliseconds, and shrinks to lo.
func span(t *rapid.T, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(below(t, int(max(hi-lo, 0)/time.Millisecond)+1))*time.Millisecond
}

// part draws a probability from 1% on in whole percents of most, and shrinks to the
// least. It is 0 if most is.
func part(t *rapid.T, most sim.Prob) sim.Prob {
	return (most*sim.Prob(between(t, 1, 100)) + 50) / 100
}

// some draws some of all, in the order of all but for few swaps, and shrinks to the
// first.
func some(t *rapid.T, all []string) []string {
	return rapid.Permutation(all).Draw(t, "order")[:between(t, 1, len(all))]
}

// Seeds draws seeds of worlds, small ones: what rapid varies is drawn by itself, so
// a seed only decides on noise, and any number is as good as any other.
func Seeds() *rapid.Generator[uint64] {
	return rapid.Uint64Range(0, 1<<16-1)
}

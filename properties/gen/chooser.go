package gen

import (
	"phoenix/sim"

	"pgregory.net/rapid"
)

// Chooser hands the decisions of a world to rapid: each is drawn from t under its
// label, and shrinks to 0, which is a little more likely than the others. With
// Interleave rapid so explores the orders of what is due at one instant, and shrinks
// them to first in, first out but for what matters.
//
// It is good for as long as t is: within the function given to rapid.Check.
func Chooser(t *rapid.T) sim.Chooser { return chooser{t} }

type chooser struct{ t *rapid.T }

// Choose draws a number in [0, n).
func (c chooser) Choose(label string, n int) int { return numbers(n).Draw(c.t, label) }

package network

import "phoenix/sim"

// Prob is sim.Prob: links, disks and plans share one kind of probability.
type Prob = sim.Prob

// Certain is the probability 1.
const Certain = sim.Certain

// ProbOf is sim.ProbOf.
func ProbOf(p float64) Prob { return sim.ProbOf(p) }

// ParseProb is sim.ParseProb.
func ParseProb(text string) (Prob, error) { return sim.ParseProb(text) }

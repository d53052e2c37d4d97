package linear

import (
	"context"

	"phoenix/properties"
	"phoenix/properties/history"
)

// decision is what an engine says of the operations of one key, which matter
// and come by Call. Numbers are positions in that list.
type decision struct {
	verdict properties.Verdict
	// reason says why it is Inconclusive.
	reason string
	// order proves a Pass: a linearization. What it lacks never happened, and is
	// of unknown outcome.
	order []int32
	// core points at a Fail: operations of which some prefix of the history that
	// fails has all, and which contradict each other together with whatever else
	// wrote the values they saw. Nil if the engine found none.
	core []int32
	// steps counts the steps of the model that were tried.
	steps int64
}

// monitor is a near-linear engine for one model. ok is false if it cannot tell:
// the general search must.
type monitor func(opt *Options, ops []*history.Operation) (d decision, ok bool)

// decide asks the engine of opt about the operations of one key.
func decide(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) decision {
	return newSearch(ctx, opt, steps).decide(ops)
}

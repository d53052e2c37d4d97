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

// decide asks the engine of opt about the operations of one key.
func decide(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) decision {
	switch {
	case opt.Engine == Porcupine:
		return porcupineKey(ctx, opt, ops, steps)
	case opt.Engine == Auto && opt.Step == nil:
		if d, ok := monitored(ctx, opt, ops, steps); ok {
			return d
		}
	}
	return searchKey(ctx, opt, ops, steps)
}

// monitored asks the monitor of the model, if there is one. A set's goes on
// with the search for each of its elements that has many operations.
func monitored(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) (d decision, ok bool) {
	switch opt.Model {
	case Register, CASRegister, KV:
		return monitorRegister(opt, ops)
	case Queue:
		return monitorQueue(opt, ops)
	case Set:
		if d, ok = monitorSet(opt, ops); ok {
			return d, ok
		}
		return decideSet(opt, ops, func(element *Options, ops []*history.Operation) decision {
			d := searchKey(ctx, element, ops, steps)
			steps -= d.steps
			return d
		})
	}
	return d, false
}

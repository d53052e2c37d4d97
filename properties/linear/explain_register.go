package linear

import (
	"fmt"
	"math"
	"slices"

	"phoenix/properties/history"
)

// stale explains a read or CAS that saw a value which nobody wrote, or which
// was gone before it began.
func (e *explainer) stale() ground {
	c := e.culprit
	seen, ok := e.saw(c)
	if !ok {
		return ground{}
	}
	writers, initial := e.writers(seen)
	if len(writers) == 0 && !initial {
		return ground{which(c, seen) + " nothing had written",
			fmt.Sprintf("%s: nothing had written %s when it returned%s", doing(c), short(seen), e.onlyLater(seen)),
			[]*history.Operation{c}}
	}
	since, reader := e.writtenBy(seen, writers, initial)
	if since == history.Pending {
		return ground{}
	}
	newer := e.newer(seen, since)
	if newer == nil {
		return ground{}
	}
	g := ground{" after " + acknowledged(newer), fmt.Sprintf("%s began after %s had returned, ", doing(c), whose(newer)),
		append(slices.Clip(writers), newer, c)}
	_, sets := set(newer)
	switch {
	case sets && initial && len(writers) == 0:
		g.long += "which had replaced the initial " + short(seen)
	case sets:
		g.long += "which had replaced " + short(seen)
	case reader != nil:
		g.long += fmt.Sprintf("which itself began after %s had returned", whose(reader))
	case len(writers) == 0:
		g.long += fmt.Sprintf("though nothing had written the initial %s again", short(seen))
	case len(writers) == 1 && !initial:
		g.long += fmt.Sprintf("which itself began after %s had returned", whose(writers[0]))
	default:
		g.long += fmt.Sprintf("which itself began after everything that wrote %s had returned", short(seen))
	}
	if reader != nil {
		g.witnesses = append(g.witnesses, reader)
	}
	return g
}

// onlyLater tells who wrote seen too late.
func (e *explainer) onlyLater(seen history.Value) string {
	for _, op := range e.later {
		if v, sets := set(op); sets && e.opt.reads(v, seen) {
			return fmt.Sprintf("; %s was called only later", whose(op))
		}
	}
	return ""
}

// which ends "cas from 7 to 2 succeeded" or "read returned 7" towards the value seen.
func which(op *history.Operation, seen history.Value) string {
	if op.Kind == history.CAS {
		return fmt.Sprintf(", but %s is a value", short(seen))
	}
	return ", a value"
}

// acknowledged tells how a client knew of the newer value.
func acknowledged(op *history.Operation) string {
	switch op.Kind {
	case history.Read:
		return fmt.Sprintf("an earlier read had returned the newer %s", short(op.Out))
	case history.CAS:
		return fmt.Sprintf("a cas from %s to %s was acknowledged", short(op.Old), short(op.Arg))
	}
	return fmt.Sprintf("%s was acknowledged", short(op.Arg))
}

// saw returns the value that the register certainly held when op happened.
func (e *explainer) saw(op *history.Operation) (history.Value, bool) {
	switch {
	case op.Outcome != history.OK:
		return history.Value{}, false
	case op.Kind == history.CAS:
		return op.Old, true
	case op.Kind == history.Read && (!op.Out.IsNil() || e.opt.NilRead == NilIsValue):
		return op.Out, true
	}
	return history.Value{}, false
}

// set returns the value that op leaves behind if it takes effect.
func set(op *history.Operation) (history.Value, bool) {
	return op.Arg, op.Kind == history.Write || (op.Kind == history.CAS && op.Outcome != history.Failed)
}

// writers returns the operations besides the culprit that may have written
// what reads as seen, and whether the register read so initially.
func (e *explainer) writers(seen history.Value) (ops []*history.Operation, initial bool) {
	ops = e.pick(func(op *history.Operation) bool {
		v, sets := set(op)
		return sets && e.opt.reads(v, seen)
	})
	return ops, e.opt.reads(e.opt.Init, seen)
}

// writtenBy returns a time by which all that wrote seen had taken effect,
// Pending if there is none. A single writer had taken effect when the first
// read of its value returned; that read is returned too if it was earlier.
func (e *explainer) writtenBy(seen history.Value, writers []*history.Operation,
	initial bool) (since int64, reader *history.Operation) {
	since = math.MinInt64
	for _, op := range writers {
		since = max(since, op.Return)
	}
	if initial || len(writers) != 1 {
		return since, nil
	}
	for _, op := range e.ops {
		if v, ok := e.saw(op); ok && op != e.culprit && v == seen && op.Return < since {
			since, reader = op.Return, op
		}
	}
	return since, reader
}

// newer returns an operation between since and the culprit that set another
// value than seen, or else one that read another: the last to be called.
func (e *explainer) newer(seen history.Value, since int64) *history.Operation {
	var best *history.Operation
	for _, op := range e.ops {
		if op.Outcome != history.OK || op.Call <= since || !before(op, e.culprit) {
			continue
		}
		v, sets := set(op)
		if !sets {
			var reads bool
			if v, reads = e.saw(op); !reads || v == history.Text("") {
				continue // an empty text may also be the absence of a value
			}
		}
		if e.opt.reads(v, seen) {
			continue
		}
		if best == nil || sets || best.Kind == history.Read {
			best = op
		}
	}
	return best
}

// consumedTwice explains a CAS from a value that was written once and that
// another CAS replaced.
func (e *explainer) consumedTwice() ground {
	c := e.culprit
	seen := c.Old
	writers, initial := e.writers(seen)
	once := (initial && len(writers) == 0) || (!initial && len(writers) == 1)
	if c.Kind != history.CAS || c.Arg == seen || !once {
		return ground{}
	}
	for _, op := range e.ops {
		if op != c && op.Kind == history.CAS && op.Outcome == history.OK && op.Old == seen && op.Arg != seen {
			return ground{
				fmt.Sprintf(" as did a cas from %s to %s, though %s was written only once",
					short(op.Old), short(op.Arg), short(seen)),
				fmt.Sprintf("%s and %s both succeeded, though %s and each of them replaced it",
					whose(op), whose(c), writtenOnce(writers, seen)),
				append(slices.Clip(writers), op, c)}
		}
	}
	return ground{}
}

func writtenOnce(writers []*history.Operation, v history.Value) string {
	if len(writers) == 0 {
		return fmt.Sprintf("nothing had written the initial %s again", short(v))
	}
	return fmt.Sprintf("%s was written only once, by %s,", short(v), whose(writers[0]))
}

// stillHeld explains a failed CAS whose expected value was in place: set or
// read before it, and everything that could replace it had returned by then.
func (e *explainer) stillHeld() ground {
	c := e.culprit
	replaced := int64(math.MinInt64) // when the last other value had surely taken effect
	others := e.pick(func(op *history.Operation) bool {
		v, sets := set(op)
		return sets && v != c.Old
	})
	for _, op := range others {
		replaced = max(replaced, op.Return)
	}
	if len(others) == 0 && e.opt.Init == c.Old {
		return ground{fmt.Sprintf(", but nothing had replaced the initial %s", short(c.Old)),
			fmt.Sprintf("%s, but nothing had replaced the initial %s", failedCAS(c), short(c.Old)),
			[]*history.Operation{c}}
	}
	for _, op := range e.ops {
		v, ok := set(op)
		if !ok {
			v, ok = e.saw(op)
		}
		if !ok || op.Outcome != history.OK || v != c.Old || op.Call <= replaced || !before(op, c) {
			continue
		}
		how := "was acknowledged"
		if op.Kind == history.Read {
			how = "was read"
		}
		return ground{fmt.Sprintf(" after %s %s and nothing had replaced it", short(c.Old), how),
			fmt.Sprintf("%s, though it began after %s had returned and nothing had replaced %s",
				failedCAS(c), whose(op), short(c.Old)),
			append(others, op, c)}
	}
	return ground{}
}

func failedCAS(op *history.Operation) string {
	return fmt.Sprintf("client %d's cas from %s to %s failed", op.Client, short(op.Old), short(op.Arg))
}

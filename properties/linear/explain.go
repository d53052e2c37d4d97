package linear

import (
	"fmt"
	"math"
	"strings"

	"phoenix/properties/history"
)

// explain returns a sentence on why a shortest failing prefix fails, and the
// operations that already contradict each other on the sentence's ground. Each
// sentence is claimed only after its ground was found in the prefix. Where no
// simple ground exists the sentence says just what the search proved, and
// there are no witnesses.
//
// A blind write or append cannot end such a prefix: as the last operation to
// return it could always come last.
func explain(opt *Options, p prefix) (sentence string, witnesses []*history.Operation) {
	e := explainer{opt: opt, ops: p.ops, culprit: p.culprit}
	for _, op := range p.ops {
		e.appends = e.appends || op.Kind == history.Append
	}
	var ground string
	switch {
	case e.appends && p.culprit.Kind == history.Read:
		ground, witnesses = e.grownWrong()
	case e.appends:
	case p.culprit.Outcome == history.Failed:
		ground, witnesses = e.stillHeld()
	default:
		ground, witnesses = e.stale()
	}
	if ground == "" {
		ground = ", which no order of the operations so far allows"
	}
	return e.subject() + ground, witnesses
}

type explainer struct {
	opt     *Options
	ops     []*history.Operation
	culprit *history.Operation
	appends bool
}

// subject is what the culprit did: "read of x returned 1".
func (e *explainer) subject() string {
	c := e.culprit
	switch {
	case c.Kind == history.Read:
		return fmt.Sprintf("read%s returned %s", ofKey(c.Key), short(c.Out))
	case c.Kind == history.CAS && c.Outcome == history.Failed:
		return fmt.Sprintf("cas%s from %s to %s failed", ofKey(c.Key), short(c.Old), short(c.Arg))
	case c.Kind == history.CAS:
		return fmt.Sprintf("cas%s from %s to %s succeeded", ofKey(c.Key), short(c.Old), short(c.Arg))
	}
	return fmt.Sprintf("%v%s of %s returned", c.Kind, ofKey(c.Key), short(c.Arg))
}

// short is the text of v, cut so that a sentence stays one.
func short(v history.Value) string {
	const most = 40 // characters
	text := []rune(v.String())
	if len(text) <= most {
		return string(text)
	}
	return string(text[:most-1]) + "…"
}

// stale explains a read or CAS that saw a value which nobody wrote, or which
// was gone before it began, or which two CASes consumed.
func (e *explainer) stale() (string, []*history.Operation) {
	seen, _ := e.saw(e.culprit)
	writers, initial := e.writers(seen)
	if len(writers) == 0 && !initial {
		return fmt.Sprintf("%s nothing had written", which(e.culprit, seen)), []*history.Operation{e.culprit}
	}
	since, reader := e.writtenBy(seen, writers, initial)
	if since == history.Pending {
		return e.consumedTwice(seen, writers, initial)
	}
	newer := e.newer(seen, since)
	if newer == nil {
		return e.consumedTwice(seen, writers, initial)
	}
	witnesses := append(writers, newer, e.culprit)
	if reader != nil {
		witnesses = append(witnesses, reader)
	}
	return " after " + acknowledged(newer), witnesses
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
	for _, op := range e.ops {
		if v, ok := set(op); ok && op != e.culprit && e.opt.reads(v, seen) {
			ops = append(ops, op)
		}
	}
	return ops, e.opt.reads(e.opt.Init, seen)
}

// writtenBy returns a time by which all that wrote seen had taken effect,
// Pending if there is none. A single writer had taken effect when the first
// read of its value returned; that read is returned too if it was earlier.
func (e *explainer) writtenBy(seen history.Value, writers []*history.Operation, initial bool) (int64, *history.Operation) {
	since := int64(math.MinInt64)
	for _, op := range writers {
		since = max(since, op.Return)
	}
	if initial || len(writers) != 1 {
		return since, nil
	}
	var reader *history.Operation
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
		if op.Outcome != history.OK || op.Call <= since || op.Return >= e.culprit.Call {
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
func (e *explainer) consumedTwice(seen history.Value, writers []*history.Operation, initial bool) (string, []*history.Operation) {
	c := e.culprit
	once := (initial && len(writers) == 0) || (!initial && len(writers) == 1)
	if c.Kind != history.CAS || c.Arg == seen || !once {
		return "", nil
	}
	for _, op := range e.ops {
		if op != c && op.Kind == history.CAS && op.Outcome == history.OK && op.Old == seen && op.Arg != seen {
			return fmt.Sprintf(" as did a cas from %s to %s, though %s was written only once",
				short(op.Old), short(op.Arg), short(seen)), append(writers, op, c)
		}
	}
	return "", nil
}

// stillHeld explains a failed CAS whose expected value was in place: set or
// read before it, and everything that could replace it had returned by then.
func (e *explainer) stillHeld() (string, []*history.Operation) {
	c := e.culprit
	replaced := int64(math.MinInt64) // when the last other value had surely taken effect
	for _, op := range e.ops {
		if v, ok := set(op); ok && v != c.Old {
			replaced = max(replaced, op.Return)
		}
	}
	if replaced == math.MinInt64 && e.opt.Init == c.Old {
		return fmt.Sprintf(", but nothing had replaced the initial %s", short(c.Old)), []*history.Operation{c}
	}
	for _, op := range e.ops {
		v, ok := set(op)
		if !ok {
			v, ok = e.saw(op)
		}
		if ok && op.Outcome == history.OK && v == c.Old && op.Call > replaced && op.Return < c.Call {
			how := "was acknowledged"
			if op.Kind == history.Read {
				how = "was read"
			}
			return fmt.Sprintf(" after %s %s and nothing had replaced it", short(c.Old), how), []*history.Operation{op, c}
		}
	}
	return "", nil
}

// grownWrong explains a read of a key that only appends change, where every
// value begins with every earlier one: a read that lacks a text whose append
// was acknowledged, or that does not fit another read.
func (e *explainer) grownWrong() (string, []*history.Operation) {
	c, seen := e.culprit, e.culprit.Out.Bare()
	var ground string
	var witness *history.Operation
	for _, op := range e.ops {
		before := op.Outcome == history.OK && op.Return < c.Call
		_, sets := set(op)
		other, read := e.saw(op)
		read = read && op.Kind == history.Read
		switch {
		case sets:
			return "", nil
		case op.Kind == history.Append && before && !strings.Contains(seen, op.Arg.Bare()):
			ground, witness = fmt.Sprintf(", without %s, whose append was acknowledged", short(op.Arg)), op
		case read && before && len(seen) < len(other.Bare()) && ground == "":
			ground, witness = ", less than an earlier read had returned", op
		case read && !strings.HasPrefix(other.Bare(), seen) && !strings.HasPrefix(seen, other.Bare()) && ground == "":
			ground, witness = ", which neither begins nor continues what another read returned", op
		}
	}
	if witness == nil {
		return "", nil
	}
	return ground, []*history.Operation{witness, c}
}

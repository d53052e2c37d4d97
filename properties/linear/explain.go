package linear

import (
	"fmt"
	"slices"

	"phoenix/properties/history"
)

// explain returns a sentence on why a failing prefix fails, and the operations
// that already contradict each other on the sentence's ground. Each sentence is
// claimed only after its ground was found in the prefix. Where no simple ground
// exists the sentence says just what the search proved, and there are no
// witnesses.
//
// The prefix may be all that was called up to a return, or only operations that
// contradict each other and, pending, what else may have changed the object.
func explain(opt *Options, p prefix) (sentence string, witnesses []*history.Operation) {
	e := explainer{opt: opt, ops: p.ops, culprit: p.culprit}
	g := e.find()
	if g.short == "" {
		g.short = ", which no order of the operations so far allows"
	}
	return e.subject() + g.short, g.witnesses
}

// ground is why operations contradict each other: whatever else happened, no
// order of the witnesses explains them. The zero value is no ground.
type ground struct {
	short     string // goes on after explainer.subject
	long      string // tells the same with the names of clients, as a sentence without a full stop
	witnesses []*history.Operation
}

// explainer looks for a ground in operations of one key. They come by Call and
// were called before the culprit returned.
type explainer struct {
	opt     *Options
	ops     []*history.Operation
	culprit *history.Operation
	later   []*history.Operation // called when the culprit had returned; a story may mention them
}

// pairwise is up to how many operations of a container, or episodes of a register,
// are compared each with each; a longer prefix is explained by the general sentence.
const pairwise = 4000

// find returns the simplest ground. What a blind write, append, enqueue or push
// did cannot be one: as the last operation to return it could always come last.
func (e *explainer) find() ground {
	appends := slices.ContainsFunc(e.ops, func(o *history.Operation) bool { return o.Kind == history.Append })
	switch {
	case e.opt.Step != nil:
		return ground{}
	case e.opt.Model <= KV && appends:
		return e.grownWrong()
	case e.opt.Model <= KV && e.culprit.Outcome == history.Failed:
		return e.stillHeld()
	case e.opt.Model <= KV:
		return firstOf(e.stale, e.consumedTwice, e.bothOrders)
	case len(e.ops) > pairwise:
		return ground{}
	case e.opt.Model == Queue || e.opt.Model == Stack:
		return e.lineWrong()
	case e.opt.Model == Set:
		return e.setWrong()
	case e.opt.Model == Multiset:
		return e.bagWrong()
	}
	return e.lockWrong()
}

// firstOf returns the first ground that there is.
func firstOf(grounds ...func() ground) ground {
	for _, find := range grounds {
		if g := find(); g.short != "" {
			return g
		}
	}
	return ground{}
}

// pick returns the operations besides the culprit that are so.
func (e *explainer) pick(so func(op *history.Operation) bool) []*history.Operation {
	var picked []*history.Operation
	for _, op := range e.ops {
		if op != e.culprit && so(op) {
			picked = append(picked, op)
		}
	}
	return picked
}

// before reports whether a precedes b in real time.
func before(a, b *history.Operation) bool { return a.Return < b.Call }

// allBefore reports whether each of ops precedes b.
func allBefore(ops []*history.Operation, b *history.Operation) bool {
	return !slices.ContainsFunc(ops, func(a *history.Operation) bool { return !before(a, b) })
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
	case c.Kind.Returns() && c.Out.IsNil() && e.opt.Step == nil:
		return fmt.Sprintf("%v%s found the %s empty", c.Kind, fromKey(c.Key), e.opt.Model)
	case c.Kind.Returns():
		return fmt.Sprintf("%v%s returned %s", c.Kind, fromKey(c.Key), short(c.Out))
	case c.Kind == history.Acquire:
		return fmt.Sprintf("client %d acquired the %s", c.Client, e.lockName())
	case c.Kind == history.Release:
		return fmt.Sprintf("client %d released the %s", c.Client, e.lockName())
	case c.Kind.Answers() && !c.Out.IsNil():
		return fmt.Sprintf("%v%s %s returned %s", c.Kind, ofKey(c.Key), short(c.Arg), short(c.Out))
	}
	return fmt.Sprintf("%v%s of %s returned", c.Kind, ofKey(c.Key), short(c.Arg))
}

func (e *explainer) lockName() string {
	if e.culprit.Key != "" {
		return "lock " + e.culprit.Key
	}
	return "lock"
}

func fromKey(key string) string {
	if key == "" {
		return ""
	}
	return " from " + key
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

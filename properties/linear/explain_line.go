package linear

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"phoenix/properties/history"
)

// source is where an element of a queue, stack or multiset came from: an
// operation, or nil if it was there initially. Those come in their order there.
type source struct {
	value history.Value
	op    *history.Operation
}

// sources lists all that may have been in the object, what was there first ahead.
func (e *explainer) sources() []source {
	var all []source
	for _, v := range e.initially() {
		all = append(all, source{value: v})
	}
	for _, op := range e.ops {
		if op.Kind == history.Enqueue || op.Kind == history.Push || op.Kind == history.Add {
			all = append(all, source{op.Arg, op})
		}
	}
	return all
}

// initially lists what a container holds at first.
func (e *explainer) initially() []history.Value {
	items, _ := e.opt.Init.Items()
	return items
}

// sourcesOf lists those of v.
func sourcesOf(all []source, v history.Value) []source {
	return slices.DeleteFunc(slices.Clone(all), func(s source) bool { return s.value != v })
}

// putBefore reports whether all[i] was certainly put in before all[j].
func putBefore(all []source, i, j int) bool {
	a, b := all[i].op, all[j].op
	switch {
	case a == nil && b == nil:
		return i < j
	case a == nil || b == nil:
		return a == nil
	}
	return before(a, b)
}

// in reports whether s was certainly in before op was called.
func (s source) in(op *history.Operation) bool { return s.op == nil || before(s.op, op) }

// origin is "client 1's enqueue of 4" or that it was there.
func (s source) origin() string {
	if s.op == nil {
		return fmt.Sprintf("the initial %s", short(s.value))
	}
	return whose(s.op)
}

func isTake(op *history.Operation) bool { return op.Kind == history.Dequeue || op.Kind == history.Pop }

// took reports whether op certainly took v.
func took(op *history.Operation, v history.Value) bool {
	gone, _ := op.Out.Bool()
	return op.Outcome == history.OK && (isTake(op) && op.Out == v || op.Kind == history.Remove && op.Arg == v && gone)
}

// mayTake reports whether op may have taken v.
func mayTake(op *history.Operation, v history.Value) bool {
	if op.Kind == history.Remove {
		gone, answered := op.Out.Bool()
		return op.Arg == v && (gone || !answered || op.Outcome == history.Unknown)
	}
	return isTake(op) && (op.Outcome == history.Unknown || op.Out == v)
}

// takers lists what certainly took something or found nothing to take.
func (e *explainer) takers() []*history.Operation {
	return e.pick(func(op *history.Operation) bool {
		return (isTake(op) || op.Kind == history.Remove) && op.Outcome == history.OK
	})
}

// lineWrong explains what a queue or stack returned.
func (e *explainer) lineWrong() ground {
	c := e.culprit
	switch {
	case !isTake(c):
		return ground{}
	case c.Out.IsNil():
		if len(sourcesOf(e.sources(), history.Value{})) > 0 {
			return ground{} // nil may also have been an element
		}
		return firstOf(e.neverEmpty, e.moreIn)
	case e.opt.Model == Queue:
		return firstOf(e.fromNowhere, e.takenTooOften, e.overtaking, e.overtaken)
	}
	return firstOf(e.fromNowhere, e.takenTooOften, e.buried)
}

// put is what putting an element in is called.
func (e *explainer) put() string {
	switch e.opt.Model {
	case Queue:
		return "enqueued"
	case Stack:
		return "pushed"
	}
	return "added"
}

// fromNowhere explains an element taken that was never put in.
func (e *explainer) fromNowhere() ground {
	c := e.culprit
	if len(sourcesOf(e.sources(), c.Out)) > 0 {
		return ground{}
	}
	late := ""
	for _, op := range e.later {
		if op.Kind != history.Remove && op.Kind.Takes() && op.Arg == c.Out && late == "" {
			late = fmt.Sprintf("; %s was called only later", whose(op))
		}
	}
	return ground{fmt.Sprintf(", which nothing had %s", e.put()),
		fmt.Sprintf("%s: nothing had %s %s when it returned%s", doing(c), e.put(), short(c.Out), late),
		[]*history.Operation{c}}
}

// takenTooOften explains an element taken more often than it was put in.
func (e *explainer) takenTooOften() ground {
	c := e.culprit
	takers := e.pick(func(op *history.Operation) bool { return took(op, c.Out) })
	n := len(sourcesOf(e.sources(), c.Out))
	if len(takers) < n {
		return ground{}
	}
	g := ground{witnesses: append(slices.Clip(takers), c)}
	v, one := short(c.Out), takers[0]
	if n > 1 {
		g.short = fmt.Sprintf(", though all of %s that was %s had been taken", v, e.put())
		g.long = fmt.Sprintf("%s and %d others took %s, though it was %s only %s",
			whose(c), len(takers), v, e.put(), times(n))
		return g
	}
	g.short = fmt.Sprintf(", which another %v had returned", one.Kind)
	if one.Kind == history.Remove {
		g.short = ", which was removed, too"
	} else if before(one, c) {
		g.short = fmt.Sprintf(", which an earlier %v had returned", one.Kind)
	}
	g.long = fmt.Sprintf("%s and %s both took %s, though it was %s only once", whose(one), whose(c), v, e.put())
	return g
}

// span is a time when an element was certainly in, without its ends.
type span struct {
	source
	from, to int64
}

// spans returns when the elements that certainly were put in certainly were in,
// by from: until something was called that may have taken the like.
func (e *explainer) spans() []span {
	anything := history.Pending              // the first call of what may have taken anything
	untaken := make(map[history.Value]int64) // the first call of what may have taken this
	for _, op := range e.pick(func(op *history.Operation) bool { return isTake(op) || op.Kind == history.Remove }) {
		v := op.Out
		if op.Kind == history.Remove {
			v = op.Arg
		}
		if isTake(op) && op.Outcome == history.Unknown {
			anything = min(anything, op.Call)
		} else if until, known := untaken[v]; mayTake(op, v) && (!known || op.Call < until) {
			untaken[v] = op.Call
		}
	}
	var all []span
	for _, s := range e.sources() {
		from, to := int64(math.MinInt64), anything
		if s.op != nil {
			from = s.op.Return
		}
		if until, known := untaken[s.value]; known {
			to = min(to, until)
		}
		if from < to {
			all = append(all, span{s, from, to})
		}
	}
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return all
}

// neverEmpty explains an empty answer while at every moment something was in.
// The cover of the interval by spans is found greedily.
func (e *explainer) neverEmpty() ground {
	c := e.culprit
	var cover []span
	all := e.spans()
	for at := c.Call; at <= c.Return; at = cover[len(cover)-1].to {
		best := span{to: at}
		for _, s := range all {
			if s.from < at && s.to > best.to {
				best = s
			}
		}
		if best.to == at {
			return ground{}
		}
		cover = append(cover, best)
	}
	g := ground{witnesses: append(e.takers(), c)}
	for _, s := range cover {
		g.witnesses = append(g.witnesses, s.op)
	}
	g.witnesses = present(g.witnesses...)
	v := short(cover[0].value)
	if len(cover) > 1 {
		g.short = fmt.Sprintf(" though something was in it all the time, first %s, then %s", v, short(cover[1].value))
		g.long = fmt.Sprintf("%s, though at no moment it was: first %s (%s) was in it, then %s (%s)",
			e.foundEmpty(), v, cover[0].origin(), short(cover[1].value), cover[1].origin())
		if more := len(cover) - 2; more > 0 {
			g.long += fmt.Sprintf(" and so on (%d more)", more)
		}
		return g
	}
	g.short = fmt.Sprintf(" though %s was in it all the time", v)
	g.long = fmt.Sprintf("%s, though %s was in it all the time: ", e.foundEmpty(), v)
	if op := cover[0].op; op != nil {
		g.long += fmt.Sprintf("%s had returned before, and nothing took it", whose(op))
	} else {
		g.long += "it was there from the start, and nothing took it"
	}
	if cover[0].to != history.Pending {
		g.long += " until later"
	}
	return g
}

// moreIn explains an empty answer after more was put in than was ever taken.
func (e *explainer) moreIn() ground {
	c := e.culprit
	takers := e.pick(func(op *history.Operation) bool {
		if op.Kind == history.Remove {
			return mayTake(op, op.Arg)
		}
		return isTake(op) && (op.Outcome == history.Unknown || !op.Out.IsNil())
	})
	var in []source
	for _, s := range e.sources() {
		if s.in(c) {
			in = append(in, s)
		}
	}
	if len(in) <= len(takers) {
		return ground{}
	}
	g := ground{witnesses: append(e.takers(), c)}
	for _, s := range in {
		g.witnesses = append(g.witnesses, s.op)
	}
	g.witnesses = present(g.witnesses...)
	g.short = fmt.Sprintf(" though more had been put in (%d) than can have been taken (%d)", len(in), len(takers))
	g.long = fmt.Sprintf("%s, though %d elements had been put in before it began and at most %d can have been taken",
		e.foundEmpty(), len(in), len(takers))
	return g
}

// foundEmpty is "client 3's dequeue found the queue empty".
func (e *explainer) foundEmpty() string {
	return fmt.Sprintf("client %d's %v found the %s empty", e.culprit.Client, e.culprit.Kind, e.opt.Model)
}

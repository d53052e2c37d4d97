package linear

import (
	"fmt"
	"slices"

	"phoenix/properties/history"
)

// bagWrong explains an answer about a multiset by counting.
func (e *explainer) bagWrong() ground {
	c := e.culprit
	if c.Kind == history.Dequeue && c.Out.IsNil() {
		return firstOf(e.neverEmpty, e.moreIn)
	}
	if c.Kind == history.Dequeue {
		if g := firstOf(e.fromNowhere, e.takenTooOften); g.short != "" {
			return g
		}
	}
	for _, x := range e.elements() {
		if c.Kind == history.Dequeue {
			x = c.Out
		}
		if g := e.counted(x); g.short != "" {
			return g
		}
	}
	return ground{}
}

// copies returns how many x the culprit found, at least and at most.
func (e *explainer) copies(x history.Value) (least, most int) {
	const many = int(^uint(0) >> 1)
	c := e.culprit
	answer, answered := c.Out.Bool()
	switch {
	case c.Kind == history.Dequeue:
		return 1, many
	case c.Kind == history.Read:
		items, list := c.Out.Items()
		if !list && (!c.Out.IsNil() || e.opt.NilRead == NilIsAnything) {
			return 0, many
		}
		n := len(slices.DeleteFunc(items, func(v history.Value) bool { return v != x }))
		return n, n
	case c.Kind == history.Add || !answered:
		return 0, many
	case answer:
		return 1, many
	}
	return 0, 0
}

// counted compares what the culprit found of x with what must and what may have
// been there.
func (e *explainer) counted(x history.Value) ground {
	c, v := e.culprit, short(x)
	least, most := e.copies(x)
	var in, may int // certainly put in before, and possibly
	g := ground{witnesses: []*history.Operation{c}}
	var put *history.Operation
	for _, s := range sourcesOf(e.sources(), x) {
		may++
		if s.in(c) {
			in++
			put = s.op
			g.witnesses = append(g.witnesses, s.op)
		}
	}
	takers := e.pick(func(op *history.Operation) bool { return mayTake(op, x) })
	gone := e.pick(func(op *history.Operation) bool { return took(op, x) && before(op, c) })
	g.witnesses = present(append(append(g.witnesses, e.takers()...), gone...)...)
	taken := "nothing took it"
	if len(takers) > 0 {
		taken = fmt.Sprintf("it can have been taken %s at most", times(len(takers)))
	}
	switch {
	case most < in-len(takers) && len(takers) == 0 && in == 1 && put != nil:
		g.short = fmt.Sprintf("%s after %s was added and nothing removed it", e.about(x, false), v)
		g.long = fmt.Sprintf("%s%s, and nothing removed %s", began(c, put), e.saying(x, false), v)
	case most < in-len(takers) && len(takers) == 0 && in == 1:
		still := e.unchanged(x, false)
		g.short, g.long = still.short, still.long
	case most < in-len(takers):
		had := fmt.Sprintf("though %s had been put in %s and %s", v, times(in), taken)
		g.short = fmt.Sprintf("%s %s", e.had(x, most), had)
		g.long = fmt.Sprintf("%s%s, %s", whose(c), e.counting(x, most), had)
	case least > may && may == 0:
		return e.unchanged(x, true)
	case least > may-len(gone):
		had := fmt.Sprintf("though %s was put in only %s", v, times(may))
		if len(gone) > 0 {
			had += fmt.Sprintf(" and had been taken %s by then", times(len(gone)))
		}
		g.short = fmt.Sprintf("%s %s", e.had(x, least), had)
		g.long = fmt.Sprintf("%s%s, %s", whose(c), e.counting(x, least), had)
	default:
		return ground{}
	}
	return g
}

// had is what the culprit said of x, to go on after its subject.
func (e *explainer) had(x history.Value, n int) string {
	if e.culprit.Kind == history.Read && n > 0 {
		return fmt.Sprintf(" with %s %s", short(x), times(n))
	}
	return e.about(x, n > 0)
}

// counting is the same for a story.
func (e *explainer) counting(x history.Value, n int) string {
	switch {
	case n == 0:
		return " did not find " + short(x)
	case e.culprit.Kind == history.Read:
		return fmt.Sprintf(" found %s %s", short(x), times(n))
	}
	return " found " + short(x)
}

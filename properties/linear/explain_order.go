package linear

import (
	"fmt"
	"slices"

	"phoenix/properties/history"
)

// leftIn returns the position of a source among those at the given positions
// whose element nothing took: of some value more was there than ever was taken.
// It is -1 if there is none, and if something of unknown outcome may have taken
// anything.
func (e *explainer) leftIn(all []source, at []int) int {
	count := make(map[history.Value]int)
	for _, op := range e.ops {
		if isTake(op) && op.Outcome == history.Unknown {
			return -1
		}
		if isTake(op) && op.Outcome == history.OK {
			count[op.Out]--
		}
	}
	for _, i := range at {
		count[all[i].value]++
	}
	for _, i := range at {
		if count[all[i].value] > 0 {
			return i
		}
	}
	return -1
}

// only returns the position of the only source of v.
func only(all []source, v history.Value) (int, bool) {
	first := slices.IndexFunc(all, func(s source) bool { return s.value == v })
	return first, first >= 0 && len(sourcesOf(all[first:], v)) == 1
}

// overtaking explains a dequeue that returned what had others ahead of it.
func (e *explainer) overtaking() ground {
	all := e.sources()
	mine, ok := only(all, e.culprit.Out)
	if !ok {
		return ground{}
	}
	var ahead []int
	for i := range all {
		if i != mine && putBefore(all, i, mine) {
			ahead = append(ahead, i)
		}
	}
	left := e.leftIn(all, ahead)
	if left < 0 {
		return ground{}
	}
	g := ground{witnesses: append(e.takers(), e.culprit, all[mine].op)}
	for _, i := range ahead {
		g.witnesses = append(g.witnesses, all[i].op)
	}
	g.witnesses = present(g.witnesses...)
	v, w := short(all[left].value), short(e.culprit.Out)
	g.short = fmt.Sprintf(" before %s, though %s was enqueued first", v, v)
	g.long = fmt.Sprintf("%s came while %s, which nothing had taken, was ahead of %s: %s",
		whose(e.culprit), v, w, putFirst(all, left, mine))
	return g
}

// putFirst tells that all[i] was put in before all[j].
func putFirst(all []source, i, j int) string {
	if all[i].op == nil {
		return fmt.Sprintf("%s was there from the start", short(all[i].value))
	}
	return inTurn(all[i].op, all[j].op)
}

// overtaken explains a dequeue that returned what should have come before an
// element that an earlier dequeue had returned.
func (e *explainer) overtaken() ground {
	c, all := e.culprit, e.sources()
	mine, ok := only(all, c.Out)
	if !ok {
		return ground{}
	}
	for _, op := range e.ops {
		if !isTake(op) || op.Outcome != history.OK || op.Out == c.Out || !before(op, c) {
			continue
		}
		if other, ok := only(all, op.Out); ok && putBefore(all, mine, other) {
			v, w := short(c.Out), short(op.Out)
			return ground{fmt.Sprintf(" after %s, though %s was enqueued first", w, v),
				fmt.Sprintf("%s, though %s", began(c, op), putFirst(all, mine, other)),
				present(op, c, all[mine].op, all[other].op)}
		}
	}
	return ground{}
}

// buried explains a pop that returned what had something above it.
func (e *explainer) buried() ground {
	c, all := e.culprit, e.sources()
	var mine, above []int
	for i, s := range all {
		if s.value == c.Out {
			mine = append(mine, i)
		}
	}
	for i, s := range all {
		on := func(j int) bool { return s.value != c.Out && putBefore(all, j, i) }
		if s.in(c) && !slices.ContainsFunc(mine, func(j int) bool { return !on(j) }) {
			above = append(above, i)
		}
	}
	left := e.leftIn(all, above)
	if left < 0 {
		return ground{}
	}
	g := ground{witnesses: append(e.takers(), c)}
	for _, i := range append(slices.Clip(mine), above...) {
		g.witnesses = append(g.witnesses, all[i].op)
	}
	g.witnesses = present(g.witnesses...)
	w := short(all[left].value)
	g.short = fmt.Sprintf(" before %s, though %s was pushed later and still there", w, w)
	g.long = fmt.Sprintf("%s took it from under %s, which was there by then and which nothing had popped: %s",
		whose(c), w, putFirst(all, mine[len(mine)-1], left))
	return g
}

package linear

import (
	"fmt"
	"slices"

	"phoenix/properties/history"
)

// found returns whether op found x in the set, if that is known.
func (e *explainer) found(op *history.Operation, x history.Value) (in, known bool) {
	if op.Outcome != history.OK || (op.Kind != history.Read && op.Arg != x) {
		return false, false
	}
	answer, answered := op.Out.Bool()
	switch op.Kind {
	case history.Read:
		items, list := op.Out.Items()
		known = list || (op.Out.IsNil() && e.opt.NilRead == NilIsValue)
		return slices.Contains(items, x), known
	case history.Add:
		return !answer, answered
	}
	return answer, answered
}

// left returns whether op certainly left x in the set, if that is known.
func (e *explainer) left(op *history.Operation, x history.Value) (in, known bool) {
	if op.Outcome == history.OK && op.Arg == x && (op.Kind == history.Add || op.Kind == history.Remove) {
		return op.Kind == history.Add, true
	}
	return e.found(op, x)
}

// changers lists what may have put x in, or what may have taken it out.
func (e *explainer) changers(x history.Value, in bool) []*history.Operation {
	kind := history.Remove
	if in {
		kind = history.Add
	}
	return e.pick(func(op *history.Operation) bool {
		did, answered := op.Out.Bool()
		return op.Kind == kind && op.Arg == x && (did || !answered || op.Outcome == history.Unknown)
	})
}

// elements lists what the culprit's answer is about, in ascending order.
func (e *explainer) elements() []history.Value {
	if e.culprit.Kind != history.Read {
		return []history.Value{e.culprit.Arg}
	}
	all := e.initially()
	for _, op := range e.ops {
		if op.Kind == history.Read {
			items, _ := op.Out.Items()
			all = append(all, items...)
		} else if op.Kind != history.Dequeue {
			all = append(all, op.Arg)
		} else if !op.Out.IsNil() {
			all = append(all, op.Out)
		}
	}
	slices.SortFunc(all, history.Value.Compare)
	return slices.Compact(all)
}

// setWrong explains an answer about the elements of a set, one by one.
func (e *explainer) setWrong() ground {
	start, _ := e.opt.initial().Items()
	if len(slices.Compact(slices.Clone(start))) < len(start) {
		return ground{} // no set to begin with
	}
	for _, x := range e.elements() {
		in, known := e.found(e.culprit, x)
		if !known {
			continue
		}
		initial := slices.Contains(start, x)
		if g := e.since(x, in, initial); g.short != "" {
			return g
		}
		if g := e.changedTooOften(x, in, initial); g.short != "" {
			return g
		}
	}
	return e.twoOrders(start)
}

// about is what the culprit said about x, to go on after its subject and name.
func (e *explainer) about(x history.Value, in bool) string {
	switch {
	case e.culprit.Kind != history.Read:
		return ""
	case in:
		return " with " + short(x)
	}
	return " without " + short(x)
}

// since explains that the culprit found x in or not, though an operation before
// it left it otherwise and nothing had changed that since.
func (e *explainer) since(x history.Value, in, initial bool) ground {
	c, v, changers := e.culprit, short(x), e.changers(x, in)
	changed := "removed"
	if in {
		changed = "added"
	}
	if len(changers) == 0 && initial != in {
		return e.unchanged(x, in)
	}
	var shown *history.Operation
	for _, op := range e.ops {
		left, known := e.left(op, x)
		if op == c || !known || left == in || !before(op, c) || !allBefore(changers, op) {
			continue
		}
		if shown == nil || op.Kind == history.Add || op.Kind == history.Remove {
			shown = op
		}
	}
	if shown == nil {
		return ground{}
	}
	how := "was found"
	switch {
	case shown.Kind == history.Add:
		how = "was added"
	case shown.Kind == history.Remove:
		how = "was removed"
	case in:
		how = "was found missing"
	}
	since := "nothing had " + changed + " it since"
	if len(changers) == 0 {
		since = "nothing " + changed + " it"
	}
	return ground{fmt.Sprintf("%s after %s %s and %s", e.about(x, in), v, how, since),
		fmt.Sprintf("%s%s, and %s", began(c, shown), e.saying(x, in), since), append(changers, shown, c)}
}

// saying adds what a read showed of x, where its text may be long.
func (e *explainer) saying(x history.Value, in bool) string {
	if e.culprit.Kind != history.Read {
		return ""
	}
	how := "not "
	if in {
		how = ""
	}
	return fmt.Sprintf(" and did %ssee %s", how, short(x))
}

// unchanged explains that the culprit found x in or not, though it was
// otherwise from the start and nothing can have changed it.
func (e *explainer) unchanged(x history.Value, in bool) ground {
	c, v := e.culprit, short(x)
	if !in {
		return ground{fmt.Sprintf("%s though the initial %s had not been removed", e.about(x, in), v),
			fmt.Sprintf("%s did not find %s, which was there from the start, and nothing removed it", whose(c), v),
			[]*history.Operation{c}}
	}
	late := ""
	for _, op := range e.later {
		if op.Kind == history.Add && op.Arg == x && late == "" {
			late = fmt.Sprintf("; %s was called only later", whose(op))
		}
	}
	return ground{fmt.Sprintf("%s though nothing had added %s", e.about(x, in), v),
		fmt.Sprintf("%s found %s, which nothing had added when it returned%s", whose(c), v, late), []*history.Operation{c}}
}

// changedTooOften explains an add that found its element missing, or a remove
// that found it, more often than the opposite can have happened.
func (e *explainer) changedTooOften(x history.Value, in, initial bool) ground {
	c := e.culprit
	if c.Kind != history.Add && c.Kind != history.Remove {
		return ground{}
	}
	same := e.pick(func(op *history.Operation) bool {
		did, _ := op.Out.Bool()
		return op.Outcome == history.OK && op.Kind == c.Kind && op.Arg == x && did
	})
	back := e.changers(x, c.Kind == history.Remove)
	may := len(back) // how often c.Kind may have found it so
	if initial == in {
		may++
	}
	if did, _ := c.Out.Bool(); !did || len(same) < may {
		return ground{}
	}
	verb, v := "removed", short(x)
	if c.Kind == history.Remove {
		verb = "added"
	}
	undone := fmt.Sprintf("%s was %s", v, done(verb, len(back)))
	if initial {
		undone = fmt.Sprintf("%s was there from the start and %s", v, done(verb, len(back)))
	}
	return ground{fmt.Sprintf(" as did %s, though %s", others(len(same), c.Kind), undone),
		fmt.Sprintf("%s, though %s", together(append(slices.Clip(same), c)), undone), append(same, c)}
}

// done is "removed twice" or "never removed".
func done(verb string, n int) string {
	if n == 0 {
		return "never " + verb
	}
	return verb + " " + times(n)
}

// together says that all of ops, at least two and the culprit last, succeeded.
func together(ops []*history.Operation) string {
	switch n := len(ops); n {
	case 2:
		return listed(ops) + " both succeeded"
	case 3:
		return listed(ops) + " all succeeded"
	default:
		return fmt.Sprintf("%s and %d others all succeeded", whose(ops[n-1]), n-1)
	}
}

// others counts other operations of a kind in words.
func others(n int, k history.Kind) string {
	if n == 1 {
		return fmt.Sprintf("another %v", k)
	}
	return fmt.Sprintf("%d other %vs", n, k)
}

// twoOrders explains two answers that disagree on which of two elements, which
// nothing removed, came first.
func (e *explainer) twoOrders(start []history.Value) ground {
	c := e.culprit
	var kept []history.Value
	for _, x := range e.elements() {
		if len(e.changers(x, false)) == 0 && !slices.Contains(start, x) {
			kept = append(kept, x)
		}
	}
	if c.Kind != history.Read {
		return ground{}
	}
	for _, op := range e.ops {
		if op.Kind != history.Read || op == c {
			continue
		}
		var mine, theirs []history.Value // in one and not in the other
		for _, x := range kept {
			a, knownA := e.found(c, x)
			b, knownB := e.found(op, x)
			if knownA && knownB && a && !b {
				mine = append(mine, x)
			} else if knownA && knownB && b && !a {
				theirs = append(theirs, x)
			}
		}
		if len(mine) > 0 && len(theirs) > 0 {
			v, w := short(mine[0]), short(theirs[0])
			return ground{fmt.Sprintf(" with %s and without %s, while another read had %s without %s", v, w, w, v),
				fmt.Sprintf("%s saw %s but no %s, and %s saw %s but no %s, though nothing removed either: "+
					"each was added before the other", whose(c), v, w, whose(op), w, v), []*history.Operation{op, c}}
		}
	}
	return ground{}
}

package linear

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"phoenix/properties/history"
)

// tell is the long form of explain, which names the clients: "read of 3 by
// client 7 began after client 2's write of 5 had returned, which had replaced
// 3". Of others only that they were called counts; any that were called too late
// are mentioned. The culprit is one of ops, the last to return. Where no simple
// ground exists it lists the operations.
func tell(opt *Options, ops, others []*history.Operation, culprit *history.Operation) string {
	e := explainer{opt: opt, culprit: culprit}
	for _, op := range ops {
		e.admit(op)
	}
	for _, op := range others {
		e.admit(asPending(op))
	}
	slices.SortStableFunc(e.ops, byCall)
	if g := e.find(); g.long != "" {
		return g.long
	}
	return e.list(ops, len(others))
}

func byCall(a, b *history.Operation) int { return cmp.Compare(a.Call, b.Call) }

// admit takes op, unless it comes too late to matter.
func (e *explainer) admit(op *history.Operation) {
	switch {
	case op.Call > e.culprit.Return:
		e.later = append(e.later, op)
	case e.opt.matters(op):
		e.ops = append(e.ops, op)
	}
}

// list names the operations in the order of their calls, and of each those
// earlier ones that it overlaps.
func (e *explainer) list(ops []*history.Operation, others int) string {
	const most = 8 // named; the table has them all
	ops = slices.SortedStableFunc(slices.Values(ops), byCall)
	named := make([]string, 0, most+1)
	for i, op := range ops[:min(len(ops), most)] {
		var meets []string
		for j, earlier := range ops[:i] {
			if !before(earlier, op) {
				meets = append(meets, fmt.Sprintf("(%d)", j+1))
			}
		}
		text := fmt.Sprintf("(%d) %s", i+1, doing(op))
		if len(meets) > 0 {
			text += " while " + strings.Join(meets, " and ") + " ran"
		}
		named = append(named, text)
	}
	if more := len(ops) - most; more > 0 {
		named = append(named, fmt.Sprintf("and %d more", more))
	}
	text := "no order explains what these returned: " + strings.Join(named, ", ")
	if others > 0 {
		text += fmt.Sprintf("; beside them %s may have happened", counted(others, "operation"))
	}
	return text
}

// asPending is op as if nothing were known but its call.
func asPending(op *history.Operation) *history.Operation {
	open := *op
	open.Outcome, open.Return, open.Out = history.Unknown, history.Pending, history.Value{}
	return &open
}

// counted is "1 operation" or "3 operations".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// what names op: "write of 5", "dequeue of 3".
func what(op *history.Operation) string {
	switch {
	case op.Kind == history.CAS && op.Outcome == history.Failed:
		return fmt.Sprintf("failed cas from %s to %s", short(op.Old), short(op.Arg))
	case op.Kind == history.CAS:
		return fmt.Sprintf("cas from %s to %s", short(op.Old), short(op.Arg))
	case op.Kind == history.Contains || op.Kind.Answers() && op.Outcome == history.OK && !op.Out.IsNil():
		return fmt.Sprintf("%v of %s (%s)", op.Kind, short(op.Arg), short(op.Out))
	case op.Kind.Takes():
		return fmt.Sprintf("%v of %s", op.Kind, short(op.Arg))
	case op.Kind.Returns() && op.Outcome == history.OK && (op.Kind == history.Read || !op.Out.IsNil()):
		return fmt.Sprintf("%v of %s", op.Kind, short(op.Out))
	case op.Kind.Returns() && op.Outcome == history.OK:
		return fmt.Sprintf("%v of nothing", op.Kind)
	}
	return op.Kind.String()
}

// doing is "read of 3 by client 7".
func doing(op *history.Operation) string { return fmt.Sprintf("%s by client %d", what(op), op.Client) }

// whose is "client 7's read of 3".
func whose(op *history.Operation) string { return fmt.Sprintf("client %d's %s", op.Client, what(op)) }

// inTurn says that a precedes b.
func inTurn(a, b *history.Operation) string {
	return fmt.Sprintf("%s returned before %s was called", whose(a), whose(b))
}

// began says the same from the other end.
func began(b, a *history.Operation) string {
	return fmt.Sprintf("%s began after %s had returned", whose(b), whose(a))
}

package linear

import (
	"fmt"
	"math"
	"slices"

	"phoenix/properties/history"
)

// episode is the time for which a register held a value that was written once:
// it has in it the writer and all that saw the value, and no other value comes
// between. Episodes that compare-and-sets link have no other between them
// either. After the zones of Gibbons and Korach, Testing shared memories, SIAM
// J. Comput. 1997, section 4.
type episode struct {
	value  history.Value
	writer *history.Operation // nil of the initial value, which nobody wrote
	first  *history.Operation // the first to return: by then the episode had begun; nil of the initial value
	last   *history.Operation // the last to be called: until then it had not ended; nil if there is none
	from   *episode           // the one before, if a compare-and-set led from it to this one
}

func (p *episode) add(op, preferred *history.Operation) {
	if p.writer != nil && (p.first == nil || op.Return < p.first.Return) {
		p.first = op
	}
	if p.last == nil || op.Call > p.last.Call || (op.Call == p.last.Call && op == preferred) {
		p.last = op
	}
}

// begun is when the episode had certainly begun, Pending if it may never have.
func (p *episode) begun() int64 {
	if p.first == nil {
		return math.MinInt64
	}
	return p.first.Return
}

// precedes reports whether p began before q ended, which makes it the earlier.
func (p *episode) precedes(q *episode) bool { return q.last != nil && p.begun() < q.last.Call }

// root is where the compare-and-sets that led to p started.
func (p *episode) root(limit int) *episode {
	for ; p.from != nil && limit > 0; limit-- {
		p = p.from
	}
	return p
}

// episodes returns those of the values that were there or were written once,
// in the order of the writers.
func (e *explainer) episodes() []*episode {
	count := map[history.Value]int{e.opt.Init: 1}
	of := map[history.Value]*episode{e.opt.Init: {value: e.opt.Init}}
	order := []*episode{of[e.opt.Init]}
	for _, op := range e.ops {
		if v, sets := set(op); sets {
			if count[v]++; count[v] == 1 {
				of[v] = &episode{value: v, writer: op}
				of[v].add(op, e.culprit)
				order = append(order, of[v])
			}
		}
	}
	for _, op := range e.ops {
		if v, ok := e.saw(op); ok && of[v] != nil && of[v].writer != op {
			of[v].add(op, e.culprit)
		}
	}
	once := func(p *episode) bool {
		empty := e.opt.Model == KV && p.value == history.Text("") // a read of it may have seen nil
		return count[p.value] == 1 && !empty
	}
	for _, p := range order {
		linked := p.writer != nil && p.writer.Kind == history.CAS && p.begun() != history.Pending
		if q := of[p.writerOld()]; linked && once(p) && q != nil && q != p && once(q) {
			p.from = q
			q.add(p.writer, e.culprit)
		}
	}
	return slices.DeleteFunc(order, func(p *episode) bool { return !once(p) })
}

func (p *episode) writerOld() history.Value {
	if p.writer == nil {
		return history.Value{}
	}
	return p.writer.Old
}

// bothOrders explains two values that were written once and each of which must
// have come before the other, or a third that must have come between two that a
// compare-and-set joined.
func (e *explainer) bothOrders() ground {
	all := e.episodes()
	if len(all) > pairwise {
		return ground{}
	}
	for _, p := range all {
		for _, q := range all {
			if p != q && p.precedes(q) && q.precedes(p) && q.writer != nil {
				if g := e.inBothOrders(p, q); g.short != "" {
					return g
				}
			}
		}
	}
	return e.between(all)
}

// inBothOrders explains p and q, which precede each other, if the culprit is
// what shows that p went on after q.
func (e *explainer) inBothOrders(p, q *episode) ground {
	if p.last != e.culprit {
		return ground{}
	}
	g := ground{short: " after " + acknowledged(q.first)}
	g.witnesses = present(p.writer, p.first, p.last, q.writer, q.first, q.last)
	first := fmt.Sprintf("nothing had written the initial %s again", short(p.value))
	if p.writer != nil {
		first = fmt.Sprintf("%s, so %s came before %s", inTurn(p.first, q.last), short(p.value), short(q.value))
	}
	g.long = fmt.Sprintf("%s; yet %s", first, began(p.last, q.first))
	return g
}

// between looks for a value that must come after one value and before another
// that compare-and-sets reached from it without a pause.
func (e *explainer) between(all []*episode) ground {
	for _, to := range all {
		links := []*history.Operation{to.writer}
		for from := to.from; from != nil && len(links) <= len(all); from = from.from {
			for _, q := range all { // the initial value comes between no others
				if q.first != nil && q.root(len(all)) != to.root(len(all)) && from.precedes(q) && q.precedes(to) {
					return e.inBetween(from, q, to, links)
				}
			}
			links = append(links, from.writer)
		}
	}
	return ground{}
}

// inBetween explains that q comes after from and before to, which the links join.
func (e *explainer) inBetween(from, q, to *episode, links []*history.Operation) ground {
	a, b, c := short(from.value), short(q.value), short(to.value)
	start := fmt.Sprintf("%s was there from the start", a)
	if from.first != nil {
		start = fmt.Sprintf("%s, so %s came before %s", inTurn(from.first, q.last), a, b)
	}
	shows := ""
	if named := append(slices.Clone(links), from.first, q.first, q.last, to.last); !slices.Contains(named, e.culprit) {
		shows = fmt.Sprintf(", and %s shows that it happened", whose(e.culprit))
	}
	return ground{
		fmt.Sprintf(", though %s must have come between %s and %s, and %s led from %s to %s at once",
			b, a, c, cases(len(links)), a, c),
		fmt.Sprintf("%s; and %s, so %s came before %s; yet %s left nothing between %s and %s%s",
			start, inTurn(q.first, to.last), b, c, listed(links), a, c, shows),
		present(append(links, from.writer, from.first, q.writer, q.first, q.last, to.first, to.last)...)}
}

func cases(n int) string {
	if n == 1 {
		return "a cas"
	}
	return "compare-and-sets"
}

// listed names at most three operations.
func listed(ops []*history.Operation) string {
	const most = 3
	switch n := len(ops); {
	case n == 1:
		return whose(ops[0])
	case n <= most:
		return listed(ops[:n-1]) + " and " + whose(ops[n-1])
	}
	return fmt.Sprintf("%s and %d more", whose(ops[0]), len(ops)-1)
}

// present drops nil and what is repeated, in the order of the first.
func present(ops ...*history.Operation) []*history.Operation {
	var out []*history.Operation
	for _, op := range ops {
		if op != nil && !slices.Contains(out, op) {
			out = append(out, op)
		}
	}
	return out
}

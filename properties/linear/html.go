package linear

import (
	"context"
	"io"
	"slices"

	"phoenix/properties"
	"phoenix/properties/history"
)

// How much a page shows at most, so that a browser draws it at once whatever the
// history: operations of a key that fails, and of all keys otherwise; operations
// of a contradiction and of its Others; keys; annotations; steps of the search
// for linearizations to draw; characters of a name.
const (
	pageOperations    = 1000
	pagePassing       = 2000
	pageContradiction = 200
	pageOthers        = 20
	pageKeys          = 50
	pageAnnotations   = 100
	pageSteps         = 100_000
	pageName          = 60
)

// WriteHTML writes an interactive picture of h to w, porcupine's page with a
// headline: it needs nothing else, has a row for each client in ascending order
// and the annotations of h in rows below. res is what Check said of h with opt;
// the zero Result makes WriteHTML ask.
//
// The page of a Fail opens on the contradiction, or on the culprit if there is
// none: the operations of res.Key around it and lines that show how far an order
// of the contradiction gets. Any other page shows the beginning of the history,
// with linearizations where they are known or soon found. What is left out is
// said. Time is linear in the history, the page is of bounded size, and equal
// arguments give equal bytes.
//
// The error is Check's for a history that cannot be judged, or the writer's.
func WriteHTML(ctx context.Context, w io.Writer, h *history.History, opt Options, res Result) error {
	objects, err := split(h, &opt)
	if err != nil {
		return err
	}
	if res.Keys == 0 {
		if res, err = Check(ctx, h, opt); err != nil {
			return err
		}
	}
	p := page{ctx: ctx, opt: &opt, h: h, res: &res}
	if res.Verdict == properties.Fail {
		p.fail(objects)
	} else {
		p.beginning(objects)
	}
	_, err = io.WriteString(w, p.render(len(objects)))
	return err
}

// page is what is shown: parts that porcupine draws one over the other.
type page struct {
	ctx context.Context
	opt *Options
	h   *history.History
	res *Result

	parts   []part
	left    int // operations of the shown keys that are left out
	culprit *history.Operation
}

// part is operations of one key, with linearizations of some of them: positions
// in ops, longest first.
type part struct {
	key    string
	ops    []shown
	orders [][]int
}

// shown is an operation on the page.
type shown struct {
	*history.Operation
	mark mark
}

// mark is how an operation is drawn.
type mark string

const (
	plain   mark = ""
	aside   mark = "aside"   // not part of the contradiction
	core    mark = "core"    // of Contradiction.Operations
	culprit mark = "culprit" // the last of them to return
	other   mark = "other"   // of Contradiction.Others: only the call counts
)

// fail shows the contradiction of the key that fails and what was around it.
func (p *page) fail(objects []object) {
	at := slices.IndexFunc(objects, func(o object) bool { return o.key == p.res.Key })
	if at < 0 {
		panic("linear: the result is of another history: it has no key " + p.res.Key)
	}
	o := &objects[at]
	c := p.res.Contradiction
	if c == nil {
		p.withoutContradiction(o)
		return
	}
	all := c.involved(p.h)
	special := make(map[*history.Operation]bool)
	var of, others []shown
	for _, in := range all {
		special[in.Operation] = true
		switch {
		case in.other:
			others = append(others, shown{in.Operation, other})
		case in.culprit:
			p.culprit = in.Operation
			of = append(of, shown{in.Operation, culprit})
		default:
			of = append(of, shown{in.Operation, core})
		}
	}
	of = of[max(0, len(of)-pageContradiction):]
	orders := p.search(of, others)
	others = others[:min(len(others), pageOthers)]
	first := part{key: o.key, ops: append(of, others...)}
	first.orders = within(orders, len(first.ops))
	second := part{key: o.key}
	for _, op := range around(o.ops, of) {
		if !special[op] {
			second.ops = append(second.ops, shown{op, aside})
		}
	}
	p.parts = []part{first, second}
	p.left = len(o.ops) - len(first.ops) - len(second.ops)
}

// withoutContradiction shows the operations around the culprit, or the first
// ones if that is not known either.
func (p *page) withoutContradiction(o *object) {
	p.culprit = p.res.Culprit
	if len(o.ops) <= pageOperations || p.culprit == nil {
		p.parts = []part{p.first(o, pageOperations, pageSteps)}
	} else {
		ops := []shown{{p.culprit, culprit}}
		for _, op := range around(o.ops, ops) {
			if op != p.culprit {
				ops = append(ops, shown{op, aside})
			}
		}
		p.parts = []part{{key: o.key, ops: ops}}
	}
	for i, op := range p.parts[0].ops {
		if op.Operation == p.culprit {
			p.parts[0].ops[i].mark = culprit
		}
	}
	p.left = len(o.ops) - len(p.parts[0].ops)
}

// beginning shows the first operations of the first keys.
func (p *page) beginning(objects []object) {
	orders := make(map[string][]int32)
	for _, order := range p.res.Orders {
		orders[order.Key] = order.Operations
	}
	objects = objects[:min(len(objects), pageKeys)]
	for i := range objects {
		o := &objects[i]
		limit := pagePassing / len(objects)
		if order := orders[o.key]; len(order) > 0 {
			p.parts = append(p.parts, p.ordered(o, order, limit))
		} else {
			p.parts = append(p.parts, p.first(o, limit, pageSteps/len(objects)))
		}
		p.left += len(o.ops) - len(p.parts[i].ops)
	}
}

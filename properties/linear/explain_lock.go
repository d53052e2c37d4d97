package linear

import (
	"fmt"

	"phoenix/properties/history"
)

// lockWrong explains an acquire of a lock that was held, or a release of one
// that was not.
func (e *explainer) lockWrong() ground {
	if e.culprit.Kind == history.Acquire {
		return firstOf(e.whileHeld, e.unbalanced)
	}
	if e.opt.Model == Lock {
		if g := e.notOwned(); g.short != "" {
			return g
		}
	}
	return firstOf(e.whileFree, e.unbalanced)
}

// opposite lists what may have undone op: releases of an acquire, of a Lock
// only the holder's, and acquires of a release.
func (e *explainer) opposite(op *history.Operation) []*history.Operation {
	return e.pick(func(o *history.Operation) bool {
		owned := e.opt.Model == Lock && op.Kind == history.Acquire
		return o.Kind != op.Kind && (!owned || o.Client == op.Client)
	})
}

// lastUndone returns an operation of the culprit's kind before it after which
// nothing can have undone that, and what may have undone it earlier.
func (e *explainer) lastUndone() (op *history.Operation, earlier []*history.Operation) {
	for _, op := range e.ops {
		if op == e.culprit || op.Kind != e.culprit.Kind || op.Outcome != history.OK || !before(op, e.culprit) {
			continue
		}
		if opposite := e.opposite(op); allBefore(opposite, op) {
			return op, opposite
		}
	}
	return nil, nil
}

// whileHeld explains an acquire while another client held the lock.
func (e *explainer) whileHeld() ground {
	c := e.culprit
	op, earlier := e.lastUndone()
	if op == nil {
		return ground{}
	}
	long := fmt.Sprintf("%s, and nobody had released the %s since", began(c, op), e.lockName())
	if e.opt.Model == Lock {
		long = fmt.Sprintf("%s, and %s had not released the %s", began(c, op), client(op), e.lockName())
	}
	while := fmt.Sprintf(" while %s held it", client(op))
	if op.Client == c.Client {
		while = ", which it held already"
	}
	return ground{while, long, append(earlier, op, c)}
}

// whileFree explains a release when the lock had been released.
func (e *explainer) whileFree() ground {
	c := e.culprit
	op, earlier := e.lastUndone()
	if op == nil {
		return ground{}
	}
	return ground{fmt.Sprintf(" after %s had released it and nobody had acquired it since", client(op)),
		fmt.Sprintf("%s, and nobody had acquired the %s since", began(c, op), e.lockName()), append(earlier, op, c)}
}

// notOwned explains a release by a client that had not acquired the lock or had
// released it. A client does one thing after another.
func (e *explainer) notOwned() ground {
	c := e.culprit
	var last *history.Operation // what the client did before
	for _, op := range e.ops {
		if op.Client == c.Client && op != c {
			last = op
		}
	}
	switch {
	case last == nil:
		return ground{" without holding it", fmt.Sprintf("%s released the %s, which it had not acquired",
			client(c), e.lockName()), []*history.Operation{c}}
	case last.Kind == history.Release && last.Outcome == history.OK && before(last, c):
		return ground{" without holding it", fmt.Sprintf("%s released the %s twice without acquiring it in between",
			client(c), e.lockName()), []*history.Operation{last, c}}
	}
	return ground{}
}

func client(op *history.Operation) string { return fmt.Sprintf("client %d", op.Client) }

// unbalanced explains acquires without enough releases between them, or
// releases without enough acquires before them.
func (e *explainer) unbalanced() ground {
	c := e.culprit
	same := e.pick(func(op *history.Operation) bool { return op.Kind == c.Kind && op.Outcome == history.OK })
	undo := e.pick(func(op *history.Operation) bool { return op.Kind != c.Kind })
	may := len(undo)
	if c.Kind == history.Acquire {
		may++ // the lock is free at first
	}
	if len(same) < may {
		return ground{}
	}
	g := ground{witnesses: append(same, c)}
	did, verb := client(c)+" acquired", "released"
	if c.Kind == history.Release {
		did, verb = client(c)+" released", "acquired"
	}
	switch {
	case len(same) == 0:
		g.short = ", which nobody had acquired"
		g.long = fmt.Sprintf("%s the %s, which nobody had acquired", did, e.lockName())
	case len(same) == 1 && len(undo) == 0:
		g.short = fmt.Sprintf(" as %s did, and nobody %s it", client(same[0]), verb)
		g.long = fmt.Sprintf("%s, and nobody %s the %s in between", together(g.witnesses), verb, e.lockName())
	default:
		g.short = fmt.Sprintf(" as did %s, though it was %s", others(len(same), c.Kind), done(verb, len(undo)))
		g.long = fmt.Sprintf("%s, though the %s was %s", together(g.witnesses), e.lockName(), done(verb, len(undo)))
	}
	return g
}

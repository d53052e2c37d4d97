package linear

import (
	"context"
	"fmt"
	"math"
	"slices"

	"phoenix/properties"
	"phoenix/properties/history"
)

// Result is the verdict on a history.
type Result struct {
	Verdict properties.Verdict
	// Reason says why a verdict is Inconclusive; "" otherwise.
	Reason string
	// Key is the key of the verdict, unless it is Pass: the one found first,
	// which is the same each time.
	Key string
	// Failing lists the keys found to fail, in order of first appearance: Key
	// alone, unless Options.EveryKey asked for all.
	Failing []string
	// Keys and Operations count what was judged: keys with operations that
	// matter, and those operations.
	Keys, Operations int
	// Overlapping counts the judged operations that returned and were concurrent
	// with another such operation of the same key. At 0 a history is sequential: a Pass says
	// nothing about concurrency, and the caller may want to call it
	// inconclusive.
	Overlapping int
	// Orders prove a Pass: for each key, in order of first appearance, an order
	// of its operations that explains every answer. VerifyOrder checks one.
	Orders []Order
	// Culprit is the operation whose return ends the shortest prefix of the
	// key's history that is not linearizable. Nil unless the verdict is Fail,
	// and if the bounds did not allow to find it.
	Culprit *history.Operation
	// Contradiction proves a Fail with few operations. Nil unless the verdict
	// is Fail, and if the bounds did not allow to find it.
	Contradiction *Contradiction
	// Explanation is a sentence on a Fail, true of the history, such as "read
	// of x returned 1 after 2 was acknowledged".
	Explanation string
}

// Check judges whether h is linearizable (Herlihy and Wing, TOPLAS 1990): for
// each key, whether one order of its operations that respects real time makes
// every answer right. Fail is certain and so is Pass; when the bounds of opt
// were reached or ctx is done, what is not known is Inconclusive. Only a
// deadline of ctx makes a verdict depend on the machine.
//
// The error wraps history.ErrInvalid if Validate refuses h, and names a model that fits
// if opt.Model lacks an operation of h. Where a near-linear monitor decides, the
// work is O(n log n); elsewhere it grows in the worst case exponentially with the
// operations concurrent on a key, pending ones included.
func Check(ctx context.Context, h *history.History, opt Options) (Result, error) {
	objects, err := split(h, &opt)
	if err != nil {
		return undecided(err), err
	}
	c := checker{ctx: ctx, opt: &opt, h: h, res: Result{Keys: len(objects)}}
	for _, o := range objects {
		c.res.Operations += len(o.ops)
		c.res.Overlapping += overlapping(o.ops)
	}
	c.orders = make([]Order, len(objects))
	hard := make([]int, len(objects))
	for i := range hard {
		hard[i] = i
	}
	for limit := min(firstSteps, opt.stepBound()); len(hard) > 0; limit = min(stepGrowth*limit, opt.stepBound()) {
		hard = c.round(objects, hard, limit)
	}
	if c.res.Verdict == properties.Pass {
		c.res.Orders = c.orders
	}
	c.explain(objects)
	return c.res, nil
}

// undecided is the result that goes with an error: nobody may take it for a pass.
func undecided(err error) Result {
	return Result{Verdict: properties.Inconclusive, Reason: err.Error()}
}

// Keys are tried in rounds, each with stepGrowth times the steps of the one
// before, so that a key that fails easily is found before one that is hard to
// decide has used up everybody's patience. It costs a fifteenth more.
const (
	firstSteps = 50_000
	stepGrowth = 16
)

type checker struct {
	ctx     context.Context
	opt     *Options
	h       *history.History
	res     Result
	orders  []Order // of each object
	failing []int   // objects
}

// round judges objects within a limit of steps each, up to the first that fails
// unless every key is asked for, and returns those that need more steps and may
// have them.
func (c *checker) round(objects []object, try []int, limit int64) (hard []int) {
	for _, i := range try {
		o := &objects[i]
		switch d := decide(c.ctx, c.opt, o.ops, limit); d.verdict {
		case properties.Pass:
			c.orders[i] = Order{Key: o.key, Operations: o.indices(c.h, d.order)}
		case properties.Fail:
			c.failing = append(c.failing, i)
			c.res.Verdict, c.res.Reason = properties.Fail, ""
			if !c.opt.EveryKey {
				return nil
			}
		case properties.Inconclusive:
			if d.reason == outOfSteps && limit < c.opt.stepBound() {
				hard = append(hard, i)
			} else if c.res.Verdict == properties.Pass {
				c.res.Verdict, c.res.Key = properties.Inconclusive, o.key
				c.res.Reason = fmt.Sprintf("gave up on the %s: %s", o, d.reason)
			}
		}
	}
	return hard
}

// explain fills in what a Fail comes with, about the key found to fail first.
func (c *checker) explain(objects []object) {
	if len(c.failing) == 0 {
		return
	}
	o := &objects[c.failing[0]]
	c.res.Key = o.key
	slices.Sort(c.failing)
	for _, i := range c.failing {
		c.res.Failing = append(c.res.Failing, objects[i].key)
	}
	p, ok := shortestFailing(c.ctx, c.opt, o.ops)
	if !ok {
		c.res.Explanation = fmt.Sprintf("no order of the %s explains what they returned", o)
		return
	}
	c.res.Culprit = p.culprit
	c.res.Explanation, _ = explain(c.opt, p)
}

// object is what matters of one key, by Call.
type object struct {
	key string
	ops []*history.Operation
}

// String is "5 operations of x".
func (o *object) String() string { return fmt.Sprintf("%d operations%s", len(o.ops), ofKey(o.key)) }

// indices turns positions in o.ops into positions in h. Both are ascending by
// Call, and o.ops points into h.
func (o *object) indices(h *history.History, order []int32) []int32 {
	at := make([]int32, len(o.ops))
	next := 0
	for i, op := range o.ops {
		for &h.Operations[next] != op {
			next++
		}
		at[i] = int32(next)
	}
	for i, place := range order {
		order[i] = at[place]
	}
	return order
}

// split checks h against opt and sorts its operations by key, in order of
// first appearance.
func split(h *history.History, opt *Options) ([]object, error) {
	if err := h.Validate(); err != nil {
		return nil, err
	}
	if err := opt.accepts(h); err != nil {
		return nil, err
	}
	var objects []object
	index := make(map[string]int)
	for i := range h.Operations {
		op := &h.Operations[i]
		if !opt.matters(op) {
			continue
		}
		at, ok := index[op.Key]
		if !ok {
			at = len(objects)
			index[op.Key] = at
			objects = append(objects, object{key: op.Key})
		}
		objects[at].ops = append(objects[at].ops, op)
	}
	return objects, nil
}

// overlapping counts the operations, given by Call, that returned and were
// concurrent with another that returned: what never returned overlaps with all
// that comes after it and shows nothing. O(n).
func overlapping(ops []*history.Operation) int {
	count, lastReturn := 0, int64(math.MinInt64)
	var last *history.Operation // that returned
	counted := false            // whether last is in count
	for _, op := range ops {
		if op.Return == history.Pending {
			continue
		}
		meets := last != nil && lastReturn >= op.Call
		if last != nil && !counted && op.Call <= last.Return {
			count++
		}
		if meets {
			count++
		}
		last, counted = op, meets
		lastReturn = max(lastReturn, op.Return)
	}
	return count
}

// ofKey is " of x" for key x and nothing where there is a single register.
func ofKey(key string) string {
	if key == "" {
		return ""
	}
	return " of " + key
}

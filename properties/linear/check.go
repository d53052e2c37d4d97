package linear

import (
	"cmp"
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
	// with another such operation of the same key. At 0 a history is sequential: a
	// Pass says nothing about concurrency, and the caller may want to call it
	// inconclusive.
	Overlapping int
	// Orders prove a Pass: for each key, in order of first appearance, an order
	// of its operations that explains every answer. Check has verified them, as
	// VerifyOrder does one. Nil unless the verdict is Pass.
	Orders []Order
	// Culprit is the operation whose return ends the shortest prefix of the
	// key's history that is not linearizable. Nil unless the verdict is Fail,
	// and if the bounds did not allow to find it.
	Culprit *history.Operation
	// Prefix counts the operations in that prefix: those of the key that had been
	// called when Culprit returned. 0 without Culprit.
	Prefix int
	// Contradiction proves a Fail with few operations, and Check has verified it.
	// Nil unless the verdict is Fail, and if the bounds did not allow to find it.
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
// The error wraps history.ErrInvalid if Validate refuses h, names a model that
// fits if opt.Model lacks an operation of h, and says so if opt makes no sense.
// Where a near-linear monitor decides, the work is O(n log n); elsewhere it grows
// in the worst case exponentially with the operations concurrent on a key,
// pending ones included.
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
	c.prove()
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
	orders  []Order   // of each object
	failing []failure // in the order in which they were found
}

// failure is an object that fails, and the core of the decision on it.
type failure struct {
	object int
	core   []int32
}

// round judges objects within a limit of steps each, up to the first that fails
// unless every key is asked for, and returns those that need more steps and may
// have them.
func (c *checker) round(objects []object, try []int, limit int64) (hard []int) {
	for _, i := range try {
		o := &objects[i]
		switch d := decide(c.ctx, c.opt, o.ops, limit); d.verdict {
		case properties.Pass:
			c.orders[i] = Order{Key: o.key, Operations: o.positions(d.order)}
		case properties.Fail:
			c.failing = append(c.failing, failure{i, d.core})
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

// prove makes the orders of all keys part of a Pass, once they are verified.
func (c *checker) prove() {
	if c.res.Verdict != properties.Pass {
		return
	}
	mustHold(verifyOrders(c.h, c.opt, c.orders), "it passed a history")
	c.res.Orders = c.orders
}

// explain fills in what a Fail comes with, about the key found to fail first.
func (c *checker) explain(objects []object) {
	if len(c.failing) == 0 {
		return
	}
	first := c.failing[0]
	o := &objects[first.object]
	c.res.Key = o.key
	slices.SortFunc(c.failing, func(a, b failure) int { return cmp.Compare(a.object, b.object) })
	for _, f := range c.failing {
		c.res.Failing = append(c.res.Failing, objects[f.object].key)
	}
	f, ok := whereFails(c.ctx, c.opt, o.ops, first.core)
	if !ok {
		c.res.Explanation = fmt.Sprintf("no order of the %s explains what they returned", o)
		return
	}
	c.res.Culprit, c.res.Prefix = o.ops[f.last], calledBy(o.ops, f.last)
	c.contradict(o, f)
}

// contradict adds the contradiction, verified, and tells why the prefix f fails.
func (c *checker) contradict(o *object, f failing) {
	p := upTo(c.opt, o.ops, f.last)
	operations, others, ok := contradict(c.ctx, c.opt, o.ops, f)
	proof := &Contradiction{Key: o.key}
	if ok {
		proof.Operations = o.positions(slices.Clone(operations))
		proof.Others = o.positions(slices.Clone(others))
		err := proof.verify(c.h, c.opt)
		mustHold(err, "it failed a history")
		ok = err == nil
	}
	if !ok {
		c.res.Explanation, _ = explain(c.opt, p)
		return
	}
	c.res.Contradiction = proof
	c.tell(p, newScene(c.opt, o.ops, p.culprit.Return), operations, others)
}

// tell puts a contradiction in the prefix p into words. The ground is looked for
// in the part of p that it is about, then in all of p: there may be one in what
// the contradiction does without.
func (c *checker) tell(p prefix, s *scene, operations, others []int32) {
	story := s.story(p, slices.Concat(operations, others))
	sentence, ground := explain(c.opt, story)
	if len(ground) == 0 && len(p.ops) <= pairwise {
		story = p
		sentence, ground = explain(c.opt, p)
	}
	c.res.Explanation = sentence
	if len(ground) == 0 {
		e := explainer{opt: c.opt, culprit: p.culprit}
		c.res.Contradiction.Sentence = e.list(s.pick(operations), len(others))
		return
	}
	var returned, open []*history.Operation
	for _, op := range story.ops {
		if op.Outcome == history.Unknown {
			open = append(open, op)
		} else {
			returned = append(returned, op)
		}
	}
	c.res.Contradiction.Sentence = tell(c.opt, returned, open, p.culprit)
}

// object is what matters of one key, by Call.
type object struct {
	key string
	ops []*history.Operation
	at  []int32 // positions of ops in History.Operations

	count int // of ops
}

// String is "5 operations of x".
func (o *object) String() string { return fmt.Sprintf("%d operations%s", len(o.ops), ofKey(o.key)) }

// positions turns positions in o.ops into positions in History.Operations.
func (o *object) positions(list []int32) []int32 {
	for i, place := range list {
		list[i] = o.at[place]
	}
	return list
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
	objects, of := countKeys(h, opt)
	for k := range objects {
		o := &objects[k]
		o.ops, o.at = make([]*history.Operation, 0, o.count), make([]int32, 0, o.count)
	}
	for i, k := range of {
		if k >= 0 {
			o := &objects[k]
			o.ops, o.at = append(o.ops, opt.seen(&h.Operations[i])), append(o.at, int32(i))
		}
	}
	return objects, nil
}

// countKeys returns the object of each operation, none if it does not matter, and
// the objects with nothing but their key and how many operations they have.
func countKeys(h *history.History, opt *Options) (objects []object, of []int32) {
	of = make([]int32, len(h.Operations))
	index := make(map[string]int32)
	latest := int32(none) // operations in a row are often of one key
	for i := range h.Operations {
		op := &h.Operations[i]
		if of[i] = none; !opt.matters(op) {
			continue
		}
		if latest < 0 || objects[latest].key != op.Key {
			k, ok := index[op.Key]
			if !ok {
				k = int32(len(objects))
				index[op.Key] = k
				objects = append(objects, object{key: op.Key})
			}
			latest = k
		}
		of[i] = latest
		objects[latest].count++
	}
	return objects, of
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

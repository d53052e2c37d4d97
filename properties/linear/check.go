package linear

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"phoenix/properties"
)

// Result is the verdict on a history.
type Result struct {
	Verdict properties.Verdict
	// Reason says why a verdict is Inconclusive; "" otherwise.
	Reason string
	// Key is the key of the verdict, unless it is Pass: the one found first,
	// which is the same each time.
	Key string
	// Keys and Operations count what was judged: keys with operations that
	// matter, and those operations.
	Keys, Operations int
	// Overlapping counts the judged operations that returned and were concurrent
	// with another such operation of the same key. At 0 a history is sequential: a Pass says
	// nothing about concurrency, and the caller may want to call it
	// inconclusive.
	Overlapping int
	// Culprit is the operation whose return ends the shortest prefix of the
	// key's history that is not linearizable. Nil unless the verdict is Fail,
	// and if the bounds did not allow to find it.
	Culprit *Operation
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
// The error wraps ErrInvalid if Validate refuses h, and names a model that fits
// if opt.Model lacks an operation of h. In the worst case the work grows
// exponentially with the operations concurrent on a key, pending ones included.
func Check(ctx context.Context, h *History, opt Options) (Result, error) {
	keys, err := split(h, &opt)
	if err != nil {
		return undecided(err), err
	}
	res := Result{Keys: len(keys)}
	for _, k := range keys {
		res.Operations += len(k.ops)
		res.Overlapping += overlapping(k.ops)
	}
	c := checker{ctx: ctx, opt: &opt, res: res}
	limit := min(firstSteps, opt.stepBound())
	for hard := keys; len(hard) > 0 && c.res.Verdict != properties.Fail; limit = min(stepGrowth*limit, opt.stepBound()) {
		hard = c.round(hard, limit)
	}
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
	ctx context.Context
	opt *Options
	res Result
}

// round judges keys within a limit of steps each, up to the first that fails,
// and returns those that need more steps and may have them.
func (c *checker) round(keys []keyHistory, limit int64) (hard []keyHistory) {
	for _, k := range keys {
		s := newSearch(c.ctx, c.opt, limit)
		switch s.judge(k.ops) {
		case properties.Fail:
			c.res.Verdict, c.res.Key, c.res.Reason = properties.Fail, k.key, ""
			c.explain(k)
			return nil
		case properties.Inconclusive:
			if s.gaveUp == outOfSteps && limit < c.opt.stepBound() {
				hard = append(hard, k)
			} else if c.res.Verdict == properties.Pass {
				c.res.Verdict, c.res.Key = properties.Inconclusive, k.key
				c.res.Reason = fmt.Sprintf("gave up on the %s: %s", k, s.gaveUp)
			}
		}
	}
	return hard
}

// explain looks for the culprit of a key that fails.
func (c *checker) explain(k keyHistory) {
	s := newSearch(c.ctx, c.opt, c.opt.stepBound())
	p, ok := shortestFailing(s, k.ops)
	if !ok {
		c.res.Explanation = fmt.Sprintf("no order of the %s explains what they returned", k)
		return
	}
	c.res.Culprit = p.culprit
	c.res.Explanation, _ = explain(c.opt, p)
}

// keyHistory is what matters of one key, by Call.
type keyHistory struct {
	key string
	ops []*Operation
}

// String is "5 operations of x".
func (k keyHistory) String() string { return fmt.Sprintf("%d operations%s", len(k.ops), ofKey(k.key)) }

// split checks h against opt and sorts its operations by key, in order of
// first appearance.
func split(h *History, opt *Options) ([]keyHistory, error) {
	if err := h.Validate(); err != nil {
		return nil, err
	}
	if err := opt.accepts(h); err != nil {
		return nil, err
	}
	var keys []keyHistory
	index := make(map[string]int)
	for i := range h.Operations {
		op := &h.Operations[i]
		if !opt.matters(op) {
			continue
		}
		at, ok := index[op.Key]
		if !ok {
			at = len(keys)
			index[op.Key] = at
			keys = append(keys, keyHistory{key: op.Key})
		}
		keys[at].ops = append(keys[at].ops, op)
	}
	return keys, nil
}

// overlapping counts the operations, given by Call, that returned and were
// concurrent with another that returned: what never returned overlaps with all
// that comes after it and shows nothing. O(n).
func overlapping(ops []*Operation) int {
	count, lastReturn := 0, int64(math.MinInt64)
	var last *Operation // that returned
	counted := false    // whether last is in count
	for _, op := range ops {
		if op.Return == Pending {
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

// prefix is a key's history up to the return of one of its operations: what
// had been called, and of that what had returned; the rest is pending.
type prefix struct {
	ops     []*Operation
	culprit *Operation // the one whose return ends the prefix
}

// returned lists what returned, in the order of that.
func returned(ops []*Operation) []*Operation {
	done := slices.DeleteFunc(slices.Clone(ops), func(o *Operation) bool { return o.Return == Pending })
	slices.SortStableFunc(done, func(a, b *Operation) int { return cmp.Compare(a.Return, b.Return) })
	return done
}

// cut returns the prefix of ops that ends with the return of done[last].
func cut(ops, done []*Operation, last int) prefix {
	end := done[last].Return
	inside := make(map[*Operation]bool, last+1)
	for _, op := range done[:last+1] {
		inside[op] = true
	}
	p := prefix{culprit: done[last]}
	for _, op := range ops {
		if op.Call > end {
			break
		}
		if inside[op] {
			p.ops = append(p.ops, op)
			continue
		}
		if op.Kind != Read {
			open := *op
			open.Outcome, open.Return = Unknown, Pending
			p.ops = append(p.ops, &open)
		}
	}
	return p
}

// shortestFailing returns the shortest prefix of ops, which are not
// linearizable, that is not either. Prefixes of a linearizable history are
// linearizable, so it can be bisected; the range is doubled first, because a
// long prefix costs more than a short one. ok is false if s gave up before.
func shortestFailing(s *search, ops []*Operation) (p prefix, ok bool) {
	done := returned(ops)
	fails := func(last int) bool {
		return s.judge(cut(ops, done, last).ops) == properties.Fail
	}
	good, bad := -1, 0
	for bad < len(done)-1 && !fails(bad) && s.gaveUp == "" {
		good, bad = bad, min(2*bad+1, len(done)-1)
	}
	bad = good + 1 + sort.Search(bad-good-1, func(i int) bool { return fails(good + 1 + i) })
	if s.gaveUp != "" {
		return prefix{}, false
	}
	return cut(ops, done, bad), true
}

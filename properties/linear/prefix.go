package linear

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"phoenix/properties"
	"phoenix/properties/history"
)

// prefix is a key's history up to the return of one of its operations: what
// had been called, and of that what had returned; the rest is pending.
type prefix struct {
	ops     []*history.Operation
	culprit *history.Operation // the one whose return ends the prefix
}

// returned lists what returned, in the order of that.
func returned(ops []*history.Operation) []*history.Operation {
	done := slices.DeleteFunc(slices.Clone(ops), func(o *history.Operation) bool { return o.Return == history.Pending })
	slices.SortStableFunc(done, func(a, b *history.Operation) int { return cmp.Compare(a.Return, b.Return) })
	return done
}

// cut returns the prefix of ops that ends with the return of done[last].
func cut(ops, done []*history.Operation, last int) prefix {
	end := done[last].Return
	inside := make(map[*history.Operation]bool, last+1)
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
		if op.Kind != history.Read {
			open := *op
			open.Outcome, open.Return = history.Unknown, history.Pending
			p.ops = append(p.ops, &open)
		}
	}
	return p
}

// shortestFailing returns the shortest prefix of ops, which are not
// linearizable, that is not either. Prefixes of a linearizable history are
// linearizable, so it can be bisected; the range is doubled first, because a
// long prefix costs more than a short one. ok is false if the bounds were
// reached before.
func shortestFailing(ctx context.Context, opt *Options, ops []*history.Operation) (p prefix, ok bool) {
	done := returned(ops)
	left, gaveUp := opt.stepBound(), false
	fails := func(last int) bool {
		d := decide(ctx, opt, cut(ops, done, last).ops, left)
		left -= d.steps
		gaveUp = gaveUp || d.verdict == properties.Inconclusive
		return d.verdict == properties.Fail
	}
	good, bad := -1, 0
	for bad < len(done)-1 && !fails(bad) && !gaveUp {
		good, bad = bad, min(2*bad+1, len(done)-1)
	}
	bad = good + 1 + sort.Search(bad-good-1, func(i int) bool { return fails(good + 1 + i) })
	if gaveUp {
		return prefix{}, false
	}
	return cut(ops, done, bad), true
}

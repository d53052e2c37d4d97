package linear

import (
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
	at      []int32            // positions of ops in the whole history
}

// byReturn lists the positions in ops of what returned, in the order of that:
// by Return, then by position. A radix sort: stable, O(n) for each digit in which
// returns differ.
func byReturn(ops []*history.Operation) []int32 {
	done := make([]int32, 0, len(ops))
	moments := make([]uint64, 0, len(ops)) // from the first call
	differ := uint64(0)
	for i, op := range ops {
		if op.Return != history.Pending {
			done, moments = append(done, int32(i)), append(moments, uint64(op.Return)-uint64(ops[0].Call))
			differ |= moments[len(moments)-1] ^ moments[0]
		}
	}
	sorted, sortedMoments := make([]int32, len(done)), make([]uint64, len(done))
	const bits, digits = 11, 1 << 11
	for shift := 0; differ>>shift > 0; shift += bits {
		var start [digits + 1]int // of the positions with this digit
		for _, m := range moments {
			start[m>>shift%digits+1]++
		}
		for d := range digits {
			start[d+1] += start[d]
		}
		for i, m := range moments {
			to := &start[m>>shift%digits]
			sorted[*to], sortedMoments[*to] = done[i], m
			*to++
		}
		done, sorted, moments, sortedMoments = sorted, done, sortedMoments, moments
	}
	return done
}

// returnedBy reports whether ops[i] had returned when ops[last] did.
func returnedBy(ops []*history.Operation, i, last int32) bool {
	a, b := ops[i].Return, ops[last].Return
	return a < b || (a == b && i <= last)
}

// calledBy returns how many of ops had been called when ops[last] returned.
func calledBy(ops []*history.Operation, last int32) int {
	return sort.Search(len(ops), func(i int) bool { return ops[i].Call > ops[last].Return })
}

// upTo returns the prefix of ops that ends with the return of ops[last]. What
// certainly changed nothing and had not returned is not in it.
func upTo(opt *Options, ops []*history.Operation, last int32) prefix {
	called := ops[:calledBy(ops, last)]
	p := prefix{culprit: ops[last], ops: make([]*history.Operation, 0, len(called)), at: make([]int32, 0, len(called))}
	for i, op := range called {
		if returnedBy(ops, int32(i), last) {
			p.ops, p.at = append(p.ops, op), append(p.at, int32(i))
			continue
		}
		if !changes(op) {
			continue
		}
		open := *op
		open.Outcome, open.Return = history.Unknown, history.Pending
		if opt.Step == nil {
			open.Out = history.Value{}
		}
		p.ops, p.at = append(p.ops, &open), append(p.at, int32(i))
	}
	return p
}

// failing is what is known about where a key's history fails.
type failing struct {
	last  int32      // the prefix that ends with the return of ops[last] fails
	begun *minimizer // with a contradiction in it, nil if none is known
}

// shortest looks for the shortest failing prefix. Prefixes are named by the
// operation whose return ends them.
type shortest struct {
	ctx    context.Context
	opt    *Options
	ops    []*history.Operation
	done   []int32 // byReturn, made when it is needed
	left   int64   // steps
	good   int32   // this prefix passes, none if only the empty one is known to
	bad    int32   // this one fails, none if only the whole is known to
	begun  *minimizer
	gaveUp bool
}

// whereFails returns the end of the shortest prefix of ops, which are not
// linearizable, that is not either. The core is of the decision that said so.
// Prefixes of a linearizable history are linearizable, so it can be bisected;
// the range is doubled first, because a long prefix costs more than a short one.
// A core bounds it from above, often exactly: then one question settles it, and
// in the worst case there are twice as many as without. ok is false if the bounds
// were reached before.
func whereFails(ctx context.Context, opt *Options, ops []*history.Operation, core []int32) (f failing, ok bool) {
	s := shortest{ctx: ctx, opt: opt, ops: ops, left: opt.stepBound(), good: none, bad: none}
	if s.fail(none, core); s.bad == none {
		s.bad = s.before(none)
	}
	for bound := s.begun != nil; !s.gaveUp; bound = !bound && s.begun != nil {
		at := int32(none)
		if bound {
			at = s.before(s.bad)
		} else {
			at = s.middle()
		}
		if at == s.good {
			break
		}
		if s.ask(at); bound && at == s.good {
			break // nothing is between it and the one that fails
		}
	}
	return failing{s.bad, s.begun}, !s.gaveUp
}

// before returns what returned last before ops[i] did, or at all if i is none;
// none if nothing did.
func (s *shortest) before(i int32) int32 {
	last := int32(none)
	for j, op := range s.ops {
		j := int32(j)
		if i >= 0 && op.Call > s.ops[i].Return {
			break
		}
		if op.Return != history.Pending && j != i && (i < 0 || returnedBy(s.ops, j, i)) &&
			(last < 0 || returnedBy(s.ops, last, j)) {
			last = j
		}
	}
	return last
}

// middle returns a prefix between the one that passes and the one that fails,
// or the one that passes if there is none between.
func (s *shortest) middle() int32 {
	if s.done == nil {
		s.done = byReturn(s.ops)
	}
	good, bad := s.position(s.good), s.position(s.bad)
	if bad == good+1 {
		return s.good
	}
	return s.done[max(min((good+bad)/2, 2*good+1), good+1)]
}

// position returns where ops[i] is in s.done, -1 for none.
func (s *shortest) position(i int32) int {
	if i < 0 {
		return -1
	}
	return sort.Search(len(s.done), func(at int) bool { return returnedBy(s.ops, i, s.done[at]) })
}

// ask decides about the prefix that ends at ops[at].
func (s *shortest) ask(at int32) {
	p := upTo(s.opt, s.ops, at)
	d := decide(s.ctx, s.opt, p.ops, s.left)
	s.left -= d.steps
	switch d.verdict {
	case properties.Pass:
		s.good = at
	case properties.Fail:
		for i, c := range d.core {
			d.core[i] = p.at[c]
		}
		s.fail(at, d.core)
	default:
		s.gaveUp = true
	}
}

// fail notes that the prefix up to ops[at] fails with this core, and so does
// the one up to the core's last return if that much is a contradiction already.
// An engine may leave out what it takes for granted: who took an element.
func (s *shortest) fail(at int32, core []int32) {
	s.bad, s.begun = at, nil
	if !s.begin(core) {
		s.begin(s.withTakers(core))
	}
}

// begin notes that core is a contradiction, unless it is not.
func (s *shortest) begin(core []int32) bool {
	last := s.lastOf(core)
	if last < 0 || s.bad != none && !returnedBy(s.ops, last, s.bad) {
		return false
	}
	m := newMinimizer(s.ctx, s.opt, s.ops, last, s.left)
	ok := m.fromCore(core)
	s.left = m.left
	if ok {
		s.bad, s.begun = last, m
	}
	return ok
}

// lastOf returns the one of core that returned last, -1 if none did.
func (s *shortest) lastOf(core []int32) int32 {
	last := int32(-1)
	for _, i := range core {
		if s.ops[i].Return != history.Pending && (last < 0 || returnedBy(s.ops, last, i)) {
			last = i
		}
	}
	return last
}

// withTakers adds to a core of a queue, stack or multiset what took its elements
// and had been called before its last return.
func (s *shortest) withTakers(core []int32) []int32 {
	last := s.lastOf(core)
	if last < 0 || s.opt.Step != nil || (s.opt.Model != Queue && s.opt.Model != Stack && s.opt.Model != Multiset) {
		return nil
	}
	elements := make(map[history.Value]bool)
	for _, i := range core {
		if s.ops[i].Kind.Takes() {
			elements[s.ops[i].Arg] = true
		}
	}
	core = slices.Clone(core)
	for i, op := range s.ops[:calledBy(s.ops, last)] {
		if isTake(op) && op.Outcome == history.OK && elements[op.Out] && !slices.Contains(core, int32(i)) {
			core = append(core, int32(i))
		}
	}
	return core
}

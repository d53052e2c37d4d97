package consistency

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"phoenix/properties"
	"phoenix/properties/linear"
)

// An order of a key's operations in which every read returns one of the k
// latest writes is in essence an order of its clusters: each read may stand
// right after the last of the writes that it must follow. The order must
//
//   - put a before b if a.sure < b.call, and
//   - for every cluster b and all writes a with a.sure < b.seen, a ≠ b, put a
//     before b; or, if k is 2, right after b. At most one a can be there.
//
// A CAS is exact whatever k is: it comes right after the write whose value it
// replaced. This leaves reads alone to be stale, and an order for k = 1 is a
// linearization.
//
// orderer builds such an order from its end, as LBT does (Golab, Hurwitz and Li,
// On the k-Atomicity-Verification Problem, ICDCS 2013, section III). Placing a
// last of the clusters that remain forces b to be next if b.seen > a.sure, and
// two such b are a contradiction. Where nothing is forced, an epoch ends, and
// its choice is never regretted: what remains can be ordered if all could (take
// the order of all and leave out the rest: neighbours stay neighbours), and
// nothing in it minds what was placed. So the only choice is with which cluster
// to begin an epoch. Those are the clusters concurrent with the remaining write
// that was called last, and they are tried in turns with a growing budget, so
// that an epoch costs no more than its length times their number: in all
// O(n log n + c n), where c is the most writes that are concurrent.
type orderer struct {
	cs     []cluster // and an imaginary one at the end that constrains nothing
	k      int
	budget int     // how many clusters an epoch may place at first
	after  []int32 // for each cluster the one whose value it replaced by CAS, or nothing
	by     []int32 // the inverse
	// twins are two clusters that replaced the same value, which nothing allows.
	twins                  []int32
	gone                   []bool
	placed                 []int32 // in this epoch so far
	byCall, bySure, bySeen ranking
	// touched are clusters that played a part, once part is not nil; part tells
	// of each cluster whether it is among them.
	touched []int32
	part    []bool
	steps   int64 // that are left: clusters placed
	flaw    flaw
}

// ranking is a list of clusters by one of their moments, doubly linked in a
// ring through the imaginary last cluster, so that one is taken out and put
// back in O(1) (Knuth, Dancing Links, 2000).
type ranking struct{ next, prev []int32 }

func rank(cs []cluster, moment func(*cluster) int64) ranking {
	n := len(cs) - 1
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(moment(&cs[a]), moment(&cs[b])), cmp.Compare(a, b))
	})
	r := ranking{make([]int32, n+1), make([]int32, n+1)}
	last := int32(n)
	for _, i := range append(order, int32(n)) {
		r.next[last], r.prev[i] = i, last
		last = i
	}
	return r
}

// last is the cluster with the greatest moment, the imaginary one if none remains.
func (r *ranking) last() int32 { return r.prev[len(r.prev)-1] }

func (r *ranking) remove(i int32) {
	r.next[r.prev[i]], r.prev[r.next[i]] = r.next[i], r.prev[i]
}

// restore puts back what was removed last.
func (r *ranking) restore(i int32) {
	r.next[r.prev[i]], r.prev[r.next[i]] = i, i
}

// newOrderer returns an orderer of clusters by call for k = 1 or 2. A CAS is
// bound to its predecessor if that is among them.
func (v *versions) newOrderer(clusters []cluster, k int) *orderer {
	n := len(clusters)
	o := &orderer{k: k, budget: firstBudget, steps: v.opt.Steps, flaw: v.flaw, after: make([]int32, n+1), by: make([]int32, n+1), gone: make([]bool, n+1)}
	o.cs = append(slices.Clone(clusters), cluster{call: math.MinInt64, sure: math.MinInt64, seen: math.MinInt64})
	o.gone[n] = true
	if o.steps == 0 {
		o.steps = linear.DefaultSteps
	}
	for i := range o.cs {
		o.after[i], o.by[i] = nothing, nothing
	}
	for i := range clusters {
		v.place[clusters[i].node] = int32(i)
	}
	for i := range clusters {
		if clusters[i].after == nothing || v.flaw == flawLooseCAS {
			continue
		}
		u := v.place[clusters[i].after]
		if int(u) >= n || clusters[u].node != clusters[i].after {
			continue
		}
		if o.by[u] != nothing {
			o.twins = []int32{u, o.by[u], int32(i)}
		}
		o.after[i], o.by[u] = u, int32(i)
	}
	o.byCall = rank(o.cs, func(c *cluster) int64 { return c.call })
	o.bySure = rank(o.cs, func(c *cluster) int64 { return c.sure })
	o.bySeen = rank(o.cs, func(c *cluster) int64 { return c.seen })
	return o
}

// firstBudget is how many clusters an epoch may place before the other
// candidates are tried.
const firstBudget = 16

// order tells whether the clusters have an order: Fail means that they have
// none, and what remains is where it got stuck.
func (o *orderer) order() properties.Verdict {
	verdict := properties.Pass
	if o.twins != nil {
		verdict = properties.Fail
	}
	for n := int32(len(o.cs) - 1); verdict == properties.Pass && o.byCall.last() != n; {
		verdict = o.nextEpoch()
	}
	return verdict
}

// nextEpoch places an epoch before those that are placed.
func (o *orderer) nextEpoch() properties.Verdict {
	var open []int32 // candidates that may do
	for w := range o.candidates() {
		switch o.epoch(w, o.budget) {
		case complete:
			return properties.Pass
		case unknown:
			open = append(open, w)
		}
	}
	for budget := 4 * o.budget; len(open) > 0 && o.steps >= 0; budget *= 4 {
		tried := open
		open = open[:0]
		for _, w := range tried {
			switch o.epoch(w, budget) {
			case complete:
				return properties.Pass
			case unknown:
				open = append(open, w)
			}
		}
	}
	if o.steps < 0 {
		return properties.Inconclusive
	}
	return properties.Fail
}

// candidates are the remaining clusters that may be last. What is placed for
// one must be undone before the next.
func (o *orderer) candidates() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		latest := o.cs[o.byCall.last()].call
		n := int32(len(o.cs) - 1)
		for i := o.bySure.last(); i != n && o.cs[i].sure >= latest && yield(i); i = o.bySure.prev[i] {
		}
	}
}

// attempt is what came of an epoch.
type attempt uint8

const (
	complete attempt = iota // nothing is forced any more: the epoch stands
	dead                    // it led to a contradiction and was undone
	unknown                 // the budget ran out and it was undone
)

// epoch places w last and then what that forces, within budget.
func (o *orderer) epoch(w int32, budget int) attempt {
	o.placed = o.placed[:0]
	for len(o.placed) < budget && o.steps >= 0 {
		o.steps--
		next, possible := o.placeLast(w)
		switch {
		case !possible:
			o.undo()
			return dead
		case next == nothing:
			return complete
		}
		w = next
	}
	o.undo()
	return unknown
}

// placeLast puts w at the end of what remains and returns the cluster that must
// come right before it, or nothing.
func (o *orderer) placeLast(w int32) (next int32, possible bool) {
	latest := o.byCall.last()
	o.touch(w, latest)
	if o.cs[latest].call > o.cs[w].sure || o.flaw == flawAtomicTouch && latest != w && o.cs[latest].call == o.cs[w].sure {
		return nothing, false
	}
	if cas := o.by[w]; cas != nothing && !o.gone[cas] {
		o.touch(cas)
		return nothing, false
	}
	o.gone[w] = true
	o.placed = append(o.placed, w)
	for _, r := range []*ranking{&o.byCall, &o.bySure, &o.bySeen} {
		r.remove(w)
	}
	next = nothing
	if first := o.bySeen.last(); o.cs[first].seen > o.cs[w].sure {
		second := o.bySeen.prev[first]
		o.touch(first, second)
		if o.k == 1 || o.cs[second].seen > o.cs[w].sure && o.flaw != flawManyBehind {
			return nothing, false
		}
		next = first
	}
	if u := o.after[w]; u != nothing && !o.gone[u] {
		o.touch(u)
		if next != nothing && next != u {
			return nothing, false
		}
		next = u
	}
	return next, true
}

func (o *orderer) undo() {
	for _, w := range slices.Backward(o.placed) {
		o.gone[w] = false
		for _, r := range []*ranking{&o.byCall, &o.bySure, &o.bySeen} {
			r.restore(w)
		}
	}
	o.placed = o.placed[:0]
}

func (o *orderer) touch(clusters ...int32) {
	if o.part == nil {
		return
	}
	for _, w := range clusters {
		if !o.part[w] {
			o.part[w] = true
			o.touched = append(o.touched, w)
		}
	}
}

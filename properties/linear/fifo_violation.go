package linear

import (
	"math"
	"slices"
)

// violation is a set of operations that contradict each other, or none if core
// is nil, and the moment at which they were bound to.
type violation struct {
	core []int32
	at   int64
}

// keepFirst keeps of two violations the one that was complete first.
func (v *violation) keepFirst(at int64, core func() []int32) {
	if v.core == nil || at < v.at {
		*v = violation{core(), at}
	}
}

// union returns the positions that are not none, ascending and each once.
func union(positions ...int32) []int32 {
	slices.Sort(positions)
	positions = slices.Compact(positions)
	if len(positions) > 0 && positions[0] == none {
		positions = positions[1:]
	}
	return positions
}

// disorder returns the VOrd or VWit that was complete first, or no violation.
// VWit also chooses the moments of the dequeues that found nothing.
func (q *fifo) disorder() (wrong violation) {
	byReturn := make([]timed, len(q.elements))
	for i := range q.elements {
		byReturn[i] = timed{q.elements[i].enqReturn, int32(i)}
	}
	byReturn = byMoment(byReturn)
	q.order(byReturn, &wrong)
	q.witness(byReturn, &wrong)
	return wrong
}

// order finds the VOrd that was complete first, in one sweep over v: of all u
// put in before it, the one taken last must not have been taken after v was.
func (q *fifo) order(byReturn []timed, wrong *violation) {
	latest := int64(math.MinInt64)
	first := int32(none)
	next := 0
	for v := range q.elements {
		e := &q.elements[v]
		for next < len(byReturn) && byReturn[next].at < e.enqCall {
			latest = max(latest, q.elements[byReturn[next].id].deqCall)
			next++
		}
		if e.deqReturn < latest && (first == none || e.deqReturn < q.elements[first].deqReturn) {
			first = int32(v)
		}
	}
	if first != none {
		wrong.keepFirst(q.elements[first].deqReturn, func() []int32 { return q.overtaken(first) })
	}
}

// overtaken returns v and a u that it overtook, with their operations: the
// fewest, and else those of the u that was taken first.
func (q *fifo) overtaken(v int32) []int32 {
	fast := &q.elements[v]
	slow := func(u int32) bool {
		e := &q.elements[u]
		return e.enqReturn < fast.enqCall && fast.deqReturn < e.deqCall
	}
	taken := int32(none)
	for u := range q.elements {
		e := &q.elements[u]
		if e.deqReturn < q.open && slow(int32(u)) && (taken == none || e.deqReturn < q.elements[taken].deqReturn) {
			taken = int32(u)
		}
	}
	core := []int32{fast.enq, fast.deq}
	i := slices.IndexFunc(q.left, slow)
	if taken == none || i == 0 {
		return union(append(core, q.crowd(i)...)...)
	}
	return union(append(core, q.both(taken)...)...)
}

// both returns the enqueue and the dequeue of element u.
func (q *fifo) both(u int32) []int32 { return []int32{q.elements[u].enq, q.elements[u].deq} }

// crowd shows that left[i] is late to be taken: itself, all that are to be
// taken no later than it, and the dequeues of unknown outcome, one too few.
func (q *fifo) crowd(i int) []int32 {
	var core []int32
	for j, u := range q.left[:i+1] {
		core = append(core, q.elements[u].enq)
		if j < i && j < len(q.takers) {
			core = append(core, q.takers[j])
		}
	}
	return core
}

// witness finds for each dequeue of nothing the first moment at which the queue
// may have been empty, and puts it in line there, or else the VWit that was
// complete first: the moments at which something was surely in the queue are
// open intervals, and their union covers that dequeue.
func (q *fifo) witness(byReturn []timed, wrong *violation) {
	next, full := 0, int64(math.MinInt64) // the queue is surely not empty up to full
	nothings := make([]element, 0, len(q.empties))
	covered, first := int32(none), q.open // the dequeue without such a moment that returned first
	for _, deq := range q.empties {
		call, ret := q.interval(deq)
		at := max(call, full)
		for ; next < len(byReturn); next++ {
			e := &q.elements[byReturn[next].id]
			if e.enqReturn >= at {
				break
			}
			if e.deqCall > at {
				full, at = e.deqCall, e.deqCall
			}
		}
		if ret < at && ret < first {
			covered, first = deq, ret
		}
		nothings = append(nothings, element{enqCall: at, enqReturn: at, deqCall: at, deqReturn: at,
			enq: none, deq: deq, nothing: true})
	}
	if covered != none {
		wrong.keepFirst(first, func() []int32 { return q.cover(byReturn, covered) })
	}
	q.elements = append(q.elements, nothings...)
}

// cover returns a dequeue that found nothing and the fewest elements that
// together were surely in the queue all its time: from its call on, always the
// one that stayed longest.
func (q *fifo) cover(byReturn []timed, deq int32) []int32 {
	at, ret := q.interval(deq)
	core := []int32{deq}
	left := none // the last in left of those in core
	for next := 0; at <= ret; {
		longest := int32(none)
		for ; next < len(byReturn) && byReturn[next].at < at; next++ {
			if u := byReturn[next].id; longest == none || q.elements[u].deqCall > q.elements[longest].deqCall {
				longest = u
			}
		}
		at = q.elements[longest].deqCall
		if e := &q.elements[longest]; e.deqReturn < q.open {
			core = append(core, q.both(longest)...)
		} else {
			left = max(left, slices.Index(q.left, longest))
		}
	}
	return union(append(core, q.crowd(left)...)...)
}

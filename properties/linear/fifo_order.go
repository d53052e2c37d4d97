package linear

import (
	"math"
	"math/bits"
)

// line puts all elements in the order in which they went through the queue.
// Where it has a violation of neither kind, "u must go before v" means that u's
// enqueue returned before v's was called, or u's dequeue before v's. No two
// elements must go before each other, and there is no longer cycle either: each
// half of the relation is an interval order, where of a before b and c before d
// it follows that a is before d or c before b (Fishburn, Intransitive
// indifference with unequal indifference intervals, J. Math. Psychology 1970),
// so that a cycle that alternates between the halves can be cut short to two.
//
// A dequeue that found nothing is in line as an element that is put in and taken
// at one moment, at which nothing else surely was in the queue: then no other
// must go both before it and after it.
//
// An element may go next if no other that waits must go before it: if its two
// calls are not after the least of the returns. O(n log n).
func (q *fifo) line() []int32 {
	enq := newFront(q, func(e *element) (call, ret int64) { return e.enqCall, e.enqReturn })
	deq := newFront(q, func(e *element) (call, ret int64) { return e.deqCall, e.deqReturn })
	line := make([]int32, 0, len(q.elements))
	gone := make([]bool, len(q.elements))
	half := make([]bool, len(q.elements)) // one of its calls is early enough
	admit := func(u int32) {
		if half[u] {
			line = append(line, u)
		}
		half[u] = true
	}
	for next := range q.elements {
		enq.advance(gone, admit)
		deq.advance(gone, admit)
		if next == len(line) {
			panic("linear: elements of a queue that must go before each other")
		}
		gone[line[next]] = true
	}
	return line
}

// front is how far the enqueues, or the dequeues, of elements in line have got.
type front struct {
	calls, returns []timed // of elements, ascending: those not reached
}

func newFront(q *fifo, interval func(*element) (call, ret int64)) front {
	calls, returns := make([]timed, len(q.elements)), make([]timed, len(q.elements))
	for i := range q.elements {
		call, ret := interval(&q.elements[i])
		calls[i], returns[i] = timed{call, int32(i)}, timed{ret, int32(i)}
	}
	return front{byMoment(calls), byMoment(returns)}
}

// advance admits the elements whose call is not after the least return of those
// that are not gone.
func (f *front) advance(gone []bool, admit func(int32)) {
	for len(f.returns) > 0 && gone[f.returns[0].id] {
		f.returns = f.returns[1:]
	}
	for len(f.returns) > 0 && len(f.calls) > 0 && f.calls[0].at <= f.returns[0].at {
		admit(f.calls[0].id)
		f.calls = f.calls[1:]
	}
}

// merge makes one order of the operations of elements in line. Each takes
// effect at the first moment that comes after its call and after the same
// operation of all elements ahead of it: no later than its return, as nobody
// ahead must go after it. So if one operation returned before another was called then it takes
// effect earlier. At the same moment enqueues go first, which keeps
// elements behind their own enqueue, and a dequeue that finds nothing waits for
// all elements ahead of it and holds up those behind, which its moment allows.
func (q *fifo) merge(line []int32) []int32 {
	order := make([]int32, 0, len(q.ops))
	put := func(position int32) {
		if position != none {
			order = append(order, position)
		}
	}
	enqAt, deqAt := int64(math.MinInt64), int64(math.MinInt64)
	for i, j := 0, 0; j < len(line); {
		d := &q.elements[line[j]]
		deqAt = max(deqAt, d.deqCall)
		if i < len(line) {
			e := &q.elements[line[i]]
			enqAt = max(enqAt, e.enqCall)
			if i == j && e.nothing {
				i++ // and is put as a dequeue
			} else if !e.nothing && enqAt <= deqAt {
				put(e.enq)
				i++
				continue
			}
		}
		put(d.deq)
		j++
	}
	return order
}

// timed is an element and a moment of it, which is not negative.
type timed struct {
	at int64
	id int32
}

// byMoment sorts by moment and keeps equal ones in their order: radix sort from
// the least digit up (Knuth, The Art of Computer Programming 3, section 5.2.5).
// O(n) for each 11 bits of the greatest moment.
func byMoment(from []timed) []timed {
	const digit = 11 // bits
	greatest, ascending := int64(0), true
	for _, t := range from {
		ascending = ascending && t.at >= greatest
		greatest = max(greatest, t.at)
	}
	if ascending {
		return from
	}
	to := make([]timed, len(from))
	for shift := 0; shift < bits.Len64(uint64(greatest)); shift += digit {
		var start [1 << digit]int32
		for _, t := range from {
			start[t.at>>shift&(1<<digit-1)]++
		}
		sum := int32(0)
		for d, count := range start {
			start[d] = sum
			sum += count
		}
		for _, t := range from {
			place := &start[t.at>>shift&(1<<digit-1)]
			to[*place] = t
			*place++
		}
		from, to = to, from
	}
	return from
}

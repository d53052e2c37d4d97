package linear

import (
	"math"

	"phoenix/properties"
	"phoenix/properties/history"
)

// monitorQueue decides about a first in, first out queue whose elements are
// unique, in O(n log n). A history is linearizable if and only if none of four
// things is in it (Henzinger, Sezgin and Vafeiadis, Aspect-oriented
// linearizability proofs, CONCUR 2013, section 4):
//
//   - VFresh: an element is taken that nobody put in, or before somebody did.
//   - VRepet: an element is taken twice.
//   - VOrd: u was put in before v was, and v taken before u was, if it ever was.
//   - VWit: a dequeue found nothing although at each of its moments something
//     was surely in the queue.
//
// An enqueue of unknown outcome did not happen if nobody took its element, and
// may return at any time if somebody did; what the dequeues of unknown outcome
// took is decided by match. ok is false if elements are equal or nil: the
// general search must decide.
func monitorQueue(opt *Options, ops []*history.Operation) (d decision, ok bool) {
	held, isList := opt.initial().Items()
	q := fifo{ops: ops}
	if !isList || !q.scale(int64(len(held))) || !q.enqueues(held) {
		return decision{}, false
	}
	wrong := q.dequeues()
	if wrong.core == nil {
		q.match()
		wrong = q.disorder()
	}
	if wrong.core != nil {
		return decision{verdict: properties.Fail, core: wrong.core}, true
	}
	return decision{verdict: properties.Pass, order: q.merge(q.line())}, true
}

// none is the position of an operation that is not in the history.
const none = -1

// fifo is the history of a queue, element by element. Its moments count from
// the first call; what the queue held initially was enqueued just before it.
type fifo struct {
	ops      []*history.Operation
	base     int64 // the moment of a history that is 0 here
	open     int64 // the return of what never returned: after all others
	never    int64 // the call of what never happened: after open
	index    *valueIndex
	elements []element // by call of the enqueue
	empties  []int32   // dequeues that found nothing, by Call
	takers   []int32   // dequeues of unknown outcome, by Call
	// left are the elements that nobody is known to have taken, by return of
	// the enqueue: left[i] is taken by takers[i], if there is one.
	left []int32
}

// element has the moments of its enqueue and dequeue and their positions. A
// dequeue that found nothing is put in line as an element, too: see line.
type element struct {
	enqCall, enqReturn, deqCall, deqReturn int64
	enq, deq                               int32
	nothing                                bool
}

// scale chooses the scale of moments, with room for the initial elements. It
// returns false if a difference of moments might overflow.
func (q *fifo) scale(initial int64) bool {
	const limit = math.MaxInt64 / 4
	first, last := int64(limit), int64(-limit)
	for _, op := range q.ops {
		first, last = min(first, op.Call), max(last, op.Call)
		if op.Return != history.Pending {
			last = max(last, op.Return)
		}
	}
	q.base = first - initial
	q.open = last - q.base + 1
	q.never = q.open + 1
	return -limit < first && last < limit
}

// interval returns the moments of ops[i].
func (q *fifo) interval(i int32) (call, ret int64) {
	op := q.ops[i]
	if op.Return == history.Pending {
		return op.Call - q.base, q.open
	}
	return op.Call - q.base, op.Return - q.base
}

// enqueues lists the elements. It returns false if one is nil or there twice.
func (q *fifo) enqueues(held []history.Value) bool {
	most := len(held) + len(q.ops)
	q.index = newValueIndex(most)
	q.elements = make([]element, 0, most)
	add := func(v history.Value, e element) bool {
		e.deqCall, e.deqReturn, e.deq = q.never, q.never, none
		q.elements = append(q.elements, e)
		_, added := q.index.add(v)
		return added && !v.IsNil()
	}
	for i, v := range held {
		if !add(v, element{enqCall: int64(i), enqReturn: int64(i), enq: none}) {
			return false
		}
	}
	for i, op := range q.ops {
		if op.Kind != history.Enqueue {
			continue
		}
		e := element{enq: int32(i)}
		e.enqCall, e.enqReturn = q.interval(e.enq)
		if !add(op.Arg, e) {
			return false
		}
	}
	return true
}

// dequeues sorts out who took what, drops the enqueues that did not happen,
// and returns the VFresh or VRepet that was complete first.
func (q *fifo) dequeues() (wrong violation) {
	for i, op := range q.ops {
		if op.Kind != history.Dequeue {
			continue
		}
		deq := int32(i)
		call, ret := q.interval(deq)
		switch {
		case op.Outcome == history.Unknown:
			q.takers = append(q.takers, deq)
			continue
		case op.Out.IsNil():
			q.empties = append(q.empties, deq)
			continue
		}
		id, known := q.index.find(op.Out)
		if !known {
			wrong.keepFirst(ret, func() []int32 { return []int32{deq} })
			continue
		}
		e := &q.elements[id]
		switch {
		case ret < e.enqCall:
			wrong.keepFirst(ret, func() []int32 { return []int32{deq, e.enq} })
		case e.deq != none:
			wrong.keepFirst(max(ret, e.deqReturn), func() []int32 { return union(e.enq, e.deq, deq) })
		}
		if e.deq == none || ret < e.deqReturn {
			e.deq, e.deqCall, e.deqReturn = deq, call, ret
		}
	}
	happened := q.elements[:0]
	for _, e := range q.elements {
		if e.deq != none || e.enqReturn < q.open {
			happened = append(happened, e)
		}
	}
	q.elements = happened
	return wrong
}

// match gives the elements that nobody is known to have taken, in the order in
// which their enqueues returned, to the dequeues of unknown outcome, in the
// order of their calls. If any choice explains the history then this does.
// Proof: let t be a moment by which all elements put in before it must have
// been taken: where a dequeue found nothing, or the enqueue of some v that was
// taken. What is left of them is some first part of left, u1 to uk, which in
// any choice k takers called by t took (by v's return, if t belongs to v). So
// the k takers called first were called by then, and this choice gives u1 to
// uk to them. More is not asked of it, because takers may return at any time
// and whoever comes later in left was put in later or at the same time.
//
// Intervals are then narrowed to where an operation can have taken effect: an
// element is enqueued before its dequeue returns and taken after its enqueue
// is called.
func (q *fifo) match() {
	var left []timed
	for i := range q.elements {
		if e := &q.elements[i]; e.deq == none {
			left = append(left, timed{e.enqReturn, int32(i)})
		}
	}
	for i, t := range byMoment(left) {
		q.left = append(q.left, t.id)
		if i < len(q.takers) {
			e := &q.elements[t.id]
			e.deq = q.takers[i]
			e.deqCall, e.deqReturn = q.interval(e.deq)
		}
	}
	for i := range q.elements {
		e := &q.elements[i]
		e.enqReturn = min(e.enqReturn, e.deqReturn)
		e.deqCall = max(e.deqCall, e.enqCall)
	}
}

package linear

import (
	"math"
	"slices"
)

// takes knows which dequeues or pops are left, by the value that they took.
type takes struct {
	limit []int32     // of each operation: see search
	place []takePlace // of each operation
	lists []takeList  // per value, and one more for those of unknown outcome
}

// takePlace is where a take is in its list, in both orders.
type takePlace struct {
	list            int32 // notTake for another operation
	byCall, byLimit int32
	gone            bool
}

// takeList is the takes of one value in two orders. Of each order the first
// operation that is left is known.
type takeList struct {
	byCall, byLimit []int32
	call, limit     int32 // how many ahead of that are gone
	left            int32
}

const (
	notTake = -1
	never   = math.MaxInt32
)

func newTakes(c *classes, codes []lineCode, values int) *takes {
	t := &takes{limit: c.limit, place: make([]takePlace, len(c.of)), lists: make([]takeList, values+1)}
	for op, class := range c.of {
		code := &codes[class]
		p := &t.place[op]
		switch {
		case code.puts:
			p.list = notTake
			continue
		case code.any:
			p.list = int32(values)
		default:
			p.list = int32(code.value)
		}
		list := &t.lists[p.list]
		p.byCall = int32(len(list.byCall))
		list.byCall = append(list.byCall, int32(op))
		list.left++
	}
	for v := range t.lists {
		list := &t.lists[v]
		list.byLimit = slices.Clone(list.byCall)
		slices.SortStableFunc(list.byLimit, func(a, b int32) int { return int(t.limit[a] - t.limit[b]) })
		for at, op := range list.byLimit {
			t.place[op].byLimit = int32(at)
		}
	}
	return t
}

// take removes op, if it is one, from those left.
func (t *takes) take(op int32) {
	p := &t.place[op]
	if p.list == notTake {
		return
	}
	p.gone = true
	list := &t.lists[p.list]
	list.left--
	for int(list.call) < len(list.byCall) && t.place[list.byCall[list.call]].gone {
		list.call++
	}
	for int(list.limit) < len(list.byLimit) && t.place[list.byLimit[list.limit]].gone {
		list.limit++
	}
}

// putBack undoes take.
func (t *takes) putBack(op int32) {
	p := &t.place[op]
	if p.list == notTake {
		return
	}
	p.gone = false
	list := &t.lists[p.list]
	list.left++
	list.call, list.limit = min(list.call, p.byCall), min(list.limit, p.byLimit)
}

// first returns the definite take of v that was called first, or never.
func (t *takes) first(v uint32) int32 {
	if list := &t.lists[v]; list.left > 0 {
		return list.byCall[list.call]
	}
	return never
}

// possible returns the operation called first that may take v, or never.
func (t *takes) possible(v uint32) int32 { return min(t.first(v), t.first(uint32(len(t.lists)-1))) }

// due returns the least limit of a definite take of v, or never.
func (t *takes) due(v uint32) int32 {
	if list := &t.lists[v]; list.left > 0 {
		return t.limit[list.byLimit[list.limit]]
	}
	return never
}

// prune looks first for an operation that it is enough to try:
//
//   - the take of the next element, v, that precedes most of all that are left which
//     took v. Proof: on a way to success nothing else is taken before that element is.
//     If it is this operation that takes it then it can do so now: what is put before
//     commutes with that (of a stack, what is put before is taken before, too). If it
//     is another, this one takes v later (of a stack, only if nothing puts v again
//     can one be sure of that), and the two can change places, as in gather.
//   - the put of v, if it is the only one left, v is not there, one take of v is left, and
//     may be next: of a stack, or an empty queue. Proof: that take takes this v. While
//     it is there a stack is at least as it was, and a queue's next elements are those
//     ahead of it; so both can be spared where they are, and come at once instead.
//
// Otherwise it leaves out puts of v that leave something no time:
//
//   - in a queue behind w, if v was not there and a take of v precedes all that may take w;
//   - on a stack above the only w there is and will be, if the take of w precedes all
//     that may take v;
//   - if a take that finds nothing precedes all that may take v;
//
// and takes of unknown outcome whose element is needed otherwise. Nil tells too
// little for most of this, since what returned it may have found nothing.
func (l *lineAutomaton) prune(s *search, ops []int32) []int32 {
	if l.hopeless {
		return ops[:0]
	}
	for _, op := range ops {
		if l.enough(s, op) {
			ops[0] = op
			return ops[:1]
		}
	}
	kept := ops[:0]
	least, most := l.bounds()
	for _, op := range ops {
		if !l.futile(&l.codes[s.class[op]], least, most) {
			kept = append(kept, op)
		}
	}
	return kept
}

func (l *lineAutomaton) enough(s *search, op int32) bool {
	c, empty := &l.codes[s.class[op]], l.first == l.last
	v := c.value
	switch {
	case c.any || v == l.null || empty && !c.puts:
		return false
	case !c.puts:
		return s.limit[op] == l.takes.due(v) && (l.fifo || l.puts[v] == 0)
	}
	return l.puts[v] == 1 && l.copies[v] == 0 && l.takes.lists[v].left == 1 &&
		l.takes.first(v) < s.enabled && (!l.fifo || empty)
}

// bounds returns the least due of what must be taken before something put now can
// be: elements of a stack, and nothing; and the most that the elements of a queue
// must wait for. It looks at so many elements at the end.
func (l *lineAutomaton) bounds() (least, most int32) {
	const looksAt = 64
	least, most = never, -1
	if !l.nilHeld {
		least = l.takes.due(l.null)
	}
	for _, v := range l.elements[max(l.first, l.last-looksAt):l.last] {
		if l.fifo {
			most = max(most, l.takes.possible(v))
		} else if l.copies[v] == 1 && l.puts[v] == 0 && v != l.null {
			least = min(least, l.takes.due(v))
		}
	}
	return least, most
}

func (l *lineAutomaton) futile(c *lineCode, least, most int32) bool {
	v := c.value
	switch {
	case c.puts:
		due := l.takes.due(v)
		if v == l.null {
			due = never
		}
		return least != never && l.takes.possible(v) >= least ||
			due != never && l.copies[v] == 0 && due <= most
	case c.any && l.first < l.last:
		v = l.next()
		return v != l.null && l.takes.lists[v].left > l.copies[v]-1+l.puts[v]
	}
	return false
}

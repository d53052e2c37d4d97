package linear

import (
	"cmp"
	"slices"
	"sort"

	"phoenix/properties/history"
)

// settle puts what changes nothing into an order of the rest: reads of nil that
// say nothing, and CASes that failed, where the register holds something else
// than they expected. Each goes to the first place that is after all that
// precedes it, so if one has none there is no place for it in this order; ok is
// false then. O(n log n).
func (m *registerMonitor) settle(order []int32) (settled []int32, ok bool) {
	if len(m.loose) == 0 {
		return order, true
	}
	places, ok := m.placesOf(order)
	if !ok {
		return nil, false
	}
	start := make([]int32, len(order)+2) // of those at each place, in sorted
	for _, p := range places {
		start[p+1]++
	}
	for p := range order {
		start[p+1] += start[p]
	}
	sorted := make([]int32, len(m.loose))
	for k, p := range places {
		sorted[start[p]] = m.loose[k]
		start[p]++ // ends up as their end
	}
	settled = make([]int32, 0, len(order)+len(sorted))
	from := int32(0)
	for p := range len(order) + 1 {
		settled = append(settled, sorted[from:start[p]]...)
		from = start[p]
		if p < len(order) {
			settled = append(settled, order[p])
		}
	}
	return settled, true
}

// placesOf returns how many operations of the order come before each loose one.
func (m *registerMonitor) placesOf(order []int32) (places []int32, ok bool) {
	tenures := m.tenuresOf(order)
	calls, returns := m.boundsOf(order)
	byReturn := make([]int, len(m.loose))
	for k := range byReturn {
		byReturn[k] = k
	}
	ret := func(k int) int64 { return m.ops[m.loose[k]].Return }
	slices.SortFunc(byReturn, func(j, k int) int { return cmp.Compare(ret(j), ret(k)) })
	places = make([]int32, len(m.loose))
	floor, next := int32(0), 0 // the last place of the loose ones that precede
	for k, i := range m.loose {
		op := m.ops[i]
		for ; ret(byReturn[next]) < op.Call; next++ {
			floor = max(floor, places[byReturn[next]])
		}
		if m.flaw == flawFloor {
			floor = 0
		}
		first := sort.Search(len(order), func(p int) bool { return returns[p] >= op.Call })
		last := sort.Search(len(order), func(p int) bool { return calls[p] > op.Return })
		p := max(floor, int32(first))
		if op.Kind == history.CAS && tenures.value(m, p) == op.Old && m.flaw != flawMismatch {
			p = tenures.next[p]
		}
		if int(p) > last {
			return nil, false
		}
		places[k] = p
	}
	return places, true
}

// boundsOf returns for each operation of the order the greatest call up to it,
// and the least return from it on. Both ascend.
func (m *registerMonitor) boundsOf(order []int32) (calls, returns []int64) {
	calls, returns = make([]int64, len(order)), make([]int64, len(order))
	greatest, least := farPast, history.Pending
	for p := range order {
		greatest = max(greatest, m.ops[order[p]].Call)
		calls[p] = greatest
	}
	for p := len(order) - 1; p >= 0; p-- {
		least = min(least, m.ops[order[p]].Return)
		returns[p] = least
	}
	return calls, returns
}

// tenures tell of each place in an order what the register holds there.
type tenures struct {
	writer []int32 // the last to have changed it, or none
	next   []int32 // the place from which it holds something else; past the last if there is none
}

func (m *registerMonitor) tenuresOf(order []int32) tenures {
	c := tenures{make([]int32, len(order)+1), make([]int32, len(order)+1)}
	c.writer[0] = none
	for p, i := range order {
		c.writer[p+1] = c.writer[p]
		if m.readOf[i] == none {
			c.writer[p+1] = i
		}
	}
	c.next[len(order)] = int32(len(order)) + 1
	for p := len(order) - 1; p >= 0; p-- {
		c.next[p] = int32(p) + 1
		if c.value(m, int32(p)) == c.value(m, int32(p)+1) {
			c.next[p] = c.next[p+1]
		}
	}
	return c
}

func (c *tenures) value(m *registerMonitor, place int32) history.Value {
	if i := c.writer[place]; i != none {
		return m.ops[i].Arg
	}
	return m.opt.initial()
}

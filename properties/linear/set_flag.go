package linear

import "phoenix/properties/history"

// fewOrders looks for an order of at most fewOperations operations on one
// element of a set: a depth-first search that visits each pair of what has
// happened and of whether the element is in once (Wing and Gong, Testing and
// verifying concurrent objects, J. Parallel Distrib. Comput. 17, 1993, with
// Lowe's cache of configurations).
type fewOrders struct {
	ops     [fewOperations]*history.Operation
	before  [fewOperations]uint32 // what returned before each was called
	n       int
	goal    uint32 // what must happen
	end     int64
	visited [2 << fewOperations]bool
	places  []int32 // of what has happened, in order
	at      []int32
}

// find returns an order of the operations at positions at, up to the moment
// end: what returns later may have happened or not, and its answer is not known.
// The order is valid until the next call.
func (f *fewOrders) find(ops []*history.Operation, at []int32, in bool, end int64) (order []int32, ok bool) {
	f.n, f.goal, f.end, f.at, f.places = len(at), 0, end, at, f.places[:0]
	clear(f.visited[:2<<f.n])
	for i, place := range at {
		op := ops[place]
		f.ops[i], f.before[i] = op, 0
		if f.returned(op) {
			f.goal |= 1 << i
		}
		for j := range i {
			if f.ops[j].Return < op.Call {
				f.before[i] |= 1 << j
			}
		}
	}
	ok = f.from(0, in)
	return f.places, ok
}

// returned tells whether op happened for certain.
func (f *fewOrders) returned(op *history.Operation) bool {
	return op.Return != history.Pending && op.Return <= f.end
}

// from tells whether the rest can happen after a set of operations did.
func (f *fewOrders) from(happened uint32, in bool) bool {
	if happened&f.goal == f.goal {
		return true
	}
	state := 2 * happened
	if in {
		state++
	}
	if f.visited[state] {
		return false
	}
	f.visited[state] = true
	for i, op := range f.ops[:f.n] {
		if happened>>i&1 == 1 || f.before[i]&^happened != 0 || op.Call > f.end {
			continue
		}
		possible, after := f.step(op, in)
		if !possible {
			continue
		}
		f.places = append(f.places, f.at[i])
		if f.from(happened|1<<i, after) {
			return true
		}
		f.places = f.places[:len(f.places)-1]
	}
	return false
}

// step is Options.stepSet for one element.
func (f *fewOrders) step(op *history.Operation, in bool) (possible, after bool) {
	saw, answered := op.Out.Bool()
	if !f.returned(op) {
		answered = false
	}
	switch op.Kind {
	case history.Add:
		return !answered || saw != in, true
	case history.Remove:
		return !answered || saw == in, false
	}
	return !answered || saw == in, in
}

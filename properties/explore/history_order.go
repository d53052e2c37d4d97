package explore

import (
	"math/bits"

	"phoenix/nodes"
)

// Bounds of orderable: what is beyond them is left to package linear.
const (
	maxOrdered = 64      // operations of a History
	maxPlaced  = 1 << 16 // operations placed in the search for an order, of one key
)

// set holds operations of an orderer by number.
type set uint64

// orderer looks for an order of the operations of a History on one key: they are put in
// place one after another, each after all that were complete when it began (Wing and Gong,
// "Testing and verifying concurrent objects", JPDC 17, 1993). What only looks at the value
// and is right where it stands is put there without a second thought.
type orderer struct {
	n          int // operations
	operations [maxOrdered]*operation
	before     [maxOrdered]set // of each operation what comes before it
	must       set             // those that happened
	may        set             // those that may have happened
	left       int             // how many may still be placed
}

// orderable reports whether h is linearizable, and whether that was decided.
func (h *History) orderable() (explainable, decided bool) {
	var o orderer
	known := set(0)
	for c := range h.clients {
		for _, op := range h.clients[c].operations {
			if o.n == maxOrdered {
				return false, false
			}
			if op.known() {
				known |= 1 << o.n
			}
			o.operations[o.n] = op
			o.n++
		}
	}
	first := 0 // of a client
	for c := range h.clients {
		for i, op := range h.clients[c].operations {
			before := between(first, first+i)
			from := 0 // the first of other, which go by their numbers as after does
			other := 0
			for _, s := range op.after {
				for ; h.clients[other].id != s.client; other++ {
					from += len(h.clients[other].operations)
				}
				before |= between(from, from+s.last+1)
			}
			o.before[first+i] = before & known
		}
		first += len(h.clients[c].operations)
	}
	return o.eachKey()
}

// between holds the numbers from first to end-1.
func between(first, end int) set { return (1<<end - 1) &^ (1<<first - 1) }

// eachKey looks for an order of each key alone: locality (Herlihy and Wing, TOPLAS 1990,
// section 3.1) makes it enough.
func (o *orderer) eachKey() (explainable, decided bool) {
	for done := set(0); done != between(0, o.n); {
		key := o.operations[bits.TrailingZeros64(^uint64(done))].call.Key
		o.must, o.may, o.left = 0, 0, maxPlaced
		for i, op := range o.operations[:o.n] {
			if op.call.Key != key {
				continue
			}
			done |= 1 << i
			switch {
			case op.outcome == nodes.OutcomeOK,
				op.outcome == nodes.OutcomeFail && op.call.Kind == nodes.CAS && !op.refused():
				o.must |= 1 << i
			case op.outcome != nodes.OutcomeFail && op.call.Kind != nodes.Read:
				o.may |= 1 << i
			}
		}
		if found := o.place(0, 0); !found {
			return false, o.left > 0
		}
	}
	return true, true
}

// place reports whether what is not placed yet can follow, on a register with a value.
func (o *orderer) place(placed set, value int64) bool {
	if o.must&^placed == 0 {
		return true
	}
	if o.left--; o.left <= 0 {
		return false
	}
	all := o.must | o.may
	var changing set // those that can be next and change the value
	for rest := all &^ placed; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(uint64(rest))
		if o.before[i]&all&^placed != 0 {
			continue
		}
		next, right := o.operations[i].apply(value)
		switch {
		case right && next == value && o.operations[i].call.Kind != nodes.Write:
			return o.place(placed|1<<i, value)
		case right:
			changing |= 1 << i
		}
	}
	for ; changing != 0; changing &= changing - 1 {
		i := bits.TrailingZeros64(uint64(changing))
		next, _ := o.operations[i].apply(value)
		if o.place(placed|1<<i, next) {
			return true
		}
	}
	return false
}

// apply returns what a register holds after o, and whether o may happen there and end so.
func (o *operation) apply(value int64) (next int64, right bool) {
	switch {
	case o.call.Kind == nodes.Read:
		return value, value == o.result.Value
	case o.call.Kind == nodes.Write:
		return o.call.Value, true
	case o.outcome == nodes.OutcomeFail:
		return value, value != o.call.Old
	}
	return o.call.Value, value == o.call.Old
}

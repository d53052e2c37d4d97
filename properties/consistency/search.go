package consistency

import (
	"context"
	"fmt"
	"math"

	"phoenix/properties"
	"phoenix/properties/history"
)

// search looks for an order of all events that keeps each client's own and
// explains what they returned. A configuration is how far each client is and
// what each key holds; one is not tried twice (after Lowe, Testing for
// Linearizability, 2017). What keeps it short:
//
//   - a read, or failed CAS, that may happen does so at once: it hinders nothing.
//   - a version that somebody has yet to read is not replaced.
//   - what saturation found to come before a write has to.
//   - a write does not happen if its readers then wait for another write of
//     their key, which waits for them.
//   - writes are tried in the order of their calls, which most stores keep roughly.
type search struct {
	*saturation
	next    []int32 // of each client, its next event
	held    []int32 // of each key, the node it holds
	unread  []int32 // of each node, the reads of it that are left
	left    int     // events that must happen still
	trail   []step
	frames  []frame
	hash    [2]uint64
	visited map[[2]uint64]struct{}
	// What a dive has been through: the longest trail, the jumps since it was that
	// long, and what shuffles the writes to try, 0 for their order by call.
	deepest, jumps int
	salt           uint64
	// A walk over the events that wait: its number, the number of the last walk
	// that met each event, and what it has yet to look at.
	walk  int32
	met   []int32
	queue []int32
}

// step is an event that happened and what its key held before.
type step struct{ event, held int32 }

// frame is a configuration on the way: the length of the trail there, and the
// write tried last.
type frame struct {
	trail int
	tried int32
}

// configurationBytes is what a visited configuration takes, from above.
const configurationBytes = 64

// search decides within a number of steps and bytes of memory: first a short
// look at all orders, then dives for one, then all orders.
func (s *saturation) search(ctx context.Context, steps, memory int64) (v properties.Verdict, reason string) {
	for _, plan := range [...]struct {
		dives bool
		share int64
	}{{false, 64}, {true, 2}, {false, 2}} {
		x := newSearch(s)
		x.steps = steps / plan.share
		if plan.dives && x.hopeless() {
			continue
		}
		if v, reason = x.run(ctx, plan.dives, memory); v != properties.Inconclusive {
			return v, ""
		}
	}
	return v, fmt.Sprintf("no order of %s found, nor that there is none: %s", plural(len(s.op), "operation"), reason)
}

// run follows candidates until all events happened. When it is stuck it takes
// back one and tries the next; or if it dives, which may miss an order but does
// not linger where the mistake is further back, more and more of them, and
// shuffles what it tries.
func (x *search) run(ctx context.Context, dives bool, memory int64) (v properties.Verdict, reason string) {
	limit := x.steps
	x.settle()
	x.enter(dives)
	for count := 0; x.left > 0; count++ {
		x.steps -= x.stride()
		switch {
		case x.steps < 0:
			return properties.Inconclusive, fmt.Sprintf("gave up after %d steps", limit)
		case int64(len(x.visited)) >= memory/configurationBytes:
			return properties.Inconclusive, fmt.Sprintf("gave up at %d bytes", memory)
		case count%64 == 0 && ctx.Err() != nil:
			return properties.Inconclusive, ctx.Err().Error()
		}
		top := &x.frames[len(x.frames)-1]
		x.back(top.trail)
		e := x.candidate(top.tried)
		switch {
		case e != nothing:
			top.tried = e
			x.do(e)
			x.settle()
			x.enter(dives)
		case dives:
			x.jump()
		default:
			x.frames = x.frames[:len(x.frames)-1]
			if len(x.frames) == 0 {
				return properties.Fail, ""
			}
		}
	}
	return properties.Pass, ""
}

// stride is what an event costs, in steps: each client is looked at.
func (x *search) stride() int64 { return 1 + int64(x.clients)/16 }

// hopeless reports whether the steps do not even suffice for the writes.
func (x *search) hopeless() bool { return x.steps < x.stride()*int64(len(x.writing)) }

// jump takes back twice as many writes as the last time, and has others tried.
func (x *search) jump() {
	x.jumps++
	x.salt++
	if 1<<x.jumps >= len(x.frames) {
		x.jumps = 0
	}
	x.frames = x.frames[:max(1, len(x.frames)-1<<x.jumps)]
	x.frames[len(x.frames)-1].tried = nothing
}

func newSearch(s *saturation) *search {
	n := len(s.v.ops)
	x := &search{saturation: s, visited: map[[2]uint64]struct{}{}, unread: make([]int32, n+len(s.v.keys)),
		met: make([]int32, len(s.op))}
	x.next = append(x.next, s.start[:s.clients]...)
	for k := range s.v.keys {
		x.held = append(x.held, int32(n+k))
	}
	for _, i := range s.op {
		if x.must(i) {
			x.left++
		}
		if from := s.v.from[i]; from >= 0 && s.v.happened[i] {
			x.unread[from]++
		}
	}
	return x
}

// must reports whether operation i is part of any order: not if its outcome is
// unknown and nobody read what it wrote.
func (x *search) must(i int32) bool {
	return x.v.ops[i].Outcome != history.Unknown || x.v.happened[i] || x.v.flaw == flawPendingMust
}

// enter opens a frame for the configuration unless it was there before; a dive
// does not remember.
func (x *search) enter(dives bool) {
	if len(x.trail) > x.deepest {
		x.deepest, x.jumps, x.salt = len(x.trail), 0, 0
	}
	if !dives {
		if _, again := x.visited[x.hash]; again {
			return
		}
		x.visited[x.hash] = struct{}{}
	}
	x.frames = append(x.frames, frame{len(x.trail), nothing})
}

// settle lets every read that may happen do so.
func (x *search) settle() {
	for again := true; again; {
		again = false
		for c := range x.next {
			for x.next[c] < x.start[c+1] && !x.changes(x.next[c]) && x.legal(x.next[c]) {
				x.do(x.next[c])
				again = true
			}
		}
	}
}

// changes reports whether e writes.
func (x *search) changes(e int32) bool { return writes(&x.v.ops[x.op[e]]) }

// legal reports whether what e returned fits what its key holds.
func (x *search) legal(e int32) bool {
	i := x.op[e]
	op, held := &x.v.ops[i], x.held[x.v.key[i]]
	value := x.v.value(held)
	switch {
	case op.Kind == history.Write:
		return true
	case op.Kind == history.Read && x.v.reads(op) == emptyOrAbsent:
		return value == op.Out || value.IsNil()
	case op.Kind == history.Read:
		return value == op.Out
	}
	return (value == op.Old) == (op.Outcome != history.Failed) || op.Outcome == history.Failed && x.v.flaw == flawFailedCAS
}

// candidate returns the write to try after the one tried last, or nothing: of
// those that may be next the least by turn and number.
func (x *search) candidate(tried int32) int32 {
	best, bestTurn, triedTurn := nothing, int64(math.MaxInt64), int64(math.MinInt64)
	if tried != nothing {
		triedTurn = x.turn(tried)
	}
	for c, e := range x.next {
		if e >= x.start[c+1] || !x.changes(e) {
			continue
		}
		turn := x.turn(e)
		if turn < triedTurn || turn == triedTurn && e <= tried || turn >= bestTurn {
			continue
		}
		if x.ready(e) {
			best, bestTurn = e, turn
		}
	}
	return best
}

// turn is when to try write e: in the order of calls, give or take.
func (x *search) turn(e int32) int64 {
	turn := int64(x.op[e])
	if x.salt > 0 {
		turn += int64(mix(x.salt<<32|uint64(e)) % uint64(8*x.clients))
	}
	return turn
}

// ready reports whether write e may happen: it fits, nobody has yet to read
// what it replaces, and what must come before it has happened.
func (x *search) ready(e int32) bool {
	i := x.op[e]
	held := x.held[x.v.key[i]]
	unread := x.unread[held]
	if x.v.happened[i] && x.v.from[i] == held {
		unread-- // by e itself
	}
	if unread > 0 || !x.legal(e) {
		return false
	}
	for at := x.edgesTo[e]; at != nothing; at = x.edges[at].next {
		if !x.over(x.edges[at].from) {
			return false
		}
	}
	return !x.locksUp(e)
}

// over reports whether event e has happened.
func (x *search) over(e int32) bool { return e < x.next[x.client[e]] }

// locksUp reports whether a reader of what e writes waits, through any number of
// others, for another write of the same key: it would wait forever, because that
// write has to wait for all readers of e. What waits for what: an event for what
// certainly comes before it, and a write for the readers of what its key holds.
func (x *search) locksUp(e int32) bool {
	x.walk++
	x.queue = x.queue[:0]
	x.wait(x.readers[e], e)
	k := x.v.key[x.op[e]]
	for len(x.queue) > 0 {
		d := x.queue[len(x.queue)-1]
		x.queue = x.queue[:len(x.queue)-1]
		x.steps--
		if x.v.happened[x.op[d]] && x.changes(d) {
			at := x.v.key[x.op[d]]
			if at == k && x.v.from[x.op[d]] != x.op[e] {
				return true
			}
			x.wait(x.readersOf(x.held[at]), e)
		}
		x.before(d, func(c int32) bool {
			x.meet(c, e)
			return false
		})
	}
	return false
}

// wait has the walk meet events.
func (x *search) wait(events []int32, e int32) {
	for _, d := range events {
		x.meet(d, e)
	}
}

// meet adds an event to the walk unless it is over, is e, or was met before.
func (x *search) meet(d, e int32) {
	if d != e && !x.over(d) && x.met[d] != x.walk {
		x.met[d] = x.walk
		x.queue = append(x.queue, d)
	}
}

// readersOf are the events that certainly read node, the last of each client.
func (x *search) readersOf(node int32) []int32 {
	if x.v.initial(node) {
		return x.readers[len(x.op)+int(node)-len(x.v.ops)]
	}
	return x.readers[x.event[node]]
}

func (x *search) do(e int32) {
	k := x.v.key[x.op[e]]
	x.trail = append(x.trail, step{e, x.held[k]})
	x.count(e, -1)
	x.hash = toggle(x.hash, placeOf, int32(e), 0)
	x.next[x.client[e]]++
	if x.changes(e) {
		x.hold(k, x.op[e])
	}
}

// back undoes the trail down to a length.
func (x *search) back(length int) {
	for ; len(x.trail) > length; x.trail = x.trail[:len(x.trail)-1] {
		last := x.trail[len(x.trail)-1]
		e := last.event
		x.hold(x.v.key[x.op[e]], last.held)
		x.next[x.client[e]]--
		x.hash = toggle(x.hash, placeOf, int32(e), 0)
		x.count(e, 1)
	}
}

// count adds to what must happen still when e does or is undone.
func (x *search) count(e int32, by int) {
	i := x.op[e]
	if x.must(i) {
		x.left += by
	}
	if from := x.v.from[i]; from >= 0 && x.v.happened[i] {
		x.unread[from] += int32(by)
	}
}

func (x *search) hold(k, node int32) {
	x.hash = toggle(x.hash, valueOf, k, x.v.same[x.held[k]])
	x.held[k] = node
	x.hash = toggle(x.hash, valueOf, k, x.v.same[node])
}

// What a number in a configuration's hash is about.
const (
	placeOf uint64 = 1 // an event that happened
	valueOf uint64 = 2 // a key and what it holds
)

// toggle adds a fact to the hash of a set of facts or takes it away (Zobrist
// 1970), with 128 bits of two rounds of SplitMix64 (Steele et al. 2014).
func toggle(hash [2]uint64, what uint64, a, b int32) [2]uint64 {
	fact := what<<62 | uint64(uint32(a))<<31 ^ uint64(uint32(b))
	return [2]uint64{hash[0] ^ mix(fact), hash[1] ^ mix(mix(fact)+0x9e3779b97f4a7c15)}
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

package explore

// recall is what a worker remembers for itself of what all workers share: what the entries of
// networks are, and what their delivery does to nodes. It is asked for each step of each state
// and has it in one place, where the shared parts are behind several pointers.
type recall struct {
	// A direct-mapped cache of what the delivery of an entry does in a local state: of those that
	// share a place, the last one asked for has it. Most come to nothing, and then the key says
	// so: what is gone through for each state are the keys alone.
	keys     []pair
	outcomes []*outcome // by place, of keys that come to something
	misses   int        // since keys was made

	arrivals []arrival // by entry
	ticks    []uint8   // by local state: 1, or 2 if timers run; 0 is unknown
}

// How many places a cache has. The most take a MB.
const (
	fewestPlaces = 1 << 8
	mostPlaces   = 1 << 16
)

func newRecall(places int) recall {
	return recall{keys: make([]pair, places), outcomes: make([]*outcome, places)}
}

// arrival is what would be delivered of an entry, and to whom.
type arrival struct {
	message uint32 // 0 is unknown
	to      int32
}

// arrival returns what would be delivered of an entry of the network.
func (x *expander) arrival(id uint32) arrival {
	if int(id) < len(x.recall.arrivals) {
		if a := x.recall.arrivals[id]; a.message != 0 {
			return a
		}
	}
	return x.recallArrival(id)
}

func (x *expander) recallArrival(id uint32) arrival {
	a := arrival{message: id}
	if x.sys.m.Network == Ordered {
		a.message = x.sys.channels.at(id).head
	}
	a.to = int32(x.sys.messages.at(a.message).to)
	known := extended(x.recall.arrivals, int(id))
	known[id], x.recall.arrivals = a, known
	return a
}

// effect returns what the delivery of an entry does in a local state; nil if nothing comes of it
// that counts, or if it failed.
func (x *expander) effect(at, id uint32) *outcome {
	key, c := pairOf(at, id), &x.recall
	place := key.place(len(c.keys))
	if c.keys[place] == key {
		return c.outcomes[place]
	}
	return x.recallEffect(key, at, id)
}

// pair is a local state and an entry; 0 is none.
type pair uint64

func pairOf(at, id uint32) pair { return pair(at)<<32 | pair(id) }

// nothing marks a pair of which nothing comes: there are fewer than 2^24 local states.
const nothing pair = 1 << 63

// place returns where among n a pair belongs, n a power of two: by the middle of its product
// with 2^64 over the golden ratio.
func (p pair) place(n int) uint64 { return uint64(p) * 0x9e3779b97f4a7c15 >> 40 & uint64(n-1) }

// stirring returns the places in a network of what may come to something if it is delivered: of
// all that is not known to come to nothing; or of all.
//
// Of most entries nothing comes, but which is as good as random: the loop has no branch on it
// for a processor to guess wrong.
func (x *expander) stirring(net []uint32, all bool) []int32 {
	if len(net) == 0 {
		return nil
	}
	if len(net) > len(x.stirs) {
		x.stirs = make([]int32, 2*len(net))
	}
	c := &x.recall
	c.arrivals = extended(c.arrivals, int(net[len(net)-1])) // the last is the greatest
	arrivals, keys, locals, found := c.arrivals, c.keys, x.row[rowLocals:], x.stirs[:len(net)]
	if all {
		for i := range found {
			found[i] = int32(i)
		}
		return found
	}
	n := 0
	for i, id := range net {
		key := pairOf(locals[arrivals[id].to], id)
		found[n] = int32(i)
		n += number(keys[key.place(len(keys))] != key|nothing)
	}
	return found[:n]
}

// number returns 1 for true and 0 for false.
func number(b bool) int {
	n := 0
	if b {
		n = 1
	}
	return n
}

func (x *expander) recallEffect(key pair, at, id uint32) *outcome {
	c := &x.recall
	if c.keys[key.place(len(c.keys))] == key|nothing {
		return nil
	}
	if c.misses++; c.misses > len(c.keys) && len(c.keys) < mostPlaces {
		c.grow()
	}
	id = x.arrival(id).message
	l, m := x.sys.locals.at(at), x.sys.messages.at(id)
	if m.base != 0 {
		id = m.base
	}
	var out *outcome
	if !l.down && m.lo == 0 {
		if out = l.steps.get(id); out == nil {
			if out = x.learn(at, l, event{kind: StepDeliver, message: id}); out == nil {
				return nil
			}
		}
		if out.more == nil && (out.refused || out.idle && !x.idling(StepDeliver)) {
			out = nil
		}
	}
	place := key.place(len(c.keys))
	if out == nil {
		c.keys[place] = key | nothing
	} else {
		c.keys[place], c.outcomes[place] = key, out
	}
	return out
}

// grow makes four times as many places.
func (c *recall) grow() {
	keys, outcomes := c.keys, c.outcomes
	c.keys, c.outcomes, c.misses = make([]pair, 4*len(keys)), make([]*outcome, 4*len(keys)), 0
	for i, key := range keys {
		if key == 0 {
			continue
		}
		place := (key &^ nothing).place(len(c.keys))
		c.keys[place], c.outcomes[place] = key, outcomes[i]
	}
}

// idling reports whether an event of a node counts as a step although nothing comes of it.
func (x *expander) idling(kind StepKind) bool {
	return x.sys.m.Idle || x.sys.m.Network == Ordered && kind == StepDeliver
}

// ticking reports whether timers run in a local state.
func (x *expander) ticking(at uint32) bool {
	if int(at) < len(x.recall.ticks) && x.recall.ticks[at] != 0 {
		return x.recall.ticks[at] > 1
	}
	known := extended(x.recall.ticks, int(at))
	known[at], x.recall.ticks = uint8(1+min(len(x.sys.locals.at(at).fires), 1)), known
	return known[at] > 1
}

// extended returns s, long enough for a place.
func extended[T any](s []T, place int) []T {
	if place < len(s) {
		return s
	}
	return append(s, make([]T, place+1-len(s)+len(s)/2)...)
}

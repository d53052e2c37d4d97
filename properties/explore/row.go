package explore

import (
	"slices"
	"sync/atomic"

	"phoenix/network"
)

// A row is a global state: numbers of interned parts, in words.
//
//	sum (2 words), length, asleep, locals by host, observer, faults, last delivered, network ...
//
// The sum is that of the hashes of all parts, mod 2^64: the fingerprint of the state, up to
// mixing. The network is a sorted list of messages, one entry for each copy, or of
// channels that are not empty. Who is asleep is no part of the state: it says which of its
// steps need not be looked up, see sleepers.
type row = []uint32

const (
	rowSum    = 0
	rowLength = 2
	rowAsleep = 3 // a set of nodes
	rowLocals = 4
)

func sumOf(r row) uint64 { return uint64(r[0]) | uint64(r[1])<<32 }

func setSum(r row, sum uint64) { r[0], r[1] = uint32(sum), uint32(sum>>32) }

// The places in a row behind the locals.
func (sys *system) observerAt() int { return rowLocals + sys.hosts }
func (sys *system) faultsAt() int   { return rowLocals + sys.hosts + 1 }
func (sys *system) lastAt() int     { return rowLocals + sys.hosts + 2 }
func (sys *system) networkAt() int  { return rowLocals + sys.hosts + 3 }

// channel is the content of an Ordered channel: the head of a queue and what is behind it.
type channel struct {
	from, to network.ID
	head     uint32        // message
	tail     atomic.Uint32 // channel without the head, 0 if that was not asked for yet
	hash     uint64
	shape    *shape
	pushes   memo[uint32]
	items    []uint32
}

// internChannel numbers a queue of messages, which is not empty.
func (sys *system) internChannel(items []uint32) uint32 {
	head := sys.messages.at(items[0])
	key := addressed(nil, head.from, head.to)
	var content []byte
	for _, m := range items {
		h := sys.messages.at(m).hash
		for s := 0; s < 64; s += 8 {
			content = append(content, byte(h>>s))
		}
		key = append(key, byte(m), byte(m>>8), byte(m>>16), byte(m>>24))
	}
	hash := hashOf(hashChannel, string(content))
	return sys.channels.intern(key, func(c *channel, _ string) {
		c.from, c.to, c.head, c.hash = head.from, head.to, items[0], hash
		c.items = slices.Clone(items)
		c.shape = sys.shape(nil, sys.contents(items))
		sys.inChannels.Add(uint64(len(items)))
	})
}

// tail returns the channel without its head, 0 if it is empty then.
func (sys *system) tail(id uint32) uint32 {
	c := sys.channels.at(id)
	if len(c.items) == 1 {
		return 0
	}
	if tail := c.tail.Load(); tail != 0 {
		return tail
	}
	tail := sys.internChannel(c.items[1:])
	c.tail.Store(tail)
	return tail
}

// contents returns messages as they were sent.
func (sys *system) contents(items []uint32) []any {
	all := make([]any, len(items))
	for i, m := range items {
		all[i] = sys.messages.at(m).msg
	}
	return all
}

// push returns the channel with a message behind it.
func (sys *system) push(id, message uint32) uint32 {
	if id == 0 {
		return sys.internChannel([]uint32{message})
	}
	c := sys.channels.at(id)
	if next := c.pushes.get(message); next != nil {
		return *next
	}
	next := sys.internChannel(append(slices.Clone(c.items), message))
	sys.channels.mu.Lock()
	defer sys.channels.mu.Unlock()
	if c.pushes.get(message) == nil {
		c.pushes.put(message, &next)
	}
	return next
}

// faultState is what faults there were, and which partition is in force.
type faultState struct {
	crashes, restarts, drops, duplicates, partitions uint8 // left
	cut                                              uint8 // in force: place in Budget.Cuts plus one, 0 for none
	hash                                             uint64
	shape                                            *shape
	next                                             memo[uint32] // by kind and cut
}

// internFaults numbers what is left of the budget.
func (sys *system) internFaults(f *faultState) uint32 {
	key := []byte{f.crashes, f.restarts, f.drops, f.duplicates, f.partitions, f.cut}
	return sys.faults.intern(key, func(to *faultState, key string) {
		to.crashes, to.restarts, to.drops, to.duplicates = f.crashes, f.restarts, f.drops, f.duplicates
		to.partitions, to.cut, to.hash = f.partitions, f.cut, hashOf(hashFaults, key)
		to.shape = sys.shape([]byte(key), nil)
	})
}

// spent returns what is left of the budget after a fault; cut is the partition in force
// after a StepCut or StepMend.
func (sys *system) spent(f *faultState, kind StepKind, cut uint8) uint32 {
	key := uint32(kind)<<8 | uint32(cut)
	if id := f.next.get(key); id != nil {
		return *id
	}
	left := faultState{crashes: f.crashes, restarts: f.restarts, drops: f.drops, duplicates: f.duplicates,
		partitions: f.partitions, cut: f.cut}
	switch kind {
	case StepCrash:
		left.crashes--
	case StepRestart:
		left.restarts--
	case StepDrop:
		left.drops--
	case StepDuplicate:
		left.duplicates--
	case StepCut:
		left.partitions--
		left.cut = cut
	case StepMend:
		left.cut = 0
	}
	id := sys.internFaults(&left)
	sys.faults.mu.Lock()
	defer sys.faults.mu.Unlock()
	if f.next.get(key) == nil {
		f.next.put(key, &id)
	}
	return id
}

// fullBudget is the state of faults before any.
func (sys *system) fullBudget() *faultState {
	f := sys.m.Faults
	return &faultState{crashes: uint8(f.Crashes), restarts: uint8(f.Restarts), drops: uint8(f.Drops),
		duplicates: uint8(f.Duplicates), partitions: uint8(f.Partitions)}
}

// cuts reports whether a partition in force cuts a link.
func (sys *system) cuts(f *faultState, from, to network.ID) bool {
	return f.cut != 0 && slices.Contains(sys.m.Faults.Cuts[f.cut-1].Cut, [2]network.ID{from, to})
}

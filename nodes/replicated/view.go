package replicated

import (
	"iter"

	"phoenix/crdt"
	"phoenix/network"
	"phoenix/nodes"
)

// An Item is something to be read: a key with a value.
type Item struct {
	Key   string
	Value int64
}

// An Event is an update that a server has carried out.
type Event struct {
	Server network.ID
	Client network.ID
	Number uint64 // of the client's request
	Op     nodes.Invocation
	Stamp  crdt.Stamp // if the type has stamps
	seen   bits       // the events that the server had seen
	delta  any
	acked  bool
}

// A View is what a server has seen: some of the events of a world, each with what was
// seen when it was made.
type View struct {
	events []*Event
	seen   bits
}

// Of returns the updates of a key of one kind that were seen, by number.
func (v View) Of(key string, kind nodes.Kind) iter.Seq2[int, *Event] {
	return func(yield func(int, *Event) bool) {
		for i, e := range v.events {
			if e.Op.Key == key && e.Op.Kind == kind && v.seen.has(i) && !yield(i, e) {
				return
			}
		}
	}
}

// Keys returns the keys that were updated, in order of first appearance.
func (v View) Keys() []string {
	var keys []string
	known := map[string]bool{}
	for i, e := range v.events {
		if v.seen.has(i) && !known[e.Op.Key] {
			known[e.Op.Key] = true
			keys = append(keys, e.Op.Key)
		}
	}
	return keys
}

// Saw reports whether e was made where event i had been seen.
func (e *Event) Saw(i int) bool { return e.seen.has(i) }

// removed reports whether a removal was seen that had seen event i.
func (v View) removed(key string, i int) bool {
	for _, gone := range v.Of(key, nodes.CAS) {
		if gone.Saw(i) {
			return true
		}
	}
	return false
}

// bits is a set of small numbers.
type bits []uint64

func (b bits) has(i int) bool { return i>>6 < len(b) && b[i>>6]>>(i&63)&1 == 1 }

func (b *bits) add(i int) {
	for i>>6 >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[i>>6] |= 1 << (i & 63)
}

// join adds what is in o.
func (b *bits) join(o bits) {
	for len(*b) < len(o) {
		*b = append(*b, 0)
	}
	for i, word := range o {
		(*b)[i] |= word
	}
}

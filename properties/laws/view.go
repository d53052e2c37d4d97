package laws

import (
	"iter"
	"slices"

	"phoenix/crdt"
)

// maxEvents is how many operations a history may have: a Set holds so many.
const maxEvents = 64

// record is what happened in a history.
type record struct {
	events   []Event
	past     []Set // for each event what was visible where it took place
	covers   []Set // for each event those whose effect it takes away
	replicas [maxCopies]crdt.Replica
}

// A View is what one state should know: the events visible in it, and who saw whom
// (Burckhardt, Principles of Eventual Consistency, 2014, section 4.3). Visibility
// need not be transitive: a delta may arrive before those that its event had seen.
type View struct {
	log     *record
	visible Set
}

// Visible returns the identifiers of the events visible.
func (v View) Visible() Set { return v.visible }

// Event returns the event with the identifier. It is for reading.
func (v View) Event(id int) *Event { return &v.log.events[id] }

// Events yields the events of s in the order of the history, which no
// specification should rely on.
func (v View) Events(s Set) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for id := range s.All() {
			if !yield(&v.log.events[id]) {
				return
			}
		}
	}
}

// Saw reports whether earlier was visible where and when later took place.
func (v View) Saw(later, earlier *Event) bool { return v.log.past[later.ID].Has(earlier.ID) }

// Covered returns the events that e took away, by Type.Covers.
func (v View) Covered(e *Event) Set { return v.log.covers[e.ID] }

// Alive returns the visible events that no visible event covers.
func (v View) Alive() Set { return v.log.alive(v.visible) }

// Where returns the events of s that fit.
func (v View) Where(s Set, fits func(*Event) bool) (out Set) {
	for id := range s.All() {
		if fits(&v.log.events[id]) {
			out |= 1 << id
		}
	}
	return out
}

// Keys returns the keys of the events of s, sorted, each once.
func (v View) Keys(s Set) []string {
	out := make([]string, 0, 4)
	for id := range s.All() {
		key := v.log.events[id].Key
		if i, ok := slices.BinarySearch(out, key); !ok {
			out = slices.Insert(out, i, key)
		}
	}
	return out
}

// Sum adds the Num of the events of s.
func (v View) Sum(s Set) (sum int64) {
	for id := range s.All() {
		sum += v.log.events[id].Num
	}
	return sum
}

// Replica returns the identifier that the copy has now.
func (v View) Replica(copy int) crdt.Replica { return v.log.replicas[copy] }

func (r *record) alive(s Set) Set {
	out := s
	for id := range s.All() {
		out &^= r.covers[id]
	}
	return out
}

// add records e, which has seen past, and returns its identifier.
func (r *record) add(e Event, past Set, covers func(later, earlier *Event) bool) int {
	var gone Set
	if covers != nil {
		for id := range r.alive(past).All() {
			if covers(&e, &r.events[id]) {
				gone |= 1 << id
			}
		}
	}
	r.events = append(r.events, e)
	r.past = append(r.past, past)
	r.covers = append(r.covers, gone)
	return e.ID
}

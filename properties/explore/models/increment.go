package models

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"phoenix/network"
	"phoenix/properties/explore"
)

// Thread is a thread of Increment: a value, not a node.
type Thread int

// program counters of a thread, in order.
type counter string

const (
	toLock    counter = "to lock"
	toRead    counter = "to read"
	toWrite   counter = "to write"
	toRelease counter = "to release"
	finished  counter = "finished"
)

// Increment is a shared variable that each of some threads increments once, reading it in one
// step and writing it in another. Two may read the same, so that an increment is lost: the
// property "fin" is violated from two threads on. With lock each does so under a lock, and it
// holds. It takes at least one thread.
func Increment(threads int, lock bool) explore.Model {
	atLeast("increment", "threads", threads, 1)
	at := func(s *explore.State) *memory { return s.Node(0).(*memory) }
	m := explore.Model{
		Name:      "increment",
		Nodes:     []explore.Node{{Name: "memory", Boot: bootMemory(threads, lock)}},
		Network:   explore.Board,
		Symmetric: []explore.Group{{Of: Thread(0), Size: threads}},
		Properties: []explore.Property{
			explore.Always("fin", func(s *explore.State) error { return at(s).sum() }),
			explore.AtRest("no deadlock", func(s *explore.State) error { return at(s).done() }),
		},
	}
	if lock {
		m.Properties = append(m.Properties,
			explore.Always("mutex", func(s *explore.State) error { return at(s).exclusive() }))
	}
	return m
}

// thread is where one thread is, and what it has read.
type thread struct {
	At   counter
	Read int
}

// step is the message that lets a thread go on. One for each is put up for good: if it
// cannot, nothing happens.
type step struct{ Thread Thread }

// String returns the step as in "step of thread 1".
func (s step) String() string { return fmt.Sprintf("step of thread %d", s.Thread) }

// memory holds the variable and its threads.
type memory struct {
	ep      *network.Endpoint
	lock    bool // there is one
	locked  bool
	value   int
	threads map[Thread]thread
}

func bootMemory(threads int, lock bool) network.Boot {
	return func(ep *network.Endpoint) network.Handler {
		m := &memory{ep: ep, lock: lock, threads: map[Thread]thread{}}
		first := toRead
		if lock {
			first = toLock
		}
		for t := range Thread(threads) {
			m.threads[t] = thread{At: first}
		}
		m.repeat()
		return m
	}
}

// Receive lets a thread take its step if it can.
func (m *memory) Receive(_ network.ID, msg any) {
	s, ok := msg.(step)
	if !ok || !m.able(s.Thread) {
		return
	}
	t := m.threads[s.Thread]
	switch t.At {
	case toLock:
		m.locked, t.At = true, toRead
	case toRead:
		t.Read, t.At = m.value, toWrite
	case toWrite:
		m.value, t.At = t.Read+1, finished
		if m.lock {
			t.At = toRelease
		}
	case toRelease:
		m.locked, t.At = false, finished
	}
	m.threads[s.Thread] = t
	m.repeat()
}

// able reports whether a thread can go on.
func (m *memory) able(t Thread) bool {
	at := m.threads[t].At
	return at != finished && (at != toLock || !m.locked)
}

// repeat puts up the steps that are possible now: in a world they came once, and some came
// in vain.
func (m *memory) repeat() {
	for _, t := range slices.Sorted(maps.Keys(m.threads)) {
		if m.able(t) {
			m.ep.Send(m.ep.ID(), step{t})
		}
	}
}

// count returns how many threads are at one of some places.
func (m *memory) count(places ...counter) int {
	n := 0
	for _, t := range m.threads {
		if slices.Contains(places, t.At) {
			n++
		}
	}
	return n
}

// sum returns an error unless the value is the number of threads that have written.
func (m *memory) sum() error {
	if n := m.count(toRelease, finished); m.value != n {
		return fmt.Errorf("the value is %d after %d increments", m.value, n)
	}
	return nil
}

// exclusive returns an error if several threads hold the lock.
func (m *memory) exclusive() error {
	if n := m.count(toRead, toWrite, toRelease); n > 1 {
		return fmt.Errorf("%d threads hold the lock", n)
	}
	return nil
}

// done returns an error unless all threads have finished.
func (m *memory) done() error {
	if m.count(finished) < len(m.threads) {
		return errors.New("a thread cannot go on")
	}
	return nil
}

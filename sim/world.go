package sim

import (
	"fmt"
	"slices"
	"sync"
)

// Config says what a World is made from. The zero value is the world of seed 0.
type Config struct {
	// Seed decides everything: equal seeds, equal event streams.
	Seed uint64
	// Chooser takes the decisions; nil means Seeded by Seed.
	Chooser Chooser
	// Interleave lets the Chooser order events that are due at one instant,
	// under the label "next". Otherwise they happen first in, first out.
	Interleave bool
	// Untimed lets the Chooser order all that is pending, whatever its time, under the
	// label "next": any event may come next, and virtual time becomes the greater of now
	// and its time. What a run finds so does not hang on delays and timeouts. Alternatives
	// are numbered in the order in which they were scheduled; messages of an ordered link
	// do not overtake each other all the same. Limit.Until keeps out what is due later.
	// It implies Interleave.
	Untimed bool
	// Reroll draws all randomness anew from a time on; nil means never.
	Reroll *Reroll
}

// World is a deterministic discrete-event simulation: hosts, virtual time and
// one stream of events. It is single-threaded: one goroutine at a time may use
// it. Make it with New, end it with Close.
type World struct {
	cfg     Config
	root    Key
	chooser Chooser
	picks   []Pick

	now    Time
	seq    uint64 // number of the last event
	cause  uint64 // the event whose consequences are happening
	steps  uint64
	cur    *Host // whose code is running, nil if the world's own
	proc   *Proc // the running process, nil if none
	ended  bool  // Halt was called
	closed bool

	memory *memory // of queue, order and hash
	queue  *queue
	order  *order // holds what is pending if Untimed, in the place of the queue
	sinks  []Sink
	funcs  slab[func()]

	hosts   []*Host
	byName  map[string]*Host
	timers  slab[*Timer]
	stale   int // cancelled timers still in the queue
	wakeups slab[wakeup]

	hash     *hasher
	final    Digest // after Close
	enc      encoder
	data     []byte // canonical encoding of the event being emitted
	opaque   error  // first value that could not be encoded
	ev       Event
	watchers []func(*Event)
	after    []func()

	findings []Finding
	faults   []*FaultCount
	manual   func(*Host) Time // what clocks show, in a world driven by hand; see Manual
}

// New returns a world at time 0 without hosts.
func New(cfg Config) *World {
	m := memories.Get().(*memory)
	w := &World{cfg: cfg, root: NewKey(cfg.Seed), chooser: cfg.Chooser, memory: m, hash: &m.hash}
	w.queue, w.order = &m.queue, &m.order
	w.hash.reset()
	if cfg.Reroll != nil {
		w.root.reroll = newReroll(w, *cfg.Reroll)
	}
	w.cfg.Interleave = cfg.Interleave || cfg.Untimed
	w.sinks = make([]Sink, sinkFirst, sinkFirst+2)
	return w
}

// memory is what closed worlds leave to new ones, empty: a world is built tens of
// thousands of times a second.
type memory struct {
	queue queue
	order order
	hash  hasher
}

var memories = sync.Pool{New: func() any { return new(memory) }}

// Close ends the world: processes are unwound (their deferred calls run, without
// effect on the world) and no event happens any more. What happened can still be
// asked. Closing twice is harmless.
func (w *World) Close() {
	if w.closed {
		return
	}
	w.closed = true
	for _, h := range w.hosts {
		h.up = false
		h.epoch++
		h.killProcs()
	}
	w.final = w.hash.sum()
	w.queue.reset()
	w.order.reset()
	memories.Put(w.memory)
	w.memory, w.queue, w.order, w.hash = nil, nil, nil, nil
}

// Now returns the current virtual time.
func (w *World) Now() Time { return w.now }

// Seed returns the seed the world was made with.
func (w *World) Seed() uint64 { return w.cfg.Seed }

// Key returns the root key of the randomness for a purpose.
func (w *World) Key(purpose string) Key { return w.root.Sub(purpose) }

// Hosts returns the hosts in order of creation. The slice is the world's own.
func (w *World) Hosts() []*Host { return w.hosts }

// Host returns the host of that number, and panics if there is none.
func (w *World) Host(id HostID) *Host { return w.hosts[id] }

// Lookup returns the host of that name, or nil.
func (w *World) Lookup(name string) *Host { return w.byName[name] }

// HostName returns the name of a host, "world" for NoHost, and never panics.
func (w *World) HostName(id HostID) string {
	if id >= 0 && int(id) < len(w.hosts) {
		return w.hosts[id].name
	}
	if id == NoHost {
		return "world"
	}
	return fmt.Sprintf("host(%d)", id)
}

// Choose asks the world's Chooser for a number in [0, n) and records the answer.
// With n < 2, or once w is closed, nothing is asked or recorded, and it is 0.
func (w *World) Choose(label string, n int) int {
	if n < 2 || w.closed {
		return 0
	}
	picked := w.decider().Choose(label, n)
	if picked < 0 || picked >= n {
		panic(fmt.Sprintf("sim: the Chooser picked %d for %q, expected 0 to %d", picked, label, n-1))
	}
	w.record(label, n, picked)
	return picked
}

// decider returns who takes the decisions at the present time.
func (w *World) decider() Chooser {
	if w.chooser == nil {
		w.chooser = Seeded(w.root.Sub("choices"))
	}
	if w.root.reroll != nil {
		return w.root.reroll.chooser(w.chooser)
	}
	return w.chooser
}

// record notes a decision and tells it.
func (w *World) record(label string, n, picked int) {
	w.picks = append(w.picks, Pick{label, n, picked})
	w.Emit(Event{Kind: Choice, Host: w.current(), Peer: NoHost, Name: label, Arg: uint64(picked), N: uint64(n)})
}

// Picks returns the decisions taken so far, for Replay. The slice is a copy.
func (w *World) Picks() []Pick { return slices.Clone(w.picks) }

func (w *World) current() HostID {
	if w.cur == nil {
		return NoHost
	}
	return w.cur.id
}

// Sink takes scheduled arrivals: the way in which a layer above (a network)
// puts its own events into the world's queue without a closure for each.
type Sink interface {
	// Fire is called at the time for which arg was scheduled.
	Fire(arg uint64)
}

// SinkID names a registered Sink; a world has room for 250.
type SinkID uint8

// The kernel's own kinds of pending events come before the registered sinks.
const (
	sinkBoot SinkID = iota
	sinkTimer
	sinkServe
	sinkWake
	sinkFunc
	sinkFirst
)

// AddSink registers s.
func (w *World) AddSink(s Sink) SinkID {
	if len(w.sinks) > 255 {
		panic("sim: too many sinks")
	}
	w.sinks = append(w.sinks, s)
	return SinkID(len(w.sinks) - 1)
}

// Schedule has s fire with arg, below 2^56, at a time not before Now. The event
// that is current now becomes the cause of what it does.
func (w *World) Schedule(at Time, s SinkID, arg uint64) {
	if w.closed {
		return
	}
	if at < w.now || arg>>argBits != 0 {
		panic("sim: an event was scheduled in the past, or its argument is too large")
	}
	it := item{at, w.cause, uint64(s)<<argBits | arg}
	if w.cfg.Untimed {
		w.order.pending = append(w.order.pending, it)
		return
	}
	w.queue.push(it)
}

// At runs fn at a time, which is moved to Now if it is earlier. fn belongs to the
// world, not to a host: no crash cancels it. Set-ups and fault plans use it.
func (w *World) At(at Time, fn func()) {
	w.Schedule(max(at, w.now), sinkFunc, uint64(w.funcs.add(fn)))
}

// slab is a table with reusable places: values that wait for an event are named
// by a number in it. A place's generation tells a value from its predecessors.
type slab[T any] struct {
	places []place[T]
	free   []uint32
}

type place[T any] struct {
	v   T
	gen uint32
}

func (s *slab[T]) add(v T) uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		s.places[i].v = v
		return i
	}
	s.places = append(s.places, place[T]{v: v})
	return uint32(len(s.places) - 1)
}

// drop frees place i and returns what it held.
func (s *slab[T]) drop(i uint32) T {
	p := &s.places[i]
	v := p.v
	var zero T
	p.v = zero
	p.gen++
	s.free = append(s.free, i)
	return v
}

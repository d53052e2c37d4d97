package explore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"phoenix/network"
	"phoenix/sim"
	"phoenix/sim/disk"
)

// Errors of a search, wrapped with what and where.
var (
	// ErrModel is wrapped by errors about a Model that cannot be explored: a node whose
	// state cannot be encoded, that reads an unbounded clock, starts processes, or does not
	// do the same twice; faults or bounds that make no sense; a property, a Guard or a Within
	// that panics.
	ErrModel = errors.New("the model cannot be explored")

	errTooMany = fmt.Errorf("%w: more than 16 million different local states or messages", ErrModel)
)

// system is a Model being explored: what was met so far of the parts that global states
// are made of, and of what nodes do. It is shared by all workers and only grows. What it
// remembers depends on which states were met, its numbers also on the order of meeting;
// nothing that a search reports hangs on the numbers.
type system struct {
	m     Model
	names []string
	hosts int

	locals    pool[local]
	messages  pool[message]
	channels  pool[channel]
	observers pool[observed]
	batches   pool[batch]
	faults    pool[faultState]

	_         apart // what is read for each state from what workers write now and then
	crashable []bool
	ample     *ample                // which steps can wait; nil unless some are left out
	groups    *groups               // whose members are interchangeable; nil unless that counts
	failed    atomic.Pointer[error] // a node could not be brought back to be looked at
	panicked  atomic.Bool           // node code has, in some state
	ticks     atomic.Bool           // timers run in some local state
	full      atomic.Bool           // there are more parts than numbers for them
	_         apart

	checked    atomic.Uint64 // steps that were to be taken twice
	runs       atomic.Uint64 // of handlers, apart from going back to a state
	inChannels atomic.Uint64 // messages in all channels that were met
	kept       keeper
}

// local is a state of one node.
type local struct {
	host   network.ID
	down   bool
	boots  uint32
	image  disk.Image // what the disk holds, if down
	reads  sim.Time   // what the clock showed last, if down
	last   uint32     // the state it was in, if down for good
	hash   uint64
	shape  *shape // if symmetry counts
	key    string
	timers []string // those that run, by name
	waits  []uint16 // in how many ticks each is due, if Timed
	now    sim.Time // what the clock shows, if Timed has Clocks
	panic  string   // with what the node's code panicked: it is down for good

	// How to get here: the state before, the event and what was chosen and lost in it.
	// The state before a first boot is 0.
	from  uint32
	via   event
	picks []int

	mu      sync.Mutex // of what follows, for writers
	stays   *outcome   // of all events that change nothing, unless Ordered
	steps   memo[outcome]
	fires   []atomic.Pointer[outcome] // by place in timers
	crashes atomic.Pointer[outcome]
	boot    atomic.Pointer[outcome] // of a node that is down
	tick    atomic.Pointer[outcome]
	live    atomic.Pointer[network.Solo]
}

// message is a message under way, from one node to another.
type message struct {
	from, to network.ID
	msg      any
	hash     uint64
	last     uint64 // its hash as the one that was delivered last
	shape    *shape

	// If the model is Timed: the content, the message as it was sent, and after how many
	// ticks it arrives at the earliest and at the latest.
	key    string
	base   uint32
	lo, hi uint16
	ticked atomic.Uint32
}

// batch is what a node told in one step.
type batch struct{ told []Told }

// observed is a state of the observer.
type observed struct {
	hash   uint64
	shape  *shape
	from   uint32 // the state before and what was told then; 0 for the first
	told   uint32
	judged sync.Once
	bad    []error // by property: why it does not hold
	failed error   // a property panicked
	next   memo[uint32]
	mu     sync.Mutex
	live   Observer
}

// event is what can happen to a node.
type event struct {
	kind    StepKind
	message uint32 // that is delivered
	timer   string
}

// outcome is what an event does to a node, for one way of deciding what its code chooses,
// and the next way if there is one.
type outcome struct {
	delta   uint64 // of the sum of hashes: local states and, if NonDuplicating, messages
	more    *outcome
	next    uint32
	told    uint32 // batch, 0 for none
	idle    bool   // nothing changed, nothing was sent or told
	refused bool   // the guard does not let it happen
	simple  bool   // nothing was told and no fault is part of it
	asleep  uint32 // who sleeps in the state that it leads to, see sleepers
	lost    int32
	sends   []uint32
	picks   []int
}

// newSystem checks a model and boots its nodes' table of names.
func newSystem(m Model, symmetric bool) (*system, error) {
	if len(m.Nodes) == 0 {
		return nil, fmt.Errorf("%w: it has no nodes", ErrModel)
	}
	sys := &system{m: m, hosts: len(m.Nodes), crashable: make([]bool, len(m.Nodes))}
	sys.kept.most = keptLive
	sys.locals.full, sys.messages.full, sys.channels.full = &sys.full, &sys.full, &sys.full
	sys.observers.full, sys.batches.full, sys.faults.full = &sys.full, &sys.full, &sys.full
	for i, n := range m.Nodes {
		if n.Boot == nil || n.Name == "" || slices.Contains(sys.names, n.Name) {
			return nil, fmt.Errorf("%w: node %d, %q, has no boot function, or no name of its own", ErrModel, i, n.Name)
		}
		sys.names = append(sys.names, n.Name)
		sys.crashable[i] = m.Faults.Crashes > 0 &&
			(len(m.Faults.Crashable) == 0 || slices.Contains(m.Faults.Crashable, network.ID(i)))
	}
	if symmetric {
		var err error
		if sys.groups, err = newGroups(m.Symmetric, sys.hosts); err != nil {
			return nil, err
		}
		if len(m.Symmetric) == 0 {
			return nil, fmt.Errorf("%w: symmetry counts, but no group is declared", ErrModel)
		}
		if sys.m.Faults.Partitions > 0 {
			return nil, fmt.Errorf("%w: partitions name nodes, so none are interchangeable: leave out one of the two", ErrModel)
		}
	}
	if err := m.Timed.check(&sys.m); err != nil {
		return nil, err
	}
	if err := sys.checkProperties(); err != nil {
		return nil, err
	}
	return sys, sys.checkFaults()
}

// checkProperties refuses claims that nothing would be asked for.
func (sys *system) checkProperties() error {
	for i, p := range sys.m.Properties {
		switch {
		case p.state == nil && p.happens == nil && p.observed == nil:
			return fmt.Errorf("%w: property %d, %q, claims nothing", ErrModel, i, p.Name)
		case p.Name == "" || p.Name == propertyPanic:
			return fmt.Errorf("%w: property %d, %q, has no name of its own", ErrModel, i, p.Name)
		case p.Kind == KindObserved && sys.m.Observe == nil:
			return fmt.Errorf("%w: property %q is about an observer, and there is none", ErrModel, p.Name)
		}
	}
	return nil
}

// shape returns the shape of a part of a state if symmetry counts. What has an encoding has
// a shape.
func (sys *system) shape(before []byte, v any) *shape {
	if sys.groups == nil {
		return nil
	}
	sh, err := sys.groups.shape(before, v)
	if err != nil {
		panic(fmt.Sprintf("explore: a value with an encoding has no shape: %v", err))
	}
	return sh
}

func (sys *system) checkFaults() error {
	f := sys.m.Faults
	for _, n := range []int{f.Crashes, f.Restarts, f.Drops, f.Duplicates, f.Partitions} {
		if n < 0 || n > 255 {
			return fmt.Errorf("%w: a budget of %d faults, expected 0 to 255", ErrModel, n)
		}
	}
	repeats := sys.m.Network == Duplicating || sys.m.Network == Board
	switch {
	case f.Partitions > 0 && len(f.Cuts) == 0:
		return fmt.Errorf("%w: partitions are allowed, but no cut is given", ErrModel)
	case f.Restarts > 0 && f.Crashes == 0:
		return fmt.Errorf("%w: %d restarts are allowed, but no crash", ErrModel, f.Restarts)
	case f.Duplicates > 0 && repeats:
		return fmt.Errorf("%w: a budget of %d duplicates, but messages of a network that is %v are repeated anyway",
			ErrModel, f.Duplicates, sys.m.Network)
	case f.Drops > 0 && sys.m.Lossy:
		return fmt.Errorf("%w: a budget of %d drops, but a lossy network needs none", ErrModel, f.Drops)
	}
	for _, c := range f.Cuts {
		for _, link := range c.Cut {
			if min(link[0], link[1]) < 0 || int(max(link[0], link[1])) >= sys.hosts {
				return fmt.Errorf("%w: cut %q is of a link from %d to %d, but there are %d nodes",
					ErrModel, c.Name, link[0], link[1], sys.hosts)
			}
		}
	}
	if c := sys.m.Clock; c != nil && (c.Step <= 0 || c.Max < 0) {
		return fmt.Errorf("%w: a clock of steps of %d up to %d, expected more than 0, and 0 or more", ErrModel, c.Step, c.Max)
	}
	for _, id := range f.Crashable {
		if int(id) < 0 || int(id) >= sys.hosts {
			return fmt.Errorf("%w: node %d may crash, but there are %d", ErrModel, id, sys.hosts)
		}
	}
	return nil
}

// name returns the name of a node.
func (sys *system) name(id network.ID) string {
	if id == sim.NoHost {
		return "network"
	}
	return sys.names[id]
}

func addressed(dst []byte, from, to network.ID) []byte {
	return append(dst, byte(from), byte(from>>8), byte(to), byte(to>>8))
}

// internBatch numbers what was told in a step; kept is as for internMessage.
func (sys *system) internBatch(told []Told) (id uint32, kept bool, err error) {
	if len(told) == 0 || sys.m.Observe == nil {
		return 0, false, nil
	}
	content, deepest, err := encodeDeep(nil, told)
	if err != nil {
		return 0, false, fmt.Errorf("%w: what %s tells: %w", ErrModel, sys.name(told[0].Node), err)
	}
	id = sys.batches.intern(content, func(b *batch, _ string) {
		b.told = told
		kept = deepest > 1 // told is a slice itself
	})
	return id, kept, nil
}

// observe returns the state of the observer after a batch.
func (sys *system) observe(from, told uint32) (uint32, error) {
	if told == 0 {
		return from, nil
	}
	o := sys.observers.at(from)
	if next := o.next.get(told); next != nil {
		return *next, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if next := o.next.get(told); next != nil {
		return *next, nil
	}
	next, err := sys.internObserver(from, told)
	if err == nil {
		o.next.put(told, &next)
	}
	return next, err
}

// Cloner is an Observer that copies itself: so its states cost less to make than by telling
// a new one all from the beginning.
type Cloner interface{ Clone() Observer }

// observerAfter makes the observer in the state after from and a batch more.
func (sys *system) observerAfter(from, told uint32) Observer {
	var batches []uint32
	var observer Observer
	for id, b := from, told; b != 0 && observer == nil; {
		batches = append(batches, b)
		o := sys.observers.at(id)
		if c, ok := o.live.(Cloner); ok {
			observer = c.Clone()
		}
		id, b = o.from, o.told
	}
	if observer == nil {
		observer = sys.m.Observe()
	}
	for _, b := range slices.Backward(batches) {
		for _, t := range sys.batches.at(b).told {
			observer.Observe(&t)
		}
	}
	return observer
}

// internObserver makes the observer anew and tells it all that led to a state and one
// batch more. From 0 it makes the first state.
func (sys *system) internObserver(from, told uint32) (uint32, error) {
	observer := sys.observerAfter(from, told)
	var most [512]byte
	var content []byte
	if h, ok := observer.(*History); ok {
		content = h.append(most[:0])
	} else {
		var err error
		if content, err = encode(nil, observer); err != nil {
			return 0, fmt.Errorf("%w: the observer: %w", ErrModel, err)
		}
	}
	id := sys.observers.intern(content, func(o *observed, key string) {
		o.from, o.told, o.live, o.hash = from, told, observer, hashOf(hashObserver, key)
		o.shape = sys.shape(nil, observer)
	})
	o := sys.observers.at(id)
	o.judged.Do(func() { sys.judge(o) }) // not while the pool is locked: it takes its time
	return id, o.failed
}

// judge asks the properties about a state of the observer.
func (sys *system) judge(o *observed) {
	for i := range sys.m.Properties {
		var bad, failed error
		if p := &sys.m.Properties[i]; p.Kind == KindObserved {
			bad, failed = p.holdsOf(o.live)
		}
		o.bad, o.failed = append(o.bad, bad), cmp.Or(o.failed, failed)
	}
}

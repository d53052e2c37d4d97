package explore

import (
	"fmt"

	"phoenix/network"
	"phoenix/properties"
	"phoenix/sim/disk"
)

// Model is a bounded cluster whose interleavings are to be explored, and what must hold
// in them. Nodes is required; the zero value of the rest is a cluster on a network that
// neither loses, repeats nor keeps order, without faults.
type Model struct {
	Name  string
	Nodes []Node // the node at place i has the number network.ID(i)

	Network Semantics
	Lossy   bool // every message under way may be lost, without a budget
	Faults  Budget
	Disk    disk.Config // of the nodes that use one

	// Observe makes the observer of what nodes tell with Invoke, Return and Note. What it
	// knows is part of the global state. Nil means that nobody listens.
	Observe func() Observer

	Properties []Property

	// Symmetric are groups of interchangeable nodes, and of interchangeable values. They
	// count only in a search that asks for it, see Config.Symmetry.
	Symmetric []Group

	// Within bounds the states: those for which it is false are neither counted nor gone
	// on from. Nil means all. If it panics, the model cannot be explored.
	Within func(*State) bool

	// Guard says whether a node may take a step: a delivery to it or one of its timers. It
	// is given the node as it is before, for reading only, and is asked once for each local
	// state. It is the enabling condition of a specification whose step, taken all the
	// same, would change nothing, or of a node that reads some messages later. Nil means
	// always. If it panics, the model cannot be explored.
	Guard func(h network.Handler, s Step) bool

	// Idle counts steps that change nothing as generated, as a specification does whose
	// action leads back to the state that it began in. By default what a node ignores is
	// no step: the message stays under way (on Ordered channels it is consumed).
	Idle bool

	// Clock bounds the clock that nodes may read. Nil means that a node that does is refused.
	Clock *Clock

	// Timed, if not nil, makes time pass. By default none does, and timers may fire, and
	// messages arrive, at any time.
	Timed *Timed

	// Seed decides what nodes draw with Rand and Key.
	Seed uint64
}

// Node is one node of a Model: its name and the same boot function that a world takes.
type Node struct {
	Name string
	Boot network.Boot
}

// Semantics says what the network of a Model does with messages.
type Semantics uint8

// The semantics of networks.
const (
	// NonDuplicating holds a multiset of messages under way, in no order; each is
	// delivered once.
	NonDuplicating Semantics = iota
	// Duplicating holds a set: a message that was delivered stays and may come again.
	// Which was delivered last is part of the state.
	Duplicating
	// Ordered holds a queue for each sender and receiver, of which the head is delivered.
	Ordered
	// Board holds a set that only grows: as Duplicating, without remembering what was
	// delivered last. It is how specifications put up messages for all to read.
	Board
)

var semanticsNames = [...]string{"nonduplicating", "duplicating", "ordered", "board"}

// String returns the name of s, such as "ordered".
func (s Semantics) String() string {
	if int(s) < len(semanticsNames) {
		return semanticsNames[s]
	}
	return fmt.Sprintf("semantics(%d)", uint8(s))
}

// ParseSemantics returns the semantics that String names so.
func ParseSemantics(name string) (Semantics, error) {
	for i, known := range semanticsNames {
		if name == known {
			return Semantics(i), nil
		}
	}
	return 0, fmt.Errorf("network %q, expected nonduplicating, duplicating, ordered or board", name)
}

// Budget is how many faults of each kind a path may have. The zero value allows none.
type Budget struct {
	Crashes    int // of nodes that are up
	Restarts   int // of nodes that are down; only with Crashes
	Drops      int // of messages under way; not with Model.Lossy, which needs no budget
	Duplicates int // of messages under way, each adding one copy; not where the network repeats them anyway
	// Partitions is how often a cut of Cuts may begin. While it is in force nothing is
	// delivered over its links; it may end at any time. One is in force at a time.
	Partitions int
	Cuts       []NamedCut
	// Crashable are the nodes that may crash; empty means all.
	Crashable []network.ID
}

// NamedCut is a partition that may happen.
type NamedCut struct {
	Name string
	Cut  network.Cut
}

// Clock bounds what nodes may read from their clocks in an untimed search: every reading
// is one of the values 0, Step, 2*Step, ... up to Max, in nanoseconds, never less than the
// node's last one, and all of them are explored.
type Clock struct{ Step, Max int64 }

// Group declares what is interchangeable: exchanging two members throughout a state gives
// a state that behaves alike. Members are found in states, messages and observers by their
// type, which is network.ID for nodes: a number that means a member but has another type is
// not found, and the declaration is wrong then.
type Group struct {
	// Nodes are interchangeable nodes; they have equal boot functions.
	Nodes []network.ID
	// Of, if not nil, makes this a group of values instead: 0 to Size-1 of the type of Of,
	// a named integer type (a scalarset, Ip and Dill, "Better verification through
	// symmetry", FMSD 9, 1996, section 3).
	Of   any
	Size int
}

// Observer is told what the nodes tell: sim.Invoke, sim.Return and sim.Note events, in
// order. What it knows is part of the global state and encoded as a node is. Seq, At and
// Cause of the events are 0, and operations are numbered by each node from 1.
type Observer interface{ Observe(e *Told) }

// Property is a named claim about the states and paths of a Model. Make it with Always,
// Sometimes, Eventually, LeadsTo, AtRest, Observed or Linearizable.
type Property struct {
	Name string
	Kind Kind

	given     func(*State) bool    // Eventually: from which states on; nil: from the first
	state     func(*State) error   // Always, AtRest: nil if it holds
	needsRest bool                 // AtRest: to hold says nothing if there is no state at rest
	happens   func(*State) bool    // Sometimes, Eventually
	observed  func(Observer) error // Observed: asked once for each state of the observer
	reads     []network.ID         // see Reads; nil: everything
}

// Kind is the sort of claim that a Property makes.
type Kind uint8

// The kinds of properties.
const (
	KindAlways     Kind = iota + 1 // in every state
	KindSometimes                  // in some state
	KindEventually                 // in some state of every fair path
	KindAtRest                     // in every state without a step
	KindObserved                   // of every state of the observer
)

var kindNames = [...]string{KindAlways: "always", KindSometimes: "sometimes", KindEventually: "eventually",
	KindAtRest: "at rest", KindObserved: "always"}

// String returns the name of k, such as "always".
func (k Kind) String() string { return kindNames[k] }

// MarshalText returns String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Always claims that holds returns nil in every state.
func Always(name string, holds func(*State) error) Property {
	return Property{Name: name, Kind: KindAlways, state: holds}
}

// Sometimes claims that happens returns true in some state: if a complete search finds
// none, the verdict is Inconclusive.
func Sometimes(name string, happens func(*State) bool) Property {
	return Property{Name: name, Kind: KindSometimes, happens: happens}
}

// Eventually claims that every path that is fair reaches a state for which happens returns
// true, and that no path comes to rest before. A path is fair if no node's timer and no
// channel from one node to another is able to take a step from some point on for ever
// without taking one. Faults are never owed.
func Eventually(name string, happens func(*State) bool) Property {
	return Property{Name: name, Kind: KindEventually, happens: happens}
}

// LeadsTo claims that whenever given returns true, happens returns true in the same state or
// later, on every path that is fair as for Eventually.
func LeadsTo(name string, given, happens func(*State) bool) Property {
	return Property{Name: name, Kind: KindEventually, given: given, happens: happens}
}

// AtRest claims that holds returns nil in every state in which no step is possible: that
// replicas have converged, or that it is no deadlock.
func AtRest(name string, holds func(*State) error) Property {
	return Property{Name: name, Kind: KindAtRest, state: holds}
}

// Observed claims that holds returns nil for whatever the observer comes to know. It is
// asked once for each distinct state of the observer, however many global states share it.
func Observed(name string, holds func(Observer) error) Property {
	return Property{Name: name, Kind: KindObserved, observed: holds}
}

// Outcome is what became of a Property.
type Outcome struct {
	Name    string             `json:"name"`
	Kind    Kind               `json:"kind"`
	Verdict properties.Verdict `json:"verdict"`
	Detail  string             `json:"detail,omitempty"` // why, for a person
	Path    *Path              `json:"-"`                // to the violation; to a Sometimes with Config.Examples; or nil
}

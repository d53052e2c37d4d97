package explore

import (
	"fmt"
	"strings"

	"phoenix/network"
	"phoenix/sim"
)

// StepKind says what happens in a Step.
type StepKind uint8

// The kinds of steps.
const (
	StepBoot      StepKind = iota + 1 // a node starts; all do before the first state
	StepDeliver                       // a message is delivered
	StepTimer                         // a timer fires
	StepCrash                         // a node crashes
	StepRestart                       // a node that crashed boots again
	StepDrop                          // a message is lost
	StepDuplicate                     // a message is there once more
	StepCut                           // a partition begins
	StepMend                          // the partition ends
	StepTick                          // time passes, see Timed
)

var stepNames = [...]string{StepBoot: "boot", StepDeliver: "deliver", StepTimer: "timer", StepCrash: "crash",
	StepRestart: "restart", StepDrop: "drop", StepDuplicate: "duplicate", StepCut: "cut", StepMend: "mend", StepTick: "tick"}

// String returns the name of k, such as "deliver".
func (k StepKind) String() string { return stepNames[k] }

// Step is one step of a path: what happens next, and how choices within it are decided.
type Step struct {
	Kind StepKind
	Node network.ID // whose step it is; the receiver of a message; sim.NoHost for a partition
	From network.ID // the sender of a message
	Msg  any        // the message
	Name string     // the timer, or the partition
	// Picks are the answers to what the node's code chooses in the step, in order.
	Picks []int
	// Lost tells which of the states that a crash may leave the disk in it left.
	Lost int
}

// Told is what a node tells in a step with Invoke, Return or Note.
type Told struct {
	Kind  sim.Kind // sim.Invoke, sim.Return or sim.Note
	Node  network.ID
	Op    uint64 // the number of the operation, from 1 on for each node
	Name  string // the outcome of a Return, the text of a Note
	Value any    // the operation, or its result
}

// tell returns a step in a line that depends on its content only: what is reached by
// pointers is told, not where it is.
func (sys *system) tell(s Step) string {
	var b strings.Builder
	name := sys.name
	switch s.Kind {
	case StepDeliver, StepDrop, StepDuplicate:
		fmt.Fprintf(&b, "%s %s -> %s %s", s.Kind, name(s.From), name(s.Node), sys.about(s))
	case StepTimer:
		fmt.Fprintf(&b, "timer %q of %s", s.Name, name(s.Node))
	case StepTick:
		b.WriteString("time passes")
	case StepCut, StepMend:
		fmt.Fprintf(&b, "%s %s", s.Kind, s.Name)
	default:
		fmt.Fprintf(&b, "%s %s", s.Kind, name(s.Node))
	}
	if len(s.Picks) > 0 {
		fmt.Fprintf(&b, " choosing %v", s.Picks)
	}
	if s.Lost > 0 && s.Kind != StepCrash {
		b.WriteString(", and it crashes")
	}
	if s.Lost > 1 {
		fmt.Fprintf(&b, ", its disk in state %d", s.Lost)
	}
	return b.String()
}

package supervisor

import (
	"fmt"

	"phoenix/sim"
)

// A State says how a child stands.
type State uint8

// The states of a child.
const (
	Stopped    State = iota // it does not run, and nobody is about to start it
	Starting                // it is starting
	Running                 // it has started and not ended
	Stopping                // it was asked to end, or killed, and has not ended yet
	Restarting              // a restart failed and is about to be tried again
	exited                  // it has ended and the supervisor has not got to that yet; told as Stopped
)

var stateNames = [...]string{"stopped", "starting", "running", "stopping", "restarting", "stopped"}

// String returns the name of s, such as "running".
func (s State) String() string { return name(stateNames[:], s) }

// A Status is what is known of a child.
type Status struct {
	ID      string
	State   State
	Restart Restart
	// Incarnation grows with each start of any child of the supervisor. It is that of the one that runs,
	// or ran last; 0 if none did.
	Incarnation uint64
	// Supervisor is set for a Tree.
	Supervisor bool
}

// Counts are how many children there are (OTP: count_children).
type Counts struct {
	Specs       int // in all
	Active      int // which run
	Supervisors int // which are Trees
	Workers     int // which are not
}

// A Report is something that a supervisor did or noticed.
type Report struct {
	At          sim.Time
	Supervisor  string
	Action      Action
	Child       string // "" for the supervisor itself
	Incarnation uint64
	Reason      error // of an end or of a failed start
}

// An Action is what a Report is about.
type Action uint8

// The actions.
const (
	Start       Action = iota // a child is being started
	StartFailed               // it could not be
	Exit                      // a child ended without having been asked
	Ask                       // a child is asked to end
	Killed                    // a child is killed
	End                       // the supervisor has ended
)

var actionNames = [...]string{"starts", "does not start", "exited", "is asked to end", "is killed", "ended"}

// String returns the verb that stands in notes, such as "is asked to end".
func (a Action) String() string { return name(actionNames[:], a) }

// String tells r without its time, such as "supervisor: a exited: bang".
func (r Report) String() string {
	text := r.Supervisor
	if r.Child != "" {
		text = fmt.Sprintf("%s: %s", text, r.Child)
	}
	text += " " + r.Action.String()
	if r.Action == Exit || r.Action == StartFailed || r.Action == End {
		text += ": " + told(r.Reason)
	}
	return text
}

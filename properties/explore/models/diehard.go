package models

import (
	"errors"
	"fmt"

	"phoenix/network"
	"phoenix/properties/explore"
	"phoenix/sim"
)

// Gallons that the jugs of DieHard hold, and those that are wanted.
const (
	smallJug = 3
	bigJug   = 5
	wanted   = 4
)

// DieHard is the riddle of the film: measure four gallons with a jug of three, a jug of five
// and a fountain. Its property says that it cannot be done, so that the counterexample, of
// six steps, is the answer (Lamport's "TLA+ Hyperbook" poses it so).
func DieHard() explore.Model {
	return explore.Model{
		Name:  "diehard",
		Nodes: []explore.Node{{Name: "jugs", Boot: bootJugs}},
		Idle:  true,
		Properties: []explore.Property{explore.Always("not 4 gallons", func(s *explore.State) error {
			return s.Node(0).(*jugs).measured()
		})},
	}
}

// jugs are what is in them, in gallons. Everything can be done at any time.
type jugs struct {
	ep         *network.Endpoint
	small, big int
}

func bootJugs(ep *network.Endpoint) network.Handler {
	j := &jugs{ep: ep}
	j.action("fill small", func() { j.small = smallJug })
	j.action("fill big", func() { j.big = bigJug })
	j.action("empty small", func() { j.small = 0 })
	j.action("empty big", func() { j.big = 0 })
	j.action("small to big", func() { j.pour(min(j.small, bigJug-j.big)) })
	j.action("big to small", func() { j.pour(-min(j.big, smallJug-j.small)) })
	return j
}

// action makes a timer that does something and runs again.
func (j *jugs) action(name string, do func()) {
	var t *sim.Timer
	t = j.ep.Timer(name, func() {
		do()
		t.Reset(pace(j.ep, name))
	})
	t.Reset(pace(j.ep, name))
}

// pour moves gallons from the small jug to the big one, or back if negative.
func (j *jugs) pour(gallons int) { j.small, j.big = j.small-gallons, j.big+gallons }

// measured returns an error if the riddle is solved.
func (j *jugs) measured() error {
	if j.big == wanted {
		return errors.New("four gallons are in the big jug")
	}
	return nil
}

// Receive gets no messages: nobody sends any.
func (j *jugs) Receive(network.ID, any) {}

// String returns what is in the jugs.
func (j *jugs) String() string { return fmt.Sprintf("small %d, big %d", j.small, j.big) }

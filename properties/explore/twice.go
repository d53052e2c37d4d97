package explore

import (
	"fmt"
	"slices"

	"phoenix/network"
)

// checkedTwice is how many of the first steps that nodes take are taken a second time, to
// see whether the same comes of it, and of the later ones every checkedLater-th. Others are
// found out only if a node that is brought back to a state comes to another one.
const (
	checkedTwice = 200
	checkedLater = 256
)

// twice takes a step of a node again, from a state that it is brought back to.
func (sys *system) twice(id uint32, host network.ID, ev event, script []int, first *outcome) error {
	if n := sys.checked.Add(1); n > checkedTwice && n%checkedLater != 0 {
		return nil
	}
	r, err := sys.after(id, host, ev, script, nil)
	if err != nil {
		return err
	}
	if r == nil {
		return sys.unsteady(host)
	}
	sys.runs.Add(^uint64(0))
	defer r.solo.Close()
	second, err := r.settle(id, ev)
	if err != nil {
		return err
	}
	if second.next != first.next || second.told != first.told || !slices.Equal(second.sends, first.sends) ||
		!slices.Equal(second.picks, first.picks) {
		return sys.unsteady(host)
	}
	return nil
}

func (sys *system) unsteady(host network.ID) error {
	return fmt.Errorf("%w: %s did not do the same twice: is there state outside of the node, or randomness of its own, "+
		"or does it change a message that it was given?", ErrModel, sys.name(host))
}

package network

import (
	"slices"

	"phoenix/sim"
)

// Tally counts what one fault did to messages. Faults of one name also share a
// counter of the world, see [sim.World.Faults]; a Tally is of one alone.
type Tally struct {
	// Fired is how many messages the fault struck.
	Fired uint64
	// Effect is how many copies of messages it lost, or arrived other than without
	// it: later, changed, or besides another. What it struck and something else lost
	// on the way has fired without effect.
	Effect uint64

	count *sim.FaultCount
}

func (t *Tally) fire() {
	t.Fired++
	t.count.Fired++
}

func (t *Tally) bite() {
	t.Effect++
	t.count.Effect++
}

// strike counts a message on which the fault has its effect at once.
func (t *Tally) strike() {
	t.fire()
	t.bite()
}

// marks are the tallies that wait for the arrival of flights. A mark is a place
// here plus one, so that a flight without any has mark 0.
type marks struct {
	places [][]*Tally
	free   []uint32
}

// of returns the tallies of a mark, valid until the next add.
func (m *marks) of(mark uint32) []*Tally {
	if mark == 0 {
		return nil
	}
	return m.places[mark-1]
}

// add returns a mark of one more tally: a new one for 0.
func (m *marks) add(mark uint32, t *Tally) uint32 {
	if mark == 0 {
		if k := len(m.free); k > 0 {
			mark = m.free[k-1]
			m.free = m.free[:k-1]
		} else {
			m.places = append(m.places, nil)
			mark = uint32(len(m.places))
		}
	}
	m.places[mark-1] = append(m.places[mark-1], t)
	return mark
}

// drop frees a mark and returns its tallies, until the next add.
func (m *marks) drop(mark uint32) []*Tally {
	tallies := m.places[mark-1]
	m.places[mark-1] = tallies[:0]
	m.free = append(m.free, mark)
	return tallies
}

// touch notes that a fault changes the fate of f, which is being sent.
func (n *Network) touch(f *flight, t *Tally) {
	if !slices.Contains(n.marks.of(f.mark), t) {
		f.mark = n.marks.add(f.mark, t)
		t.fire()
	}
}

package explore

import (
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// revive returns a node in a local state: a spare one, which may have to be taken back
// first, or else one that gets there by the events that first led there. For a node that
// has not booted, or is down, there is no world yet. A node that is in another state then is
// returned beside the error.
func (sys *system) revive(id uint32, host network.ID, idle *spares) (*run, error) {
	if r := idle.take(id); r != nil {
		return r, nil
	}
	var path []uint32
	for at := id; at != 0 && !sys.locals.at(at).down; at = sys.locals.at(at).from {
		path = append(path, at)
	}
	r, left := idle.near(path)
	if r == nil {
		r = &run{sys: sys, host: host}
	}
	if err := r.follow(path[:left], idle); err != nil {
		return nil, err
	}
	if left == 0 {
		return r, nil
	}
	key, _, _, err := r.content()
	if err != nil {
		return nil, err
	}
	if string(key) != sys.locals.at(id).key {
		return r, sys.unsteady(host)
	}
	r.stands = id
	return r, nil
}

// follow has the node go through local states, the last one first.
func (r *run) follow(path []uint32, idle *spares) error {
	r.again = true
	defer func() { r.again = false }()
	for _, at := range slices.Backward(path) {
		l := r.sys.locals.at(at)
		booted := l.via.kind == StepBoot || l.via.kind == StepRestart
		if booted {
			r.start(l.from)
		}
		r.begin(l.picks)
		if err := r.happen(l.via); err != nil {
			return err
		}
		for r.solo.Busy() {
			if err := r.broke(r.solo.Finish()); err != nil {
				return err
			}
		}
		if booted && idle != nil && r.sys.m.Timed == nil {
			r.born, r.moments = at, map[uint32]*moment{}
		}
		if at != path[0] {
			r.remember(at) // others may be wanted that are near
		}
	}
	return nil
}

// moment is what a node was in one local state.
type moment struct {
	memory *memory
	mark   network.SoloMark
	reads  sim.Time
}

// remember notes what the node is, in a local state. If it cannot be taken back there,
// nothing is noted from then on.
func (r *run) remember(id uint32) {
	if r.moments == nil || r.moments[id] != nil {
		return
	}
	mark, ok := r.solo.Mark()
	m := &moment{mark: mark, reads: r.reads}
	if ok {
		m.memory = takeMemory(r.solo.Handler())
	}
	if m.memory == nil {
		r.moments = nil
		return
	}
	for len(r.oldest) > 0 && (len(r.oldest) == keptMoments || r.held+m.memory.bytes > keptBytes) {
		r.held -= r.moments[r.oldest[0]].memory.bytes
		delete(r.moments, r.oldest[0])
		r.oldest = r.oldest[:copy(r.oldest, r.oldest[1:])]
	}
	r.moments[id] = m
	if id != r.born { // which stays
		r.oldest = append(r.oldest, id)
		r.held += m.memory.bytes
	}
}

// goBack takes the node back to a local state, and reports whether it could.
func (r *run) goBack(id uint32) bool {
	if r.stands == id {
		return true
	}
	m := r.moments[id]
	if !r.solo.Rewind(m.mark) {
		return false
	}
	m.memory.restore()
	r.reads, r.stands = m.reads, id
	return true
}

// at reports whether the node is what it was at a moment, which may be nil: never.
func (r *run) at(m *moment) bool {
	return m != nil && r.reads == m.reads && r.solo.At(m.mark) && m.memory.intact()
}

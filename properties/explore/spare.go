package explore

import (
	"phoenix/network"
	"phoenix/sim"
)

// spares are nodes that stand in some local state since an event led there, or changed
// nothing: to go on from there without going back. Each worker has its own. They are few,
// since a world stands behind each.
//
// Most nodes can be taken back to any moment at which they were looked at, see memory: one
// for each state after a boot is enough then. Of others there is one for a state at most,
// which goes on from it once.
type spares struct {
	at     [64]spare
	worlds map[uint32]*run // by the state after their boot: those that can be taken back
}

type spare struct {
	id uint32
	r  *run
}

const (
	keptWorlds  = 64  // of one worker
	keptMoments = 256 // of one world
)

// moment is what a node was in one local state.
type moment struct {
	memory *memory
	mark   network.SoloMark
	reads  sim.Time
}

// take removes and returns a node in a local state, nil if there is none.
func (p *spares) take(id uint32) *run {
	if p == nil {
		return nil
	}
	at := &p.at[id%uint32(len(p.at))]
	if at.r == nil || at.id != id {
		return nil
	}
	r := at.r
	at.r = nil
	return r
}

// near removes and returns a node in the first state of a path of local states that there
// is one for, or that one can be taken back to, and how many are before that; nil and all if
// there is none. The last state is that after a boot.
func (p *spares) near(path []uint32) (*run, int) {
	if p == nil || len(path) == 0 {
		return nil, len(path)
	}
	born := path[len(path)-1]
	r := p.worlds[born]
	if r == nil {
		return nil, len(path)
	}
	delete(p.worlds, born)
	for i, id := range path {
		if r.stands == id || r.moments[id] != nil {
			if r.goBack(id) {
				return r, i
			}
			break
		}
	}
	r.solo.Close()
	return nil, len(path)
}

// put keeps a node in a local state, or ends its world.
func (p *spares) put(id uint32, r *run) {
	if r.panic != "" || id == 0 {
		r.solo.Close()
		return
	}
	r.stands = id
	if r.gave {
		r.moments = nil
	}
	if r.moments == nil {
		at := &p.at[id%uint32(len(p.at))]
		if at.r != nil {
			at.r.solo.Close()
		}
		*at = spare{id, r}
		return
	}
	if len(p.worlds) >= keptWorlds {
		for _, old := range p.worlds { // order: all are ended
			old.solo.Close()
		}
		p.worlds = nil
	}
	if p.worlds == nil {
		p.worlds = map[uint32]*run{}
	}
	p.worlds[r.born] = r
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
	if len(r.oldest) == keptMoments {
		delete(r.moments, r.oldest[0])
		r.oldest = r.oldest[:copy(r.oldest, r.oldest[1:])]
	}
	r.moments[id] = m
	if id != r.born { // which stays
		r.oldest = append(r.oldest, id)
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

package explore

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
	keptWorlds  = 64      // of one worker
	keptMoments = 512     // of one world
	keptBytes   = 1 << 19 // of their memory
)

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

// put keeps a node in a local state, or ends its world: always if p is nil.
func (p *spares) put(id uint32, r *run) {
	if p == nil || r.panic != "" || id == 0 {
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

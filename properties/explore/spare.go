package explore

// spares are nodes that stand in some local state since an event led there, or changed
// nothing: to go on from there without going back. Each worker has its own. They are few,
// since a world stands behind each.
type spares struct{ at [64]spare }

type spare struct {
	id uint32
	r  *run
}

// take removes and returns a node in a local state, nil if there is none.
func (p *spares) take(id uint32) *run {
	at := &p.at[id%uint32(len(p.at))]
	if at.r == nil || at.id != id {
		return nil
	}
	r := at.r
	at.r = nil
	return r
}

// put keeps a node in a local state, or ends its world.
func (p *spares) put(id uint32, r *run) {
	if r.panic != "" || id == 0 {
		r.solo.Close()
		return
	}
	at := &p.at[id%uint32(len(p.at))]
	if at.r != nil {
		at.r.solo.Close()
	}
	*at = spare{id, r}
}

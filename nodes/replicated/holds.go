package replicated

import (
	"slices"

	"phoenix/network"
	"phoenix/sim"
)

// holds are the updates of a server that others are asked to hold before they are
// acknowledged.
type holds struct {
	cfg     Config
	ep      *network.Endpoint
	state   func() []byte
	last    uint64
	upto    map[network.ID]uint64 // what others hold
	waiting []numbered            // in order
	retry   *sim.Timer
}

type numbered struct {
	number uint64
	update *update
}

func newHolds(cfg Config, ep *network.Endpoint, state func() []byte) holds {
	return holds{cfg: cfg, ep: ep, state: state, upto: map[network.ID]uint64{}}
}

// ask asks all others to hold an update that is part of the state.
func (h *holds) ask(u *update) {
	if h.retry == nil {
		h.retry = h.ep.Timer("hold", h.send)
	}
	h.last++
	h.waiting = append(h.waiting, numbered{h.last, u})
	h.send()
}

// send asks those that have not answered.
func (h *holds) send() {
	if len(h.waiting) == 0 {
		return
	}
	m := hold{h.ep.Boots(), h.last, h.state()}
	for _, id := range h.cfg.Servers {
		if id != h.ep.ID() && h.upto[id] < h.last {
			h.ep.Send(id, m)
		}
	}
	h.retry.Reset(h.cfg.Retry)
}

// held notes what a server holds, and returns the updates that enough hold now.
func (h *holds) held(by network.ID, m held) []*update {
	if m.Boot != h.ep.Boots() || !slices.Contains(h.cfg.Servers, by) {
		return nil
	}
	h.upto[by] = max(h.upto[by], min(m.Upto, h.last))
	var safe []*update
	for len(h.waiting) > 0 && h.holders(h.waiting[0].number) >= h.cfg.Acks {
		safe = append(safe, h.waiting[0].update)
		h.waiting = h.waiting[1:]
	}
	return safe
}

func (h *holds) holders(number uint64) (n int) {
	for _, id := range h.cfg.Servers {
		if id != h.ep.ID() && h.upto[id] >= number {
			n++
		}
	}
	return n
}

package gossip

import (
	"slices"

	"phoenix/network"
)

// peer is what a replica knows of another.
type peer[S any] struct {
	id    network.ID
	epoch uint32 // its boot, 0 if it was never heard of
	// acked is the version of this replica whose state is part of the peer's, and held
	// the version of the peer's, in its epoch, whose state is part of this one's.
	acked, held uint64
	// done is at least acked: what came after acked, up to done, came from the peer.
	done uint64
	// strange is set while the peer may believe of this replica what is not so any more.
	strange bool
	// asked is set while a question is out, differs once the peer was found to want the state.
	asked, differs bool
	asking         bool        // a context is out
	in, out        *session[S] `explore:"-"` // comparisons begun by the peer, and by this one
	begun          uint32      `explore:"-"` // the number of the last session that the peer began
	patience       int         // rounds to wait after the next try
	wait           int         // rounds until then
	slow           int         // rounds that a comparison may wait for a message, see open
}

// removed is what must be known of a peer that was removed, should it be added again: what
// it sent before may come late, and must not begin a session a second time.
type removed struct{ epoch, begun uint32 }

// Peers returns the peers, in order, in a new slice.
func (r *Replica[S, P]) Peers() []network.ID {
	ids := make([]network.ID, len(r.peers))
	for i, p := range r.peers {
		ids[i] = p.id
	}
	return ids
}

// AddPeer adds a peer, which should add this one too, and has it get all that is
// here. The node itself, and who is a peer already, are ignored.
func (r *Replica[S, P]) AddPeer(id network.ID) {
	r.add(id, true)
	r.wake()
}

func (r *Replica[S, P]) add(id network.ID, strange bool) {
	i, known := r.find(id)
	if !known && id != r.ep.ID() {
		p := &peer[S]{id: id, strange: strange, patience: 1, slow: 1}
		if was, ok := r.removed[id]; ok {
			p.epoch, p.begun = was.epoch, was.begun
			delete(r.removed, id)
		}
		r.peers = slices.Insert(r.peers, i, p)
	}
}

// RemovePeer drops a peer: nothing is sent to it or kept for it any more.
func (r *Replica[S, P]) RemovePeer(id network.ID) {
	if i, ok := r.find(id); ok {
		if r.removed == nil {
			r.removed = map[network.ID]removed{}
		}
		r.removed[id] = removed{r.peers[i].epoch, r.peers[i].begun}
		r.peers = slices.Delete(r.peers, i, i+1)
		r.collect()
	}
}

func (r *Replica[S, P]) find(id network.ID) (int, bool) {
	return slices.BinarySearchFunc(r.peers, id, func(p *peer[S], id network.ID) int { return int(p.id) - int(id) })
}

// Settled reports whether each peer has acknowledged all that is here, so that a
// crash of this node loses nothing.
func (r *Replica[S, P]) Settled() bool {
	return !slices.ContainsFunc(r.peers, r.lacks)
}

// lacks reports whether p has not acknowledged all that is here.
func (r *Replica[S, P]) lacks(p *peer[S]) bool {
	items, ok := r.pending(p)
	return !ok || len(items) > 0
}

// pending returns the deltas that p lacks, and false if they are not all there.
func (r *Replica[S, P]) pending(p *peer[S]) ([]item[S], bool) {
	items, ok := r.buffer.after(p.done)
	if !ok || !r.avoids() {
		return items, ok
	}
	var others []item[S]
	for _, it := range items {
		if it.from != (origin{p.id, p.epoch}) {
			others = append(others, it)
		}
	}
	if len(others) == 0 {
		p.done = r.version
	}
	return others, true
}

// collect drops the deltas that all peers have acknowledged.
func (r *Replica[S, P]) collect() {
	least := r.version
	for _, p := range r.peers {
		least = min(least, p.done)
	}
	if least > r.buffer.base {
		r.buffer.drop(int(least - r.buffer.base))
	}
}

// needs reports whether there is something to say to p.
func (r *Replica[S, P]) needs(p *peer[S]) bool { return p.strange || r.lacks(p) }

// wake has a round take place if there is something to say.
func (r *Replica[S, P]) wake() {
	switch {
	case r.round.Running():
	case slices.ContainsFunc(r.peers, r.needs):
		r.round.Reset(r.cfg.Every)
	default:
		r.collect() // of what needs found out
	}
}

// Sync is a round: it speaks to the peers whose turn it is. Rounds come by themselves;
// it is for those who do not want to wait for the next one.
func (r *Replica[S, P]) Sync() {
	r.collect()
	spoke := false
	turns := len(r.peers)
	if r.cfg.Fanout > 0 {
		turns = min(turns, r.cfg.Fanout)
	}
	for i := 0; i < len(r.peers) && turns > 0; i++ {
		p := r.peers[r.turn%len(r.peers)]
		r.turn = (r.turn + 1) % len(r.peers)
		if !r.needs(p) {
			continue
		}
		turns--
		if p.wait > 0 {
			p.wait--
			continue
		}
		p.wait = p.patience - 1
		p.patience = min(2*p.patience, r.cfg.Backoff)
		r.speak(p)
		if p.out != nil {
			p.wait = max(p.wait, p.slow-1)
		}
		spoke = true
	}
	if spoke {
		r.stats.Rounds++
	}
	if r.cfg.Bug == Unacknowledged {
		r.forget()
	}
	r.wake()
}

// forget is the planted bug: what was sent counts as having arrived.
func (r *Replica[S, P]) forget() {
	for _, p := range r.peers {
		p.done, p.patience, p.wait = r.version, 1, 0
	}
	r.collect()
}

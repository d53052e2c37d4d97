package gossip

import (
	"phoenix/network"
)

// send sends e to p, with what all messages say. Payload is how many bytes of the
// body are payload.
func (r *Replica[S, P]) send(p *peer, e envelope, payload int) {
	e.topic, e.epoch, e.to = r.cfg.Topic, r.epoch, p.epoch
	e.held, e.version = p.held, r.version
	m := e.encode()
	r.stats.Sent.Add(Traffic{Messages: 1, Payload: uint64(payload), Metadata: uint64(len(m) - payload)})
	r.ep.Send(p.id, m)
}

// speak tells p what it lacks.
func (r *Replica[S, P]) speak(p *peer) {
	items, ok := r.pending(p)
	switch {
	case !ok:
		r.stats.Full++
		r.sendPayload(p, 0, r.encoded())
	case len(items) > 0:
		r.sendPayload(p, p.acked, r.joined(p.done, items))
	default:
		r.send(p, envelope{kind: kindGap}, 0)
	}
}

func (r *Replica[S, P]) sendPayload(p *peer, after uint64, what payload) {
	r.stats.Shipped += what.entries
	r.send(p, envelope{kind: kindDelta, after: after, body: what.data}, len(what.data))
}

// encoded returns the encoding of the state, made once for each version.
func (r *Replica[S, P]) encoded() payload {
	if r.whole.data == nil || r.whole.version != r.version {
		r.whole = payload{0, r.version, must(P(r.state).AppendBinary(nil)), entries(r.state)}
	}
	return r.whole
}

// joined returns the join of the deltas after a version, made once if they are all.
func (r *Replica[S, P]) joined(after uint64, items []item[S]) payload {
	all := uint64(len(items)) == r.version-after
	if all && r.union.version == r.version && r.union.after == after {
		return r.union
	}
	d := items[0].delta
	if len(items) > 1 {
		d = new(S)
		for _, it := range items {
			P(d).Merge(it.delta)
		}
	}
	what := payload{after, r.version, must(P(d).AppendBinary(nil)), entries(d)}
	if all {
		r.union = what
	}
	return what
}

// Receive takes a message and reports whether it was one for this replica: others
// are the node's own. What is damaged, stale or out of order is counted and dropped.
func (r *Replica[S, P]) Receive(from network.ID, msg any) bool {
	m, ok := msg.(Message)
	if !ok {
		return false
	}
	e, err := m.decode()
	if err == nil && e.topic != r.cfg.Topic {
		return false
	}
	if err != nil {
		r.stats.Damaged++
		return true
	}
	t := Traffic{Messages: 1, Metadata: uint64(len(m))}
	if e.kind == kindDelta {
		t.Payload = uint64(len(e.body))
		t.Metadata -= t.Payload
	}
	r.stats.Received.Add(t)
	p := r.peerOf(from)
	if e.epoch < p.epoch {
		r.stats.Stale++
		return true
	}
	r.hear(p, &e)
	switch e.kind {
	case kindDelta:
		r.take(p, &e)
	case kindGap:
		if _, known := r.find(from); !known || !r.needs(p) {
			r.send(p, envelope{kind: kindAck}, 0)
		}
	}
	r.wake()
	return true
}

// peerOf returns the peer, or what is to be known of a node that is none.
func (r *Replica[S, P]) peerOf(id network.ID) *peer {
	if i, ok := r.find(id); ok {
		return r.peers[i]
	}
	return &peer{id: id, acked: r.version, done: r.version}
}

// hear notes what all messages say.
func (r *Replica[S, P]) hear(p *peer, e *envelope) {
	if e.epoch > p.epoch {
		if p.epoch > 0 { // it has forgotten what it acknowledged, and numbers its versions anew
			p.acked, p.done, p.held = 0, 0, 0
		}
		p.epoch = e.epoch
	}
	p.patience, p.wait = 1, 0
	held := uint64(0)
	if e.to == r.epoch { // else it speaks of an earlier boot of this node, or has not heard of it
		held = min(e.held, r.version)
		p.strange = false
	}
	if e.kind == kindGap {
		p.acked, p.done = held, held
	}
	p.acked = max(p.acked, held)
	p.done = max(p.done, p.acked)
	r.collect()
}

// take merges a payload if that makes this state include one that the sender had:
// then states only ever include whole states of others, and so whole events (the
// causal delta-merging condition, Almeida et al. 2018, section 5).
func (r *Replica[S, P]) take(p *peer, e *envelope) {
	if e.after > p.held && r.cfg.Bug != Unacknowledged {
		r.stats.Gaps++
		r.send(p, envelope{kind: kindGap}, 0)
		return
	}
	d := new(S)
	if err := P(d).UnmarshalBinary(e.body); err != nil {
		r.stats.Damaged++
		return
	}
	p.held = max(p.held, e.version)
	if !r.join(d, len(e.body), origin{p.id, p.epoch}) {
		r.stats.Redundant++
	}
	if r.cfg.Bug != Unacknowledged {
		r.send(p, envelope{kind: kindAck}, 0)
	}
}

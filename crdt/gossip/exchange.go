package gossip

import (
	"phoenix/crdt"
	"phoenix/network"
)

// send sends e to p, with what all messages say. A version of 0 stands for the current one.
func (r *Replica[S, P]) send(p *peer[S], e envelope) {
	e.topic, e.epoch, e.to, e.held = r.cfg.Topic, r.epoch, p.epoch, p.held
	if e.version == 0 {
		e.version = r.version
	}
	switch e.kind {
	case kindDigest, kindAsk, kindProbe, kindBlock, kindPage:
		p.asked = true
	}
	m := e.encode()
	r.stats.Sent.Add(traffic(m, &e))
	r.ep.Send(p.id, m)
}

func traffic(m Message, e *envelope) Traffic {
	return Traffic{Messages: 1, Payload: uint64(len(e.payload)), Metadata: uint64(len(m) - len(e.payload))}
}

// speak tells p what it lacks, or asks what it has.
func (r *Replica[S, P]) speak(p *peer[S]) {
	switch {
	case !r.lacks(p):
		r.send(p, envelope{kind: kindGap})
	case r.cfg.Protocol == CatchUp:
		r.ask(p)
	case r.cfg.Protocol == Sketch && r.separable():
		r.beginSketch(p, firstSymbols)
	case r.cfg.Protocol == Trie && r.separable():
		r.beginWalk(p)
	case r.cfg.Protocol == Adaptive:
		r.adapt(p)
	default:
		r.push(p)
	}
}

// push sends p the deltas that it lacks. In their absence it sends the state; before that,
// unless it is short, a digest, which spares it if the peer has the same.
func (r *Replica[S, P]) push(p *peer[S]) {
	items, ok := r.pending(p)
	switch {
	case ok && len(items) == 0:
	case ok:
		what := r.joined(p.done, items)
		r.stats.Shipped += what.entries
		r.send(p, envelope{kind: kindDelta, after: p.acked, payload: what.data})
	case r.cfg.Protocol != FullState && !p.differs && len(r.encoded().data) > digestFirst:
		r.send(p, envelope{kind: kindDigest, body: r.digest()})
	default:
		p.differs = false
		r.stats.Full++
		r.stats.Shipped += r.encoded().entries
		r.send(p, envelope{kind: kindState, payload: r.encoded().data})
	}
}

// digestFirst is the size from which on a round trip is worth more than the state.
const digestFirst = 64

// encoded returns the encoding of the state, made once for each version.
func (r *Replica[S, P]) encoded() payload {
	if w := &r.made.whole; w.data == nil || w.version != r.version {
		*w = payload{0, r.version, must(P(r.state).AppendBinary(nil)), entries(r.state)}
	}
	return r.made.whole
}

// digest is that of the state, or of the context of a causal type: who has seen the
// same events need say nothing, though one of them has collected tombstones.
func (r *Replica[S, P]) digest() []byte {
	if sum := r.made.sum; sum.data != nil && sum.version == r.version {
		return sum.data
	}
	var of interface{ AppendBinary([]byte) ([]byte, error) } = P(r.state)
	if causal, ok := any(r.state).(crdt.Causal[S]); ok {
		of = causal.Context()
	}
	d, err := crdt.Digest(of)
	r.made.sum = payload{version: r.version, data: must(d[:], err)}
	return r.made.sum.data
}

// joined returns the join of the deltas after a version, made once if they are all.
func (r *Replica[S, P]) joined(after uint64, items []item[S]) payload {
	all := uint64(len(items)) == r.version-after
	if all && r.made.union.version == r.version && r.made.union.after == after {
		return r.made.union
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
		r.made.union = what
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
	r.stats.Received.Add(traffic(m, &e))
	p, known := r.peerOf(from)
	if e.epoch < p.epoch {
		r.stats.Stale++
		return true
	}
	r.hear(p, &e)
	if known || e.kind == kindState || e.kind == kindDelta {
		r.handle(p, &e)
	} else {
		r.strange(p, &e)
	}
	r.collect()
	r.wake()
	return true
}

// handle does what the kind of the message asks for.
func (r *Replica[S, P]) handle(p *peer[S], e *envelope) {
	switch e.kind {
	case kindDelta, kindState:
		r.take(p, e)
	case kindGap:
		r.missed(p)
	case kindDigest:
		r.compare(p, e)
	case kindAsk:
		r.asked(p, e)
	case kindAnswer:
		r.answered(p, e)
	case kindProbe:
		r.probed(p, e)
	case kindMore:
		r.more(p, e)
	case kindBlock:
		r.block(p, e)
	case kindPage:
		r.page(p, e)
	}
}

// strange answers a node that is no peer: whatever it asks, it is to send its state.
func (r *Replica[S, P]) strange(p *peer[S], e *envelope) {
	switch e.kind {
	case kindGap:
		r.send(p, envelope{kind: kindAck})
	case kindDigest, kindAsk, kindProbe, kindBlock, kindPage:
		r.send(p, envelope{kind: kindGap})
	}
}

// peerOf returns the peer, or what is to be known of a node that is none.
func (r *Replica[S, P]) peerOf(id network.ID) (*peer[S], bool) {
	if i, ok := r.find(id); ok {
		return r.peers[i], true
	}
	return &peer[S]{id: id, acked: r.version, done: r.version}, false
}

// hear notes what all messages say.
func (r *Replica[S, P]) hear(p *peer[S], e *envelope) {
	if e.epoch > p.epoch {
		if p.epoch > 0 { // it has forgotten what it acknowledged, and numbers its versions anew
			p.acked, p.done, p.held, p.in, p.out, p.asked = 0, 0, 0, nil, nil, false
			p.begun = 0
		}
		p.epoch = e.epoch
	}
	p.patience = 1
	held := uint64(0)
	if e.to == r.epoch { // else it speaks of an earlier boot of this node, or has not heard of it
		held = min(e.held, r.version)
		p.strange = false
	}
	if e.kind == kindGap || e.kind == kindDigest {
		p.acked, p.done = held, held
	}
	r.acknowledged(p, held)
	if p.out != nil {
		p.out.heard = true
	}
	if p.out == nil || !r.lacks(p) {
		p.wait = 0
	}
}

// acknowledged notes that the state of p includes that of a version.
func (r *Replica[S, P]) acknowledged(p *peer[S], version uint64) {
	if p.out != nil && version > p.acked && version >= p.out.pieces.version {
		p.close(p.out) // if it knew before, it is a comparison that the peer asked for
	}
	p.acked = max(p.acked, version)
	p.done = max(p.done, p.acked)
}

// holds notes that this state includes a version of p's.
func (p *peer[S]) holds(version uint64) { p.held = max(p.held, version) }

// missed answers whoever holds less than it should: at once if it was asked something.
func (r *Replica[S, P]) missed(p *peer[S]) {
	switch {
	case !r.needs(p):
		r.send(p, envelope{kind: kindAck})
	case p.asked:
		p.asked, p.differs = false, true
		r.push(p)
	}
}

// compare answers a digest.
func (r *Replica[S, P]) compare(p *peer[S], e *envelope) {
	if string(e.body) != string(r.digest()) {
		r.send(p, envelope{kind: kindGap})
		return
	}
	r.equal(p, e.version)
}

// equal notes that p's state of a version and the current one are the same, and tells p.
func (r *Replica[S, P]) equal(p *peer[S], version uint64) {
	p.holds(version)
	r.acknowledged(p, r.version)
	r.sendAnswer(p, answer{}, 0, payload{})
}

// take merges a payload if that makes this state include one that the sender had:
// then states only ever include whole states of others, and so whole events (the
// causal delta-merging condition, Almeida et al. 2018, section 5).
func (r *Replica[S, P]) take(p *peer[S], e *envelope) {
	// What was put together for an earlier boot leaves out what had come from that.
	forgotten := e.to != 0 && e.to != r.epoch && r.cfg.Bug != TakesForEarlierBoot
	if (e.after > p.held || forgotten) && r.cfg.Bug != Unacknowledged {
		r.stats.Gaps++
		r.send(p, envelope{kind: kindGap})
		return
	}
	d, ok := r.merge(p, e.payload)
	if !ok {
		return
	}
	p.holds(e.version)
	switch {
	case r.cfg.Bug == Unacknowledged:
	case e.kind == kindState && r.cfg.Protocol == Adaptive && r.lacks(p):
		r.complete(p, d)
	default:
		r.send(p, envelope{kind: kindAck})
	}
}

// merge joins what p sent into the state, and returns it unless it is damaged.
func (r *Replica[S, P]) merge(p *peer[S], data []byte) (*S, bool) {
	d := new(S)
	if err := P(d).UnmarshalBinary(data); err != nil {
		r.stats.Damaged++
		return nil, false
	}
	if !r.join(item[S]{d, len(data), origin{p.id, p.epoch}}) {
		r.stats.Redundant++
	}
	return d, true
}

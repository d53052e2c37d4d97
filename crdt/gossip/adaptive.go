package gossip

import (
	"encoding/binary"

	"phoenix/crdt"
	"phoenix/crdt/sketch"
)

// adapt chooses how to bring p up to date, by bytes:
//
//   - a causal type exchanges contexts if they are much shorter than what would be sent;
//   - what is not worth a probe is sent;
//   - other types send a profile, by which the peer estimates how much differs and
//     chooses between symbols, a walk and the direct way; see probed.
func (r *Replica[S, P]) adapt(p *peer[S]) {
	direct := r.direct(p)
	_, causal := any(r.state).(crdt.Causal[S])
	switch {
	case causal && len(r.context()) < direct/2:
		r.ask(p)
	case direct <= probeWorth:
		p.differs = true
		r.push(p)
	case r.separable():
		r.probe(p, direct)
	default:
		r.push(p)
	}
}

// probeWorth is how many bytes are rather sent than asked about: a few probes.
const probeWorth = 512

// direct is about how many bytes push would send.
func (r *Replica[S, P]) direct(p *peer[S]) int {
	items, ok := r.pending(p)
	if !ok {
		return len(r.encoded().data)
	}
	size := 0
	for _, it := range items {
		size += it.size
	}
	return size
}

// probe tells p about the pieces here, and what the direct way would cost.
func (r *Replica[S, P]) probe(p *peer[S], direct int) {
	s := r.open(p, r.split())
	body, _ := s.pieces.set.Profile().AppendBinary(binary.AppendUvarint(nil, uint64(direct)))
	r.send(p, envelope{kind: kindProbe, version: s.pieces.version, body: body})
}

// probed chooses what the peer is to send.
func (r *Replica[S, P]) probed(p *peer[S], e *envelope) {
	f := fields{rest: e.body}
	direct := f.number()
	var profile sketch.Profile
	if err := profile.UnmarshalBinary(f.rest); err != nil || f.short {
		r.stats.Damaged++
		return
	}
	if !r.separate(p) || !r.yields(p) {
		return
	}
	mine := r.split()
	if profile.Of == mine.set.Digest() {
		r.equal(p, e.version)
		return
	}
	d := sketch.Estimate(profile, mine.set.Profile())
	q := sketch.Question{
		Items:      max(mine.set.Len(), int(min(profile.Of.Len, 1<<31))),
		Difference: max(d, 1),
		ItemBytes:  len(mine.data)/max(mine.set.Len(), 1) + 1,
	}
	coded, trie := q.Cost(sketch.Coded).Bytes, q.Cost(sketch.Trie).Bytes
	switch {
	case direct <= uint64(min(coded, trie)):
		r.sendMore(p, 0)
		if _, ok := r.pending(p); ok && r.lacks(p) && r.direct(p) <= min(coded, trie) {
			r.push(p)
		}
	case coded <= trie:
		r.sendMore(p, sketch.FirstSymbols(d))
	default:
		r.beginWalk(p)
	}
}

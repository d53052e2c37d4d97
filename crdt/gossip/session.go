package gossip

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"phoenix/crdt"
	"phoenix/crdt/sketch"
)

// pieces is the join decomposition of a version of the state. It does not change.
type pieces[S any] struct {
	version uint64
	set     *sketch.Set // of the hashes of their encodings
	hashes  []uint64    // in the order of Split
	ends    []int       // of their encodings
	data    []byte      // all encodings
}

// session is a comparison of pieces with a peer. It speaks of one version of the state
// from its beginning to its end: what changes meanwhile is left to the next.
type session[S any] struct {
	pieces *pieces[S]
	salt   uint64
	enc    *sketch.Encoder // if symbols are sent
	dec    *sketch.Decoder // if symbols are taken
	theirs sketch.Profile  // of the standing symbols taken
	walk   *sketch.Walk
	pages  uint64 // sent and taken, in turn: a copy of a page that was taken is not the next one
	heard  bool   // something came from the peer since the session was begun here
	// missing are the pieces found to be the peer's only, extra those that are only here.
	missing, extra []uint64
}

const (
	firstSymbols = 16      // sent by Sketch before anything is known
	maxSymbols   = 1 << 16 // sent in one message
	pageSize     = 1 << 20
)

// A context of a few bytes can claim any number of events, each of them a piece with a hash
// of 8 bytes. A state with so many more pieces than bytes is sent rather than taken apart,
// as is one of more than maxPieces.
const maxPieces = 1 << 21

// most returns how many pieces the state may have to be compared by them.
func (r *Replica[S, P]) most() int { return min(maxPieces, 1024+8*len(r.encoded().data)) }

// separable reports whether the state can be compared by its pieces.
func (r *Replica[S, P]) separable() bool { return r.splits() && r.split().set != nil }

// separate is separable of who was asked by p. If it is not, p is to send its state.
func (r *Replica[S, P]) separate(p *peer[S]) bool {
	ok := r.separable()
	if !ok {
		r.send(p, envelope{kind: kindGap})
	}
	return ok
}

// split returns the pieces of the state, made once for each version. There is no set if
// there are too many.
func (r *Replica[S, P]) split() *pieces[S] {
	old := r.made.parts
	if old != nil && old.version == r.version {
		return old
	}
	s, most := &pieces[S]{version: r.version}, r.most()
	r.made.parts = s
	if causal, ok := any(r.state).(crdt.Causal[S]); ok && causal.Context().Len() > uint64(most) {
		return s
	}
	set := sketch.NewSet(uint64(r.cfg.Topic))
	if old != nil {
		s.hashes, s.ends = make([]uint64, 0, len(old.hashes)+64), make([]int, 0, len(old.ends)+64)
		s.data = make([]byte, 0, len(old.data)+len(old.data)/64+64)
	}
	for piece := range any(r.state).(crdt.Splitter[S]).Split() {
		if len(s.hashes) == most {
			*s = pieces[S]{version: r.version}
			return s
		}
		begin := len(s.data)
		s.data = must(P(piece).AppendBinary(s.data))
		s.ends = append(s.ends, len(s.data))
		s.hashes = append(s.hashes, xxh3.Hash(s.data[begin:]))
		set.Add(s.hashes[len(s.hashes)-1])
	}
	s.set = set
	return s
}

// joinPieces returns the join of pieces by their hashes, and false if one is not there.
func (r *Replica[S, P]) joinPieces(s *pieces[S], hashes ...[]uint64) (payload, bool) {
	wanted := map[uint64]bool{}
	for _, h := range slices.Concat(hashes...) {
		wanted[h] = true
	}
	if len(wanted) == 0 {
		return payload{}, true
	}
	d, begin, n := new(S), 0, 0
	for i, h := range s.hashes {
		if wanted[h] {
			piece := new(S)
			if err := P(piece).UnmarshalBinary(s.data[begin:s.ends[i]]); err != nil {
				panic(fmt.Sprintf("gossip: a piece of %T cannot be read: %v", r.state, err))
			}
			P(d).Merge(piece)
			n++
		}
		begin = s.ends[i]
	}
	if n < len(wanted) {
		return payload{}, false
	}
	what := r.packed(d)
	what.entries = uint64(n)
	return what, true
}

// maxSlow is the most rounds that a session is left without a message before another is begun.
const maxSlow = 64

// open begins a session with p about pieces. If there is one of which nothing came for too
// long though the peer is there, a message was lost, or takes longer than a few rounds: then
// sessions get more time, or they would be begun anew for ever.
func (r *Replica[S, P]) open(p *peer[S], of *pieces[S]) *session[S] {
	if p.out != nil && p.out.heard {
		p.slow = min(2*p.slow, maxSlow)
	}
	r.sessions++
	id := binary.LittleEndian.AppendUint64(nil, uint64(r.id))
	p.out = &session[S]{pieces: of, salt: xxh3.Hash(id)<<32 | uint64(r.sessions<<1|1)}
	return p.out
}

// begins reports whether salt is that of a session later than all that the peer has begun
// here. The lower half of a salt is twice the number of the session, see standing. A copy of
// the first message of a session that is over would else begin it again, about a later
// version, and a copy of its last message end it before that is compared.
func (p *peer[S]) begins(salt uint64) bool {
	later := uint32(salt) > p.begun
	p.begun = max(p.begun, uint32(salt))
	return later
}

// yields reports whether a session that p begins goes before the one begun here: of two
// that cross, that of the node with the lower number stays.
func (r *Replica[S, P]) yields(p *peer[S]) bool {
	if p.out != nil && r.lacks(p) && r.ep.ID() < p.id {
		return false
	}
	p.out = nil
	return true
}

// givesWay reports the same of a session that begins with pages or symbols. What is out
// may be no more than a probe; then this is the answer.
func (r *Replica[S, P]) givesWay(p *peer[S]) bool {
	if s := p.out; s != nil && s.enc == nil && s.walk == nil {
		p.out = nil
	}
	return r.yields(p)
}

// find returns the session of that salt.
func (p *peer[S]) session(salt uint64) *session[S] {
	for _, s := range []*session[S]{p.out, p.in} {
		if s != nil && s.salt == salt {
			return s
		}
	}
	return nil
}

// supply sends what the peer wants and what it does not know of.
func (r *Replica[S, P]) supply(p *peer[S], a answer) {
	s := p.session(a.session)
	if s == nil {
		return // the session is over; the next round begins another if there is need
	}
	if a.partial && !s.agrees(a) {
		p.drop(s)
		return
	}
	what, ok := r.joinPieces(s.pieces, a.wants, s.extra)
	if !ok {
		r.stats.Damaged++
		return
	}
	p.wait = p.slow
	if a.partial {
		r.sendAnswer(p, answer{session: s.salt, reply: true, wants: s.missing}, s.pieces.version, what)
		return
	}
	r.sendAnswer(p, answer{}, s.pieces.version, what)
	p.close(s)
}

// agrees reports whether a walk has found all that differs. Its digests are short, so some
// may be equal by chance; then the next session, with another salt, is to find what is left.
func (s *session[S]) agrees(a answer) bool {
	both := s.pieces.set.Digest().Without(a.wants...).Without(s.extra...)
	return both.With(s.missing...).Sum == a.rest
}

// drop ends a session that has come to nothing.
func (p *peer[S]) drop(s *session[S]) {
	if p.out == s {
		p.out, p.wait = nil, 0
	}
	if p.in == s {
		p.in = nil
	}
}

// close ends a session that has done what it was for.
func (p *peer[S]) close(s *session[S]) {
	if p.out == s {
		p.out, p.slow = nil, max(1, p.slow/2)
	}
	if p.in == s {
		p.in = nil
	}
}

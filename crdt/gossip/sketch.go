package gossip

import (
	"encoding/binary"

	"phoenix/crdt/sketch"
)

// The standing symbols of the pieces, which cost no look at them, are sent if no more are
// wanted than there are. The salt of their sessions is even; on the way it stands for the
// key of the set, because a session must be told from the one before.
func standing(salt uint64) bool { return salt&1 == 0 }

// beginSketch sends p the first n symbols of a rateless code of the pieces.
func (r *Replica[S, P]) beginSketch(p *peer[S], n int) {
	s := r.open(p, r.split())
	if n <= sketch.StandingSymbols {
		s.salt &^= 1
	}
	s.enc = s.symbols()
	r.sendBlock(p, s, n)
}

// symbols returns those of the session's pieces.
func (s *session[S]) symbols() *sketch.Encoder {
	if standing(s.salt) {
		return s.pieces.set.Standing()
	}
	return s.pieces.set.Encoder(s.salt)
}

func (r *Replica[S, P]) sendBlock(p *peer[S], s *session[S], n int) {
	b := s.enc.Next(min(n, maxSymbols))
	b.Salt = s.salt
	block, _ := b.AppendBinary(nil)
	r.send(p, envelope{kind: kindBlock, version: s.pieces.version, body: block})
}

func (r *Replica[S, P]) sendMore(p *peer[S], n int) {
	p.wait = p.slow
	r.send(p, envelope{kind: kindMore, body: binary.AppendUvarint(nil, uint64(n))})
}

// block takes symbols and asks for more until it knows what differs. Then it sends
// what the peer lacks and says what it wants.
func (r *Replica[S, P]) block(p *peer[S], e *envelope) {
	var block sketch.Block
	if err := block.UnmarshalBinary(e.body); err != nil {
		r.stats.Damaged++
		return
	}
	if block.Start == 0 && (p.in == nil || p.in.salt != block.Salt) {
		if !p.begins(block.Salt) || !r.separate(p) || !r.givesWay(p) {
			return
		}
		s := &session[S]{pieces: r.split(), salt: block.Salt}
		if block.Of == s.pieces.set.Digest() {
			r.equal(p, e.version)
			return
		}
		s.dec = sketch.NewDecoder(s.symbols())
		p.in = s
	}
	s := p.in
	if s == nil || s.salt != block.Salt || s.dec == nil {
		return
	}
	switch err := s.feed(block, uint64(r.cfg.Topic)); {
	case err != nil:
		if err != sketch.ErrSymbols {
			p.in = nil
		}
	case !s.dec.Done():
		r.sendMore(p, s.lacking())
	case s.dec.Verified():
		r.decoded(p, s, e.version)
	default:
		p.in = nil
	}
}

// feed takes symbols of sets under a key.
func (s *session[S]) feed(block sketch.Block, key uint64) error {
	if !standing(s.salt) {
		return s.dec.Feed(block)
	}
	block.Salt = key
	err := s.dec.Feed(block)
	if err == nil {
		s.theirs.Key, s.theirs.Of = key, block.Of
		for i := range block.Symbols {
			s.theirs.Counts[block.Start+i] = block.Symbols[i].Count
		}
	}
	return err
}

// lacking returns how many more symbols to ask for. All standing ones tell how many of
// another code it takes.
func (s *session[S]) lacking() int {
	fed := s.dec.Fed()
	switch {
	case !standing(s.salt):
		return max(1, fed/2) // 0 asks for something else
	case fed < sketch.StandingSymbols:
		return min(max(1, fed/2), sketch.StandingSymbols-fed)
	}
	d := sketch.Estimate(s.theirs, s.pieces.set.Profile())
	return max(sketch.FirstSymbols(d), sketch.StandingSymbols+1)
}

// decoded ends a session of symbols, given the version of the peer's that it was about.
func (r *Replica[S, P]) decoded(p *peer[S], s *session[S], version uint64) {
	what, ok := r.joinPieces(s.pieces, s.dec.Extra())
	if !ok {
		p.in = nil
		return
	}
	a := answer{session: s.salt, wants: s.dec.Missing()}
	if a.reply = len(a.wants) > 0; !a.reply {
		p.holds(version)
	}
	p.wait = p.slow
	r.sendAnswer(p, a, s.pieces.version, what)
	p.in = nil
}

// more sends the symbols that are asked for, or goes the direct way.
func (r *Replica[S, P]) more(p *peer[S], e *envelope) {
	f := fields{rest: e.body}
	n := f.number()
	s := p.out
	switch {
	case f.short:
		r.stats.Damaged++
	case s == nil:
	case n == 0, s.enc == nil && !r.separable():
		p.close(s)
		p.differs = true
		r.push(p)
	case s.enc == nil:
		p.close(s)
		r.beginSketch(p, int(min(n, maxSymbols)))
	default:
		if standing(s.salt) && n > sketch.StandingSymbols { // of the same pieces, whatever came meanwhile
			p.out = nil // it is the same comparison, neither done nor given up
			s = r.open(p, s.pieces)
			s.enc = s.symbols()
		}
		p.wait = p.slow
		r.sendBlock(p, s, int(min(n, maxSymbols)))
	}
}

// beginWalk sends p the first page of a comparison of tries.
func (r *Replica[S, P]) beginWalk(p *peer[S]) {
	s := r.open(p, r.split())
	s.walk = s.pieces.set.Walk(s.salt)
	r.step(p, s)
}

// step sends the next page, or ends the walk.
func (r *Replica[S, P]) step(p *peer[S], s *session[S]) {
	p.wait = p.slow
	next, ok := s.walk.Next(pageSize)
	if !ok {
		rest := s.pieces.set.Digest().Without(s.extra...).Sum
		a := answer{session: s.salt, partial: true, wants: s.missing, rest: rest}
		r.sendAnswer(p, a, s.pieces.version, payload{})
		return
	}
	body, _ := next.AppendBinary(binary.AppendUvarint(nil, s.pages))
	s.pages++
	r.send(p, envelope{kind: kindPage, version: s.pieces.version, body: body})
}

// page takes a page and answers it.
func (r *Replica[S, P]) page(p *peer[S], e *envelope) {
	f := fields{rest: e.body}
	number := f.number()
	var page sketch.Page
	if err := page.UnmarshalBinary(f.rest); err != nil {
		r.stats.Damaged++
		return
	}
	s := p.session(page.Salt)
	if s == nil {
		first := number == 0 && len(page.Branches) == 1 && page.Branches[0].Depth == 0 && p.begins(page.Salt)
		if !first || !r.separate(p) || !r.givesWay(p) {
			return // the middle of a walk that is over here
		}
		s = &session[S]{pieces: r.split(), salt: page.Salt}
		s.walk = s.pieces.set.Answer(page)
		p.in = s
	}
	if s.walk == nil || number != s.pages {
		return
	}
	s.pages++
	missing, extra := s.walk.Receive(page)
	s.missing, s.extra = append(s.missing, missing...), append(s.extra, extra...)
	r.step(p, s)
}

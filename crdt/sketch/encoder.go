package sketch

import "slices"

// An Encoder makes the coded symbols of a set, as many as are asked for. It has its own
// copy of the items: the set may change meanwhile, and the symbols stay those of the set
// as it was.
//
// n items and m symbols cost O(n log m) time; for each item, 32 bytes.
type Encoder struct {
	salt    uint64
	sources []source
	cells   []Symbol // made so far, never changed but by Add
	next    int
	digest  Digest
	limit   int // of the symbols there are
}

// NewEncoder returns an encoder of no items. Symbols can be compared to those of another
// set if the salt is the same: draw one for each session, so that a collision that spoils
// one does not come back in the next.
func NewEncoder(salt uint64) *Encoder { return &Encoder{salt: salt, limit: MaxSymbols} }

// Encoder returns an encoder of the items that s has now.
func (s *Set) Encoder(salt uint64) *Encoder {
	e := NewEncoder(salt)
	e.sources = make([]source, 0, s.Len())
	for item := range s.All() {
		e.sources = append(e.sources, newSource(item, salt, 1))
	}
	e.digest = s.Digest()
	return e
}

// Standing returns an encoder of the symbols that s keeps at all times, StandingSymbols
// of them under the key of the set. It costs no look at the items, and ends early.
func (s *Set) Standing() *Encoder {
	return &Encoder{salt: s.key, cells: slices.Clone(s.standing[:]), digest: s.Digest(), limit: StandingSymbols}
}

// Add adds an item that is not there yet. Call it before Next: symbols that were handed
// out do not know of it.
func (e *Encoder) Add(item uint64) {
	s := newSource(item, e.salt, 1)
	s.apply(e.cells)
	e.sources = append(e.sources, s)
	e.digest = e.digest.plus(item, 1)
}

// Next returns the next n symbols, as a block to send. There are fewer if there are no
// more than that: MaxSymbols, or StandingSymbols of a standing encoder.
func (e *Encoder) Next(n int) Block {
	end := min(e.next+max(n, 0), e.limit)
	b := Block{Salt: e.salt, Of: e.digest, Start: e.next, Symbols: e.symbols(e.next, end)}
	e.next = end
	return b
}

// Digest is that of the items.
func (e *Encoder) Digest() Digest { return e.digest }

// symbols returns a copy of those from start to end.
func (e *Encoder) symbols(start, end int) []Symbol {
	e.extend(end)
	return slices.Clone(e.cells[start:end])
}

// extend makes the first n symbols at least; twice as many as there are, so that the
// items are gone through a logarithmic number of times.
func (e *Encoder) extend(n int) {
	if n <= len(e.cells) {
		return
	}
	cells := make([]Symbol, min(e.limit, max(n, 2*len(e.cells), 16)))
	copy(cells, e.cells)
	e.cells = cells
	applyAll(e.sources, cells)
}

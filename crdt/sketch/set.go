package sketch

import "iter"

// StandingSymbols is how many coded symbols a Set keeps at all times: enough to find
// some forty differences, and to estimate how many more there are.
const StandingSymbols = 64

// A Set holds items, 64 bits each, and keeps of them what it takes to compare them to
// another set's: the hash trie and the standing symbols. The zero value is the empty set
// under key 0. It is canonical: what it says depends on the items and the key, not on how
// they came. It holds up to 2^31 items and is used by one goroutine at a time.
//
// Items are to be hashes of what they stand for, as good as uniform, by a seed that all
// who compare agree on. Equal hashes of different things are not seen here: the chance is
// 2^-64 for each pair, and another seed makes it another chance.
type Set struct {
	key      uint64
	root     node
	standing [StandingSymbols]Symbol
}

// NewSet returns the empty set under a key, the salt of its standing symbols. Only sets
// with the same key can compare these.
func NewSet(key uint64) *Set { return &Set{key: key} }

// Add adds an item and reports whether it was not there: O(log n).
func (s *Set) Add(item uint64) bool {
	added := s.root.add(item, 0)
	if added {
		s.stand(item, 1)
	}
	return added
}

// Remove removes an item and reports whether it was there: O(log n).
func (s *Set) Remove(item uint64) bool {
	removed := s.root.remove(item, 0)
	if removed {
		s.stand(item, -1)
	}
	return removed
}

func (s *Set) stand(item uint64, count int32) {
	at := newSource(item, s.key, count)
	at.apply(s.standing[:])
}

// Contains reports whether the item is there: O(log n).
func (s *Set) Contains(item uint64) bool { return s.root.contains(item) }

// Len returns the number of items.
func (s *Set) Len() int { return s.root.count }

// All yields the items in rising order. The set must not change meanwhile.
func (s *Set) All() iter.Seq[uint64] {
	return func(yield func(uint64) bool) { s.root.each(yield) }
}

// A Digest stands for the items of a set: equal sets have equal ones on every machine,
// different ones with a chance of 2^-64. It is a sum of mixed items, so that it can be
// kept up in O(1); it does not hold out against someone who makes items to deceive it.
type Digest struct {
	Len uint64
	Sum uint64
}

// Digest returns the digest of the items: O(1).
func (s *Set) Digest() Digest { return Digest{uint64(s.root.count), s.root.sum} }

// With returns the digest of the set with items that are not in it: O(items).
func (d Digest) With(items ...uint64) Digest {
	for _, item := range items {
		d = d.plus(item, 1)
	}
	return d
}

// Without returns the digest of the set without items that are in it: O(items).
func (d Digest) Without(items ...uint64) Digest {
	for _, item := range items {
		d = d.plus(item, -1)
	}
	return d
}

// plus returns the digest with the item once more, or with count -1 once less.
func (d Digest) plus(item uint64, count int) Digest {
	return Digest{d.Len + uint64(count), d.Sum + uint64(count)*mix(item)}
}

// mix is what an item adds to sums.
func mix(item uint64) uint64 { return seedOf(item, 0x5ca1ab1e) }

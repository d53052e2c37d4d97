package crdt

import "iter"

// An LWWMap keeps for each key what the greatest stamp wrote, a value or its
// deletion, by the order of LWWRegister; of a value and a deletion under one stamp
// the value stays. A deletion leaves its stamp behind until Collect. The zero value
// is empty and ready.
type LWWMap[K comparable, V any] struct {
	rows table[K, written[V]] // of which only the keys are indexed
	gone int                  // keys that are deleted
}

type written[V any] struct {
	stamp Stamp
	val   V
	here  bool
}

func (w *written[V]) beats(o *written[V]) bool {
	if c := w.stamp.Compare(o.stamp); c != 0 {
		return c > 0
	}
	if w.here != o.here {
		return w.here
	}
	return w.here && compareValues(&w.val, &o.val) > 0
}

// Set writes v under key with a stamp, and returns the delta: bottom if a greater
// stamp has written. Expected O(1).
func (s *LWWMap[K, V]) Set(at Stamp, key K, v V) *LWWMap[K, V] {
	return s.write(key, written[V]{at, copyValue(v), true})
}

// Delete deletes key with a stamp, though it be absent, and returns the delta.
func (s *LWWMap[K, V]) Delete(at Stamp, key K) *LWWMap[K, V] {
	return s.write(key, written[V]{stamp: at})
}

func (s *LWWMap[K, V]) write(key K, w written[V]) *LWWMap[K, V] {
	d := &LWWMap[K, V]{}
	if s.put(key, w) {
		d.put(key, w)
	}
	return d
}

// find returns what is written under key, or nil. A key is hashed once.
func (s *LWWMap[K, V]) find(key K) *written[V] {
	if s.rows.small() {
		return nil
	}
	if place := s.rows.head(hashOf(key), key); place >= 0 {
		return &s.rows.rows[place].val
	}
	return nil
}

// put reports whether w wins.
func (s *LWWMap[K, V]) put(key K, w written[V]) bool {
	old := s.find(key)
	switch {
	case old != nil && !w.beats(old):
		return false
	case old != nil && !old.here:
		s.gone--
	}
	if !w.here {
		s.gone++
	}
	if old != nil {
		*old = w
		return true
	}
	if s.rows.small() {
		s.rows.slots = make([]uint64, 4)
	}
	s.rows.link(s.rows.put(key, Dot{Counter: 1}, w))
	return true
}

// Get returns the value of key and whether there is one.
func (s *LWWMap[K, V]) Get(key K) (V, bool) {
	w := s.find(key)
	if w == nil {
		var none V
		return none, false
	}
	return copyValue(w.val), w.here
}

// Stamp returns the stamp of the last write or deletion of key, and whether there was one.
func (s *LWWMap[K, V]) Stamp(key K) (Stamp, bool) {
	if w := s.find(key); w != nil {
		return w.stamp, true
	}
	return Stamp{}, false
}

// Len returns the number of keys with a value.
func (s *LWWMap[K, V]) Len() int { return s.rows.live - s.gone }

// All yields keys and values in order of the keys.
func (s *LWWMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range s.sorted() {
			if w := s.find(key); w.here && !yield(key, copyValue(w.val)) {
				return
			}
		}
	}
}

func (s *LWWMap[K, V]) sorted() []K {
	keys := make([]K, 0, len(s.rows.rows))
	for i := range s.rows.rows {
		keys = append(keys, s.rows.rows[i].key)
	}
	return sortValues(keys)
}

// Collect forgets deletions with stamps below stable and returns how many. Every
// write with such a stamp must have reached every replica: else it comes back.
func (s *LWWMap[K, V]) Collect(stable Stamp) int {
	kept := LWWMap[K, V]{}
	for i := range s.rows.rows {
		if r := &s.rows.rows[i]; r.val.here || r.val.stamp.Compare(stable) >= 0 {
			kept.put(r.key, r.val)
		}
	}
	n := s.rows.live - kept.rows.live
	*s = kept
	return n
}

// Merge joins o into s in O(o).
func (s *LWWMap[K, V]) Merge(o *LWWMap[K, V]) {
	if s == o {
		return
	}
	for i := range o.rows.rows {
		s.put(o.rows.rows[i].key, o.rows.rows[i].val)
	}
}

// Diff returns the least delta that brings o up to s.
func (s *LWWMap[K, V]) Diff(o *LWWMap[K, V]) *LWWMap[K, V] {
	d := &LWWMap[K, V]{}
	for i := range s.rows.rows {
		r := &s.rows.rows[i]
		if old := o.find(r.key); old == nil || r.val.beats(old) {
			d.put(r.key, r.val)
		}
	}
	return d
}

// Split yields the join decomposition: one piece for each key, in order.
func (s *LWWMap[K, V]) Split() iter.Seq[*LWWMap[K, V]] {
	return func(yield func(*LWWMap[K, V]) bool) {
		for _, key := range s.sorted() {
			piece := &LWWMap[K, V]{}
			piece.put(key, *s.find(key))
			if !yield(piece) {
				return
			}
		}
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *LWWMap[K, V]) AppendBinary(b []byte) ([]byte, error) {
	b = appendUvarint(append(b, tagLWWMap), uint64(s.rows.live))
	var err error
	for _, key := range s.sorted() {
		w := s.find(key)
		if b, err = appendValue(b, &key); err != nil {
			return b, err
		}
		b = w.stamp.appendTo(b)
		if !w.here {
			b = append(b, 0)
		} else if b, err = appendValue(append(b, 1), &w.val); err != nil {
			return b, err
		}
	}
	return b, nil
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *LWWMap[K, V]) UnmarshalBinary(data []byte) error {
	r := newReader(data, tagLWWMap)
	var out LWWMap[K, V]
	var last K
	for i, n := 0, r.count(4); i < n && r.err == nil; i++ {
		var key K
		readValue(r, &key)
		if r.err == nil && i > 0 && compareValues(&last, &key) >= 0 {
			r.fail("keys do not rise")
		}
		last = key
		w := written[V]{stamp: r.stamp()}
		if w.here = r.below(1) == 1; w.here {
			readValue(r, &w.val)
		}
		out.put(key, w)
	}
	if r.end() == nil {
		*s = out
	}
	return r.err
}

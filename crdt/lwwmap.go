package crdt

import "iter"

// An LWWMap keeps for each key what the greatest stamp wrote, a value or its
// deletion, by the order of LWWRegister; of a value and a deletion under one stamp
// the value stays. A deletion leaves its stamp behind until Collect. The zero value
// is empty and ready.
type LWWMap[K comparable, V any] struct {
	rows index[K, written[V]] // by key only: the dots say no more than that a row is taken
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
	r := writtenRow(key, w)
	if s.put(&r) {
		d.put(&r)
	}
	return d
}

func writtenRow[K comparable, V any](key K, w written[V]) row[K, written[V]] {
	return newRow(key, Dot{Counter: 1}, w)
}

// find returns what is written under key, or nil.
func (s *LWWMap[K, V]) find(hash uint32, key *K) *written[V] {
	if place := s.rows.head(hash, key); place >= 0 {
		return &s.rows.row(place).val
	}
	return nil
}

// put reports whether the row r wins.
func (s *LWWMap[K, V]) put(r *row[K, written[V]]) bool {
	old := s.find(r.hash, &r.key)
	switch {
	case old == nil:
		s.rows.add(r)
	case !r.val.beats(old):
		return false
	default:
		if !old.here {
			s.gone--
		}
		*old = r.val
	}
	if !r.val.here {
		s.gone++
	}
	return true
}

// Get returns the value of key and whether there is one.
func (s *LWWMap[K, V]) Get(key K) (V, bool) {
	w := s.find(hashOf(&key), &key)
	if w == nil {
		var none V
		return none, false
	}
	return copyValue(w.val), w.here
}

// Stamp returns the stamp of the last write or deletion of key, and whether there was one.
func (s *LWWMap[K, V]) Stamp(key K) (Stamp, bool) {
	if w := s.find(hashOf(&key), &key); w != nil {
		return w.stamp, true
	}
	return Stamp{}, false
}

// Len returns the number of keys with a value.
func (s *LWWMap[K, V]) Len() int { return s.rows.live - s.gone }

// All yields keys and values in order of the keys.
func (s *LWWMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, r := range s.sorted() {
			if r.val.here && !yield(r.key, copyValue(r.val.val)) {
				return
			}
		}
	}
}

func (s *LWWMap[K, V]) sorted() []*row[K, written[V]] {
	return (&table[K, written[V]]{big: &s.rows}).sorted()
}

// Collect forgets deletions with stamps below stable and returns how many. Every
// write with such a stamp must have reached every replica: else it comes back.
func (s *LWWMap[K, V]) Collect(stable Stamp) int {
	kept := LWWMap[K, V]{}
	for _, r := range s.rows.all {
		if r.val.here || r.val.stamp.Compare(stable) >= 0 {
			kept.put(r)
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
	for _, r := range o.rows.all {
		s.put(r)
	}
}

// Diff returns the least delta that brings o up to s.
func (s *LWWMap[K, V]) Diff(o *LWWMap[K, V]) *LWWMap[K, V] {
	d := &LWWMap[K, V]{}
	for _, r := range s.rows.all {
		if old := o.find(r.hash, &r.key); old == nil || r.val.beats(old) {
			d.put(r)
		}
	}
	return d
}

// Split yields the join decomposition: one piece for each key, in order.
func (s *LWWMap[K, V]) Split() iter.Seq[*LWWMap[K, V]] {
	return func(yield func(*LWWMap[K, V]) bool) {
		for _, r := range s.sorted() {
			piece := &LWWMap[K, V]{}
			piece.put(r)
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
	for _, r := range s.sorted() {
		w := &r.val
		if b, err = appendValue(b, &r.key); err != nil {
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
		row := writtenRow(key, w)
		out.put(&row)
	}
	if r.end() == nil {
		*s = out
	}
	return r.err
}

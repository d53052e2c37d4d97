package crdt

import (
	"errors"
	"iter"
)

// ErrDead is returned for an update of a key that was deleted.
var ErrDead = errors.New("crdt: the key was deleted")

// A TombstoneMap maps keys to states, and a deletion wins over all updates of its
// key, before it, beside it and after it, until it is causally stable and
// collected: the heroes of the seeds. *T must be a State[T], or the map panics. Each
// replica keeps its updates of a key under one dot; the value is their join. The
// zero value is empty and ready.
type TombstoneMap[K comparable, T any] struct{ kernel[K, kept[T]] }

// Update changes the value of key for replica r, from bottom if there is none, and
// returns the delta. change mutates the value and returns the delta of that. A key
// that was deleted gives ErrDead and a delta of bottom, and change is not called. If
// that returns nil nothing changes.
func (s *TombstoneMap[K, T]) Update(r Replica, key K, change func(*T) *T) (*TombstoneMap[K, T], error) {
	d := &TombstoneMap[K, T]{}
	places := s.of(key)
	if s.dead(places) {
		return d, ErrDead
	}
	said := change(s.joined(places))
	if said == nil {
		return d, nil
	}
	own := new(T)
	var old []int32
	for _, p := range places {
		if s.row(p).dot.Replica == r {
			old = append(old, p)
			stateOf(own).Merge(s.row(p).val.state)
		}
	}
	stateOf(own).Merge(said)
	s.replace(r, old, true, &d.kernel, new(birth[K, kept[T]]).lay(key, kept[T]{own}))
	return d, nil
}

// Delete puts a tombstone in the place of key for replica r and returns the delta,
// though the key be absent. For a key that is dead already it is bottom.
func (s *TombstoneMap[K, T]) Delete(r Replica, key K) *TombstoneMap[K, T] {
	d := &TombstoneMap[K, T]{}
	if old := s.of(key); !s.dead(old) {
		s.replace(r, old, true, &d.kernel, new(birth[K, kept[T]]).lay(key, kept[T]{}))
	}
	return d
}

// Get returns the value of key, in memory of its own, and whether it is alive.
func (s *TombstoneMap[K, T]) Get(key K) (*T, bool) {
	places := s.of(key)
	if len(places) == 0 || s.dead(places) {
		return nil, false
	}
	return s.joined(places), true
}

// Dead reports whether there is a tombstone for key.
func (s *TombstoneMap[K, T]) Dead(key K) bool { return s.dead(s.of(key)) }

// All yields the living keys and their values in order.
func (s *TombstoneMap[K, T]) All() iter.Seq2[K, *T] {
	return func(yield func(K, *T) bool) {
		for _, key := range s.sortedKeys(func(v kept[T]) bool { return v.state != nil }) {
			if v, ok := s.Get(key); ok && !yield(key, v) {
				return
			}
		}
	}
}

// Tombstones yields the dead keys in order.
func (s *TombstoneMap[K, T]) Tombstones() iter.Seq[K] {
	return seqOf(func() []K { return s.sortedKeys(func(v kept[T]) bool { return v.state == nil }) })
}

// Collect forgets, for replica r, the tombstones that everybody has seen, with the
// updates they beat. It returns the delta and how many tombstones it dropped. After that
// an update makes the key anew, at once; updates that had not seen the tombstone have no
// effect, whenever they arrive. What contexts must be is said at RemoveWinsSet.Collect.
func (s *TombstoneMap[K, T]) Collect(r Replica, contexts ...*CausalContext) (*TombstoneMap[K, T], int) {
	d := &TombstoneMap[K, T]{}
	n := s.collectMarked(r, contexts, func(v kept[T]) bool { return v.state == nil }, &d.kernel)
	return d, n
}

// Merge joins o into s: O(o) if o is a delta, O(s + o) at most. It keeps nothing of o that may change.
func (s *TombstoneMap[K, T]) Merge(o *TombstoneMap[K, T]) { s.merge(&o.kernel) }

// Delta returns what a state that has seen since lacks of s, in O(what it returns),
// give or take old removals. Merged into such a state it does what s would.
func (s *TombstoneMap[K, T]) Delta(since *CausalContext) *TombstoneMap[K, T] {
	d := &TombstoneMap[K, T]{}
	s.delta(since, &d.kernel)
	return d
}

// Diff returns the least delta that brings o up to s, in O(s + o): for o alone,
// because another state may lack what o has.
func (s *TombstoneMap[K, T]) Diff(o *TombstoneMap[K, T]) *TombstoneMap[K, T] {
	d := &TombstoneMap[K, T]{}
	s.diff(&o.kernel, &d.kernel)
	return d
}

// Split yields the join decomposition of s: the fewest pieces that join to s and
// cannot be split, one for each dot of the context, in their order.
func (s *TombstoneMap[K, T]) Split() iter.Seq[*TombstoneMap[K, T]] {
	return func(yield func(*TombstoneMap[K, T]) bool) {
		s.split(func(k *kernel[K, kept[T]]) bool { return yield(&TombstoneMap[K, T]{*k}) })
	}
}

// AppendBinary appends the canonical encoding to b: equal states, equal bytes.
// The error is ErrNoCodec, or that of a Codec.
func (s *TombstoneMap[K, T]) AppendBinary(b []byte) ([]byte, error) {
	return s.appendBinary(b, tagTombstoneMap)
}

// UnmarshalBinary replaces s by what AppendBinary wrote. Errors wrap ErrEncoding and leave s alone.
func (s *TombstoneMap[K, T]) UnmarshalBinary(data []byte) error {
	return s.unmarshal(data, tagTombstoneMap)
}

func (*TombstoneMap[K, T]) fresh() *TombstoneMap[K, T] { return &TombstoneMap[K, T]{} }

func (s *TombstoneMap[K, T]) within(ctx *CausalContext) *TombstoneMap[K, T] {
	d := &TombstoneMap[K, T]{}
	s.copyWithin(ctx, &d.table)
	return d
}

func (s *TombstoneMap[K, T]) joinStore(o *TombstoneMap[K, T], mine, theirs *CausalContext) {
	s.joinTable(&o.table, mine, theirs)
}

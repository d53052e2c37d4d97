package crdt

import (
	"encoding"
	"fmt"
	"iter"
	"slices"
)

// State is what all types of the package have in common, on the pointer to the
// struct S, whose zero value is the bottom of the semilattice:
//
//   - Merge joins: idempotent, commutative, associative. It keeps no memory of its
//     argument that may change.
//   - AppendBinary is canonical: equal states give equal bytes.
//   - UnmarshalBinary takes untrusted bytes and replaces the state, or leaves it.
//
// A type of one's own with these methods can be kept in a Cell or a TombstoneMap.
type State[S any] interface {
	Merge(*S)
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// Causal is a State with a context: anti-entropy sends Delta(peer's Context()).
type Causal[S any] interface {
	State[S]
	Context() *CausalContext
	Delta(since *CausalContext) *S
}

// Splitter is a State that tells what another lacks, and comes apart.
type Splitter[S any] interface {
	State[S]
	Diff(*S) *S
	Split() iter.Seq[*S]
}

// stateOf returns s as a State. It panics if it is none.
func stateOf[S any](s *S) State[S] {
	if state, ok := any(s).(State[S]); ok {
		return state
	}
	panic(fmt.Sprintf("crdt: %T lacks the methods of a State", s))
}

// kept is a state under a dot, nil for a tombstone. It never changes once it is in a table.
type kept[T any] struct{ state *T }

// AppendBinary appends a byte that says whether there is a state, and the state.
func (k *kept[T]) AppendBinary(b []byte) ([]byte, error) {
	if k.state == nil {
		return append(b, 0), nil
	}
	return stateOf(k.state).AppendBinary(append(b, 1))
}

// UnmarshalBinary reads what AppendBinary wrote.
func (k *kept[T]) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] > 1 || data[0] == 0 && len(data) > 1 {
		return fmt.Errorf("%w: no state and no tombstone", ErrEncoding)
	}
	if data[0] == 0 {
		*k = kept[T]{}
		return nil
	}
	k.state = new(T)
	return stateOf(k.state).UnmarshalBinary(data[1:])
}

// joinedBy adds the values at places.
func (k *kernel[K, P]) joinedBy(places []int32, add func(P)) {
	for _, p := range places {
		add(k.row(p).val)
	}
}

func (s *Cell[T]) joined(places []int32) *T {
	out := new(T)
	s.joinedBy(places, func(v kept[T]) { v.into(out) })
	return out
}

func (s *TombstoneMap[K, T]) joined(places []int32) *T {
	out := new(T)
	s.joinedBy(places, func(v kept[T]) { v.into(out) })
	return out
}

func (k kept[T]) into(out *T) {
	if k.state != nil {
		stateOf(out).Merge(k.state)
	}
}

func (s *TombstoneMap[K, T]) dead(places []int32) bool {
	for _, p := range places {
		if s.row(p).val.state == nil {
			return true
		}
	}
	return false
}

// anyWith reports whether is holds for the value of a row.
func (t *table[K, P]) anyWith(is func(P) bool) bool {
	for _, r := range t.all {
		if is(r.val) {
			return true
		}
	}
	return false
}

func (s *EnableWinsFlag) anyIs(on bool) bool {
	return s.anyWith(func(v bool) bool { return v == on })
}

func (s *DisableWinsFlag) anyIs(on bool) bool {
	return s.anyWith(func(v bool) bool { return v == on })
}

// collectMarked drops the keys that have a marker whose dot is stable, and counts the markers.
func (k *kernel[K, P]) collectMarked(stable *CausalContext, marker func(P) bool) int {
	var places []int32
	markers := 0
	for _, r := range k.all {
		if marker(r.val) && stable.Contains(r.dot) {
			markers++
			places = k.places(places, r.hash, r.key)
		}
	}
	slices.Sort(places)
	k.collect(slices.Compact(places))
	return markers
}

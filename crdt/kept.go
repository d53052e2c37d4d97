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

// collectMarked is the event of r that drops the markers which are in all contexts, and
// with them the other rows of their keys that are in any. It does nothing if a context
// has what k has not. It writes the delta into d and returns how many markers went.
//
// Who made an event that has not seen a marker made it before its context had the
// marker, so the event is in a context, and k has it. Other markers stay: there may be
// events on their way that have not seen those.
func (k *kernel[K, P]) collectMarked(r Replica, contexts []*CausalContext, marker func(P) bool, d *kernel[K, P]) int {
	stable, known := meetAndJoin(contexts)
	if !k.events().Covers(known) {
		return 0
	}
	var places []int32
	markers := 0
	for _, row := range k.all {
		if !marker(row.val) || !stable.Contains(row.dot) {
			continue
		}
		markers++
		for _, p := range k.places(nil, row.hash, row.key) {
			if other := k.row(p); other.dot == row.dot || !marker(other.val) && known.Contains(other.dot) {
				places = append(places, p)
			}
		}
	}
	if markers > 0 {
		slices.Sort(places)
		k.drop(r, slices.Compact(places), d)
	}
	return markers
}

// meetAndJoin returns the dots that are in all contexts, and those that are in any.
func meetAndJoin(contexts []*CausalContext) (meet, join *CausalContext) {
	meet, join = &CausalContext{}, &CausalContext{}
	for i, c := range contexts {
		if i == 0 {
			meet = c
		}
		meet = meet.Meet(c)
		join.Merge(c)
	}
	return meet, join
}

// drop is the event of r that takes the rows at places, which rise. Its delta is d.
func (k *kernel[K, P]) drop(r Replica, places []int32, d *kernel[K, P]) {
	n := k.ctx.Next(r)
	k.ctx.Add(n)
	var gone CausalContext
	for _, p := range places {
		gone.Add(k.row(p).dot)
	}
	k.remove(places...)
	d.ctx.Add(n)
	d.claim(&gone)
	k.noted().note(&VersionVector{[]Dot{n}}, &gone, k.live())
}

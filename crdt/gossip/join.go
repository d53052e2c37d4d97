package gossip

import (
	"bytes"
	"fmt"

	"phoenix/crdt"
)

// join joins a delta into the state, and reports whether that was anything new. It keeps it.
func (r *Replica[S, P]) join(it item[S]) bool {
	_, causal := any(r.state).(crdt.Causal[S])
	if !causal && !r.splits() {
		return r.joinWhole(it)
	}
	fresh := r.news(it.delta)
	P(r.state).Merge(it.delta)
	size := r.size(fresh)
	if size == 0 {
		return false
	}
	if r.reduces() {
		it.delta, it.size = fresh, size
	}
	r.changed(it)
	return true
}

// news returns what of d is not in the state, in about O(d).
//
// States hold whole events, see take: who has seen all events of d has all that d says, but
// for what others have collected. Delta may repeat that dots are dead which were seen to
// die, and all of those that a large d knows of; Diff does not, in O(state).
func (r *Replica[S, P]) news(d *S) *S {
	splitter, splits := any(d).(crdt.Splitter[S])
	if causal, ok := any(d).(crdt.Causal[S]); ok {
		mine, theirs := any(r.state).(crdt.Causal[S]).Context(), causal.Context()
		if mine.Covers(theirs) {
			return new(S)
		}
		if theirs.Len() <= fewEvents || !splits {
			return causal.Delta(mine)
		}
	}
	return splitter.Diff(r.state)
}

// fewEvents is how many events a delta has, and not a state that is sent whole.
const fewEvents = 256

// joinWhole is join for a type that does not tell what is new: the encodings do. That of
// the state is made once for each change.
func (r *Replica[S, P]) joinWhole(it item[S]) bool {
	before := r.encoded()
	P(r.state).Merge(it.delta)
	after := must(P(r.state).AppendBinary(nil))
	if bytes.Equal(before.data, after) {
		return false
	}
	r.changed(it)
	r.made.whole = payload{version: r.version, data: after, entries: before.entries}
	return true
}

// changed notes that a delta was joined into the state.
func (r *Replica[S, P]) changed(it item[S]) {
	r.version++
	r.buffer.add(it, r.cfg.BufferCount, r.cfg.BufferBytes)
	r.wake()
}

// size returns that of the encoding, and 0 for bottom.
func (r *Replica[S, P]) size(s *S) int {
	b := must(P(s).AppendBinary(nil))
	if bytes.Equal(b, r.bottom) {
		return 0
	}
	return len(b)
}

// must returns b. It panics if there is an error: a state that does not encode cannot be sent.
func must(b []byte, err error) []byte {
	if err != nil {
		panic(fmt.Sprintf("gossip: a state has no encoding: %v", err))
	}
	return b
}

// entries returns how many pieces s has.
func entries[S any](s *S) (n uint64) {
	switch s := any(s).(type) {
	case crdt.Causal[S]:
		return s.Context().Len()
	case crdt.Splitter[S]:
		for range s.Split() {
			n++
		}
		return n
	}
	return 1
}

package linear

import (
	"context"
	"math"
)

// settle linearizes at once every definite observer that may be next and whose
// answer is right.
//
// Proof that no alternative is needed: let a way to success begin otherwise.
// The observer is on it, since it is definite. Move it to the front, where it may
// be next. What lies between runs as before, since the observer changes nothing
// here; nor did it where it was, being an observer (for a multiset whose contents
// are not certain it may have ruled some out there, and what is possible with
// fewer is possible with more). Other operations that change nothing here, such
// as the write of a value the register holds, may do so later: they are not settled.
//
// One pass in the order of Call is enough: whether an operation may be next
// depends on those called before it only, and observers change nothing.
func (s *search) settle() {
	enabled := int32(len(s.class))
	for i := s.next[enabled]; i < enabled; i = s.next[i] {
		if s.limit[i] == s.pending {
			continue
		}
		if s.observer[s.class[i]] {
			if possible, changes := s.try(i); possible && !changes {
				s.take(i, settled, false)
				continue
			}
		}
		enabled = min(enabled, s.limit[i])
	}
}

// gather puts the operations to try next on s.options, the one to try first on
// top, and returns how many there are. Left out are
//
//   - those that are not possible, and the pending ones that change nothing: on
//     any way to success that begins with such a one it can be spared.
//   - those dominated: an operation of the same class, and so with the same effect
//     in every state, is left that was called earlier and precedes all that this
//     one precedes. Proof: exchange the two on any way to success, or put the
//     other in the place of this one if it is not on it, which only a pending
//     operation may be; and pending operations only dominate each other. What had
//     to be ahead of the other had to be ahead of this one too, and what must come
//     behind this one must come behind the other.
//   - those that the automaton prunes,
//   - and all if the configuration is known to be dead.
func (s *search) gather() int32 {
	if n := len(s.frames); n > 0 && s.arrivedByBranch(n-1) && s.dead.has(s.configuration()) {
		return 0
	}
	s.round++
	if s.round == math.MaxInt32 {
		clear(s.met)
		s.round = 1
	}
	start, urgent := len(s.options), int32(-1)
	enabled := int32(len(s.class))
	for i := s.next[enabled]; i < enabled; i = s.next[i] {
		if s.limit[i] < enabled {
			enabled, urgent = s.limit[i], i
		}
		if !s.dominated(i) && s.worthTrying(i) && !s.push(i) {
			return 0
		}
	}
	if s.enabled = enabled; s.prunes != nil {
		kept := s.prunes.prune(s, s.options[start:])
		s.options = s.options[:start+len(kept)]
	}
	s.sort(s.options[start:], urgent)
	return int32(len(s.options) - start)
}

// arrivedByBranch reports whether the choice at or below frame i had an alternative.
func (s *search) arrivedByBranch(i int) bool {
	for i > 0 && s.frames[i].left == settled {
		i--
	}
	return s.frames[i].branch
}

// dominated reports whether i is, by an operation that this gather met before.
func (s *search) dominated(i int32) bool {
	c := s.class[i]
	if s.met[c] == s.round && s.least[c] <= s.limit[i] {
		return true
	}
	s.met[c], s.least[c] = s.round, s.limit[i]
	return false
}

func (s *search) worthTrying(i int32) bool {
	possible, changes := s.try(i)
	return possible && (changes || s.limit[i] != s.pending)
}

// push puts i on s.options if there is memory for it.
func (s *search) push(i int32) bool {
	const size = 4 // bytes
	if have := cap(s.options); len(s.options) == have {
		want := max(64, 2*have)
		if !s.memory.take(int64(want) * size) {
			s.gaveUp = outOfMemory
			return false
		}
		grown := make([]int32, have, want)
		copy(grown, s.options)
		s.options = grown
		s.memory.give(int64(have) * size)
	}
	s.options = append(s.options, i)
	return true
}

// try is a step of the model, impossible when there is nothing left to spend.
func (s *search) try(i int32) (possible, changes bool) {
	const pollEvery = 1024 // steps between looks at the context
	switch {
	case s.gaveUp != "":
		return false, false
	case s.spent >= s.steps:
		s.gaveUp = outOfSteps
		return false, false
	case s.spent%pollEvery == 0 && s.ctx.Err() != nil:
		s.gaveUp = context.Cause(s.ctx).Error()
		return false, false
	}
	s.spent++
	possible, changes = s.auto.try(s.class[i])
	if !s.memory.allows(s.classBytes + s.auto.bytes()) {
		s.gaveUp = outOfMemory
	}
	return possible, changes
}

package linear

import (
	"context"
	"math"
	"slices"

	"phoenix/properties"
	"phoenix/properties/history"
)

// Reasons to give up, besides the context's.
const (
	outOfSteps  = "the bound on steps was reached"
	outOfMemory = "the bound on memory was reached"
)

// searchKey is the general search over the operations of one key, which matter
// and come by Call: the algorithm of Wing and Gong ("Testing and verifying
// concurrent objects", JPDC 1993) with the cache of Lowe ("Testing for
// linearizability", CPAE 2017).
//
// A configuration is the set of operations that were linearized and the state
// they leave. From one, the search goes on with each operation that may be next:
// no definite operation that is left returned before its call. It succeeds when
// no definite operation is left, and a configuration is dead when nothing that
// may be next leads to success. Which operations need not be tried is said at
// settle, gather and pruner; each reason given there is of the form "if anything
// leads to success from here, then something that is tried does", so together
// they lose nothing: take a way to success with the fewest operations.
//
// Dead configurations are remembered as 128 bits, see deadSet. What is dead is so
// whatever the order in which it was found out: thus when one order of trying
// (see orders) got nowhere within its share of the steps, the next begins anew
// and knows all that the others have learned.
//
// It spends at most steps steps of the model and opt.memoryBound() bytes.
func searchKey(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) decision {
	s, ok := newSearch(ctx, opt, ops, steps)
	if !ok {
		return decision{verdict: properties.Inconclusive, reason: outOfMemory}
	}
	return s.run()
}

// search is one run of searchKey. Operations are positions in the list given.
type search struct {
	ctx    context.Context
	auto   automaton
	prunes pruner // auto, if it prunes; else nil

	class    []int32 // of each operation: see classes
	observer []bool  // of each class
	// limit[i] is the first operation that was called when i had returned, so that i
	// precedes j exactly if j >= limit[i]. It is pending for unknown outcomes.
	limit   []int32
	pending int32

	next, prev []int32 // what is left, a ring by Call; its ends are joined by the number len(class)
	definite   int     // operations left that certainly happened
	set        hash128 // Zobrist hash of what was linearized
	frames     []frame // what was linearized, in this order
	options    []int32 // operations to try, those of each frame above those of the frame below
	dead       deadSet

	// Of each class, the least limit among the operations met by gather number round.
	least []int32
	met   []int32
	round int32
	order order
	ranks []ranked // where sort works

	steps, spent, share int64 // in all, so far, and when the order changes
	memory              budget
	classBytes          int64
	gaveUp              string // why
}

// frame is an operation that was linearized.
type frame struct {
	op   int32
	undo uint32 // what the automaton needs to go back
	// left counts the other operations to try in its place; it is settled if
	// there is no need.
	left int32
	// branch: there was something else to try.
	branch bool
}

const settled = -1

func newSearch(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) (*search, bool) {
	const perOperation = 4*4 + 4 + 16 // bytes: class, limit, next, prev; limits sorts; a frame
	n := len(ops)
	s := &search{ctx: ctx, steps: steps, memory: budget{bound: opt.memoryBound()}, pending: int32(n) + 1}
	if !s.memory.take(int64(n) * perOperation) {
		return nil, false
	}
	c := classify(opt, ops)
	c.limit, s.definite = limits(ops)
	s.auto, s.class, s.observer = compile(opt, c), c.of, c.observer
	s.prunes, _ = s.auto.(pruner)
	if s.classBytes = c.bytes(); !s.memory.allows(s.classBytes + s.auto.bytes()) {
		return nil, false
	}
	s.limit = c.limit
	s.frames = make([]frame, 0, n)
	s.least, s.met = make([]int32, len(c.ops)), make([]int32, len(c.ops))
	s.next, s.prev = make([]int32, n+1), make([]int32, n+1)
	for i := range n {
		s.next[i], s.prev[i+1] = int32(i)+1, int32(i)
	}
	s.prev[0] = int32(n)
	return s, true
}

// limits returns what search.limit says, and counts what is definite.
func limits(ops []*history.Operation) (limit []int32, definite int) {
	n := len(ops)
	limit = make([]int32, n)
	byReturn := make([]int32, 0, n)
	for i, op := range ops {
		limit[i] = int32(n) + 1
		if op.Outcome != history.Unknown {
			byReturn = append(byReturn, int32(i))
		}
	}
	slices.SortFunc(byReturn, func(i, j int32) int {
		switch a, b := ops[i].Return, ops[j].Return; {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	next := 0
	for _, i := range byReturn {
		for next < n && ops[next].Call <= ops[i].Return {
			next++
		}
		limit[i] = int32(next)
	}
	return limit, len(byReturn)
}

// run tries one order after another, with shares of the steps that double each
// time round.
func (s *search) run() decision {
	const first = 2048 // steps, besides some for each operation
	share := int64(first + 64*len(s.class))
	for round := 0; ; round++ {
		s.order = orders[round%len(orders)]
		s.share = s.spent + share<<min(round/len(orders), 40)
		d, done := s.descend()
		if done {
			d.steps = s.spent
			return d
		}
		for len(s.frames) > 0 {
			s.putBack()
		}
		s.options = s.options[:0]
	}
}

// descend searches in depth from a configuration where nothing was linearized.
// done is false if the order's share of the steps is spent.
func (s *search) descend() (d decision, done bool) {
	for {
		s.settle()
		if s.definite == 0 {
			return decision{verdict: properties.Pass, order: s.linearization()}, true
		}
		count := s.gather()
		if s.gaveUp != "" {
			return decision{verdict: properties.Inconclusive, reason: s.gaveUp}, true
		}
		if s.spent >= s.share {
			return d, false
		}
		branch := count > 1
		if count == 0 {
			if count = s.back(); count == 0 {
				if s.gaveUp != "" {
					return decision{verdict: properties.Inconclusive, reason: s.gaveUp}, true
				}
				return decision{verdict: properties.Fail}, true
			}
			branch = true
		}
		last := len(s.options) - 1
		op := s.options[last]
		s.options = s.options[:last]
		s.take(op, count-1, branch)
	}
}

// back leaves configurations that are dead for the nearest with something left
// to try, and returns how much that is: 0 if there is none.
func (s *search) back() (left int32) {
	for len(s.frames) > 0 {
		key := s.configuration()
		for s.frames[len(s.frames)-1].left == settled {
			if s.putBack(); len(s.frames) == 0 {
				return 0
			}
		}
		top := s.putBack()
		if top.branch && !s.dead.add(key, &s.memory) {
			s.gaveUp = outOfMemory
			return 0
		}
		if top.left > 0 {
			return top.left
		}
	}
	return 0
}

// configuration is what is remembered of one.
func (s *search) configuration() hash128 { return s.set.xor(s.auto.hash()) }

// take linearizes op, which has left alternatives.
func (s *search) take(op, left int32, branch bool) {
	s.next[s.prev[op]], s.prev[s.next[op]] = s.next[op], s.prev[op]
	if s.limit[op] != s.pending {
		s.definite--
	}
	s.set = s.set.xor(zobrist(uint64(op)))
	s.frames = append(s.frames, frame{op, s.auto.apply(op, s.class[op]), left, branch})
}

// putBack undoes the latest take. What is taken last is put back first, so the
// neighbours that op remembers are its neighbours again.
func (s *search) putBack() frame {
	last := len(s.frames) - 1
	top := s.frames[last]
	s.frames = s.frames[:last]
	s.auto.revert(top.op, s.class[top.op], top.undo)
	s.set = s.set.xor(zobrist(uint64(top.op)))
	if s.limit[top.op] != s.pending {
		s.definite++
	}
	s.next[s.prev[top.op]], s.prev[s.next[top.op]] = top.op, top.op
	return top
}

// linearization lists what was linearized.
func (s *search) linearization() []int32 {
	order := make([]int32, len(s.frames))
	for i := range s.frames {
		order[i] = s.frames[i].op
	}
	return order
}

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
	if s.prunes != nil {
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

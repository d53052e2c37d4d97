package linear

import (
	"cmp"
	"context"
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
	prunes pruner // auto, if it is one; else nil

	class    []int32 // of each operation: see classes
	observer []bool  // of each class
	// limit[i] is the first operation that was called when i had returned, so that i
	// precedes j exactly if j >= limit[i]. For unknown outcomes it is pending, which
	// is more than any other.
	limit   []int32
	pending int32

	next, prev []int32 // what is left, a ring by Call; its ends are joined by the number len(class)
	definite   int     // operations left that certainly happened
	set        hash128 // Zobrist hash of what was linearized
	frames     []frame // what was linearized, in this order
	options    []int32 // operations to try, those of each frame above those of the frame below
	dead       deadSet

	// Of each class, the least limit among the operations met by gather number round.
	least  []int32
	met    []int32
	round  int32
	orders []order // the portfolio
	order  order
	// enabled is above every operation that may be next, when gather has met them.
	enabled int32
	ranks   []ranked // where sort works

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

// newSearch prepares a search; ok is false if it does not fit into the memory bound.
func newSearch(ctx context.Context, opt *Options, ops []*history.Operation, steps int64) (s *search, ok bool) {
	const perOperation = 4*4 + 4 + 16 + 4 // bytes: class, limit, next, prev; to sort; a frame; the answer
	n := len(ops)
	s = &search{ctx: ctx, steps: steps, memory: budget{bound: opt.memoryBound()},
		pending: int32(n) + 1, orders: orders}
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
	slices.SortFunc(byReturn, func(i, j int32) int { return cmp.Compare(ops[i].Return, ops[j].Return) })
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
		s.order = s.orders[round%len(s.orders)]
		s.share = s.spent + share<<min(round/len(s.orders), 20)
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

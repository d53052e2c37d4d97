package linear

import "slices"

// order ranks the operations that may be next: the least rank is tried first.
type order func(s *search, op, urgent int32) int64

// orders are tried in turns. None is best: a wrong guess early on may cost
// exponentially many steps, and where the others guess wrong is different.
var orders = []order{urgentFirst, earliestReturn, earliestCall, latestCall}

// urgentFirst prefers what makes the operation possible that must be done soonest,
// of all that are left: a write of the value that a read waits for, for example.
func urgentFirst(s *search, op, urgent int32) int64 {
	const behind = 1 << 32
	rank := earliestReturn(s, op, urgent)
	if urgent < 0 || op == urgent {
		return rank
	}
	undo := s.auto.apply(op, s.class[op])
	possible, _ := s.try(urgent)
	s.auto.revert(op, s.class[op], undo)
	if possible {
		return rank
	}
	return rank + behind
}

// earliestReturn prefers what returned first, and so pending operations last.
func earliestReturn(s *search, op, _ int32) int64 { return int64(s.limit[op]) }

// earliestCall prefers what was called first.
func earliestCall(_ *search, op, _ int32) int64 { return int64(op) }

// latestCall prefers what was called last, pending operations behind the others.
func latestCall(s *search, op, _ int32) int64 {
	if s.limit[op] == s.pending {
		return int64(s.pending)
	}
	return -int64(op)
}

// sort orders ops so that the one to try first comes last.
func (s *search) sort(ops []int32, urgent int32) {
	if len(ops) < 2 {
		return
	}
	s.ranks = s.ranks[:0]
	for _, op := range ops {
		s.ranks = append(s.ranks, ranked{s.order(s, op, urgent), op})
	}
	slices.SortFunc(s.ranks, func(a, b ranked) int {
		switch {
		case a.rank > b.rank || a.rank == b.rank && a.op > b.op:
			return -1
		}
		return 1
	})
	for i := range ops {
		ops[i] = s.ranks[i].op
	}
}

type ranked struct {
	rank int64
	op   int32
}

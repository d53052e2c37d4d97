package linear

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"phoenix/properties/history"
)

// Verify returns an error unless c proves that the operations of c.Key in h are
// not linearizable: Operations happened, both lists are sorted, of the key, and
// have nothing in common; whatever else the clients did that could explain
// what Operations saw is among Others; and no order of them all is right, which
// an exhaustive search shows that shares no code with what finds contradictions
// but the definition of the model. Why that is a proof stands in the source.
//
// The error is Check's if h cannot be judged by opt, and says so if there are
// too many orders to try. O(n log n) and the search, which is exponential in
// the size of c in the worst case but bounded.
func (c *Contradiction) Verify(h *history.History, opt Options) error {
	if err := judgeable(h, &opt); err != nil {
		return err
	}
	if err := c.verify(h, &opt); err != nil {
		return fmt.Errorf("linear: contradiction%s: %w", ofKey(c.Key), err)
	}
	return nil
}

// errHasOrder is wrapped by the error about operations that do not contradict
// each other.
var errHasOrder = errors.New("has an order")

func (c *Contradiction) verify(h *history.History, opt *Options) error {
	end, err := c.listed(h, opt)
	if err != nil {
		return err
	}
	called := sort.Search(len(h.Operations), func(i int) bool { return h.Operations[i].Call > end })
	ops, at := make([]*history.Operation, 0, called), make([]int32, 0, called)
	for i := range h.Operations[:called] {
		if op := &h.Operations[i]; op.Key == c.Key && opt.matters(op) {
			ops, at = append(ops, op), append(at, int32(i))
		}
	}
	roles := make([]role, len(ops))
	give := func(list []int32, r role) {
		for _, i := range list {
			place, _ := slices.BinarySearch(at, i)
			roles[place] = r
		}
	}
	give(c.Operations, definite)
	give(c.Others, optional)
	s := newScene(opt, ops, end)
	if wanted := s.wanted(roles); len(wanted) > 0 {
		i := wanted[0]
		return fmt.Errorf("operation %d (%v) may explain what the operations saw and is missing", at[i], ops[i])
	}
	return s.refuted(roles)
}

// listed verifies the lists of c and returns the latest return of Operations.
func (c *Contradiction) listed(h *history.History, opt *Options) (end int64, err error) {
	if len(c.Operations) == 0 {
		return 0, errors.New("it has no operations")
	}
	end = math.MinInt64
	for _, list := range [][]int32{c.Operations, c.Others} {
		for at, i := range list {
			if err := placeable(h, opt, c.Key, i); err != nil {
				return 0, err
			}
			if at > 0 && i <= list[at-1] {
				return 0, fmt.Errorf("operation %d is listed behind %d", i, list[at-1])
			}
		}
	}
	for _, i := range c.Operations {
		op := &h.Operations[i]
		if op.Outcome == history.Unknown {
			return 0, fmt.Errorf("operation %d (%v) may not have happened", i, op)
		}
		end = max(end, op.Return)
	}
	for _, i := range c.Others {
		op := &h.Operations[i]
		_, twice := slices.BinarySearch(c.Operations, i)
		switch {
		case twice:
			return 0, fmt.Errorf("operation %d (%v) is also among the others", i, op)
		case !changes(op):
			return 0, fmt.Errorf("operation %d (%v) is among the others and changes nothing", i, op)
		case op.Call > end:
			return 0, fmt.Errorf("operation %d (%v) was called at %d, after all operations had returned at %d", i, op, op.Call, end)
		}
	}
	return end, nil
}

// refuted returns an error unless the roles, which are closed, have no order.
func (s *scene) refuted(roles []role) error {
	opt, ops := s.restrict(roles)
	order, exists, err := anyOrder(opt, ops, verifySteps)
	if err != nil || !exists {
		return err
	}
	names := make([]string, len(order))
	for i, at := range order {
		names[i] = ops[at].Action()
	}
	return fmt.Errorf("it %w: %s", errHasOrder, strings.Join(names, ", "))
}

package explore

import (
	"fmt"
	"math"
	"slices"
)

// What components.mark says of a state, beside two ranges of numbers that grow towards
// each other and never meet: from 1 up the places of states that are being visited, and
// from markLast down the numbers of the fair components.
const (
	markNew    uint32 = 0
	markQueued uint32 = math.MaxUint32     // some step leads to it, it waits for its visit
	markHeld   uint32 = math.MaxUint32 - 1 // the condition holds: no part of the search
	markPast   uint32 = math.MaxUint32 - 2 // it is in no fair component
	markLast   uint32 = math.MaxUint32 - 3
)

// components finds the fair strongly connected components among the states that can be
// reached from some states by states in which the condition does not hold. A component is
// fair if it has a step, and if for each class of which its states owe a step there is a
// state in it that is not able to take one, or a step of the class that stays inside.
//
// It is the algorithm of Tarjan ("Depth-first search and linear graph algorithms", SIAM J.
// Comput. 1, 1972) with the one array of Pearce ("A space-efficient algorithm for finding
// strongly connected components", IPL 116, 2016, PEA_FIND_SCC2), where a state's place
// becomes the lowest place that it leads to, and then the number of its component. Two
// things differ, since steps are not stored and cannot be gone through halfway:
//
//   - The steps of a state are asked for when it is entered, to queue the states behind
//     them, and again when it is left, to take the lowest of their places.
//   - States that wait are on one list with those that are being visited. A state that is
//     queued again moves to the top, so that the order is depth first: when a state is
//     left all that it leads to has been visited, from it or from a state above it.
//
// Three numbers of 4 bytes for each state are all it stores, 12 bytes in sum, however deep
// and however many the steps are. The steps of a state are asked for two times, and once
// more in a component of several states or with a step to itself; holds once.
type components struct {
	g    graph
	mark []uint32

	// The list of states on the way, from the top down and up. A state that was left but
	// whose component is not complete is on the list of those, which uses below as well.
	below, above []uint32
	top, left    uint32

	place  uint32 // of the next state that is entered
	number uint32 // of the next fair component
	rest   bool   // there is a state at rest
	visits int

	at      uint32 // the state whose steps are looked at
	low     uint32 // the lowest place they lead to
	loop    bool   // one leads back to where it begins
	resting bool   // none is owed

	owed, able, taken []uint32 // classes

	entered, leaving, sorted func(to, class uint32) // the methods, as values made once
}

// findComponents visits what can be reached from starts.
func findComponents(g graph, starts []uint32) (*components, error) {
	n := g.len()
	if uint64(n) >= uint64(markLast) {
		panic(fmt.Sprintf("explore: %d states, numbers do for less than %d", n, markLast))
	}
	c := &components{g: g, mark: make([]uint32, n), below: make([]uint32, n), above: make([]uint32, n),
		left: noState, place: 1, number: markLast}
	c.entered, c.leaving, c.sorted = c.onEnter, c.onLeave, c.onSort
	for _, start := range starts {
		if c.mark[start] != markNew {
			continue
		}
		c.mark[start], c.below[start], c.top = markQueued, noState, start
		for ; c.top != noState; c.visits++ {
			if c.visits%4096 == 0 && g.stop() {
				return nil, errLivenessStopped
			}
			if c.mark[c.top] == markQueued {
				c.enter()
			} else {
				c.leave()
			}
		}
	}
	return c, nil
}

// fairAny reports whether there is a fair component.
func (c *components) fairAny() bool { return c.number < markLast }

// inFair reports whether state s is in a fair component.
func (c *components) inFair(s uint32) bool { return c.mark[s] > c.number && c.mark[s] <= markLast }

// enter begins the visit of the state at the top.
func (c *components) enter() {
	c.at = c.top
	if c.g.holds(c.at) {
		c.mark[c.at], c.top = markHeld, c.below[c.at]
		return
	}
	c.mark[c.at] = c.place
	c.place++
	c.resting = true
	c.g.each(c.at, c.entered)
	c.rest = c.rest || c.resting
}

// onEnter is told each step of a state that is entered.
func (c *components) onEnter(to, class uint32) {
	c.resting = c.resting && class == unfair
	if to == noState || to == c.top {
		return
	}
	switch c.mark[to] {
	case markQueued:
		// It is neither the top nor the bottom, which is on the way already.
		above, below := c.above[to], c.below[to]
		c.below[above], c.above[below] = below, above
	case markNew:
		c.mark[to] = markQueued
	default:
		return
	}
	c.below[to], c.above[c.top], c.top = c.top, to, to
}

// leave ends the visit of the state at the top. If no step of what was visited since leads
// below it, it is the root of a component: all that were left since and are in no other.
func (c *components) leave() {
	c.at, c.loop = c.top, false
	c.low = c.mark[c.at]
	c.g.each(c.at, c.leaving)
	root := c.at
	c.top = c.below[root]
	if c.low < c.mark[root] {
		c.mark[root] = c.low
		c.below[root], c.left = c.left, root
		return
	}
	place, end := c.mark[root], c.left
	for end != noState && c.mark[end] >= place {
		c.mark[end] = c.number
		end = c.below[end]
		c.place--
	}
	single := end == c.left
	c.mark[root], c.below[root], c.left = c.number, c.left, end
	c.place--
	if (!single || c.loop) && c.fair(root, end) {
		c.number--
		return
	}
	for s := root; s != end; s = c.below[s] {
		c.mark[s] = markPast
	}
}

// onLeave is told each step of a state that is left.
func (c *components) onLeave(to, _ uint32) {
	if to == noState {
		return
	}
	if c.mark[to] == markNew {
		panic(fmt.Sprintf("explore: state %d has a step to %d that it did not have before", c.at, to))
	}
	c.low = min(c.low, c.mark[to])
	c.loop = c.loop || to == c.at
}

// fair reports whether the component whose states are on the list from first until end,
// which are marked with c.number, is fair. It looks at no more states than it has to.
func (c *components) fair(first, end uint32) bool {
	for s := first; s != end; s = c.below[s] {
		c.able, c.taken = c.able[:0], c.taken[:0]
		c.g.each(s, c.sorted)
		if s == first {
			c.owed = append(c.owed[:0], c.able...)
		}
		c.owed = slices.DeleteFunc(c.owed, func(class uint32) bool {
			return !slices.Contains(c.able, class) || slices.Contains(c.taken, class)
		})
		if len(c.owed) == 0 {
			return true
		}
	}
	return false
}

// onSort notes the class of a step, and whether the step stays in the component.
func (c *components) onSort(to, class uint32) {
	if class == unfair {
		return
	}
	c.able = addClass(c.able, class)
	if to != noState && c.mark[to] == c.number {
		c.taken = addClass(c.taken, class)
	}
}

// addClass adds class to a small set.
func addClass(set []uint32, class uint32) []uint32 {
	if slices.Contains(set, class) {
		return set
	}
	return append(set, class)
}

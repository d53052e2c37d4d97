package explore

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// graph is the states that a search has visited, by their numbers from 0 to len()-1, and
// the steps between them. Asking twice gives the same answers.
type graph interface {
	len() int
	initial() []uint32
	// each calls visit with every step that may be taken in a state, faults included, in
	// any order: where it leads, or noState if that was not visited, and whose step it is,
	// or unfair. A message that its receiver ignores is no step.
	each(state uint32, visit func(to, class uint32))
	// holds reports whether what must happen happens in a state.
	holds(state uint32) bool
	// id is a name of a state that does not depend on its number. It decides between
	// lassos that are as good. It is asked often.
	id(state uint32) uint64
	// stop is asked now and then whether to give up.
	stop() bool
}

const (
	// noState is where a step leads that leaves the states that were visited.
	noState uint32 = math.MaxUint32
	// unfair is the class of steps that nobody owes: faults and their end.
	unfair uint32 = math.MaxUint32
)

// errLivenessStopped is returned if graph.stop ended the search.
var errLivenessStopped = errors.New("the search for fair cycles was stopped")

// hop is a step of a lasso: whose it is, and the state that it leads to.
type hop struct{ class, to uint32 }

func (h hop) owed() bool { return h.class != unfair }

// lasso is a path on which something never happens that should: a stem, and then a cycle
// for ever. Without a cycle the path comes to rest where the stem ends.
type lasso struct {
	start uint32 // an initial state
	stem  []hop
	cycle []hop // from where the stem ends back to there
	since int   // after so many steps of the stem it is due
}

// end returns the state in which the stem ends.
func (l *lasso) end() uint32 {
	if len(l.stem) == 0 {
		return l.start
	}
	return l.stem[len(l.stem)-1].to
}

// length returns the number of steps.
func (l *lasso) length() int { return len(l.stem) + len(l.cycle) }

// eventually returns nil if every fair path from an initial state comes to a state in
// which g.holds, and otherwise a lasso that does not.
//
// A path is fair if it is weakly fair to every class c but unfair: it does not have c able
// to take a step from some point on for ever without taking one (Baier and Katoen,
// "Principles of Model Checking", 2008, section 3.5). A path may end where no class but
// unfair is able to take a step, and only there.
//
// That there is a fair lasso iff there is a fair path, and that the maximal strongly
// connected components tell: let C be the states that a fair infinite path passes again
// and again. From some point on it passes no others, so each of C leads to each other by
// states of C, and C is part of one maximal component M, which has a step. For each c it
// is again and again in a state in which c is not able to take a step, or it takes one,
// and since states and classes are finitely many, the same state or step of C, hence of M,
// serves for ever. So M is fair as components says. Conversely, if M is fair, walk through
// M past such a state or step for each c and back: a cycle. Repeated for ever it is fair,
// and M can be reached. What makes the maximal ones suffice is that a component is fair by
// what it has, never by what it lacks, so what contains a fair one is fair. Strong
// fairness is not like that: a state more may be able to take a step that nobody takes.
//
// The lasso is a shortest path to rest, or a shortest stem to a fair component and a short
// cycle there, whichever has fewer steps. It does not depend on how states are numbered.
// Time is linear in the steps when there is no lasso; to find a lasso takes a search in
// breadth for its stem, and one in its component for each class that owes a step there.
// Memory: see components; a lasso is found in the same 12 bytes a state, beside its length.
//
// If the graph is not complete, since some steps lead to noState, a lasso is a violation
// all the same, but nil does not mean that there is none.
func eventually(g graph) (*lasso, error) {
	return findLasso(g, g.initial())
}

// leadsTo is eventually from every state in which p holds, instead of from the initial
// ones: whenever p, then g.holds in the same state or later. All states are taken to be
// reachable. The first part of the stem, until since, is a shortest path to such a state.
func leadsTo(g graph, p func(state uint32) bool) (*lasso, error) {
	var starts []uint32
	for s := range uint32(g.len()) {
		if p(s) {
			starts = append(starts, s)
		}
	}
	l, err := findLasso(g, starts)
	if l == nil {
		return nil, err
	}
	w := newWalker(&components{g: g, below: make([]uint32, g.len()), above: make([]uint32, g.len())})
	way := w.route(g.initial(), func(uint32) bool { return true }, func(s uint32) bool { return s == l.start })
	before := w.hops(way)
	l.start, l.stem, l.since = way[0], append(before, l.stem...), len(before)
	return l, nil
}

// findLasso is eventually from any states.
func findLasso(g graph, starts []uint32) (*lasso, error) {
	c, err := findComponents(g, starts)
	if err != nil || !c.rest && !c.fairAny() {
		return nil, err
	}
	w := newWalker(c)
	within := func(s uint32) bool { return c.mark[s] != markHeld }
	var best *lasso
	if c.rest {
		way := w.route(starts, within, func(uint32) bool { return !slices.ContainsFunc(w.steps, hop.owed) })
		best = &lasso{start: way[0], stem: w.hops(way)}
	}
	if c.fairAny() {
		way := w.route(starts, within, c.inFair)
		if best == nil || len(way)-1 < best.length() {
			l := &lasso{start: way[0], stem: w.hops(way)}
			w.close(l)
			if best == nil || l.length() < best.length() {
				best = l
			}
		}
	}
	return best, nil
}

// walker finds ways through a graph. It uses the lists of components, which are done with.
type walker struct {
	*components
	steps []hop // of the state that was looked at last
	note  func(to, class uint32)
}

func newWalker(c *components) *walker {
	for i := range c.above {
		c.above[i] = noState
	}
	w := &walker{components: c}
	w.note = func(to, class uint32) { w.steps = append(w.steps, hop{class, to}) }
	return w
}

// look reads the steps of a state.
func (w *walker) look(s uint32) {
	w.steps = w.steps[:0]
	w.g.each(s, w.note)
}

// classes returns who owes a step in the state that was looked at.
func (w *walker) classes() []uint32 {
	var set []uint32
	for _, h := range w.steps {
		if h.owed() {
			set = addClass(set, h.class)
		}
	}
	return set
}

// missing reports whether nobody of class is able to take a step there.
func (w *walker) missing(class uint32) bool {
	return !slices.ContainsFunc(w.steps, func(h hop) bool { return h.class == class })
}

// route returns the states on a shortest way from one of starts, through states that are
// within, to the first that is found. Found is asked when the state is looked at. The
// search is in breadth, each level in the order of ids, so that neither the way nor its
// end depends on numbers. The way exists, or what was computed before is wrong.
func (w *walker) route(starts []uint32, within, found func(uint32) bool) []uint32 {
	parent, queue := w.above, w.below[:0]
	reach := func(s, from uint32) {
		if s != noState && parent[s] == noState && within(s) {
			parent[s] = from
			queue = append(queue, s)
		}
	}
	defer func() {
		for _, s := range queue {
			parent[s] = noState
		}
	}()
	for _, s := range starts {
		reach(s, s)
	}
	for from, until := 0, len(queue); from < until; from, until = until, len(queue) {
		slices.SortFunc(queue[from:until], w.byID)
		for _, s := range queue[from:until] {
			w.look(s)
			if found(s) {
				way := []uint32{s}
				for ; parent[s] != s; s = parent[s] {
					way = append(way, parent[s])
				}
				slices.Reverse(way)
				return way
			}
			for _, h := range w.steps {
				reach(h.to, s)
			}
		}
	}
	panic("explore: no way to a state that was reached before")
}

func (w *walker) byID(a, b uint32) int { return cmp.Compare(w.g.id(a), w.g.id(b)) }

// hops returns the steps along a way. Of several to the same state it takes the one of the
// lowest class.
func (w *walker) hops(way []uint32) []hop {
	hops := make([]hop, 0, len(way))
	for i, to := range way[1:] {
		w.look(way[i])
		best := hop{unfair, to}
		for _, h := range w.steps {
			if h.to == to {
				best.class = min(best.class, h.class)
			}
		}
		hops = append(hops, best)
	}
	return hops
}

// close gives l, whose stem ends in a fair component, a fair cycle. It walks to the
// nearest place that settles a debt until none is left, and then back to the nearest state
// of the walk that leaves the cycle fair; what came before that state joins the stem.
func (w *walker) close(l *lasso) {
	entry := l.end()
	number := w.mark[entry]
	inside := func(s uint32) bool { return s != noState && w.mark[s] == number }
	w.look(entry)
	owed := w.classes()
	pays := func(h hop) bool { return inside(h.to) && slices.Contains(owed, h.class) }

	var walk []hop
	for at := entry; len(owed) > 0; {
		way := w.route([]uint32{at}, inside, func(uint32) bool {
			return slices.ContainsFunc(w.steps, pays) || slices.ContainsFunc(owed, w.missing)
		})
		walk = append(walk, w.hops(way)...)
		at = way[len(way)-1]
		w.look(at)
		if owed = slices.DeleteFunc(owed, w.missing); !slices.ContainsFunc(w.steps, pays) {
			continue
		}
		steps := slices.DeleteFunc(slices.Clone(w.steps), func(h hop) bool { return !pays(h) })
		paid := slices.MinFunc(steps, w.byClass)
		walk = append(walk, paid)
		at = paid.to
		owed = slices.DeleteFunc(owed, func(class uint32) bool { return class == paid.class })
	}
	w.turn(l, walk, inside)
}

func (w *walker) byClass(a, b hop) int {
	return cmp.Or(cmp.Compare(a.class, b.class), w.byID(a.to, b.to))
}

// turn ends l with a walk from the end of its stem that owes nothing, and the way back.
func (w *walker) turn(l *lasso, walk []hop, inside func(uint32) bool) {
	states := []uint32{l.end()}
	for _, h := range walk {
		states = append(states, h.to)
	}
	// The cycle may begin at the last place from which the rest of the walk is fair, or at
	// any before.
	begin := len(walk)
	w.look(states[begin])
	for owed := w.classes(); len(owed) > 0; {
		begin--
		w.look(states[begin])
		owed = slices.DeleteFunc(owed, func(class uint32) bool {
			return class == walk[begin].class || w.missing(class)
		})
	}
	last := map[uint32]int{} // where on the walk a state is that the cycle may begin in
	for i, s := range states[:begin+1] {
		last[s] = i
	}
	way := w.route(states[len(walk):], inside, func(s uint32) bool { _, is := last[s]; return is })
	begin = last[way[len(way)-1]]
	l.stem = append(l.stem, walk[:begin]...)
	l.cycle = append(slices.Clone(walk[begin:]), w.hops(way)...)
}

// verifyLasso returns nil if l is a path of g on which g never holds since it was due, and
// which is fair; otherwise an error that says where it is not. It shares no code with the
// search for lassos, and its time is that of asking for the steps of the states on l.
func verifyLasso(g graph, l *lasso) error {
	if !slices.Contains(g.initial(), l.start) {
		return fmt.Errorf("state %d is not initial", l.start)
	}
	if l.since < 0 || l.since > len(l.stem) {
		return fmt.Errorf("due after %d of %d steps", l.since, len(l.stem))
	}
	at, path := l.start, slices.Concat(l.stem, l.cycle)
	always := map[uint32]bool{} // classes able to take a step in every state of the cycle
	for i := 0; ; i++ {
		if i >= l.since && g.holds(at) {
			return fmt.Errorf("what must happen happens in state %d, after %d steps", at, i)
		}
		steps, able := map[hop]bool{}, map[uint32]bool{}
		g.each(at, func(to, class uint32) {
			steps[hop{class, to}] = true
			if class != unfair {
				able[class] = true
			}
		})
		if i == len(l.stem) {
			always = able
		}
		maps.DeleteFunc(always, func(class uint32, _ bool) bool { return !able[class] })
		if i == len(path) {
			break
		}
		next := path[i]
		if next.to == noState || !steps[next] {
			return fmt.Errorf("no step of class %d leads from state %d to %d, after %d steps", next.class, at, next.to, i)
		}
		at = next.to
	}
	if at != l.end() {
		return fmt.Errorf("the cycle of state %d ends in state %d", l.end(), at)
	}
	for _, h := range l.cycle {
		delete(always, h.class)
	}
	if len(always) > 0 {
		return fmt.Errorf("%d classes are always able to take a step after state %d and never do", len(always), at)
	}
	return nil
}

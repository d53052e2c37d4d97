package explore

import (
	"cmp"
	"slices"
)

// cluster is what a stateless search explores: it takes one step after the other, and goes
// back. There are two: rows of plain handlers, and worlds.
type cluster interface {
	// next asks which of the moves that are possible now is taken, nil for none, and takes
	// it. owed tells whether something else than a fault can happen. It returns what was
	// taken, and the place of the step that it needed, such as that which sent its message,
	// or -1.
	next(which func(moves []move, owed bool) *label) (taken move, needs int, ok bool, err error)
	// back goes back to the state after n steps.
	back(n int)
	// others appends the moves that differ from step i in what is chosen only, and that came
	// to light when it was taken. The run has come to its end.
	others(dst []move, i int) []move
	// arrivals appends the deliveries of what step j sent to the node of step i that could
	// have come in the place of step i; j is after i and does not need it.
	arrivals(dst []move, i, j int) []move
	// possible reports whether move m can be taken after the first i steps and then those
	// at the places of v.
	possible(i int, v []int, m *move) bool
	// rest judges the state after the steps taken, in which nothing but faults can happen.
	rest() error
}

// dpor is optimal dynamic partial-order reduction (Abdulla, Aronis, Jonsson, Sagonas,
// "Source sets: a foundation for optimal dynamic partial order reduction", J. ACM 64(4),
// 2017, algorithm 2), for steps that can make each other impossible: a delivery may turn
// another one into one that is ignored, which is no step.
//
// What a run would have been with step i undone is told by the steps that do not depend on
// it: after these, every other move that depends on step i, and is possible then, is a
// race to be reversed. That takes in the races of the paper, in which this move comes later
// in the run, and those in which it never comes. It finds all of them because where a step
// makes a move impossible, all that could do the same depends on both: they are steps of
// one node, or faults, which depend on all.
type dpor struct {
	c   cluster
	cfg *StatelessConfig
	res *StatelessResult
	err error // of a visit

	failed func() bool // whether a property is violated

	nodes []node // by number of steps taken: the states of the run
	path  []taken

	v     []int // scratch: places of the steps that do not depend on one
	seq   []move
	found []move
}

// node is a state on the present run.
type node struct {
	visited bool
	moves   []move    // that are possible
	sleep   []move    // that were explored in this state, or before in one that makes it needless here
	tree    []*branch // the wakeup tree; its first branch is the step that the run takes
}

// taken is a step of the present run.
type taken struct {
	move
	past []uint64 // the places of the steps that happen before it, as a set
}

func (t *taken) after(i int) bool { return i/64 < len(t.past) && t.past[i/64]>>(i%64)&1 != 0 }

// explore visits all traces from the first state.
func (d *dpor) explore() error {
	d.nodes = append(d.nodes[:0], node{})
	d.path = d.path[:0]
	for {
		if err := d.descend(); err != nil {
			return err
		}
		if d.over() {
			return nil
		}
		if d.cfg.Reduction == Optimal {
			for i := range d.path {
				d.races(i)
			}
		}
		if !d.backtrack() {
			return nil
		}
	}
}

// descend takes steps until the run ends.
func (d *dpor) descend() error {
	for {
		m, needs, ok, err := d.c.next(d.visit)
		if err = cmp.Or(err, d.err); err != nil || !ok {
			return err
		}
		d.res.Steps++
		sleep := d.nodes[len(d.path)].sleep
		tree := d.nodes[len(d.path)].tree[0].next
		d.push(m, needs)
		if len(d.nodes) == len(d.path) {
			d.nodes = append(d.nodes, node{})
		}
		n := &d.nodes[len(d.path)]
		n.visited, n.moves, n.sleep, n.tree = false, n.moves[:0], n.sleep[:0], tree
		if d.cfg.Reduction != Unreduced {
			for i := range sleep {
				if !sleep[i].depends(&m) {
					n.sleep = append(n.sleep, sleep[i])
				}
			}
		}
		d.res.Depth = max(d.res.Depth, len(d.path))
	}
}

// push adds a step to the run, with the steps that happen before it.
func (d *dpor) push(m move, needs int) {
	at := len(d.path)
	if cap(d.path) > at {
		d.path = d.path[:at+1]
	} else {
		d.path = append(d.path, taken{})
	}
	t := &d.path[at]
	t.move = m
	t.past = append(t.past[:0], make([]uint64, (at+63)/64)...)
	for k := at - 1; k >= 0; k-- {
		if !t.after(k) && (k == needs || d.path[k].depends(&m)) {
			t.past[k/64] |= 1 << (k % 64)
			for i, word := range d.path[k].past {
				t.past[i] |= word
			}
		}
	}
}

// visit decides what comes next in the state that the run has come to.
func (d *dpor) visit(moves []move, owed bool) *label {
	n := &d.nodes[len(d.path)]
	if !n.visited {
		n.visited = true
		n.moves = append(n.moves[:0], moves...)
		if !owed {
			d.res.Runs++
			d.err = d.c.rest()
		}
		if len(d.path) == d.cfg.MaxDepth && len(moves) > 0 {
			d.res.Cut++
			n.tree = nil
			return nil
		}
		d.plan(n)
		if owed && len(n.tree) == 0 {
			d.res.Blocked++
		}
	}
	if len(n.tree) == 0 {
		return nil
	}
	return &n.tree[0].label
}

// plan sets up what is taken from a state that is new: what its wakeup tree says, and else
// any one move, or all of them without reduction by races.
func (d *dpor) plan(n *node) {
	if len(n.tree) > 0 {
		return
	}
	for i := range n.moves {
		m := &n.moves[i]
		if slices.ContainsFunc(n.sleep, func(s move) bool { return s.label == m.label }) {
			continue
		}
		n.tree = append(n.tree, &branch{move: *m})
		if d.cfg.Reduction == Optimal {
			return
		}
	}
}

// races finds what has to be explored because of step i of the run.
func (d *dpor) races(i int) {
	e := &d.path[i]
	d.v = d.v[:0]
	for j := i + 1; j < len(d.path); j++ {
		if !d.path[j].after(i) {
			d.v = append(d.v, j)
		}
	}
	for k := range d.nodes[i].moves {
		f := &d.nodes[i].moves[k]
		if e.barrier() || f.host == e.host && (!f.barrier() || d.c.possible(i, d.v, f)) {
			d.reverse(i, f)
		}
	}
	d.found = d.c.others(d.found[:0], i)
	for _, j := range d.v {
		d.found = d.c.arrivals(d.found, i, j)
	}
	for k := range d.found {
		d.reverse(i, &d.found[k])
	}
	if e.barrier() {
		return
	}
	for j := i + 1; j < len(d.path); j++ {
		f := &d.path[j]
		if (f.host != e.host || f.barrier()) && f.depends(&e.move) && d.next(i, j) && d.c.possible(i, d.v, &f.move) {
			d.reverse(i, &f.move)
		}
	}
}

// next reports whether nothing happens between steps i and j, of which j happens after i.
func (d *dpor) next(i, j int) bool {
	for k := i + 1; k < j; k++ {
		if d.path[k].after(i) && d.path[j].after(k) {
			return false
		}
	}
	return true
}

// reverse has move f explored in the place of step i, after the steps that do not depend on
// that, unless it was already or will be.
func (d *dpor) reverse(i int, f *move) {
	e := &d.path[i]
	if f.label == e.label || !f.depends(&e.move) {
		return
	}
	d.seq = d.seq[:0]
	for _, j := range d.v {
		d.seq = append(d.seq, d.path[j].move)
	}
	d.seq = append(d.seq, *f)
	n := &d.nodes[i]
	for k := range n.sleep {
		if n.sleep[k].initial(d.seq) != noPlace {
			return
		}
	}
	wakeup(&n.tree, d.seq)
}

// backtrack goes back to the last state from which something is left to be explored.
func (d *dpor) backtrack() bool {
	for at := len(d.path) - 1; at >= 0; at-- {
		n := &d.nodes[at]
		if d.cfg.Reduction != Unreduced {
			n.sleep = append(n.sleep, n.tree[0].move)
		}
		n.tree = n.tree[1:]
		if d.cfg.Reduction != Optimal {
			d.choices(n, at)
		}
		if len(n.tree) > 0 {
			d.path = d.path[:at]
			d.c.back(at)
			return true
		}
	}
	return false
}

// choices has what could have been chosen in step i otherwise explored next, before what is
// possible beside it: that may make it needless later on.
func (d *dpor) choices(n *node, i int) {
	d.found = d.c.others(d.found[:0], i)
	for k := range d.found {
		m := &d.found[k]
		if !slices.ContainsFunc(n.sleep, func(s move) bool { return s.label == m.label }) {
			n.tree = slices.Insert(n.tree, 0, &branch{move: *m})
		}
	}
}

// over reports whether the search ends before its time.
func (d *dpor) over() bool {
	switch {
	case d.failed() && !d.cfg.NoStop:
		return true
	case d.cfg.MaxRuns > 0 && d.res.Runs+d.res.Blocked+d.res.Cut >= d.cfg.MaxRuns:
		d.res.Limit = "runs"
	case d.cfg.Stop != nil && d.cfg.Stop():
		d.res.Limit = "interrupted"
	}
	return d.res.Limit != ""
}

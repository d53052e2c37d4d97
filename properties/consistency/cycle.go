package consistency

import (
	"context"
	"slices"
)

// cycleSteps bounds the work of making an explanation small, in operations.
const cycleSteps = 1 << 20

// witnesses returns operations that no order which keeps each client's own
// order explains, as few as leaving out makes them: those that a cycle and the
// derivations of its edges rest on.
func (s *saturation) witnesses(cycle []int32) []int32 {
	w := witness{saturation: s, involved: map[int32]bool{}, shown: map[int32]bool{}, met: make([]int32, len(s.op)),
		via: make([]int32, len(s.op))}
	w.involve(append(cycle, cycle[0]), int32(len(s.edges)))
	var operations []int32
	for e, i := range s.op {
		if w.involved[int32(e)] {
			operations = append(operations, i)
		}
	}
	slices.Sort(operations)
	steps := cycleSteps
	return shrink(operations, func(few []int32) bool {
		steps -= len(few)
		if steps < 0 {
			return false
		}
		_, cycle := s.v.restrict(few).newPrograms().saturate(context.Background(), cycleSteps, cycleSteps)
		return cycle != nil
	})
}

// witness collects the events that a cycle rests on.
type witness struct {
	*saturation
	involved map[int32]bool // events
	shown    map[int32]bool // edges whose derivation is collected
	met      []int32        // of each event, the search that met it last
	via      []int32        // of each event, the one after it on the way to the goal
	searches int32
}

// involve collects what shows that each event of a path comes before the next.
// Edges found from limit on are not used.
func (w *witness) involve(path []int32, limit int32) {
	for at, d := range path[:len(path)-1] {
		e := path[at+1]
		if d == e-1 && w.client[d] == w.client[e] {
			continue // the client's own order
		}
		w.add(d)
		w.add(e)
		if from, reads := w.read(e); reads && from == d {
			continue
		}
		i := w.edgesTo[e]
		for w.edges[i].from != d || i >= limit {
			i = w.edges[i].next
		}
		if shown := w.shown[i]; shown || w.edges[i].ground == nothing {
			continue
		}
		w.shown[i] = true
		w.add(w.edges[i].ground)
		w.add(w.edges[i].goal)
		w.involve(w.path(w.edges[i].ground, w.edges[i].goal, i), i)
	}
}

// add collects an event and the write it read.
func (w *witness) add(e int32) {
	w.involved[e] = true
	if from, reads := w.read(e); reads && int(from) < len(w.op) {
		w.involved[from] = true
	}
}

// path returns a shortest one from ground to goal by edges found before limit.
// There is one: the edge with number limit was derived from it.
func (w *witness) path(ground, goal, limit int32) []int32 {
	w.searches++
	w.met[goal] = w.searches
	for queue := []int32{goal}; w.met[ground] != w.searches; queue = queue[1:] {
		e := queue[0]
		visit := func(d int32) {
			if w.met[d] != w.searches {
				w.met[d], w.via[d] = w.searches, e
				queue = append(queue, d)
			}
		}
		if w.place(e) > 0 {
			visit(e - 1)
		}
		if from, reads := w.read(e); reads && int(from) < len(w.op) {
			visit(from)
		}
		for i := w.edgesTo[e]; i != nothing; i = w.edges[i].next {
			if i < limit {
				visit(w.edges[i].from)
			}
		}
	}
	path := []int32{ground}
	for e := ground; e != goal; {
		e = w.via[e]
		path = append(path, e)
	}
	return path
}

// restrict returns the versions of some operations, ascending, alone. What a
// read returned stays known, unless the write of that is left out or was not
// known: then the read says nothing.
func (v *versions) restrict(operations []int32) *versions {
	few := &versions{opt: v.opt, flaw: v.flaw}
	index := make(map[int32]int32)
	for to, i := range operations {
		few.ops = append(few.ops, v.ops[i])
		few.happened = append(few.happened, v.happened[i])
		index[i] = int32(to)
	}
	few.key = make([]int32, len(few.ops))
	few.sortByKey()
	for to, i := range operations {
		from := nothing
		if v.from[i] >= 0 && v.initial(v.from[i]) {
			from = int32(len(few.ops)) + few.key[to]
		} else if j, kept := index[v.from[i]]; kept {
			from = j
		}
		few.from = append(few.from, from)
	}
	return few
}

package explore

import (
	"slices"
	"sync"
	"sync/atomic"
)

// depthFirst visits the states along paths, each worker its own, from what the others
// leave over.
func (s *search) depthFirst(initial []row) {
	pool := &leftovers{workers: s.workers}
	pool.changed.L = &pool.mu
	crew := make([]*depthWorker, s.workers)
	for i := range crew {
		crew[i] = &depthWorker{s: s, x: newExpander(s.sys), seen: s.hold(), pool: pool}
	}
	crew[0].seen.enter()
	for _, r := range initial {
		crew[0].generated++
		if crew[0].admit(crew[0].x.fingerprint(r), r, 1) {
			pool.tasks = append(pool.tasks, task{row: slices.Clone(r)})
		}
	}
	crew[0].seen.leave()
	var wg sync.WaitGroup
	for _, w := range crew {
		wg.Go(w.work)
	}
	wg.Wait()
	for _, w := range crew {
		w.account()
	}
	s.sample()
}

// task is a state to go on from, or the rest of the steps from one, and how it was reached.
type task struct {
	row   row
	steps []succ   // that are left; nil for the state itself
	path  []uint64 // fingerprints of the states before
}

// leftovers are tasks that no worker has begun.
type leftovers struct {
	mu      sync.Mutex
	changed sync.Cond
	tasks   []task
	workers int
	waiting int
	hungry  atomic.Int32 // workers that wait
}

// take returns a task, false once none is left and nobody can leave any.
func (l *leftovers) take() (task, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting++
	l.hungry.Add(1)
	for len(l.tasks) == 0 {
		if l.waiting == l.workers {
			l.changed.Broadcast()
			return task{}, false
		}
		l.changed.Wait()
	}
	l.waiting--
	l.hungry.Add(-1)
	t := l.tasks[len(l.tasks)-1]
	l.tasks = l.tasks[:len(l.tasks)-1]
	return t, true
}

func (l *leftovers) give(t task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = append(l.tasks, t)
	l.changed.Signal()
}

// frame is a state on a worker's path. Its row ends where the next one's begins, and so do
// the steps from it that lead to new states.
type frame struct {
	fp    uint64
	row   int // where it begins in words
	steps int // where its steps begin in todo
}

// depthWorker is one worker of a depth-first search.
type depthWorker struct {
	s    *search
	x    *expander
	seen visited
	pool *leftovers

	path   []frame
	before []uint64 // the fingerprints of the states before the path
	words  []uint32
	todo   []succ

	unique, generated, ticks uint64
	expanded                 uint64 // states that were gone on from
	scratch                  []uint32
}

// work does tasks until none is left.
func (w *depthWorker) work() {
	for {
		t, ok := w.pool.take()
		if !ok {
			return
		}
		w.seen.enter()
		w.begin(t)
		for len(w.path) > 0 && !w.s.stopped.Load() {
			w.step()
			if w.ticks++; w.ticks%256 == 0 {
				w.breathe()
			}
		}
		w.seen.leave()
		w.path, w.words, w.todo = w.path[:0], w.words[:0], w.todo[:0]
	}
}

// breathe lets the table grow, shares work with those who have none, and looks at bounds.
func (w *depthWorker) breathe() {
	w.seen.leave()
	w.account()
	if w.pool.hungry.Load() > 0 {
		w.share()
	}
	if w.ticks%(1<<14) == 0 {
		w.s.sample()
	}
	w.seen.enter()
}

func (w *depthWorker) account() {
	w.s.unique.Add(w.unique)
	w.s.generated.Add(w.generated)
	w.s.expanded.Add(w.expanded)
	w.unique, w.generated, w.expanded = 0, 0, 0
}

// share leaves half of the steps of the earliest state that has any to others: the earlier
// a state, the more is likely to be behind it.
func (w *depthWorker) share() {
	for i := range w.path {
		end := len(w.todo)
		if i+1 < len(w.path) {
			end = w.path[i+1].steps
		}
		steps := w.todo[w.path[i].steps:end]
		if len(steps) < 2 {
			continue
		}
		half := len(steps) / 2
		t := task{row: slices.Clone(w.rowOf(i)), steps: slices.Clone(steps[:half])}
		t.path = append(t.path, w.before...)
		for _, f := range w.path[:i] {
			t.path = append(t.path, f.fp)
		}
		w.todo = slices.Delete(w.todo, w.path[i].steps, w.path[i].steps+half)
		for j := i + 1; j < len(w.path); j++ {
			w.path[j].steps -= half
		}
		w.pool.give(t)
		return
	}
}

func (w *depthWorker) rowOf(i int) row {
	end := len(w.words)
	if i+1 < len(w.path) {
		end = w.path[i+1].row
	}
	return w.words[w.path[i].row:end]
}

// begin puts a task on the path.
func (w *depthWorker) begin(t task) {
	w.before = t.path
	if t.steps == nil {
		w.push(t.row)
		return
	}
	w.path = append(w.path, frame{fp: w.x.fingerprint(t.row)})
	w.words = append(w.words, t.row...)
	w.todo = append(w.todo, t.steps...)
}

// step takes the last step that is left from the end of the path, or goes back.
func (w *depthWorker) step() {
	top := w.path[len(w.path)-1]
	if len(w.todo) == top.steps {
		w.path = w.path[:len(w.path)-1]
		w.words = w.words[:top.row]
		return
	}
	s := w.todo[len(w.todo)-1]
	w.todo = w.todo[:len(w.todo)-1]
	w.x.row = w.words[top.row:]
	w.scratch = w.x.make(w.scratch[:0], &s)
	w.push(w.scratch)
}

// push goes on to a state that was admitted.
func (w *depthWorker) push(r row) {
	w.path = append(w.path, frame{fp: w.x.fingerprint(r), row: len(w.words), steps: len(w.todo)})
	w.words = append(w.words, r...)
	depth := len(w.before) + len(w.path)
	for old := w.s.depth.Load(); int64(depth) > old && !w.s.depth.CompareAndSwap(old, int64(depth)); {
		old = w.s.depth.Load()
	}
	if err := w.visit(w.words[len(w.words)-len(r):], depth); err != nil {
		w.s.fail(err)
	}
}

// fingerprints returns those of the states on the path.
func (w *depthWorker) fingerprints() []uint64 {
	all := slices.Clone(w.before)
	for _, f := range w.path {
		all = append(all, f.fp)
	}
	return all
}

// visit judges a state and finds the steps to new ones.
func (w *depthWorker) visit(r row, depth int) error {
	s, x := w.s, w.x
	fp := w.path[len(w.path)-1].fp
	if len(s.sys.m.Properties) > 0 {
		st := State{sys: s.sys, row: r}
		s.judge(&st, depth, fp, w.fingerprints)
		if st.err != nil {
			return st.err
		}
	}
	if depth == s.cfg.MaxDepth {
		return nil
	}
	if err := x.expand(r); err != nil {
		return err
	}
	x.reduce()
	count := uint64(1)
	if s.cfg.MaxDepth > 0 && !w.seen.markRow(fp, r) {
		count = 0 // it was gone on from before, by a longer way
	}
	w.expanded += count
	if !x.owed && count > 0 {
		s.rest(&State{sys: x.sys, row: r}, depth, fp, w.fingerprints)
	}
	w.generated += count * x.idles
	plain := s.plain()
	for i := range x.succs {
		sc := &x.succs[i]
		to, next := sc.sum, row(nil)
		if !plain {
			w.scratch = x.make(w.scratch[:0], sc)
			if next = w.scratch; !s.sys.within(next) {
				continue
			}
			to = x.fingerprint(next)
		}
		w.generated += count
		if to != fp && w.admit(to, next, depth+1) {
			w.todo = append(w.todo, *sc)
		}
	}
	return nil
}

// admit reports whether a state has to be gone on from: it is new, or was reached by a
// shorter way than before in a search whose depth is bounded.
func (w *depthWorker) admit(fp uint64, r row, depth int) bool {
	added, improved := false, false
	if w.s.cfg.MaxDepth > 0 {
		added, improved = w.seen.insertRowDepth(fp, r, depth)
	} else {
		added = w.seen.insertRow(fp, r)
		improved = added
	}
	if added {
		w.unique++
	}
	return improved
}

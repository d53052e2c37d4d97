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
		crew[i].x.sleeps = s.sleeping()
		crew[i].state = crew[i].x.state()
	}
	crew[0].seen.enter()
	for _, r := range initial {
		crew[0].generated++
		crew[0].admit(crew[0].x.fingerprint(r), r, 1)
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

// leftovers are states to go on from that a worker has left to those who have none.
type leftovers struct {
	mu      sync.Mutex
	changed sync.Cond
	stacks  []stack
	workers int
	waiting int
	hungry  atomic.Int32 // workers that wait, and stacks that they may take, subtracted
}

// take returns states to go on from, false once there are none and nobody can leave any.
func (l *leftovers) take() (stack, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting++
	l.hungry.Add(1)
	for len(l.stacks) == 0 {
		if l.waiting == l.workers {
			l.changed.Broadcast()
			return stack{}, false
		}
		l.changed.Wait()
	}
	l.waiting--
	last := len(l.stacks) - 1
	taken := l.stacks[last]
	l.stacks = l.stacks[:last]
	return taken, true
}

// short reports whether there are fewer stacks than the other workers may soon ask for: to
// wait until somebody has split one takes long.
func (l *leftovers) short() bool { return int(l.hungry.Load()) > 1-l.workers }

func (l *leftovers) give(s stack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stacks = append(l.stacks, s)
	l.hungry.Add(-1)
	l.changed.Signal()
}

// stack is states to go on from, the last one first. Each is its row, followed by its
// depth and the length of its row.
type stack struct {
	words []uint32
	n     int
}

func (s *stack) push(r row, depth int) {
	s.words = append(append(s.words, r...), uint32(depth), uint32(len(r)))
	s.n++
}

// pop moves the last state to dst.
func (s *stack) pop(dst row) (r row, depth int) {
	end := len(s.words) - 2
	depth = int(s.words[end])
	from := end - int(s.words[end+1])
	dst = append(dst[:0], s.words[from:end]...)
	s.words = s.words[:from]
	s.n--
	return dst, depth
}

// split removes and returns the earlier half of the states: those that more is likely to
// be behind.
func (s *stack) split() stack {
	at := len(s.words)
	for range s.n - s.n/2 {
		at -= 2 + int(s.words[at-1])
	}
	half := stack{words: slices.Clone(s.words[:at]), n: s.n / 2}
	s.words = s.words[:copy(s.words, s.words[at:])]
	s.n -= half.n
	return half
}

// depthWorker is one worker of a depth-first search.
type depthWorker struct {
	_ apart

	s    *search
	x    *expander
	seen visited
	pool *leftovers

	todo stack
	at   row // that is being visited
	held int // words of todo that the search has counted

	state State // that is being judged

	unique, generated, ticks uint64
	expanded                 uint64 // states that were gone on from
	deepest                  int
	scratch                  []uint32

	_ apart
}

// work goes on from states until none is left.
func (w *depthWorker) work() {
	for {
		if w.todo.n == 0 {
			taken, ok := w.pool.take()
			if !ok {
				return
			}
			w.todo = taken
		}
		w.seen.enter()
		at := w.at
		for w.todo.n > 0 && !w.s.stopped.Load() {
			var depth int
			at, depth = w.todo.pop(at)
			if err := w.visit(at, depth); err != nil {
				w.s.fail(err)
			}
			if w.ticks++; w.ticks%128 == 0 {
				w.breathe()
			}
		}
		w.at = at
		w.seen.leave()
		w.account()
		if w.s.stopped.Load() {
			w.todo = stack{}
		}
	}
}

// breathe lets the table grow, shares states with those who have none, and looks at bounds.
func (w *depthWorker) breathe() {
	w.seen.leave()
	w.account()
	for w.pool.short() && w.todo.n > 1 {
		w.pool.give(w.todo.split())
	}
	w.s.sample()
	w.seen.enter()
}

func (w *depthWorker) account() {
	s := w.s
	s.unique.Add(w.unique)
	s.generated.Add(w.generated)
	s.expanded.Add(w.expanded)
	w.unique, w.generated, w.expanded = 0, 0, 0
	s.frontier.Add(int64(4 * (cap(w.todo.words) - w.held)))
	w.held = cap(w.todo.words)
	for old := s.depth.Load(); int64(w.deepest) > old && !s.depth.CompareAndSwap(old, int64(w.deepest)); {
		old = s.depth.Load()
	}
}

// visit judges a state and finds the steps to new ones.
func (w *depthWorker) visit(r row, depth int) error {
	s, x := w.s, w.x
	w.deepest = max(w.deepest, depth)
	fp := x.fingerprint(r)
	if s.asked() {
		w.state.row = r
		s.judge(&w.state, depth, fp)
		if w.state.err != nil {
			return w.state.err
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
		s.rest(&State{sys: x.sys, row: r, idle: &x.spares}, depth, fp)
	}
	w.generated += count * x.idles
	if t, ok := w.seen.(*worker); ok && s.plain() && s.cfg.MaxDepth == 0 {
		w.generated += uint64(len(x.succs))
		words, found := w.todo.words, t.novel(x.succs)
		for _, i := range found {
			from := len(words)
			words = x.make(words, &x.succs[i])
			words = append(words, uint32(depth+1), uint32(len(words)-from))
		}
		w.unique += uint64(len(found))
		w.todo.words = words
		w.todo.n += len(found)
		return nil
	}
	for i := range x.succs {
		w.scratch = x.make(w.scratch[:0], &x.succs[i])
		if s.sys.within(w.scratch) {
			w.generated += count
			w.admit(x.fingerprint(w.scratch), w.scratch, depth+1)
		}
	}
	return nil
}

// admit puts a state in the set of visited ones, and goes on from it later if it is new, or
// was reached by a shorter way than before in a search whose depth is bounded.
func (w *depthWorker) admit(fp uint64, r row, depth int) {
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
	if improved {
		w.todo.push(r, depth)
	}
}

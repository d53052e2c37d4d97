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

	todo  stack
	group group // that is being visited; of states that are visited one by one, the first row is
	held  int   // words of todo that the search has counted

	state State // that is being judged

	unique, generated, terminal uint64
	expanded                    uint64 // states that were gone on from

	ticks   int // states visited since it last took a breath
	deepest int
	scratch []uint32

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
		for w.todo.n > 0 && !w.s.stopped.Load() {
			if err := w.visitSome(); err != nil {
				w.s.fail(err)
			}
			for w.pool.short() && w.todo.n > 1 {
				w.pool.give(w.todo.split())
			}
			if w.ticks >= breath {
				w.breathe()
			}
		}
		w.seen.leave()
		w.account()
		if w.s.stopped.Load() {
			w.todo = stack{}
		}
	}
}

// breath is how many states a worker visits until it breathes.
const breath = 256

// breathe lets the table grow, and looks at the bounds.
func (w *depthWorker) breathe() {
	w.seen.leave()
	w.ticks = 0
	w.account()
	w.s.sample()
	w.seen.enter()
}

func (w *depthWorker) account() {
	s := w.s
	s.unique.Add(w.unique)
	s.generated.Add(w.generated)
	s.expanded.Add(w.expanded)
	s.terminal.Add(w.terminal)
	w.unique, w.generated, w.expanded, w.terminal = 0, 0, 0, 0
	s.frontier.Add(int64(4 * (cap(w.todo.words) - w.held)))
	w.held = cap(w.todo.words)
	for old := s.depth.Load(); int64(w.deepest) > old && !s.depth.CompareAndSwap(old, int64(w.deepest)); {
		old = s.depth.Load()
	}
}

// visitSome visits the last states of the stack: a group of them, or one.
func (w *depthWorker) visitSome() error {
	if t, ok := w.seen.(*worker); ok && w.s.cfg.MaxDepth == 0 && w.s.grouped() {
		return w.visitGroup(t)
	}
	at, depth := w.todo.pop(w.group.rows[0])
	w.group.rows[0] = at
	w.ticks++
	return w.visit(at, depth)
}

// visitGroup judges the last states and finds the steps to new ones.
func (w *depthWorker) visitGroup(t *worker) error {
	x, g := w.x, &w.group
	var depths [groupRows]int
	g.clear(x)
	for !g.full() && w.todo.n > 0 {
		r, depth := w.todo.pop(g.rows[g.n])
		g.rows[g.n], depths[g.n] = r, depth
		if err := w.judge(r, depth); err != nil || w.s.stopped.Load() {
			return err
		}
		if err := g.expand(x, t); err != nil {
			return err
		}
		w.generated += x.idles
		if !x.owed {
			w.rest(r, depth)
		}
	}
	w.ticks += g.n
	w.expanded += uint64(g.n)
	w.generated += uint64(len(x.succs))
	words, found := w.todo.words, t.novel(x.succs)
	for _, i := range found {
		from, depth := len(words), depths[g.startOf(x, i)]
		words = x.make(words, &x.succs[i])
		words = append(words, uint32(depth+1), uint32(len(words)-from))
	}
	w.unique += uint64(len(found))
	w.todo.words = words
	w.todo.n += len(found)
	return nil
}

// judge asks the properties about a state that is visited.
func (w *depthWorker) judge(r row, depth int) error {
	w.deepest = max(w.deepest, depth)
	if !w.s.asked() {
		return nil
	}
	w.state.row = r
	w.s.judge(&w.state, depth, w.x.fingerprint(r))
	return w.state.err
}

// rest judges a state in which nothing but faults can happen.
func (w *depthWorker) rest(r row, depth int) {
	w.terminal++
	w.state.row = r
	w.s.rest(&w.state, depth, w.x.fingerprint(r))
}

// visit judges a state and finds the steps to those that are new, or were reached by longer
// ways before.
func (w *depthWorker) visit(r row, depth int) error {
	s, x := w.s, w.x
	if err := w.judge(r, depth); err != nil {
		return err
	}
	if depth == s.cfg.MaxDepth {
		return nil
	}
	if err := x.expand(r); err != nil {
		return err
	}
	x.reduce()
	count := uint64(1)
	if s.cfg.MaxDepth > 0 && !w.seen.markRow(x.fingerprint(r), r) {
		count = 0 // it was gone on from before, by a longer way
	}
	w.expanded += count
	if !x.owed && count > 0 {
		w.rest(r, depth)
	}
	w.generated += count * x.idles
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

package explore

import (
	"sync"
	"sync/atomic"
)

// How many states a worker takes at a time: enough to pay for taking them, few enough that
// those of a depth are shared among all. Where a search begins there are few, and node code
// runs for the first time for most: these take longest.
const (
	chunkRows   = 128 // at most
	chunkShares = 8   // for each worker, if a depth has as many states as the one before

	chunksPerSample = 8
)

// level is the states of one depth, to be taken chunk by chunk.
type level struct {
	finds []finds // by who found them
	share int     // how many states to put in a chunk of the next depth
}

// finds are the states of one depth that one worker has found. It takes these first: they are
// like those that it has seen, and what it wrote of them is near.
type finds struct {
	_      apart
	chunks []*rows
	next   atomic.Int64
}

// take returns a chunk of the finds of the worker of that number, or of what the next one with any has left;
// nil if there is none.
func (l *level) take(number int) *rows {
	for i := range l.finds {
		p := &l.finds[(number+i)%len(l.finds)]
		if p.next.Load() >= int64(len(p.chunks)) {
			continue
		}
		if at := p.next.Add(1) - 1; at < int64(len(p.chunks)) {
			c := p.chunks[at]
			p.chunks[at] = nil
			return c
		}
	}
	return nil
}

// breadthFirst visits the states depth by depth, up to maxDepth if that is not 0.
func (s *search) breadthFirst(initial []row, maxDepth int) {
	crew := make([]*breadthWorker, s.workers)
	for i := range crew {
		crew[i] = &breadthWorker{s: s, x: newExpander(s.sys), seen: s.hold(), judging: true, sleeper: s.sleep.worker()}
		crew[i].x.sleeps = s.sleeping()
		crew[i].state = crew[i].x.state()
	}
	crew[0].seen.enter()
	for _, r := range initial {
		crew[0].admit(r, 1)
		crew[0].generated++
	}
	crew[0].seen.leave()
	crew[0].account()
	s.levels(crew, maxDepth)
}

// levels goes on from what the first worker has admitted.
func (s *search) levels(crew []*breadthWorker, maxDepth int) {
	for depth := 1; ; depth++ {
		now := &level{finds: make([]finds, len(crew))}
		states := 0
		for i, w := range crew {
			now.finds[i].chunks = w.next
			for _, c := range w.next {
				states += c.n
			}
			w.next, w.filling = nil, nil
		}
		now.share = min(1+states/(chunkShares*len(crew)), chunkRows)
		if states == 0 {
			return
		}
		s.depth.Store(int64(depth))
		if s.stopped.Load() || !s.cfg.NoStop && s.failed() || s.settled() {
			return
		}
		if depth == maxDepth {
			s.bound("depth")
			return
		}
		var wg sync.WaitGroup
		for i, w := range crew {
			wg.Go(func() { w.work(i, now, depth) })
		}
		wg.Wait()
		for _, w := range crew {
			w.account()
		}
		s.sleep.visited(depth)
		s.sample()
	}
}

// breadthWorker is one worker of a breadth-first search.
type breadthWorker struct {
	_ apart

	s       *search
	x       *expander
	seen    visited
	judging bool     // false while a path is being found again; there is no state to judge then
	sleeper *sleeper // nil without sleep sets

	next    []*rows // what was found for the next depth
	filling *rows   // the last of them
	share   int     // how many states each of them takes
	spare   []*rows
	scratch []uint32
	group   group // that is being visited; of states that are visited one by one, the first row is
	state   State // that is being judged

	unique, generated, terminal uint64
	queued                      int64

	_ apart
}

// work takes chunks of a depth until there is none left.
func (w *breadthWorker) work(number int, now *level, depth int) {
	w.share = now.share
	for chunks := 1; !w.s.stopped.Load(); chunks++ {
		c := now.take(number)
		if c == nil {
			return
		}
		w.seen.enter()
		if err := w.visitAll(c.packed, depth); err != nil {
			w.s.fail(err)
		}
		w.seen.leave()
		w.queued -= int64(c.n)
		c.packed, c.n = c.packed[:0], 0
		w.spare = append(w.spare, c)
		w.account()
		if chunks%chunksPerSample == 0 {
			w.s.sample()
		}
	}
}

// visitAll visits the states of a chunk.
func (w *breadthWorker) visitAll(packed []uint16, depth int) error {
	if t, ok := w.seen.(*worker); ok && w.sleeper == nil && w.judging && w.s.grouped() {
		return w.visitGroups(t, packed, depth)
	}
	at := w.group.rows[0]
	for len(packed) > 0 {
		at, packed = unpack(at, packed, w.s.sys.networkAt())
		var err error
		if w.sleeper == nil {
			err = w.visit(at, depth)
		} else {
			packed, err = w.visitAwake(at, packed, depth)
		}
		if err != nil {
			return err
		}
	}
	w.group.rows[0] = at
	return nil
}

// visitGroups is visitAll, several states at a time.
func (w *breadthWorker) visitGroups(t *worker, packed []uint16, depth int) error {
	x, g := w.x, &w.group
	for len(packed) > 0 {
		g.clear(x)
		for !g.full() && len(packed) > 0 {
			r := &g.rows[g.n]
			*r, packed = unpack(*r, packed, w.s.sys.networkAt())
			if err := g.expand(x, t); err != nil {
				return err
			}
			w.generated += x.idles
			if !x.owed {
				w.rest(*r, depth)
			}
		}
		w.generated += uint64(len(x.succs))
		for _, i := range t.novel(x.succs) {
			g.startOf(x, i)
			w.keep(x.make(w.scratch[:0], &x.succs[i]), depth+1, x.succs[i].sum)
		}
	}
	return nil
}

// visit finds the steps from a state and admits those it leads to.
func (w *breadthWorker) visit(r row, depth int) error {
	x := w.x
	if err := x.expand(r); err != nil {
		return err
	}
	x.reduce()
	w.generated += x.idles
	if p, ok := w.seen.(*parentage); ok {
		p.parent = x.fingerprint(r)
	}
	if !x.owed && w.judging {
		w.rest(r, depth)
	}
	for i := range x.succs {
		w.scratch = x.make(w.scratch[:0], &x.succs[i])
		if w.s.sys.within(w.scratch) {
			w.generated++
			w.admit(w.scratch, depth+1)
		}
	}
	return nil
}

// rest judges a state in which nothing but faults can happen.
func (w *breadthWorker) rest(r row, depth int) {
	w.terminal++
	w.state.row = r
	w.s.rest(&w.state, depth, w.x.fingerprint(r))
}

// plain reports whether the sum of a state is its fingerprint and all that needs to be
// known of it before it is found to be new.
func (s *search) plain() bool { return s.exact == nil && !s.cfg.Symmetry && s.sys.m.Within == nil }

// admit puts a state in the set of visited ones, and in the queue if it is new.
func (w *breadthWorker) admit(r row, depth int) {
	if fp := w.x.fingerprint(r); w.seen.insertRow(fp, r) {
		w.keep(r, depth, fp)
	}
}

// keep counts, judges and queues a new state.
func (w *breadthWorker) keep(r row, depth int, fp uint64) {
	w.unique++
	w.queued++
	if w.judging && w.s.asked() {
		w.state.row = r
		w.s.judge(&w.state, depth, fp)
		if w.state.err != nil {
			w.s.fail(w.state.err)
		}
	}
	q := w.filling
	if q == nil || q.n >= w.share {
		q = w.fresh(len(r))
	}
	q.push(r)
	if w.sleeper != nil {
		q.packed = packSet(q.packed, w.sleeper.handed)
	}
	if cap(r) > cap(w.scratch) {
		w.scratch = r[:0]
	}
}

// fresh begins another chunk, for rows of about a size.
func (w *breadthWorker) fresh(size int) *rows {
	if q := w.filling; q != nil {
		w.s.frontier.Add(q.bytes() - q.counted)
		q.counted = q.bytes()
	}
	if n := len(w.spare); n > 0 {
		w.filling, w.spare = w.spare[n-1], w.spare[:n-1]
	} else {
		w.filling = &rows{packed: make([]uint16, 0, w.share*(size+packedHead))}
	}
	w.next = append(w.next, w.filling)
	return w.filling
}

// account adds up what the worker counted.
func (w *breadthWorker) account() {
	if !w.judging {
		return
	}
	w.s.unique.Add(w.unique)
	w.s.generated.Add(w.generated)
	w.s.terminal.Add(w.terminal)
	w.s.queued.Add(w.queued)
	w.unique, w.generated, w.terminal, w.queued = 0, 0, 0, 0
	if z := w.sleeper; z != nil {
		w.s.asleep.Add(z.left)
		z.left = 0
	}
}

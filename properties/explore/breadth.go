package explore

import (
	"sync"
	"sync/atomic"
)

// chunkRows is how many states a worker takes at a time: enough to pay for taking them,
// few enough that the last ones of a depth are shared among all.
const chunkRows = 256

// rows is a queue of states in blocks of words, one after the other.
type rows struct {
	words   []uint32
	ends    []uint32 // where each row ends
	counted int64    // bytes that the search has counted
}

func (q *rows) row(i int) row {
	from := uint32(0)
	if i > 0 {
		from = q.ends[i-1]
	}
	return q.words[from:q.ends[i]]
}

func (q *rows) bytes() int64 { return int64(cap(q.words)+cap(q.ends)) * 4 }

// level is the states of one depth, to be taken chunk by chunk.
type level struct {
	chunks []*rows
	next   atomic.Int64
}

// breadthFirst visits the states depth by depth, up to maxDepth if that is not 0.
func (s *search) breadthFirst(initial []row, maxDepth int) {
	crew := make([]*breadthWorker, s.workers)
	for i := range crew {
		crew[i] = &breadthWorker{s: s, x: newExpander(s.sys), seen: s.hold(), judging: true}
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
		now := &level{}
		for _, w := range crew {
			now.chunks = append(now.chunks, w.next...)
			w.next, w.filling = nil, nil
		}
		if len(now.chunks) == 0 {
			return
		}
		s.depth.Store(int64(depth))
		if s.stopped.Load() || !s.cfg.NoStop && s.failed() {
			return
		}
		if depth == maxDepth {
			s.bound("depth")
			return
		}
		var wg sync.WaitGroup
		for _, w := range crew {
			wg.Go(func() { w.work(now, depth) })
		}
		wg.Wait()
		for _, w := range crew {
			w.account()
		}
		s.sample()
	}
}

// breadthWorker is one worker of a breadth-first search.
type breadthWorker struct {
	s       *search
	x       *expander
	seen    visited
	judging bool // false while a path is being found again

	next    []*rows // what was found for the next depth
	filling *rows   // the last of them
	spare   []*rows
	scratch []uint32

	unique, generated, terminal uint64
	queued                      int64
}

// work takes chunks of a depth until there is none left.
func (w *breadthWorker) work(now *level, depth int) {
	for !w.s.stopped.Load() {
		i := now.next.Add(1) - 1
		if i >= int64(len(now.chunks)) {
			return
		}
		c := now.chunks[i]
		w.seen.enter()
		for j := range c.ends {
			if err := w.visit(c.row(j), depth); err != nil {
				w.s.fail(err)
				break
			}
		}
		w.seen.leave()
		now.chunks[i] = nil
		w.queued -= int64(len(c.ends))
		c.words, c.ends = c.words[:0], c.ends[:0]
		w.spare = append(w.spare, c)
		w.account()
		if i%64 == 63 {
			w.s.sample()
		}
	}
}

// visit finds the steps from a state and admits those it leads to.
func (w *breadthWorker) visit(r row, depth int) error {
	x := w.x
	if err := x.expand(r); err != nil {
		return err
	}
	w.generated += x.idles
	if p, ok := w.seen.(*parentage); ok {
		p.parent = x.fingerprint(r)
	}
	if !x.owed && w.judging {
		w.s.rest(&State{sys: x.sys, row: r}, depth, x.fingerprint(r), nil)
	}
	plain := w.s.plain()
	for i := range x.succs {
		sc := &x.succs[i]
		if plain {
			w.generated++
			if sc.sum == x.sum || !w.seen.insertRow(sc.sum, nil) {
				continue
			}
			w.keep(x.make(w.scratch[:0], sc), depth+1, sc.sum)
			continue
		}
		w.scratch = x.make(w.scratch[:0], sc)
		if w.s.sys.within(w.scratch) {
			w.generated++
			w.admit(w.scratch, depth+1)
		}
	}
	return nil
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
	if w.judging && len(w.s.sys.m.Properties) > 0 {
		st := State{sys: w.s.sys, row: r}
		w.s.judge(&st, depth, fp, nil)
		if st.err != nil {
			w.s.fail(st.err)
		}
	}
	q := w.filling
	if q == nil || len(q.ends) >= chunkRows {
		q = w.fresh(len(r))
	}
	q.words = append(q.words, r...)
	q.ends = append(q.ends, uint32(len(q.words)))
	w.scratch = r[:0]
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
		w.filling = &rows{ends: make([]uint32, 0, chunkRows), words: make([]uint32, 0, chunkRows*(size+2))}
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
	w.s.queued.Add(w.queued)
	w.unique, w.generated, w.queued = 0, 0, 0
}

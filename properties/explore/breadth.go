package explore

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// chunkRows is how many states a worker takes at a time: enough to pay for taking them,
// few enough that the last ones of a depth are shared among all.
const chunkRows = 256

// rows is a queue of states, packed: most numbers in a row are small, and a queue of rows
// as they are would be most of the memory of a search.
type rows struct {
	packed  []byte
	n       int
	counted int64 // bytes that the search has counted
}

func (q *rows) bytes() int64 { return int64(cap(q.packed)) }

// push appends a row: its sum as it is, the rest as varints.
func (q *rows) push(r row) {
	b := binary.LittleEndian.AppendUint64(q.packed, sumOf(r))
	for _, word := range r[rowLength:] {
		for word >= 0x80 {
			b = append(b, byte(word)|0x80)
			word >>= 7
		}
		b = append(b, byte(word))
	}
	q.packed = b
	q.n++
}

// unpack appends to dst the first row of packed, of a model in which what is before the
// network takes head words, and returns what is behind it too.
func unpack(dst []uint32, packed []byte, head int) (row, []byte) {
	sum := binary.LittleEndian.Uint64(packed)
	packed = packed[8:]
	dst = append(dst, uint32(sum), uint32(sum>>32))
	for left := head - rowLength; left > 0; left-- {
		word := uint32(packed[0])
		n := 1
		if word >= 0x80 {
			word, n = longWord(packed)
		}
		packed = packed[n:]
		if dst = append(dst, word); len(dst) == rowLength+1 {
			left += int(word)
		}
	}
	return dst, packed
}

// longWord reads a varint of several bytes.
func longWord(packed []byte) (word uint32, n int) {
	for shift := 0; ; shift += 7 {
		b := packed[n]
		n++
		word |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return word, n
		}
	}
}

// level is the states of one depth, to be taken chunk by chunk.
type level struct {
	chunks []*rows
	next   atomic.Int64
}

// breadthFirst visits the states depth by depth, up to maxDepth if that is not 0.
func (s *search) breadthFirst(initial []row, maxDepth int) {
	crew := make([]*breadthWorker, s.workers)
	for i := range crew {
		crew[i] = &breadthWorker{s: s, x: newExpander(s.sys), seen: s.hold(), judging: true, sleeper: s.sleep.worker()}
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
		if s.stopped.Load() || !s.cfg.NoStop && s.failed() || s.settled() {
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
		s.sleep.visited(depth)
		s.sample()
	}
}

// breadthWorker is one worker of a breadth-first search.
type breadthWorker struct {
	s       *search
	x       *expander
	seen    visited
	judging bool     // false while a path is being found again
	sleeper *sleeper // nil without sleep sets

	next    []*rows // what was found for the next depth
	filling *rows   // the last of them
	spare   []*rows
	scratch []uint32
	at      row // that is being visited

	unique, generated uint64
	queued            int64
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
		for packed := c.packed; len(packed) > 0; {
			w.at, packed = unpack(w.at[:0], packed, w.s.sys.networkAt())
			var err error
			if w.sleeper == nil {
				err = w.visit(w.at, depth)
			} else {
				packed, err = w.visitAwake(w.at, packed, depth)
			}
			if err != nil {
				w.s.fail(err)
				break
			}
		}
		w.seen.leave()
		now.chunks[i] = nil
		w.queued -= int64(c.n)
		c.packed, c.n = c.packed[:0], 0
		w.spare = append(w.spare, c)
		w.account()
		if i%4 == 3 {
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
	x.reduce()
	w.generated += x.idles
	if p, ok := w.seen.(*parentage); ok {
		p.parent = x.fingerprint(r)
	}
	if !x.owed && w.judging {
		w.s.rest(&State{sys: x.sys, row: r, idle: &x.spares}, depth, x.fingerprint(r))
	}
	plain := w.s.plain()
	if t, ok := w.seen.(*worker); ok && plain {
		for i := range x.succs {
			t.touch(x.succs[i].sum)
		}
	}
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
	if w.judging && w.s.asked() {
		st := State{sys: w.s.sys, row: r, idle: &w.x.spares}
		w.s.judge(&st, depth, fp)
		if st.err != nil {
			w.s.fail(st.err)
		}
	}
	q := w.filling
	if q == nil || q.n >= chunkRows {
		q = w.fresh(len(r))
	}
	q.push(r)
	if w.sleeper != nil {
		q.packed = packSet(q.packed, w.sleeper.handed)
	}
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
		w.filling = &rows{packed: make([]byte, 0, chunkRows*(size+12))}
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
	if z := w.sleeper; z != nil {
		w.s.asleep.Add(z.left)
		z.left = 0
	}
}

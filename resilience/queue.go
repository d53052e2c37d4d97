package resilience

import (
	"context"
	"errors"
	"sync"
	"time"

	"phoenix/sim"
)

// A queue holds those who wait for a grant of type T: a slot, a resource. It is bounded, first in
// first out within a priority, and higher priorities go first. A full queue turns a newcomer away,
// unless somebody of lower priority waits: then the newest of the lowest priority makes room.
//
// Its lock is also the lock of the owner: what is said to need the lock is called between lock and
// unlock, so that a grant and its hand-over are one step. Whoever gives up takes itself out under the
// same lock; a grant that it was given at that very moment goes to pass, never lost. All methods take
// time in proportion to the number of different priorities that wait, but for the removal of those
// whose time is over, which is linear and happens only when there is one.
type queue[T any] struct {
	queueConfig
	mu     sync.Mutex
	pass   func(T) // takes a grant back for the next one, with the lock
	levels []level[T]
	length int
	sooner sim.Time // no deadline of those who wait is before
	codel  codel
	calls  []*queued[T] // callbacks due when the lock is released
	counts queueCounts
	reject rejections
}

type queueConfig struct {
	by, name string        // for rejections
	limit    int           // the most that wait; 0 turns away all
	maxWait  time.Duration // 0 is as long as the context lasts
	target   time.Duration // of CoDel, 0 is off
	interval time.Duration // of CoDel
}

// queueCounts say what became of those who came.
type queueCounts struct {
	granted uint64 // after a wait
	full    uint64 // turned away, or made room for a higher priority
	waited  uint64 // for longer than allowed, by the queue or by their deadline
	shed    uint64 // by CoDel
	left    uint64 // cancelled
}

// A level holds those of one priority, in the order in which they came.
type level[T any] struct {
	priority    Priority
	first, last *queued[T]
}

// A queued is one who waits.
type queued[T any] struct {
	waiter     *waiter        // blocks, or nil
	call       func(T, error) // called instead, without the lock
	priority   Priority
	since      sim.Time
	until      sim.Time
	late       *Rejection // when until has come
	state      queuedState
	grant      T
	err        error // why it was dropped
	prev, next *queued[T]
}

type queuedState uint8

const (
	isWaiting queuedState = iota
	isGranted
	isDropped
)

// errGone stands for the end of a caller that unwinds: its host crashed.
var errGone = errors.New("gone")

func newQueue[T any](cfg queueConfig, pass func(T)) *queue[T] {
	return &queue[T]{
		queueConfig: cfg, pass: pass, sooner: sim.Forever,
		codel:  codel{target: cfg.target, interval: cfg.interval},
		reject: rejectionsOf(cfg.by, cfg.name),
	}
}

func (q *queue[T]) lock() { q.mu.Lock() }

// unlock releases the lock and then makes the calls that became due under it.
func (q *queue[T]) unlock() {
	calls := q.calls
	q.calls = nil
	q.mu.Unlock()
	makeCalls(calls)
}

// makeCalls makes them in order; one that panics does not cost the others theirs.
func makeCalls[T any](calls []*queued[T]) {
	if len(calls) > 0 {
		defer makeCalls(calls[1:])
		calls[0].call(calls[0].grant, calls[0].err)
	}
}

// join adds the caller, who then unlocks and calls wait, or returns a *Rejection: the queue is full, or
// ctx has ended. With the lock. Turning away allocates nothing.
func (q *queue[T]) join(ctx context.Context, now sim.Time) (*queued[T], error) {
	if err := ctx.Err(); err != nil {
		return nil, q.ended(err)
	}
	p := PriorityOf(ctx)
	if err := q.room(now, p); err != nil {
		return nil, err
	}
	until := sim.Forever
	if left, ends := remaining(ctx); ends {
		until = now.Add(left)
	}
	e := &queued[T]{waiter: newWaiter(ctx), priority: p, until: until}
	q.add(e, now)
	return e, nil
}

// joinFunc is join for handlers, which must not block: call is called once, without the lock, with
// a grant or with the reason for which there is none; not after leave. Someone must call expire when
// next says so. With the lock.
func (q *queue[T]) joinFunc(now sim.Time, p Priority, until sim.Time, call func(T, error)) (*queued[T], error) {
	if err := q.room(now, p); err != nil {
		return nil, err
	}
	e := &queued[T]{call: call, priority: p, until: until}
	q.add(e, now)
	return e, nil
}

// room makes room for one of priority p, or returns the rejection.
func (q *queue[T]) room(now sim.Time, p Priority) error {
	q.expire(now)
	q.shed(now)
	if q.length < q.limit || q.evict(p) {
		return nil
	}
	q.counts.full++
	return q.reject.full
}

func (q *queue[T]) add(e *queued[T], now sim.Time) {
	e.since, e.late = now, q.reject.deadline
	if end := now.Add(q.maxWait); q.maxWait > 0 && end < e.until {
		e.until, e.late = end, q.reject.waited
	}
	if q.length == 0 {
		q.codel.restart(now)
	}
	q.push(e)
	q.sooner = min(q.sooner, e.until)
}

// wait blocks until e is granted, and returns the grant; or until its time is over, it is dropped, or
// ctx ends, and returns a *Rejection. Without the lock.
func (q *queue[T]) wait(ctx context.Context, e *queued[T]) (grant T, err error) {
	ended := errGone
	defer func() { grant, err = q.settle(ctx, e, ended) }()
	ended = e.waiter.wait(ctx, q.maxWait)
	return grant, err
}

// settle decides, under the lock, which was first: a grant, or the end of the wait.
func (q *queue[T]) settle(ctx context.Context, e *queued[T], ended error) (grant T, err error) {
	q.lock()
	defer q.unlock()
	if ended != errGone && ctx.Err() != nil {
		ended = ctx.Err()
	}
	switch {
	case e.state == isDropped:
		return grant, e.err
	case e.state == isWaiting:
		q.remove(e)
		if ended == errWaited {
			q.counts.waited++
			return grant, q.reject.waited
		}
		return grant, q.gone(ended)
	case ended == nil || ended == errWaited:
		return e.grant, nil
	}
	q.counts.granted--
	q.pass(e.grant)
	return grant, q.gone(ended)
}

// gone counts someone who left because of err.
func (q *queue[T]) gone(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		q.counts.waited++
	} else {
		q.counts.left++
	}
	return q.ended(err)
}

// leave takes e out, and reports false if it does not wait any more: then it has its grant or its error,
// and a grant is its to give back. With the lock.
func (q *queue[T]) leave(e *queued[T]) bool {
	if e.state != isWaiting {
		return false
	}
	q.remove(e)
	e.state = isDropped
	q.counts.left++
	return true
}

// give hands v to the next one who still waits, and reports false if there is none. With the lock.
func (q *queue[T]) give(now sim.Time, v T) bool {
	q.expire(now)
	if e := q.front(); e != nil {
		q.codel.note(now, now.Sub(e.since))
		q.shed(now)
	}
	e := q.front()
	if e == nil {
		return false
	}
	q.remove(e)
	e.state, e.grant = isGranted, v
	q.counts.granted++
	q.tell(e)
	return true
}

// waiting reports how many wait whose time is not over. With the lock.
func (q *queue[T]) waiting(now sim.Time) int {
	q.expire(now)
	return q.length
}

// next returns when expire has something to do at the earliest, Forever if never. With the lock.
func (q *queue[T]) next() sim.Time { return q.sooner }

// expire drops those whose time is over. With the lock.
func (q *queue[T]) expire(now sim.Time) {
	if now < q.sooner {
		return
	}
	q.sooner = sim.Forever
	q.each(func(e *queued[T]) {
		if e.until <= now {
			q.counts.waited++
			q.drop(e, e.late)
		} else {
			q.sooner = min(q.sooner, e.until)
		}
	})
}

// shed drops those who have waited too long in a queue that stands. With the lock.
func (q *queue[T]) shed(now sim.Time) {
	if !q.codel.slow {
		return
	}
	for i := range q.levels {
		for e := q.levels[i].first; e != nil && q.codel.drops(now.Sub(e.since)); e = q.levels[i].first {
			q.counts.shed++
			q.drop(e, q.reject.shed)
		}
	}
}

// evict makes room for priority p, if somebody of a lower one waits.
func (q *queue[T]) evict(p Priority) bool {
	for i := len(q.levels) - 1; i >= 0 && q.levels[i].priority < p; i-- {
		if e := q.levels[i].last; e != nil {
			q.counts.full++
			q.drop(e, q.reject.evicted)
			return true
		}
	}
	return false
}

func (q *queue[T]) drop(e *queued[T], err error) {
	q.remove(e)
	e.state, e.err = isDropped, err
	q.tell(e)
}

// tell lets e know that it does not wait any more.
func (q *queue[T]) tell(e *queued[T]) {
	if e.waiter != nil {
		e.waiter.ring()
	} else {
		q.calls = append(q.calls, e)
	}
}

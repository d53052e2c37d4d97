package resilience

import "slices"

// front returns the one whose turn it is, nil if nobody waits.
func (q *queue[T]) front() *queued[T] {
	for i := range q.levels {
		if e := q.levels[i].first; e != nil {
			return e
		}
	}
	return nil
}

// each visits all who wait, in the order of their turns; visit may remove the one that it is given.
func (q *queue[T]) each(visit func(*queued[T])) {
	for i := range q.levels {
		for e := q.levels[i].first; e != nil; {
			next := e.next
			visit(e)
			e = next
		}
	}
}

// push adds e behind those of its priority.
func (q *queue[T]) push(e *queued[T]) {
	l := q.level(e.priority)
	e.prev = l.last
	if l.last == nil {
		l.first = e
	} else {
		l.last.next = e
	}
	l.last = e
	q.length++
}

// remove takes e out.
func (q *queue[T]) remove(e *queued[T]) {
	l := q.level(e.priority)
	if e.prev == nil {
		l.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
	q.length--
}

// level returns the level of a priority. A level stays when nobody is left on it: there are at most 256.
func (q *queue[T]) level(p Priority) *level[T] {
	i, found := slices.BinarySearchFunc(q.levels, p, func(l level[T], p Priority) int {
		return int(p) - int(l.priority)
	})
	if !found {
		q.levels = slices.Insert(q.levels, i, level[T]{priority: p})
	}
	return &q.levels[i]
}

package sim

// FIFO is a first-in-first-out queue that reuses its memory: in steady state
// nothing is allocated. The zero value is empty.
type FIFO[T any] struct {
	items []T
	head  int // of the first item
}

// Len returns how many items there are.
func (q *FIFO[T]) Len() int { return len(q.items) - q.head }

// Push adds v at the end, in O(1) amortised.
func (q *FIFO[T]) Push(v T) {
	if q.head > 32 && q.head > len(q.items)/2 {
		rest := copy(q.items, q.items[q.head:])
		clear(q.items[rest:])
		q.items, q.head = q.items[:rest], 0
	}
	q.items = append(q.items, v)
}

// First returns the first item, in O(1). It panics if there is none.
func (q *FIFO[T]) First() T { return q.items[q.head] }

// Pop removes the first item, in O(1). It panics if there is none.
func (q *FIFO[T]) Pop() T {
	v := q.items[q.head]
	var zero T
	q.items[q.head] = zero
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return v
}

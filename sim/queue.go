package sim

import (
	"math/bits"
	"slices"
	"sort"
)

// item is one pending event: 24 bytes, held by value.
type item struct {
	at    Time
	cause uint64 // sequence number of the event that scheduled this one
	what  uint64 // the sink in the top byte, its argument below
}

// fewItems is how many items are sorted by insertion rather than by digits.
const fewItems = 48

// argBits is how many bits an item has for the argument of its sink.
const argBits = 56

func (it item) sink() SinkID { return SinkID(it.what >> argBits) }
func (it item) arg() uint64  { return it.what & (1<<argBits - 1) }

// The queue looks at times as numbers of this many bits a digit. Five is where
// moving items down the digits and touching many buckets cost the least together.
const (
	digitBits = 5
	digits    = 1 << digitBits
	levels    = (63 + digitBits - 1) / digitBits
)

// queue is a monotone radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster
// algorithms for the shortest path problem", J. ACM 37(2), 1990, section 3), with
// more than one bit a digit: an item lies at the level of the highest digit in
// which its time differs from base, in the bucket of its own value of that digit.
// When the lowest bucket is needed, base moves to the start of its range and its
// items are spread over the levels below; once it is small, it is sorted into the
// front, from which items are taken. Items only ever move to lower levels, so push
// is O(1) and pop O(levels) amortised, whatever the number of pending items.
// Cancelled items may draw base ahead of the time of the world, and pushes may be
// earlier then: they go to the front, and base moves back once the front is full.
//
// Items of equal time always share a bucket, and buckets and front keep the order
// of arrival: equal times leave first in, first out.
type queue struct {
	n       int    // number of items
	front   []item // the earliest items in order, from head on
	head    int
	bound   Time // every item before bound is in the front
	base    Time // at most bound: no item outside the front is before it
	filled  uint32
	buckets [levels]struct {
		filled uint64 // bit d is set iff lists[d] holds items, as filled for levels
		lists  [digits]list
	}
	free *chunk
}

// list is a bucket: items in order of arrival, in chunks that all buckets share,
// so that memory follows the number of items whatever their times.
type list struct{ first, last *chunk }

// chunk fills a page of memory: large buckets are read and written in streams.
type chunk struct {
	next  *chunk
	n     int
	items [170]item
}

func (q *queue) push(it item) {
	q.n++
	if it.at >= q.bound {
		q.place(it)
		return
	}
	if len(q.front) == cap(q.front) && q.head > len(q.front)/2 {
		q.front = q.front[:copy(q.front, q.front[q.head:])]
		q.head = 0
	}
	q.insert(it)
	if len(q.front)-q.head > frontLimit {
		q.spill()
	}
}

// frontLimit is how many items may be in the front before its later half is put
// into buckets: insert is linear in what it passes.
const frontLimit = 128

// spill shortens the front to about half. Items of one time are not parted.
func (q *queue) spill() {
	front := q.front[q.head:]
	first, middle := front[0].at, front[len(front)/2].at
	if first == front[len(front)-1].at {
		return
	}
	cut := sort.Search(len(front), func(i int) bool {
		return front[i].at > first && front[i].at >= middle
	})
	q.bound = front[cut].at
	if q.bound < q.base {
		q.rebase(first)
	}
	for _, it := range front[cut:] {
		q.place(it)
	}
	q.front = q.front[:q.head+cut]
}

// insert puts it into the front, behind those of equal time.
func (q *queue) insert(it item) {
	q.front = append(q.front, it)
	i := len(q.front) - 1
	for ; i > q.head && q.front[i-1].at > it.at; i-- {
		q.front[i] = q.front[i-1]
	}
	q.front[i] = it
}

// place puts it into its bucket.
func (q *queue) place(it item) {
	l := (uint(bits.Len64(uint64(it.at^q.base)|1)) - 1) / digitBits
	d := uint64(it.at) >> (l * digitBits) % digits
	b := &q.buckets[l]
	c := b.lists[d].last
	if c == nil || c.n == len(c.items) {
		c = q.grow(&b.lists[d])
		q.filled |= 1 << l
		b.filled |= 1 << d
	}
	c.items[c.n] = it
	c.n++
}

// grow adds an empty chunk to the end of b.
func (q *queue) grow(b *list) *chunk {
	c := q.free
	if c == nil {
		c = new(chunk)
	} else {
		q.free, c.next = c.next, nil
	}
	if b.last == nil {
		b.first = c
	} else {
		b.last.next = c
	}
	b.last = c
	return c
}

// release gives back the chunks of a list that starts with c.
func (q *queue) release(c *chunk) {
	for c != nil {
		next := c.next
		c.n, c.next = 0, q.free
		q.free, c = c, next
	}
}

// fill makes sure that the front holds the earliest item, if that may be as early
// as limit. It moves base to limit at most.
func (q *queue) fill(limit Time) {
	if q.head < len(q.front) {
		return
	}
	q.front, q.head = q.front[:0], 0
	for q.filled != 0 {
		l := bits.TrailingZeros32(q.filled)
		d := bits.TrailingZeros64(q.buckets[l].filled)
		// The bucket's times have the digits of base above its own digit, d.
		width := Time(1) << (l * digitBits)
		start := q.base&^(width*digits-1) + Time(d)*width
		if start > limit {
			return
		}
		c := q.detach(l, d)
		if l == 0 || c.next == nil && c.n <= fewItems {
			if q.bound = start + width; q.bound < 0 {
				q.bound = Forever
			}
			for ; c != nil; c = q.recycle(c) {
				for i := range c.n {
					q.insert(c.items[i])
				}
			}
			return
		}
		q.base = start
		for ; c != nil; c = q.recycle(c) {
			for i := range c.n {
				q.place(c.items[i])
			}
		}
	}
}

// detach empties a bucket and returns what it held.
func (q *queue) detach(l, d int) *chunk {
	b := &q.buckets[l]
	c := b.lists[d].first
	b.lists[d] = list{}
	if b.filled &^= 1 << d; b.filled == 0 {
		q.filled &^= 1 << l
	}
	return c
}

// recycle frees c and returns its successor.
func (q *queue) recycle(c *chunk) *chunk {
	next := c.next
	c.next = nil
	q.release(c)
	return next
}

// due reports whether there is an item that is not later than limit.
func (q *queue) due(limit Time) bool {
	q.fill(limit)
	return q.head < len(q.front) && q.front[q.head].at <= limit
}

// ready returns the earliest items, all of one time, in order of arrival; the
// queue must not be empty.
func (q *queue) ready() []item {
	q.fill(Forever)
	end := q.head + 1
	for end < len(q.front) && q.front[end].at == q.front[q.head].at {
		end++
	}
	return q.front[q.head:end]
}

// pop removes the first of the earliest items; the queue must not be empty.
func (q *queue) pop() item {
	q.fill(Forever)
	q.head++
	q.n--
	return q.front[q.head-1]
}

// take removes the i-th of the ready items, keeping the order of the others.
func (q *queue) take(i int) item {
	at := q.head + i
	it := q.front[at]
	copy(q.front[q.head+1:at+1], q.front[q.head:at])
	q.front[q.head] = it
	return q.pop()
}

// rebase moves base back, in O(n).
func (q *queue) rebase(base Time) {
	items := q.empty()
	q.base = base
	for _, it := range items {
		q.place(it)
	}
}

// empty takes all items out of the buckets. Those of equal time are in order.
func (q *queue) empty() []item {
	var items []item
	for q.filled != 0 {
		l := bits.TrailingZeros32(q.filled)
		for c := q.detach(l, bits.TrailingZeros64(q.buckets[l].filled)); c != nil; c = q.recycle(c) {
			items = append(items, c.items[:c.n]...)
		}
	}
	return items
}

// sweep drops every item that keep refuses, in O(n).
func (q *queue) sweep(keep func(item) bool) {
	refuse := func(it item) bool { return !keep(it) }
	front := slices.DeleteFunc(q.front[q.head:], refuse)
	q.front = q.front[:copy(q.front, front)]
	rest := slices.DeleteFunc(q.empty(), refuse)
	q.head, q.n = 0, len(q.front)+len(rest)
	for _, it := range rest {
		q.place(it)
	}
}

// reset empties the queue for another world, keeping its memory.
func (q *queue) reset() {
	for q.filled != 0 {
		l := bits.TrailingZeros32(q.filled)
		q.release(q.detach(l, bits.TrailingZeros64(q.buckets[l].filled)))
	}
	q.front, q.head, q.n, q.bound, q.base = q.front[:0], 0, 0, 0, 0
}

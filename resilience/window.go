package resilience

import (
	"time"

	"phoenix/sim"
)

// Counts are results of calls. Slow ones are also among the failures if they failed.
type Counts struct {
	Total, Failures, Slow int
}

func (c *Counts) add(d Counts) {
	c.Total += d.Total
	c.Failures += d.Failures
	c.Slow += d.Slow
}

func (c *Counts) sub(d Counts) {
	c.Total -= d.Total
	c.Failures -= d.Failures
	c.Slow -= d.Slow
}

// A window counts the latest results: a ring of buckets and their sum. In a window of calls each
// bucket holds one call. In a window of time each holds what ended in one interval of width, counted
// from the beginning of the clock, so that a result is counted for at least period - width and less
// than period. Adding is O(1), or O(buckets) after a pause.
type window struct {
	buckets []Counts
	width   time.Duration // of a bucket; 0 in a window of calls
	head    int64         // number of the newest bucket, in a window of time
	place   int           // of the newest bucket
	sum     Counts
}

func newWindow(cfg *BreakerConfig) window {
	if cfg.Period > 0 {
		return window{buckets: make([]Counts, cfg.Buckets), width: cfg.Period / time.Duration(cfg.Buckets)}
	}
	return window{buckets: make([]Counts, cfg.Window)}
}

// add counts one result at an instant that is not before the one of the call before.
func (w *window) add(now sim.Time, c Counts) {
	if w.width == 0 {
		w.turn()
	} else {
		w.expire(now)
	}
	w.buckets[w.place].add(c)
	w.sum.add(c)
}

// expire forgets what is too old by now.
func (w *window) expire(now sim.Time) {
	if w.width == 0 {
		return
	}
	head := int64(now) / int64(w.width)
	for range min(head-w.head, int64(len(w.buckets))) {
		w.turn()
	}
	w.head = head
}

// turn makes the oldest bucket the newest one.
func (w *window) turn() {
	if w.place++; w.place == len(w.buckets) {
		w.place = 0
	}
	if old := &w.buckets[w.place]; old.Total > 0 {
		w.sum.sub(*old)
		*old = Counts{}
	}
}

// reset forgets everything.
func (w *window) reset() {
	if w.sum.Total > 0 {
		clear(w.buckets)
		w.sum = Counts{}
	}
}

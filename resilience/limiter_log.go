package resilience

import (
	"fmt"
	"math"
	"time"

	"phoenix/sim"
)

// An eventLog is an exact sliding window: a ring of the times of the last Count events, oldest first. The
// next n events may happen when the n-th oldest has been out of the window for 0 or more: an event at t
// is in the spans (t-Per, t] to [t, t+Per), which are half-open. Times of reserved events lie ahead.
type eventLog struct {
	span time.Duration
	ring []sim.Time
	head int64 // of the oldest
	last sim.Time
}

// longAgo is the time of events that never happened.
const longAgo = sim.Time(math.MinInt64)

// mostEvents is what a ring may hold: 128 MiB.
const mostEvents = 1 << 24

func newEventLog(r Rate) *eventLog {
	if r.Count < 1 || r.Count > mostEvents {
		panic(fmt.Sprintf("resilience: LimiterConfig: a sliding window remembers 1 to %d events, not %d: "+
			"a token bucket has no such bound", mostEvents, r.Count))
	}
	w := &eventLog{span: r.Per, ring: make([]sim.Time, r.Count)}
	for i := range w.ring {
		w.ring[i] = longAgo
	}
	return w
}

// at returns the place of the i-th oldest.
func (w *eventLog) at(i int64) *sim.Time {
	if i += w.head; i >= int64(len(w.ring)) {
		i -= int64(len(w.ring))
	}
	return &w.ring[i]
}

// take is that of Limiter.
func (w *eventLog) take(now sim.Time, n int64, wait time.Duration) (sim.Time, bool) {
	w.last = max(w.last, now)
	if n > int64(len(w.ring)) {
		return 0, false
	}
	act := w.last
	if n > 0 {
		act = max(act, w.at(n-1).Add(w.span), *w.at(int64(len(w.ring)) - 1))
	}
	if act > w.last && act.Sub(now) > wait {
		return 0, false
	}
	for range n {
		w.ring[w.head] = act
		if w.head++; w.head == int64(len(w.ring)) {
			w.head = 0
		}
	}
	return act, true
}

// cancel takes n events at act out of the ring. The events that they had pushed out of it are not known any
// more, but they were a span before the newest, or earlier.
func (w *eventLog) cancel(now sim.Time, n int64, act sim.Time) {
	w.last = max(w.last, now)
	newest, oldest := *w.at(int64(len(w.ring)) - 1), *w.at(0)
	to := int64(len(w.ring)) - 1
	for from := to; from >= 0; from-- {
		t := *w.at(from)
		if t == act && n > 0 {
			n--
			continue
		}
		*w.at(to) = t
		to--
	}
	for ; to >= 0; to-- {
		*w.at(to) = min(oldest, max(newest, longAgo.Add(w.span)).Add(-w.span))
	}
}

// tokens counts the events that have left the window.
func (w *eventLog) tokens(now sim.Time) int64 {
	w.last = max(w.last, now)
	low, high := int64(0), int64(len(w.ring)) // the ring is in order of time
	for low < high {
		if mid := (low + high) / 2; w.at(mid).Add(w.span) <= w.last {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

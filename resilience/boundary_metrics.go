package resilience

import (
	"sync/atomic"
)

// BoundaryMetrics are what happened within a Boundary since the beginning, and what is in use.
type BoundaryMetrics struct {
	Name  string
	Types map[string]BoundaryCounts // of the types in the config; "" holds all others
	Total BoundaryCounts
	Use   map[string]Usage // of each quota
}

// Usage is how much of a quota is held.
type Usage struct {
	Quota, Used, Peak int64 // Peak is the most that ever was
}

// BoundaryCounts count calls; with a Retry each attempt is one.
type BoundaryCounts struct {
	Executions uint64 // began to run
	Successes  uint64 // returned nil
	Failures   uint64 // returned an error, or did not return: panicked, or its process or goroutine ended
	Panics     uint64 // of the failures
	Rejected   RejectedCounts
}

// RejectedCounts count the calls that did not run, by the reason.
type RejectedCounts struct {
	Open, Probing      uint64 // by the breaker
	Full, Waited, Shed uint64 // by the bulkhead
	Limited            uint64 // by the limiter
	Quota              uint64 // by the boundary itself
	Ended              uint64 // their context ended before they ran
}

// All returns the sum.
func (r RejectedCounts) All() uint64 {
	return r.Open + r.Probing + r.Full + r.Waited + r.Shed + r.Limited + r.Quota + r.Ended
}

// kindCounts are the counts of a kind while they are counted.
type kindCounts struct {
	executions, successes, failures, panics atomic.Uint64
	rejected                                [len(rejectReasons) + 1]atomic.Uint64 // the last: ended
}

// rejectReasons are in the order of the fields of RejectedCounts.
var rejectReasons = [...]error{ErrOpen, ErrProbing, ErrFull, ErrWaited, ErrShed, ErrLimited, ErrQuota}

func (c *kindCounts) reject(err error) {
	i := len(rejectReasons)
	if r, ok := err.(*Rejection); ok {
		for j, reason := range rejectReasons {
			if r.Reason == reason {
				i = j
			}
		}
	}
	c.rejected[i].Add(1)
}

func (c *kindCounts) read() BoundaryCounts {
	r := &c.rejected
	return BoundaryCounts{
		c.executions.Load(), c.successes.Load(), c.failures.Load(), c.panics.Load(),
		RejectedCounts{
			r[0].Load(), r[1].Load(), r[2].Load(), r[3].Load(), r[4].Load(), r[5].Load(), r[6].Load(), r[7].Load(),
		},
	}
}

func (c *BoundaryCounts) add(d BoundaryCounts) {
	c.Executions += d.Executions
	c.Successes += d.Successes
	c.Failures += d.Failures
	c.Panics += d.Panics
	c.Rejected = RejectedCounts{
		c.Rejected.Open + d.Rejected.Open, c.Rejected.Probing + d.Rejected.Probing,
		c.Rejected.Full + d.Rejected.Full, c.Rejected.Waited + d.Rejected.Waited,
		c.Rejected.Shed + d.Rejected.Shed, c.Rejected.Limited + d.Rejected.Limited,
		c.Rejected.Quota + d.Rejected.Quota, c.Rejected.Ended + d.Rejected.Ended,
	}
}

// Metrics returns a copy. Counts of calls that are under way while it is made may be in it in part.
func (b *Boundary) Metrics() BoundaryMetrics {
	m := BoundaryMetrics{
		Name:  b.name,
		Types: make(map[string]BoundaryCounts, len(b.kinds)+1),
		Use:   make(map[string]Usage, len(b.quotas)),
	}
	m.Types[""] = b.other.counts.read()
	m.Total.add(m.Types[""])
	// order: adding up commutes
	for name, k := range b.kinds {
		counts := k.counts.read()
		m.Types[name] = counts
		m.Total.add(counts)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, q := range b.quotas {
		m.Use[name] = Usage{Quota: q.most, Used: q.used, Peak: q.peak}
	}
	return m
}

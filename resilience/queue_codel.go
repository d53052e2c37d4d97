package resilience

import (
	"math"
	"time"

	"phoenix/sim"
)

// What CoDel is configured with unless told otherwise.
const (
	codelTarget   = 50 * time.Millisecond
	codelInterval = 2 * time.Second
)

// A codel decides whether a queue stands: whether even the shortest wait of an interval was longer than the
// target. Bursts that drain within the interval are left alone. The measure is that of Nichols and
// Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012; what is done about a standing queue is that of
// queues of requests: whoever has waited twice the target is dropped, so that those who come now are
// served in time. So do folly (folly/executors/Codel.cpp, Codel::overloaded, with 5 ms and 100 ms) and
// Elixir's db_connection (DBConnection.ConnectionPool, queue_target 50 ms), whose target is used here.
type codel struct {
	target   time.Duration // 0 is off
	interval time.Duration
	end      sim.Time      // of this interval
	least    time.Duration // wait of this interval
	slow     bool          // the interval before had waits, and none within the target
}

// restart begins an interval with a queue that was empty: nothing stands (RFC 8289, section 5.5: an empty
// queue leaves the dropping state).
func (c *codel) restart(now sim.Time) {
	c.slow, c.least, c.end = false, math.MaxInt64, now.Add(c.interval)
}

// note records that the one whose turn it is has waited for d.
func (c *codel) note(now sim.Time, d time.Duration) {
	if c.target == 0 {
		return
	}
	if now < c.end {
		c.least = min(c.least, d)
		return
	}
	c.slow = c.least > c.target && c.least < math.MaxInt64
	c.least, c.end = d, now.Add(c.interval)
}

// drops reports whether someone who has waited for d is dropped.
func (c *codel) drops(d time.Duration) bool { return c.slow && d > 2*c.target }

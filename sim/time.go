package sim

import (
	"math"
	"time"
)

// Time is an instant of virtual time: nanoseconds since the world began. The
// zero value is the beginning. Durations are time.Duration; nothing in a world
// knows of the wall clock.
type Time int64

// Forever is later than every event; as a limit it means none.
const Forever Time = math.MaxInt64

// Add returns t+d, or Forever where that overflows. A negative d larger than t
// gives a negative instant, before the world began.
func (t Time) Add(d time.Duration) Time {
	sum := t + Time(d)
	if d > 0 && sum < t {
		return Forever
	}
	return sum
}

// Sub returns the duration from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// String prints t as a duration since the beginning, such as "1.84s".
func (t Time) String() string {
	if t == Forever {
		return "forever"
	}
	return time.Duration(t).String()
}

package crdt

import (
	"cmp"
	"errors"
	"fmt"
)

// ErrAhead is wrapped by the error for a stamp too far in the future.
var ErrAhead = errors.New("crdt: stamp too far ahead")

// A Stamp is a time of a hybrid logical clock and the replica that took it. Stamps
// are totally ordered, and unique as long as replicas are. The zero Stamp is before
// all that a clock gives.
type Stamp struct {
	Time    int64  // physical, in the unit of whoever asks: nanoseconds, say
	Logical uint32 // counts events within one Time
	Replica Replica
}

// Compare orders stamps by time, logical part and replica.
func (s Stamp) Compare(t Stamp) int {
	return cmp.Or(cmp.Compare(s.Time, t.Time), cmp.Compare(s.Logical, t.Logical), cmp.Compare(s.Replica, t.Replica))
}

// String returns "time.logical@replica".
func (s Stamp) String() string { return fmt.Sprintf("%d.%d@%d", s.Time, s.Logical, s.Replica) }

func (s Stamp) appendTo(b []byte) []byte {
	return appendUvarint(appendUvarint(appendUvarint(b, uint64(s.Time)<<1^uint64(s.Time>>63)), uint64(s.Logical)),
		uint64(s.Replica))
}

func (r *reader) stamp() Stamp {
	return Stamp{r.varint(), uint32(r.below(1<<32 - 1)), Replica(r.below(1<<64 - 1))}
}

// A HybridClock gives stamps that respect causality and stay close to physical
// time (Kulkarni et al., "Logical physical clocks", 2014, figure 5). It reads no
// clock: whoever asks says what time it is. The zero value has bound 0: it accepts
// no stamp that is ahead of physical time.
type HybridClock struct {
	// Bound is how far ahead of the physical time told a stamp from elsewhere may
	// be, in the unit of the times. One bad clock would else pull all others along.
	Bound int64

	time    int64
	logical uint32
}

// Now returns the stamp of an event of r at the physical time now. It is above all
// that the clock has given or seen, though now stand still or go back.
func (c *HybridClock) Now(r Replica, now int64) Stamp {
	c.advance(now, c.time, c.logical)
	return Stamp{c.time, c.logical, r}
}

// Observe tells the clock of a stamp from elsewhere at the physical time now: later
// stamps will be above it. If it is further ahead than Bound, the error wraps
// ErrAhead and the clock stays as it is: refuse what came with it.
func (c *HybridClock) Observe(s Stamp, now int64) error {
	// The difference of two int64 may overflow one; it fits a uint64.
	if s.Time > now && uint64(s.Time)-uint64(now) > uint64(max(c.Bound, 0)) {
		return fmt.Errorf("%w: %v at %d, the bound is %d", ErrAhead, s, now, c.Bound)
	}
	if s.Time > c.time || s.Time == c.time && s.Logical > c.logical {
		c.advance(now, s.Time, s.Logical)
	} else {
		c.advance(now, c.time, c.logical)
	}
	return nil
}

// advance moves on to now, or to one logical step after the time given if that is no earlier.
func (c *HybridClock) advance(now, time int64, logical uint32) {
	switch {
	case now > time:
		c.time, c.logical = now, 0
	case logical == 1<<32-1:
		c.time, c.logical = time+1, 0
	default:
		c.time, c.logical = time, logical+1
	}
}

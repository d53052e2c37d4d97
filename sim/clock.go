package sim

import (
	"fmt"
	"math/bits"
)

// clock is what a host takes for the time. Its monotonic reading runs at
// 1 + ppb/1e9 of true speed since the instant base; the wall reading is offset
// from it. All arithmetic is in integers, rounded down to the nanosecond.
type clock struct {
	base   Time     // true time of the last change of speed
	mono   Time     // monotonic reading at base
	ppb    int64    // drift in parts per billion, above -1e9
	offset Duration // wall reading minus monotonic reading
}

func (c *clock) monotonic(now Time) Time {
	gone := now - c.base
	return c.mono + gone + Time(scale(int64(gone), c.ppb, 1e9))
}

// when returns the first true time at which the monotonic reading is at least m.
func (c *clock) when(m Time) Time {
	if c.ppb == 0 {
		return c.base.Add(m.Sub(c.mono))
	}
	left := int64(m - c.mono)
	if left <= 0 {
		return c.base
	}
	at := c.base.Add(Duration(scale(left, 1e9, 1e9+c.ppb)))
	for at < Forever && c.monotonic(at) < m {
		at++ // both roundings were down: one or two steps
	}
	return at
}

// scale returns a*num/den rounded towards zero, for a >= 0 and den > 0, capped at
// the largest int64.
func scale(a, num, den int64) int64 {
	neg := num < 0
	if neg {
		num = -num
	}
	hi, lo := bits.Mul64(uint64(a), uint64(num))
	q := uint64(1<<63 - 1)
	if hi < uint64(den) {
		quo, _ := bits.Div64(hi, lo, uint64(den))
		q = min(q, quo)
	}
	if neg {
		return -int64(q)
	}
	return int64(q)
}

// Now returns the wall clock of h: virtual time, off by its offset, drift and
// jumps. It may go backwards when the clock jumps.
func (h *Host) Now() Time { return h.clock.monotonic(h.w.now).Add(h.clock.offset) }

// Monotonic returns the monotonic clock of h, which no jump affects, only drift.
// Timers run on it.
func (h *Host) Monotonic() Time { return h.clock.monotonic(h.w.now) }

// SetOffset sets how far the wall clock is ahead of the monotonic one.
func (h *Host) SetOffset(d Duration) {
	h.setClock("offset "+d.String(), func(c *clock) { c.offset = d })
}

// Jump moves the wall clock by d, forwards or backwards.
func (h *Host) Jump(d Duration) { h.setClock("jump "+d.String(), func(c *clock) { c.offset += d }) }

// SetDrift has both clocks of h gain ppb nanoseconds a second from now on; running
// timers follow. It panics unless ppb is above -1e9 and at most 1e9.
func (h *Host) SetDrift(ppb int64) {
	if ppb <= -1e9 || ppb > 1e9 {
		panic(fmt.Sprintf("sim: a drift of %d parts per billion, expected -999999999 to 1000000000", ppb))
	}
	h.setClock(fmt.Sprintf("drift %dppb", ppb), func(c *clock) {
		c.mono = c.monotonic(h.w.now)
		c.base = h.w.now
		c.ppb = ppb
	})
	for i := range h.w.timers.places {
		if t := h.w.timers.places[i].v; t != nil && t.host == h && t.queued {
			t.schedule()
		}
	}
}

func (h *Host) setClock(name string, change func(*clock)) {
	f := h.w.FaultCount("clock " + h.name)
	f.Fired++
	f.Effect++ // every reading from now on differs
	h.w.Emit(Event{Kind: Clock, Host: h.id, Peer: NoHost, Name: name})
	change(&h.clock)
}

package sim

import (
	"fmt"
	"math"
	"math/bits"
)

// clock is what a host takes for the time. Its monotonic reading runs at
// 1 + ppb/1e9 of true speed since the instant base; the wall reading is offset
// from it. All arithmetic is in integers, and readings are rounded down.
type clock struct {
	base   Time     // true time of the last change of speed
	mono   Time     // monotonic reading at base
	ppb    int64    // drift in parts per billion, above -1e9
	offset Duration // wall reading minus monotonic reading
}

func (c *clock) monotonic(now Time) Time {
	down, _ := scale(int64(now-c.base), billion+c.ppb, billion)
	return c.mono.Add(Duration(down))
}

// when returns the first true time at which the monotonic reading is at least m.
func (c *clock) when(m Time) Time {
	if m <= c.mono {
		return c.base
	}
	_, up := scale(int64(m-c.mono), billion, billion+c.ppb)
	return c.base.Add(Duration(up))
}

const billion = 1e9

// scale returns a*num/den rounded down and rounded up, for a >= 0, num >= 0 and
// den > 0, capped at the largest int64.
func scale(a, num, den int64) (down, up int64) {
	if num == den {
		return a, a
	}
	hi, lo := bits.Mul64(uint64(a), uint64(num))
	if hi >= uint64(den) {
		return math.MaxInt64, math.MaxInt64
	}
	q, rest := bits.Div64(hi, lo, uint64(den))
	if q >= math.MaxInt64 {
		return math.MaxInt64, math.MaxInt64
	}
	if rest == 0 {
		return int64(q), int64(q)
	}
	return int64(q), int64(q) + 1
}

// Now returns the wall clock of h: virtual time, off by its offset, drift and
// jumps. It may go backwards when the clock jumps.
func (h *Host) Now() Time {
	if h.w.manual != nil {
		return h.w.manual(h)
	}
	return h.clock.monotonic(h.w.now).Add(h.clock.offset)
}

// Monotonic returns the monotonic clock of h, which no jump affects, only drift.
// Timers run on it.
func (h *Host) Monotonic() Time {
	if h.w.manual != nil {
		return h.w.manual(h)
	}
	return h.clock.monotonic(h.w.now)
}

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

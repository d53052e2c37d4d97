package resilience

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"phoenix/sim"
)

// A tokenBucket is a token bucket. It counts in credits: each nanosecond earns `earn` of them and a token
// costs `cost`, with earn/cost = Count/Per in lowest terms, so that nothing is ever rounded. Credit
// below 0 is what reservations owe.
type tokenBucket struct {
	earn, cost int64
	burst      int64         // tokens
	full       int64         // what they cost: the most credit
	drained    time.Duration // within this time any debt is paid and the bucket full
	credit     int64
	last       sim.Time // the latest reading of the clock
	spent      uint64   // credit ever taken, modulo 2^64, but for what was cancelled as the latest of all
	promised   sim.Time // no reservation acts later
	promises   uint64   // how many waited for their time, less those withdrawn in reverse order
}

// mostCredit bounds what a bucket holds and owes, so that sums of two fit.
const mostCredit = math.MaxInt64 / 4

func newTokenBucket(r Rate, burst int64, now sim.Time) tokenBucket {
	b := tokenBucket{earn: r.Count, cost: int64(r.Per), burst: burst, last: now, drained: math.MaxInt64}
	if g := divisor(b.earn, b.cost); g > 1 {
		b.earn, b.cost = b.earn/g, b.cost/g
	}
	if burst > mostCredit/b.cost || b.earn > mostCredit {
		panic(fmt.Sprintf("resilience: LimiterConfig: a Burst of %d with a Rate of %d per %v is more than %d: "+
			"take a smaller Burst or a shorter Per", burst, r.Count, r.Per, int64(mostCredit)))
	}
	b.full = burst * b.cost
	b.credit = b.full
	if b.earn > 0 {
		b.drained = time.Duration((b.full + mostCredit) / b.earn)
	}
	return b
}

func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// advance earns what the time since the latest reading is worth.
func (b *tokenBucket) advance(now sim.Time) {
	dt := now.Sub(b.last)
	if dt <= 0 {
		return
	}
	b.last = now
	if dt > b.drained {
		b.credit = b.full
		return
	}
	b.credit = min(b.full, b.credit+int64(dt)*b.earn)
}

// A draft is what a bucket must know of a reservation to cancel it.
type draft struct {
	spent   uint64   // by then; or less by more than a bucket holds, if somebody is to act later
	promise uint64   // its number if it waits for its time, else 0
	before  sim.Time // promised, before it
}

// take is that of Limiter. What it does not permit changes nothing but the time.
func (b *tokenBucket) take(now sim.Time, n int64, wait time.Duration) (act sim.Time, d draft, ok bool) {
	b.advance(now)
	if n > b.burst {
		return 0, draft{}, false
	}
	act = b.last
	left := b.credit - n*b.cost
	if left < 0 {
		if wait <= 0 || b.earn == 0 || left < -mostCredit {
			return 0, draft{}, false
		}
		act = b.last.Add(time.Duration((-left-1)/b.earn + 1))
		if act.Sub(now) > wait {
			return 0, draft{}, false
		}
		b.promises++
		d.promise, d.before = b.promises, b.promised
		b.promised = max(b.promised, act)
	}
	b.credit = left
	b.spent += uint64(n * b.cost)
	d.spent = b.spent
	if b.promised > b.last {
		d.spent -= mostCredit
	}
	return act, d, true
}

// cancel gives back the tokens of n events that were to happen at act, less what would have run over
// the brim without them: the events reserved after them still happen when they were told to, and
// a bucket with more in it may be full meanwhile. From act until the last of those, or now, no more was earned
// than this, so no more can have been lost; nor, where nobody is to act later, more than what the bucket holds
// now, what others took since and these would be together above its brim. (golang.org/x/time/rate's
// CancelAt subtracts the first for times up to act, and gives nothing back later.)
//
// What others took since and gave back need not count, as in a bucket that pays only what is not cancelled no
// more could have run over. It is left out where that is known: if nobody took anything between the two, as when
// another part of a boundary rejects a call at once.
//
// What the bucket owes does not tell when the last of those is: it falls when one between is cancelled. If the
// promise made last is withdrawn, promised is again what it was before it.
//
// Why no order of cancelling exceeds the limit: let x(t) be what a bucket holds that pays each event when it
// acts, cancelled ones never. For all t from now to the last act, credit(t) and what is promised after t are at
// most x(t). To take, now or later, keeps that. To cancel raises x by n less what then runs over from act to t,
// at most lost; and before act it moves credit by no more than what is promised falls.
func (b *tokenBucket) cancel(now sim.Time, n int64, act sim.Time, d draft) {
	b.advance(now)
	if d.promise > 0 && d.promise == b.promises {
		b.promises, b.promised = d.promise-1, d.before
	}
	others := int64(min(b.spent-d.spent, mostCredit))
	if d.spent == b.spent {
		b.spent -= uint64(n * b.cost)
	}
	if b.promised > b.last {
		others = mostCredit
	}
	lost := max(0, max(0, b.credit)+n*b.cost+others-b.full)
	// After more than drained the bucket would have filled from any debt.
	if since := max(b.last, b.promised).Sub(act); since <= b.drained {
		lost = min(lost, max(0, int64(max(0, since))*b.earn))
	}
	b.credit = min(b.full, b.credit+max(0, n*b.cost-lost))
}

// tokens rounds down.
func (b *tokenBucket) tokens(now sim.Time) int64 {
	b.advance(now)
	n := b.credit / b.cost
	if b.credit%b.cost < 0 {
		n--
	}
	return n
}

// inherit takes over the tokens of old, which may have other credits, rounded down.
func (b *tokenBucket) inherit(old *tokenBucket, now sim.Time) {
	old.advance(now)
	b.last, b.promised, b.promises = old.last, old.promised, old.promises
	b.spent = old.spent + mostCredit // credits of another worth: no mark is of use
	magnitude, negative := old.credit, old.credit < 0
	if negative {
		magnitude = -magnitude
	}
	hi, lo := bits.Mul64(uint64(magnitude), uint64(b.cost))
	if hi >= uint64(old.cost) {
		b.credit = bounded(math.MaxInt64, negative, b.full)
		return
	}
	q, rest := bits.Div64(hi, lo, uint64(old.cost))
	if negative && rest > 0 {
		q++
	}
	b.credit = bounded(q, negative, b.full)
}

func bounded(magnitude uint64, negative bool, full int64) int64 {
	m := int64(min(magnitude, mostCredit))
	if negative {
		return -m
	}
	return min(full, m)
}

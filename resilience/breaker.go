package resilience

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"phoenix/sim"
)

// A BreakerState is one of the five states of a Breaker.
type BreakerState uint8

// The states. The first three follow one another by themselves; the last two are set and left by hand.
const (
	Closed       BreakerState = iota // calls pass and are counted
	Open                             // calls are rejected until the wait is over
	HalfOpen                         // a few calls pass, as probes
	ForcedOpen                       // all calls are rejected
	ForcedClosed                     // all calls pass, whatever comes of them
)

// String returns the name of the state, such as "half-open".
func (s BreakerState) String() string {
	switch s {
	case Closed:
		return "closed"
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	case ForcedOpen:
		return "forced-open"
	case ForcedClosed:
		return "forced-closed"
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// A Breaker stops calling what fails, and finds out by a few calls when to begin again
// (Nygard, Release It!, chapter "Stability Patterns"). It has no timers and starts nothing:
// what became due is done, as of the instant at which it was due, by whoever comes next, State
// included. It is safe for concurrent use.
//
// Each transition begins a new epoch. The result of a call of an earlier epoch is in the metrics
// and decides nothing.
type Breaker struct {
	clock   Clock
	cfg     BreakerConfig // with its defaults
	forced  *Rejection    // these are always the same
	probing *Rejection

	// What a call reads without the lock. They are written under it.
	word    atomic.Uint64             // epoch and state, see pack
	due     atomic.Int64              // when an open breaker lets a probe through
	refusal atomic.Pointer[Rejection] // the last one made
	_       [64]byte                  // what follows is on other cache lines

	rejected atomic.Uint64

	mu         sync.Mutex
	now        sim.Time     // of the latest call
	auto       BreakerState // Closed, Open or HalfOpen; stands still while overridden
	override   BreakerState // ForcedOpen, ForcedClosed, or Closed for none
	epoch      uint64
	began      sim.Time // the epoch
	window     window
	threshold  int           // of failures; 0 if they are not counted
	adapted    sim.Time      // when it was last thought over, of a window of time
	unadapted  int           // results since, of a window of calls
	wait       time.Duration // of the next opening
	probes     []probe       // under way, in the order of their leases
	trials     Counts        // probes that are back, or given up
	tickets    uint64        // probes so far
	tally      tally
	pending    []Transition // not yet told to OnTransition
	delivering bool
}

type probe struct {
	ticket uint64
	until  sim.Time
}

// NewBreaker returns a closed Breaker. It panics if cfg contradicts itself.
func NewBreaker(clock Clock, cfg BreakerConfig) *Breaker {
	if clock == nil {
		panic("resilience: NewBreaker needs a Clock: System(), or the endpoint of a node")
	}
	b := &Breaker{clock: clock, cfg: cfg.filled(), now: clock.Monotonic()}
	b.forced = &Rejection{By: "breaker", Name: cfg.Name, Reason: ErrOpen}
	b.probing = &Rejection{By: "breaker", Name: cfg.Name, Reason: ErrProbing}
	b.window = newWindow(&b.cfg)
	b.probes = make([]probe, 0, b.cfg.Probes)
	b.threshold = b.cfg.Failures
	b.wait = b.cfg.Wait
	b.began, b.adapted = b.now, b.now
	b.word.Store(pack(b.epoch, Closed))
	return b
}

func pack(epoch uint64, s BreakerState) uint64          { return epoch<<8 | uint64(s) }
func unpack(word uint64) (epoch uint64, s BreakerState) { return word >> 8, BreakerState(word) }

// Do runs op if the breaker lets it, and counts what comes of it; else it returns a *Rejection
// with ErrOpen or ErrProbing. If a Timeout is configured, the context of op ends after it. The error of op is
// returned as it is, also if op came back too late and counts as a failure. A panic counts as a failure,
// and goes on with the stack that it had; that the process was killed or the goroutine ended
// (runtime.Goexit) while op ran says nothing of what it called, and is Ignored. A context that has ended
// already is no call at all: Do returns its error.
//
// Unless there is a Timeout, Do allocates nothing.
func (b *Breaker) Do(ctx context.Context, op func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := b.Acquire()
	if err != nil {
		return err
	}
	if b.cfg.Timeout > 0 {
		bounded, cancel := WithTimeout(ctx, b.cfg.Timeout)
		defer cancel()
		ctx = bounded
	}
	back := false
	defer func() {
		if back {
			return
		}
		r := recover() // in vain after runtime.Goexit, which goes on
		p.unwound(r)
		if r != nil {
			panic(r) // on top of the stack of the first, which is still there
		}
	}()
	err = op(ctx)
	back = true
	p.Done(err)
	return err
}

// unwound ends a call that did not return; r is what recover returned.
func (p Permit) unwound(r any) {
	if failure(r) {
		p.Failure("panic")
	} else {
		p.Cancel()
	}
}

// failure reports whether what recover returned, when an operation did not return, is a failure of it: a
// panic, neither runtime.Goexit nor the end of its process.
func failure(r any) bool { return r != nil && !sim.IsKill(r) }

// A Permit is the right to one call. End it once, with Done, Success, Failure or Cancel: that of a
// closed breaker remembers nothing, costs nothing, and counts again if it is ended again; that of a probe
// decides once. The zero Permit, which comes with an error, may be ended and does nothing. A probe that is
// never ended costs the breaker a Lease. Permits are values.
type Permit struct {
	b      *Breaker
	start  sim.Time
	epoch  uint64
	ticket uint64 // of a probe
}

// Acquire returns a Permit, or a *Rejection with ErrOpen or ErrProbing. After is how long an open
// breaker will reject yet, rounded up by at most a hundredth of Wait; it is 0 if nobody knows. The
// rejection is shared and not to be changed. A closed breaker takes no lock here, and neither does an
// open one.
func (b *Breaker) Acquire() (Permit, error) {
	now := b.reading()
	epoch, state := unpack(b.word.Load())
	if state == Closed || state == ForcedClosed {
		return Permit{b: b, start: now, epoch: epoch}, nil
	}
	if err := b.shut(state, now); err != nil {
		return Permit{}, err
	}
	if b.cfg.NoTimes {
		now = b.clock.Monotonic() // it may have opened since the reading
	}
	return b.acquire(now, true)
}

// peek returns the rejection that Acquire would return now, and counts it, but takes no probe.
func (b *Breaker) peek() error {
	_, state := unpack(b.word.Load())
	if state == Closed || state == ForcedClosed {
		return nil
	}
	now := b.clock.Monotonic()
	if err := b.shut(state, now); err != nil {
		return err
	}
	_, err := b.acquire(now, false)
	return err
}

// shut rejects without the lock; nil if it takes the lock to know.
func (b *Breaker) shut(state BreakerState, now sim.Time) error {
	switch state {
	case ForcedOpen:
		b.rejected.Add(1)
		return b.forced
	case Open:
		if due := sim.Time(b.due.Load()); now > 0 && now < due {
			return b.refuse(due.Sub(now))
		}
	}
	return nil
}

// reading reads the clock, unless the breaker is closed and needs no times.
func (b *Breaker) reading() sim.Time {
	if b.cfg.NoTimes {
		if _, s := unpack(b.word.Load()); s == Closed {
			return 0
		}
	}
	return b.clock.Monotonic()
}

// acquire is Acquire of a breaker that may be half-open, whose probe it only takes if told to.
func (b *Breaker) acquire(now sim.Time, take bool) (Permit, error) {
	b.lock(now)
	defer b.unlock()
	p := Permit{b: b, start: now, epoch: b.epoch}
	switch b.state() {
	case ForcedOpen:
		b.rejected.Add(1)
		return Permit{}, b.forced
	case Open:
		return Permit{}, b.refuse(sim.Time(b.due.Load()).Sub(b.now))
	case HalfOpen:
		if b.trials.Total+len(b.probes) >= b.cfg.Probes {
			b.rejected.Add(1)
			return Permit{}, b.probing
		}
		if !take {
			return Permit{}, nil
		}
		b.tickets++
		p.ticket = b.tickets
		b.probes = append(b.probes, probe{p.ticket, b.now.Add(b.cfg.Lease)})
	}
	return p, nil
}

// refuse rejects for d. Rejections of the same hundredth of the wait are one value.
func (b *Breaker) refuse(d time.Duration) error {
	b.rejected.Add(1)
	grain := max(b.cfg.Wait/100, 1)
	after := (d + grain - 1) / grain * grain
	r := b.refusal.Load()
	if r == nil || r.After != after {
		r = &Rejection{By: "breaker", Name: b.cfg.Name, Reason: ErrOpen, After: after}
		b.refusal.Store(r)
	}
	return r
}

// Done ends the call with its error, judged as configured.
func (p Permit) Done(err error) {
	if p.b == nil {
		return
	}
	out, kind := p.b.cfg.Classify(err), ""
	if out == Failed {
		kind = p.b.cfg.Kind(err)
	}
	p.finish(out, kind)
}

// Success ends a call that went well.
func (p Permit) Success() { p.finish(Succeeded, "") }

// Failure ends a call that failed; kind is under which key to count it.
func (p Permit) Failure(kind string) { p.finish(Failed, kind) }

// Cancel gives a permit back that was not used, or of whose call nothing can be learnt.
func (p Permit) Cancel() { p.finish(Ignored, "") }

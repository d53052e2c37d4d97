package resilience

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"time"
)

// How much metrics keep.
const (
	recentCalls  = 100  // for Recent
	sampledCalls = 1000 // for times
	errorKinds   = 32   // keys of failures; what comes after is otherKind
	keptHistory  = 100  // transitions
)

const (
	otherKind = "other"
	timedOut  = "timeout"
)

// Metrics are what a Breaker has recorded, whatever its state. Late results are among the successes
// and failures too.
type Metrics struct {
	Successes, Failures uint64       // calls that ended, over the whole life
	Slow                uint64       // of these, longer than the configured Slow
	Ignored             uint64       // calls that count for nothing, or were cancelled
	Rejected            uint64       // calls that were not let through
	Late                uint64       // results that decided nothing, as the breaker had moved on
	Expired             uint64       // probes given up because their lease was over
	Transitions         uint64       // changes of the state
	History             []Transition // the last 100 of them, oldest first
	Errors              []ErrorCount // failures by kind, in the order of the kinds: at most 32 and "other"
	Recent              Counts       // of the last 100 results
	Window              Counts       // on which a closed breaker decides
	Threshold           int          // of failures, as it has adapted; 0 if they are not counted

	times []time.Duration // of the last 1000 results, in order
}

// An ErrorCount says how often calls failed with one kind of error.
type ErrorCount struct {
	Kind  string
	Count uint64
}

// ErrorKind names an error by the type of the innermost error it wraps, and "timeout" if that is
// context.DeadlineExceeded.
func ErrorKind(err error) string {
	if err == nil {
		return otherKind
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return timedOut
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return reflect.TypeOf(err).String()
}

// Samples returns of how many results the times are known, at most 1000.
func (m *Metrics) Samples() int { return len(m.times) }

// Mean returns the mean time of the last 1000 results, and false if there are none.
func (m *Metrics) Mean() (time.Duration, bool) {
	if len(m.times) == 0 {
		return 0, false
	}
	n := time.Duration(len(m.times))
	var whole, rest time.Duration // the sum of the quotients does not overflow
	for _, t := range m.times {
		whole += t / n
		rest += t % n
	}
	return whole + rest/n, true
}

// Percentile returns the time that p percent of the last 1000 results did not exceed: the nearest
// rank, the ceil(n*p/100)-th of them. It is false if there are none. It panics unless 0 < p <= 100.
func (m *Metrics) Percentile(p int) (time.Duration, bool) {
	if p <= 0 || p > 100 {
		panic("resilience: Metrics.Percentile: expected more than 0 and at most 100 percent")
	}
	if len(m.times) == 0 {
		return 0, false
	}
	return m.times[(len(m.times)*p+99)/100-1], true
}

// FailureRate returns how many in a hundred of the calls counted failed, rounded down, and false if
// there are none.
func (c Counts) FailureRate() (percent int, ok bool) {
	if c.Total == 0 {
		return 0, false
	}
	return c.Failures * 100 / c.Total, true
}

// Metrics returns what was recorded so far. It copies and sorts up to 1000 times.
func (b *Breaker) Metrics() Metrics {
	now := b.clock.Monotonic()
	b.lock(now)
	b.window.expire(b.now)
	m := b.tally.snapshot()
	if b.cfg.NoTimes {
		m.times = nil
	}
	m.Window, m.Threshold = b.window.sum, b.threshold
	b.unlock()
	m.Rejected = b.rejected.Load()
	slices.Sort(m.times)
	return m
}

// A tally records results. Recording is O(1), but O(errorKinds) for failures.
type tally struct {
	successes, failures, slow, ignored, late, expired, transitions uint64

	samples []sample // a ring once it is full
	next    int      // the oldest of a full ring
	errors  []ErrorCount
	history []Transition // the same
}

type sample struct {
	took   time.Duration
	failed bool
	slow   bool
}

func (t *tally) record(out Outcome, took time.Duration, result Counts, kind string) {
	if out == Ignored {
		t.ignored++
		return
	}
	if out == Succeeded {
		t.successes++
	} else {
		t.failures++
		t.failed(kind)
	}
	t.slow += uint64(result.Slow)
	s := sample{took, result.Failures > 0, result.Slow > 0}
	if len(t.samples) < sampledCalls {
		t.samples = append(t.samples, s)
		return
	}
	t.samples[t.next] = s
	if t.next++; t.next == sampledCalls {
		t.next = 0
	}
}

// failed counts a failure under its kind, or as another one if there are too many kinds.
func (t *tally) failed(kind string) {
	i := t.find(kind)
	if i < 0 && len(t.errors) >= errorKinds {
		kind = otherKind
		i = t.find(kind)
	}
	if i < 0 {
		i = len(t.errors)
		t.errors = append(t.errors, ErrorCount{Kind: kind})
	}
	t.errors[i].Count++
}

func (t *tally) find(kind string) int {
	return slices.IndexFunc(t.errors, func(e ErrorCount) bool { return e.Kind == kind })
}

func (t *tally) moved(change Transition) {
	t.transitions++
	if len(t.history) == keptHistory {
		t.history = slices.Delete(t.history, 0, 1)
	}
	t.history = append(t.history, change)
}

func (t *tally) snapshot() Metrics {
	m := Metrics{
		Successes: t.successes, Failures: t.failures, Slow: t.slow, Ignored: t.ignored,
		Late: t.late, Expired: t.expired, Transitions: t.transitions,
		History: slices.Clone(t.history),
		Errors:  slices.Clone(t.errors),
		times:   make([]time.Duration, len(t.samples)),
	}
	slices.SortFunc(m.Errors, func(a, b ErrorCount) int { return cmp.Compare(a.Kind, b.Kind) })
	for i, s := range t.samples {
		m.times[i] = s.took
	}
	for i := range min(recentCalls, len(t.samples)) {
		s := t.samples[(t.next+len(t.samples)-1-i)%len(t.samples)]
		m.Recent.Total++
		if s.failed {
			m.Recent.Failures++
		}
		if s.slow {
			m.Recent.Slow++
		}
	}
	return m
}

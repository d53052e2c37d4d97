package resilience

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"phoenix/sim"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type breakerClock struct{ now sim.Time }

func (c *breakerClock) Monotonic() sim.Time { return c.now }

var errBroken = errors.New("broken")

// breakerEnds are how a call may end.
var breakerEnds = map[string]error{"ok": nil, "err": errBroken, "ignored": context.Canceled}

// A breakerPair is a Breaker and its specification, or a mutant of that, doing the same.
type breakerPair struct {
	clock *breakerClock
	real  *Breaker
	plain *plainBreaker
	laws  *breakerLaws
	calls []breakerCall // under way
}

type breakerCall struct {
	permit Permit
	plain  *plainCall
}

func newBreakerPair(cfg BreakerConfig, bug string) *breakerPair {
	clock := &breakerClock{}
	real, plain := cfg, cfg
	if cfg.Jitter > 0 {
		real.Rand, plain.Rand = rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
	}
	p := &breakerPair{clock: clock, real: NewBreaker(clock, real), plain: newPlainBreaker(plain, bug)}
	p.laws = newBreakerLaws(p.real)
	return p
}

// do does one thing, and tells what the two said.
func (p *breakerPair) do(op string) (right, plain string) {
	b, m := p.real, p.plain
	if d, err := time.ParseDuration(op); err == nil {
		p.clock.now = p.clock.now.Add(d)
		m.advance(d)
		return "", ""
	}
	switch op {
	case "begin":
		return p.begin()
	case "call ok", "call err", "call ignored":
		right, plain = p.begin()
		if right == "admitted" && plain == "admitted" {
			p.end(len(p.calls)-1, op[len("call "):])
		} else if len(p.calls) > 0 && right != plain {
			p.calls = p.calls[:len(p.calls)-1]
		}
		return right, plain
	case "end ok", "end err", "end ignored":
		p.end(0, op[len("end "):])
	case "last ok", "last err", "last ignored":
		p.end(len(p.calls)-1, op[len("last "):])
	case "force open", "force closed":
		s := map[string]BreakerState{"force open": ForcedOpen, "force closed": ForcedClosed}[op]
		b.Force(s)
		m.force(s)
	case "auto":
		b.Auto()
		m.automatic()
	case "reset":
		p.laws.resets[p.clock.now] = true
		p.laws.results = 0
		b.Reset()
		m.reset()
	case "state":
		return b.State().String(), m.shown().String()
	default:
		panic("no operation " + op)
	}
	return "", ""
}

func (p *breakerPair) begin() (right, plain string) {
	permit, err := p.real.Acquire()
	call, after, why := p.plain.begin()
	right, plain = "admitted", "admitted"
	if r, refused := errors.AsType[*Rejection](err); refused {
		right = refusedFor(r.Reason, r.After)
	}
	if why != nil {
		plain = refusedFor(why, after)
	}
	if right == plain && err == nil {
		p.calls = append(p.calls, breakerCall{permit, call})
		p.laws.admitted(permit)
	}
	return right, plain
}

func refusedFor(why error, after time.Duration) string {
	if after == 0 {
		return why.Error()
	}
	return fmt.Sprintf("%v for %v", why, after)
}

func (p *breakerPair) end(i int, how string) {
	if i < 0 || i >= len(p.calls) {
		return
	}
	c := p.calls[i]
	p.calls = slices.Delete(p.calls, i, i+1)
	err := breakerEnds[how]
	out, kind := DefaultOutcome(err), ""
	if out == Failed {
		kind = ErrorKind(err)
	}
	p.laws.ended(c.permit)
	c.permit.Done(err)
	p.plain.end(c.plain, out, kind)
}

// metrics compares all that is recorded.
func (p *breakerPair) metrics(t require.TestingT) {
	m, plain := p.real.Metrics(), p.plain
	var want Metrics
	var times []time.Duration
	var counted []plainResult
	for _, r := range plain.ended {
		if r.late {
			want.Late++
		}
		if r.out == Ignored {
			want.Ignored++
			continue
		}
		counted = append(counted, r)
		times = append(times, r.took)
		if r.failed {
			want.Failures++
		} else {
			want.Successes++
		}
		if r.slow {
			want.Slow++
		}
	}
	for _, r := range counted[max(0, len(counted)-100):] {
		want.Recent.Total++
		if r.failed {
			want.Recent.Failures++
		}
		if r.slow {
			want.Recent.Slow++
		}
	}
	slices.Sort(times)
	if want.times = times; p.real.cfg.NoTimes {
		want.times = nil
	}
	want.Rejected, want.Expired = plain.rejected, plain.expired
	want.Transitions, want.History = uint64(len(plain.history)), plain.history
	want.Window, want.Threshold = plain.counts(), plain.threshold
	m.Errors = nil
	require.Equal(t, fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", m))
}

var breakerOps = []string{
	"begin", "call ok", "call err", "call ignored", "end ok", "end err", "end ignored", "last ok", "last err",
	"call ok", "call err", "begin", "1ms", "500ms", "1s", "1s", "2s", "10s", "state", "state",
	"force open", "force closed", "auto", "auto", "reset",
}

// drawBreakerConfig draws one that is not contradictory.
func drawBreakerConfig(t *rapid.T) BreakerConfig {
	upTo := func(n int, label string) int { return rapid.IntRange(0, n).Draw(t, label) }
	cfg := BreakerConfig{
		Window: 1 + upTo(7, "window"), Wait: 2 * time.Second, Growth: 100 + 50*upTo(3, "growth"),
		MaxWait: 20 * time.Second, Jitter: 25 * upTo(2, "jitter"), Probes: 1 + upTo(4, "probes"),
		Lease: time.Duration(1+upTo(3, "lease")) * 500 * time.Millisecond,
	}
	cfg.Successes = 1 + upTo(cfg.Probes-1, "successes")
	if upTo(1, "timid") == 0 { // soon open, often half-open
		cfg.Failures = 1
		if cfg.NoTimes = upTo(1, "no times") == 1; !cfg.NoTimes {
			cfg.Timeout = cfg.Lease
		}
		return cfg
	}
	cfg.Minimum = 1 + upTo(cfg.Window-1, "minimum")
	if upTo(2, "by time") == 0 {
		cfg.Period, cfg.Buckets = 3*time.Second, 1+upTo(3, "buckets")
	}
	switch upTo(3, "decides") {
	case 0:
		cfg.FailurePercent = 1 + upTo(99, "percent")
	case 1:
		cfg.Slow, cfg.SlowPercent = time.Second, 1+upTo(99, "slow percent")
		cfg.Failures = upTo(cfg.Window, "failures")
	case 2:
		cfg.Failures = 1 + upTo(cfg.Window-1, "failures")
		cfg.AdaptLow = 1 + upTo(cfg.Failures-1, "low")
		cfg.AdaptHigh = cfg.Failures + upTo(cfg.Window-cfg.Failures, "high")
		cfg.NoTimes = cfg.Period == 0 && upTo(1, "no times") == 1
	default:
		cfg.Failures = 1 + upTo(cfg.Window-1, "failures")
		cfg.Timeout = time.Second
	}
	return cfg
}

// The plain breaker makes its transitions while time passes, the real one when it is asked: that both say
// the same shows too that it does not matter who looks when.
func TestABreakerDoesWhatThePlainOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newBreakerPair(drawBreakerConfig(t), "")
		actions := map[string]func(*rapid.T){}
		for i, op := range breakerOps {
			actions[fmt.Sprintf("%s #%d", op, i)] = func(t *rapid.T) {
				right, plain := p.do(op)
				require.Equal(t, plain, right)
				require.Empty(t, p.laws.broken(p.real, p.clock.now))
			}
		}
		t.Repeat(actions)
		require.Equal(t, p.plain.shown(), p.real.State())
		p.metrics(t)
		require.Empty(t, p.laws.broken(p.real, p.clock.now))
		require.True(t, p.laws.live(p.real, p.clock), "live under hung probes")
	})
}

// breakerLaws are the invariants of the note, stated by what is seen from outside.
type breakerLaws struct {
	cfg       BreakerConfig
	threshold int
	results   uint64   // when it was last seen to move
	probing   []Permit // of the epoch, under way
	epoch     uint64
	resets    map[sim.Time]bool // when somebody called Reset
}

func newBreakerLaws(b *Breaker) *breakerLaws {
	return &breakerLaws{cfg: b.cfg, threshold: b.cfg.Failures, resets: map[sim.Time]bool{}}
}

func (l *breakerLaws) admitted(p Permit) {
	if p.ticket == 0 {
		return
	}
	if p.epoch != l.epoch {
		l.epoch, l.probing = p.epoch, nil
	}
	l.probing = append(l.probing, p)
}

func (l *breakerLaws) ended(p Permit) {
	l.probing = slices.DeleteFunc(l.probing, func(q Permit) bool { return p == q })
}

// broken names a law that does not hold.
func (l *breakerLaws) broken(b *Breaker, now sim.Time) string {
	m := b.Metrics()
	out := 0
	for _, p := range l.probing {
		if now < p.start.Add(l.cfg.Lease) {
			out++
		}
	}
	if out > l.cfg.Probes {
		return fmt.Sprintf("%d probes are under way, at most %d may be", out, l.cfg.Probes)
	}
	for _, t := range m.History[max(0, len(m.History)-3):] {
		ok := t.Seen.Total - t.Seen.Failures
		if t.From == HalfOpen && t.To == Closed && ok < l.cfg.Successes && !l.resets[t.At] {
			return fmt.Sprintf("closed on %d successes", ok)
		}
	}
	if b.State() == Open {
		last := m.History[len(m.History)-1]
		if longest := l.cfg.MaxWait + l.cfg.MaxWait/100*time.Duration(l.cfg.Jitter); last.From != ForcedOpen &&
			last.From != ForcedClosed && now >= last.At.Add(longest) {
			return "open for longer than its wait"
		}
	}
	return l.brokenThreshold(m)
}

func (l *breakerLaws) brokenThreshold(m Metrics) string {
	results := m.Successes + m.Failures
	if m.Threshold == l.threshold {
		return ""
	}
	step := m.Threshold - l.threshold
	before := l.results
	l.threshold, l.results = m.Threshold, results
	switch {
	case m.Threshold == l.cfg.Failures && step*step > 1: // Reset
		return ""
	case step*step > 1:
		return fmt.Sprintf("the threshold moved by %d", step)
	case m.Threshold < l.cfg.AdaptLow || m.Threshold > l.cfg.AdaptHigh:
		return fmt.Sprintf("the threshold is %d", m.Threshold)
	case l.cfg.Period == 0 && before > 0 && m.Threshold != l.cfg.Failures && results-before < uint64(l.cfg.Window):
		return "the threshold moved twice in a window"
	}
	return ""
}

// live lets the longest lease and wait pass without any probe coming back, and calls.
func (l *breakerLaws) live(b *Breaker, clock *breakerClock) bool {
	if b.State() == ForcedOpen {
		return true
	}
	longest := l.cfg.Lease + l.cfg.MaxWait + l.cfg.MaxWait/100*time.Duration(l.cfg.Jitter)
	clock.now = clock.now.Add(longest)
	_, err := b.Acquire()
	return err == nil
}

package resilience

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"phoenix/sim"
)

// GradientConfig says how a limit follows latency. The zero value has the defaults of Netflix's
// concurrency-limits, but for Min.
type GradientConfig struct {
	Min, Max  int           // of the limit; 0 is 1 and 200
	Headroom  int           // by how much the limit may grow in a window while latency is low; 0 is 4
	Tolerance int           // per cent of the usual latency that are no overload; 0 is 150
	Window    time.Duration // how often the limit changes; 0 is 1 s
	Samples   int           // the least for that; 0 is 10
	History   int           // windows over which the usual latency is averaged; 0 is 600
}

// A Gradient is a concurrency limit that follows the latency of what it limits: when operations take
// longer than usual, they queue somewhere, and the limit shrinks; while they do not, it grows. After each
// window, with S the mean latency in it, L the usual latency (an exponential average) and n the limit:
//
//	g  = clamp(tolerance * L/S, 1/2, 1)
//	n' = 0.8 n + 0.2 (g n + headroom), clamped to [Min, Max]
//
// A limit of which less than half was in use stays: nothing was learnt about it. This is Gradient2 of
// Netflix's concurrency-limits (Gradient2Limit.java, with the windows of WindowedLimit.java). It
// counts in fixed point, so that the same samples give the same limits on every machine.
//
// A Gradient is not safe for concurrent use; a Bulkhead with one is.
type Gradient struct {
	cfg   GradientConfig
	limit int64 // in 1/unit
	usual int64 // latency, in ns/unit; of the first windows the mean
	seen  int64 // windows, up to warmup

	end     sim.Time // of the window
	sum     time.Duration
	samples int64
	most    int // in flight, in the window
}

const (
	unit   = 1 << 10
	warmup = 10               // windows (ExpAvgMeasurement.java)
	long   = 10 * time.Minute // a sample counts as no more
)

// NewGradient returns a Gradient whose limit begins with initial, 0 is 20, clamped to [Min, Max].
// It panics if the configuration makes no sense.
func NewGradient(cfg GradientConfig, initial int) *Gradient {
	cfg.Min, cfg.Max = cmp.Or(cfg.Min, 1), cmp.Or(cfg.Max, 200)
	cfg.Headroom, cfg.Tolerance = cmp.Or(cfg.Headroom, 4), cmp.Or(cfg.Tolerance, 150)
	cfg.Window, cfg.Samples = cmp.Or(cfg.Window, time.Second), cmp.Or(cfg.Samples, 10)
	cfg.History = cmp.Or(cfg.History, 600)
	switch {
	case cfg.Min < 1 || cfg.Min > cfg.Max || cfg.Max > 1<<30:
		panic(fmt.Sprintf("resilience: GradientConfig has Min %d, Max %d, expected 1 <= Min <= Max <= 2^30",
			cfg.Min, cfg.Max))
	case cfg.Headroom < 0 || cfg.Headroom > 1<<30:
		panic(fmt.Sprintf("resilience: GradientConfig.Headroom is %d, expected 0 to 2^30", cfg.Headroom))
	case cfg.Tolerance < 100 || cfg.Tolerance > 10_000:
		panic(fmt.Sprintf("resilience: GradientConfig.Tolerance is %d, expected 100 to 10000 per cent", cfg.Tolerance))
	case cfg.Window < 0 || cfg.Samples < 0 || cfg.History < 0:
		panic("resilience: GradientConfig.Window, Samples or History is negative, expected 0 or more")
	}
	return &Gradient{cfg: cfg, limit: int64(min(max(cmp.Or(initial, 20), cfg.Min), cfg.Max)) * unit}
}

// Limit returns the limit, at least Min and at most Max.
func (g *Gradient) Limit() int { return int(g.limit / unit) }

// Observe records that an operation that ended now took so long and began as one of inFlight. It reports
// whether the window ended with it, so that the limit may have changed.
func (g *Gradient) Observe(now sim.Time, took time.Duration, inFlight int) bool {
	if g.end == 0 {
		g.end = now.Add(g.cfg.Window)
	}
	g.sum += min(max(took, 1), long)
	g.samples++
	g.most = max(g.most, inFlight)
	if now < g.end || g.samples < int64(g.cfg.Samples) {
		return false
	}
	short, most := int64(g.sum)/g.samples, g.most
	g.end, g.sum, g.samples, g.most = now.Add(g.cfg.Window), 0, 0, 0
	g.update(short, most)
	return true
}

// update ends a window with this mean latency and these in flight at most.
func (g *Gradient) update(short int64, most int) {
	g.remember(short)
	if int64(most)*2*unit < g.limit {
		return
	}
	gradient := g.gradient(short)
	next := mulDiv(g.limit, gradient, unit) + int64(g.cfg.Headroom)*unit
	g.limit += (next - g.limit) / 5
	g.limit = min(max(g.limit, int64(g.cfg.Min)*unit), int64(g.cfg.Max)*unit)
}

// remember adds a window to the usual latency. One that is more than twice as long as the latency now fell
// behind during an overload, and is helped along.
func (g *Gradient) remember(short int64) {
	if g.seen < warmup {
		g.seen++
		g.usual += (short*unit - g.usual) / g.seen
	} else {
		g.usual += (short*unit - g.usual) * 2 / int64(g.cfg.History+1)
	}
	if g.usual > 2*short*unit {
		g.usual -= g.usual / 20
	}
}

// gradient is clamp(tolerance * usual/short, 1/2, 1), in 1/unit.
func (g *Gradient) gradient(short int64) int64 {
	return min(max(mulDiv(g.usual, int64(g.cfg.Tolerance), 100*short), unit/2), unit)
}

// mulDiv returns a*b/c for positive numbers without overflow in between; the result must fit.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}

// measure runs op in the slot that the caller has, and lets the limit follow. An operation that failed says
// nothing about latency, unless it ran into its deadline.
func (b *Bulkhead) measure(ctx context.Context, op func(context.Context) error) error {
	began, inFlight := b.clock.Monotonic(), int(b.out())
	defer b.Release()
	err := op(ctx)
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		now := b.clock.Monotonic()
		b.Observe(now.Sub(began), inFlight)
	}
	return err
}

// Observe records how long an operation took that used Acquire and Release, not Do, and how many were
// out when it began. Without a Gradient it does nothing.
func (b *Bulkhead) Observe(took time.Duration, inFlight int) {
	if b.gradient == nil {
		return
	}
	b.queue.lock()
	defer b.queue.unlock()
	if b.gradient.Observe(b.clock.Monotonic(), took, inFlight) {
		b.setLimit(uint64(b.gradient.Limit()))
	}
}

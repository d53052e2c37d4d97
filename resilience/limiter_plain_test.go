package resilience

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"phoenix/sim"
)

// A limiterClock is set by hand, also backwards.
type limiterClock struct{ now sim.Time }

func (c *limiterClock) Monotonic() sim.Time { return c.now }

// A plainLimiter is the specification of a Limiter: rational numbers, and for a window the list of
// the latest events. A bug makes it the mutant of that name.
type plainLimiter struct {
	rate    Rate
	burst   int64
	sliding bool
	bug     string

	now    sim.Time // may go back
	latest sim.Time // reading
	tokens *big.Rat
	events []sim.Time // of a window
	grants []*plainGrant

	taken    []*plainGrant // those of a bucket; one that is cancelled leaves if it is the last
	promises []*plainGrant // those delayed; one that is cancelled leaves if it is the last, so that none is forgotten
}

type plainGrant struct {
	n         int64
	act       sim.Time
	cancelled bool
	delayed   bool
	alone     bool // nobody before it acts later
	after     int  // how many of those taken were there by then, itself included
}

func newPlainLimiter(cfg LimiterConfig, bug string) *plainLimiter {
	return &plainLimiter{
		rate: cfg.Rate, burst: cfg.Burst, sliding: cfg.Sliding, bug: bug,
		tokens: new(big.Rat).SetInt64(cfg.Burst),
	}
}

func (p *plainLimiter) perToken() *big.Rat { return big.NewRat(int64(p.rate.Per), p.rate.Count) }

// earned is what a time is worth in tokens.
func (p *plainLimiter) earned(d time.Duration) *big.Rat {
	return new(big.Rat).Mul(big.NewRat(int64(d), 1), big.NewRat(p.rate.Count, int64(p.rate.Per)))
}

func (p *plainLimiter) advance() {
	if p.now > p.latest {
		gained := p.earned(p.now.Sub(p.latest))
		if p.bug == "part of a token is lost at each reading" {
			gained.SetInt(new(big.Int).Quo(gained.Num(), gained.Denom()))
		}
		p.tokens.Add(p.tokens, gained)
		p.latest = p.now
	}
	if full := new(big.Rat).SetInt64(p.burst); p.bug != "the bucket has no brim" && p.tokens.Cmp(full) > 0 {
		p.tokens = full
	}
}

// take is that of Limiter; nil is no.
func (p *plainLimiter) take(n int64, wait time.Duration) *plainGrant {
	p.advance()
	g := &plainGrant{n: n, act: p.latest}
	if p.sliding {
		if !p.fits(g, wait) {
			return nil
		}
	} else {
		left := new(big.Rat).Sub(p.tokens, new(big.Rat).SetInt64(n))
		if n > p.burst || left.Sign() < 0 && (wait == 0 || p.rate.Count == 0) {
			return nil
		}
		if left.Sign() < 0 {
			d := ceiling(new(big.Rat).Mul(new(big.Rat).Neg(left), p.perToken()))
			g.act, g.delayed = p.latest.Add(d), true
			p.promises = append(p.promises, g)
		}
		p.tokens = left
	}
	if p.bug == "an event before the latest sets the clock back" {
		p.latest = p.now
	}
	g.alone = !g.delayed
	for _, before := range p.promises {
		g.alone = g.alone && before.act <= p.latest
	}
	p.grants = append(p.grants, g)
	if n > 0 {
		p.taken = append(p.taken, g)
	}
	g.after = len(p.taken)
	return g
}

func ceiling(r *big.Rat) time.Duration {
	q, m := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if m.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return time.Duration(q.Int64())
}

// fits finds the first time at which n events more are within the window's count.
func (p *plainLimiter) fits(g *plainGrant, wait time.Duration) bool {
	if g.n > p.rate.Count {
		return false
	}
	candidates := []sim.Time{g.act}
	for _, e := range p.events {
		candidates = append(candidates, e, e.Add(p.rate.Per))
	}
	slices.Sort(candidates)
	for _, t := range candidates {
		if t < g.act || g.n > 0 && len(p.events) > 0 && t < p.events[len(p.events)-1] {
			continue
		}
		inside := int64(0)
		for _, e := range p.events {
			if e > t.Add(-p.rate.Per) {
				inside++
			}
		}
		if inside+g.n <= p.rate.Count || g.n == 0 {
			g.delayed = t > g.act
			g.act = t
			break
		}
	}
	if g.delayed && wait == 0 {
		return false
	}
	for range g.n {
		p.events = append(p.events, g.act)
	}
	p.events = p.events[max(0, len(p.events)-int(p.rate.Count)):]
	return true
}

func (p *plainLimiter) cancel(g *plainGrant) {
	if g.n == 0 || g.cancelled && p.bug != "cancelling twice gives twice" {
		return
	}
	p.advance()
	if p.bug == "nothing comes back once its time has passed" && p.now > g.act {
		return
	}
	if p.bug == "all comes back whatever was reserved after" {
		g.cancelled = true
		p.tokens.Add(p.tokens, new(big.Rat).SetInt64(g.n))
		return
	}
	g.cancelled = true
	if p.sliding {
		p.forget(g)
		return
	}
	if last := len(p.promises) - 1; last >= 0 && p.promises[last] == g {
		p.promises = p.promises[:last]
	}
	// Lost is what is earned from its time until now, or until the last promise.
	until, alone := p.latest, g.alone
	for _, other := range p.promises {
		until = max(until, other.act)
	}
	lost := p.earned(max(0, until.Sub(g.act)))
	alone = alone && until == p.latest
	if most := p.mostLost(g); alone && most.Cmp(lost) < 0 {
		lost = most
	}
	if last := len(p.taken) - 1; g.alone && last >= 0 && p.taken[last] == g {
		p.taken = p.taken[:last]
	}
	if back := new(big.Rat).Sub(new(big.Rat).SetInt64(g.n), lost); back.Sign() > 0 {
		p.tokens.Add(p.tokens, back)
	}
	p.advance()
}

// mostLost is what would be above the brim if what is in the bucket now, all that others took since g and what g
// took were in it at once.
func (p *plainLimiter) mostLost(g *plainGrant) *big.Rat {
	level := new(big.Rat).SetInt64(g.n - p.burst)
	for _, other := range p.taken[min(g.after, len(p.taken)):] {
		level.Add(level, new(big.Rat).SetInt64(other.n))
	}
	if p.tokens.Sign() > 0 {
		level.Add(level, p.tokens)
	}
	if level.Sign() < 0 {
		level.SetInt64(0)
	}
	return level
}

// forget takes the events of g out; what was pushed out before is not known any more.
func (p *plainLimiter) forget(g *plainGrant) {
	if len(p.events) == 0 || g.n == 0 {
		return
	}
	full := len(p.events) == int(p.rate.Count)
	unknown := min(p.events[0], p.events[len(p.events)-1].Add(-p.rate.Per))
	for range g.n {
		i := slices.Index(p.events, g.act)
		if i < 0 {
			break
		}
		p.events = slices.Delete(p.events, i, i+1)
		if full {
			p.events = slices.Insert(p.events, 0, unknown)
		}
	}
}

// A limiterOp is what a Limiter is asked, or the passing of time.
type limiterOp struct {
	do string // allow, reserve: n events; cancel: the n-th reservation; tick: n steps, maybe back
	n  int64
}

func (o limiterOp) String() string {
	switch o.do {
	case "tick":
		return fmt.Sprintf("%+d00ms", o.n)
	case "cancel":
		return fmt.Sprintf("cancel #%d", o.n)
	}
	return fmt.Sprintf("%s %d", o.do, o.n)
}

func (p *plainLimiter) apply(o limiterOp, step time.Duration) string {
	switch o.do {
	case "tick":
		p.now = p.now.Add(time.Duration(o.n) * step)
		return ""
	case "allow":
		return said(p.take(o.n, 0) != nil)
	case "cancel":
		if o.n < int64(len(p.grants)) {
			p.cancel(p.grants[o.n])
		}
		return ""
	}
	if g := p.take(o.n, 1<<62); g != nil {
		return g.act.String()
	}
	return "no"
}

func said(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// A realLimiter does the same with a Limiter.
type realLimiter struct {
	*Limiter
	clock  *limiterClock
	grants []*Reservation
	acts   []plainGrant
}

func newRealLimiter(cfg LimiterConfig) *realLimiter {
	clock := &limiterClock{}
	return &realLimiter{Limiter: NewLimiter(clock, cfg), clock: clock}
}

func (r *realLimiter) apply(o limiterOp, step time.Duration) string {
	switch o.do {
	case "tick":
		r.clock.now = r.clock.now.Add(time.Duration(o.n) * step)
		return ""
	case "allow":
		g := r.ReserveWithin(o.n, 0) // which is AllowN
		if !g.OK() {
			return "no"
		}
		r.keep(&g, false)
		return "yes"
	case "cancel":
		if o.n < int64(len(r.grants)) {
			r.grants[o.n].Cancel()
			r.acts[o.n].cancelled = true
		}
		return ""
	}
	g := r.Reserve(o.n)
	if !g.OK() {
		return "no"
	}
	r.keep(&g, true)
	return g.act.String()
}

func (r *realLimiter) keep(g *Reservation, delayed bool) {
	r.grants = append(r.grants, g)
	r.acts = append(r.acts, plainGrant{n: g.n, act: g.act, delayed: delayed && g.Delay() > 0})
}

// overrun says in which span more events happen than the limit permits, "" if in none. Times of
// reservations are rounded up to the nanosecond: if any waited, spans may have lost one.
func overrun(cfg LimiterConfig, grants []plainGrant) string {
	slack := int64(0)
	if slices.ContainsFunc(grants, func(g plainGrant) bool { return g.delayed }) {
		slack = 1
	}
	for _, first := range grants {
		for _, last := range grants {
			dt := last.act.Sub(first.act)
			if dt < 0 || cfg.Sliding && dt >= cfg.Rate.Per {
				continue
			}
			total := int64(0)
			for _, g := range grants {
				if !g.cancelled && g.act >= first.act && g.act <= last.act {
					total += g.n
				}
			}
			most := new(big.Rat).SetInt64(cfg.Rate.Count)
			if !cfg.Sliding {
				most = big.NewRat((int64(dt)+slack)*cfg.Rate.Count, int64(cfg.Rate.Per))
				most.Add(most, new(big.Rat).SetInt64(cfg.Burst))
			}
			if most.Cmp(new(big.Rat).SetInt64(total)) < 0 {
				return fmt.Sprintf("%d events from %v to %v, where %s are permitted", total, first.act, last.act, most.RatString())
			}
		}
	}
	return ""
}

package resilience

import (
	"errors"
	"fmt"
	"time"

	"phoenix/sim"
)

// A plainBoundary is the specification of a Boundary with 2 slots, 4 of a and 2 of b, of which Low may
// use half, a token each second with a burst of 3, and a breaker that opens for 3 s on a failure and
// closes on the success of its one probe. Either a call is admitted by all and takes from all, or nothing
// changes. A bug makes it the mutant of that name.
type plainBoundary struct {
	bug     string
	now     sim.Time
	slots   int
	used    map[string]int64
	rate    *plainLimiter
	breaker plainGuard
	came    []*plainAdmission
	asked   map[string]string // answers to ask, of the mutant
}

type plainAdmission struct {
	amounts []Amount
	token   *plainGrant
	epoch   int
	probe   bool
	ended   bool
}

// A plainGuard is that breaker.
type plainGuard struct {
	state  BreakerState
	until  sim.Time
	epoch  int
	probes int
}

const (
	boundaryWait = 3 * time.Second
	boundarySlot = 2
)

func plainQuotas() map[string]int64 { return map[string]int64{"a": 4, "b": 2} }

func newPlainBoundary(bug string) *plainBoundary {
	return &plainBoundary{bug: bug, used: map[string]int64{}, asked: map[string]string{},
		rate: newPlainLimiter(LimiterConfig{Rate: PerSecond(1), Burst: 3}, "")}
}

// calls are the operations that ask.
var boundaryCalls = map[string]Operation{
	"a":   {Type: "t", Resources: []Amount{{"a", 2}}},
	"b":   {Type: "t", Resources: []Amount{{"b", 2}}},
	"ab":  {Type: "t", Resources: []Amount{{"a", 2}, {"b", 2}, {"free", 9}}},
	"low": {Type: "t", Priority: Low, Resources: []Amount{{"a", 2}}},
	"-":   {Type: "t"},
}

// A boundaryOp is what a Boundary is asked: a call of a name; the n-th admission ends; time passes.
type boundaryOp struct {
	do   string // ask, call, ok, fail, cancel, tick, force, auto
	call string
	n    int
}

func (o boundaryOp) String() string {
	switch o.do {
	case "ask", "call":
		return o.do + " " + o.call
	case "tick":
		return fmt.Sprintf("+%ds", o.n)
	case "force", "auto":
		return o.do
	}
	return fmt.Sprintf("%s #%d", o.do, o.n)
}

func (p *plainBoundary) settle() {
	if g := &p.breaker; g.state == Open && p.now >= g.until && p.bug != "open is left by nobody" {
		*g = plainGuard{state: HalfOpen, epoch: g.epoch + 1}
	}
}

// why says which part would reject, "" if none.
func (p *plainBoundary) why(op Operation) string {
	p.settle()
	p.rate.now = p.now
	p.rate.advance()
	switch g := p.breaker; {
	case g.state == ForcedOpen && p.bug != "forced-open passes" || g.state == Open:
		return "circuit open"
	case g.state == HalfOpen && g.probes > 0:
		return "half-open, no probe left"
	case p.slots == boundarySlot:
		return "no room, and queue full"
	case p.rate.tokens.Num().Int64() < p.rate.tokens.Denom().Int64():
		return "over the rate"
	}
	for _, a := range op.Resources {
		quota, bounded := plainQuotas()[a.Resource]
		if op.Priority == Low && p.bug != "a low priority takes all" {
			quota /= 2
		}
		if bounded && p.used[a.Resource]+a.N > quota {
			return "quota exceeded"
		}
	}
	return ""
}

func (p *plainBoundary) call(name string) string {
	op, why := boundaryCalls[name], ""
	if asked, ok := p.asked[name]; ok && p.bug == "checks first, reserves later" {
		why = asked
		delete(p.asked, name)
	} else {
		why = p.why(op)
	}
	if why != "" {
		p.burn(op, why)
		if p.bug == "the name is not stored" {
			return why
		}
		return "store/t: " + why
	}
	a := &plainAdmission{amounts: op.Resources, epoch: p.breaker.epoch, probe: p.breaker.state == HalfOpen}
	p.slots++
	a.token = p.rate.take(1, 0)
	if p.bug != "the reservation is lost" {
		p.add(op.Resources, 1)
	}
	if a.probe {
		p.breaker.probes++
	}
	p.came = append(p.came, a)
	return "admitted"
}

func (p *plainBoundary) add(amounts []Amount, sign int64) {
	for _, a := range amounts {
		if _, bounded := plainQuotas()[a.Resource]; bounded {
			p.used[a.Resource] += sign * a.N
		}
	}
}

// burn is what mutants do with a call that another part rejects.
func (p *plainBoundary) burn(op Operation, why string) {
	switch {
	case p.bug == "a token is burnt when the breaker rejects" && why == "circuit open",
		p.bug == "a token is burnt when the quota rejects" && why == "quota exceeded":
		p.rate.take(1, 0)
	case p.bug == "a slot is burnt when the rate rejects" && why == "over the rate":
		p.slots++
	case p.bug == "a probe is burnt when the quota rejects" && why == "quota exceeded" && p.breaker.state == HalfOpen:
		p.breaker.probes++
	case p.bug == "some of the amounts are kept" && why == "quota exceeded":
		if a := op.Resources[0]; p.used[a.Resource]+a.N <= plainQuotas()[a.Resource] {
			p.add(op.Resources[:1], 1)
		}
	}
}

func (p *plainBoundary) end(a *plainAdmission, how string) {
	if a.ended && p.bug != "what is ended twice is given back twice" {
		return
	}
	a.ended = true
	p.settle()
	p.slots--
	if p.bug != "the reservation is lost" {
		p.add(a.amounts, -1)
	}
	if how == "cancel" {
		p.rate.now = p.now
		p.rate.cancel(a.token)
	}
	g := &p.breaker
	if a.epoch != g.epoch || g.state == ForcedOpen {
		return
	}
	if a.probe {
		g.probes--
	}
	switch {
	case how == "fail":
		*g = plainGuard{state: Open, until: p.now.Add(boundaryWait), epoch: g.epoch + 1}
	case how == "ok" && a.probe:
		*g = plainGuard{epoch: g.epoch + 1}
	}
}

func (p *plainBoundary) apply(o boundaryOp) string {
	switch o.do {
	case "ask":
		if p.bug == "checks first, reserves later" {
			p.asked[o.call] = p.why(boundaryCalls[o.call])
		}
	case "call":
		return p.call(o.call)
	case "tick":
		p.now = p.now.Add(time.Duration(o.n) * time.Second)
	case "force":
		if p.settle(); p.breaker.state == Closed {
			p.breaker = plainGuard{state: ForcedOpen, epoch: p.breaker.epoch + 1}
		}
	case "auto":
		if p.breaker.state == ForcedOpen {
			p.breaker = plainGuard{epoch: p.breaker.epoch + 1}
		}
	default:
		if o.n < len(p.came) {
			p.end(p.came[o.n], o.do)
		}
	}
	return ""
}

// held is what is taken now, in a line.
func (p *plainBoundary) held() string {
	p.settle()
	p.rate.now = p.now
	p.rate.advance()
	whole := p.rate.tokens.Num().Int64() / p.rate.tokens.Denom().Int64()
	return fmt.Sprintf("a %d, b %d, slots %d, tokens %d, %v", p.used["a"], p.used["b"], p.slots, whole, p.breaker.state)
}

// A realBoundary does the same with a Boundary.
type realBoundary struct {
	*Boundary
	clock *limiterClock
	came  []*Admission
	asked []Operation // of came
	ended []bool
}

func newRealBoundary() *realBoundary {
	clock := &limiterClock{}
	return &realBoundary{clock: clock, Boundary: NewBoundary(clock, plainBoundaryConfig())}
}

func plainBoundaryConfig() BoundaryConfig {
	return BoundaryConfig{
		Name: "store", Quotas: plainQuotas(), Shares: map[Priority]int{Low: 50, Normal: 100},
		Bulkhead: &BulkheadConfig{Limit: boundarySlot, Queue: -1},
		Types: map[string]OperationConfig{"t": {
			Rate:    &LimiterConfig{Rate: PerSecond(1), Burst: 3},
			Breaker: &BreakerConfig{Failures: 1, Wait: boundaryWait, Successes: 1, Lease: time.Hour},
		}},
	}
}

func (r *realBoundary) apply(o boundaryOp) string {
	breaker := r.Breaker("t")
	switch o.do {
	case "call":
		a, err := r.TryAcquire(boundaryCalls[o.call])
		if err != nil {
			return rejectionOf(err)
		}
		r.came, r.asked, r.ended = append(r.came, a), append(r.asked, boundaryCalls[o.call]), append(r.ended, false)
		return "admitted"
	case "tick":
		r.clock.now = r.clock.now.Add(time.Duration(o.n) * time.Second)
	case "force":
		if breaker.State() == Closed {
			breaker.Force(ForcedOpen)
		}
	case "auto":
		breaker.Auto()
	case "ok", "fail", "cancel":
		if o.n >= len(r.came) {
			break
		}
		r.ended[o.n] = true
		switch a := r.came[o.n]; o.do {
		case "ok":
			a.Done(nil)
		case "fail":
			a.Done(errFlaky)
		default:
			a.Cancel()
		}
	}
	return ""
}

// rejectionOf says who rejected: all parts of the boundary are called after it.
func rejectionOf(err error) string {
	var r *Rejection
	if !errors.As(err, &r) || len(r.Name) < 6 || r.Name[:6] != "store/" {
		return err.Error()
	}
	return "store/t: " + r.Reason.Error()
}

func (r *realBoundary) held() string {
	use := r.Metrics().Use
	return fmt.Sprintf("a %d, b %d, slots %d, tokens %d, %v",
		use["a"].Used, use["b"].Used, r.Bulkhead().Stats().Out, r.Limiter("t").Tokens(), r.Breaker("t").State())
}

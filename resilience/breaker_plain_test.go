package resilience

import (
	"slices"
	"time"

	"phoenix/sim"
)

// A plainBreaker is the specification of a Breaker: it keeps every result and computes from all of them
// what it wants to know, and makes each transition at its instant, while the clock passes it. With a bug it
// is the mutant of that name.
type plainBreaker struct {
	cfg BreakerConfig
	bug string

	now            sim.Time
	auto, override BreakerState
	epoch          int
	due            sim.Time
	wait           time.Duration
	threshold      int
	stepped        sim.Time // or when the epoch began
	since          int      // results of the epoch since the last step
	ended          []plainResult
	probes         []*plainCall // of this epoch, also those that are back
	history        []Transition
	successes      int // zeroed with each epoch
	rejected       uint64
	expired        uint64
}

// A plainCall was let through.
type plainCall struct {
	start sim.Time
	epoch int
	probe bool
	fate  string // "", "ok", "failed", "returned"
	slow  bool
}

type plainResult struct {
	at            sim.Time
	epoch         int
	took          time.Duration
	out           Outcome
	failed, slow  bool
	kind          string
	late, counted bool
}

func newPlainBreaker(cfg BreakerConfig, bug string) *plainBreaker {
	cfg = cfg.filled()
	return &plainBreaker{cfg: cfg, bug: bug, wait: cfg.Wait, threshold: cfg.Failures}
}

func (p *plainBreaker) state() BreakerState {
	if p.override != Closed {
		return p.override
	}
	return p.auto
}

// shown is what State says.
func (p *plainBreaker) shown() BreakerState {
	if p.bug == "the state shown is the one of the last call" && p.auto == HalfOpen && p.override == Closed &&
		len(p.probes) == 0 {
		return Open
	}
	return p.state()
}

// advance lets time pass, from one thing that is due to the next.
func (p *plainBreaker) advance(d time.Duration) {
	end := p.now.Add(d)
	for {
		at, what := p.next()
		if at > end {
			break
		}
		p.now = max(p.now, at)
		what()
	}
	p.now = end
}

// next returns what is due next, and when.
func (p *plainBreaker) next() (sim.Time, func()) {
	switch {
	case p.override != Closed:
	case p.auto == Open && p.bug != "open until a call, which is rejected":
		due := p.due
		if p.bug == "the end of the wait still rejects" {
			due++
		}
		return due, func() { p.enter(HalfOpen, Closed) }
	case p.auto == HalfOpen && p.bug != "a hung probe is waited for without end":
		for _, c := range p.probes {
			if c.fate == "" {
				return c.start.Add(p.cfg.Lease), func() { c.fate = "failed"; p.expired++; p.tried() }
			}
		}
	}
	return sim.Forever, nil
}

// begin returns the call, or nil and why not and how long.
func (p *plainBreaker) begin() (*plainCall, time.Duration, error) {
	call := &plainCall{start: p.now, epoch: p.epoch}
	switch p.state() {
	case ForcedOpen:
		p.rejected++
		return nil, 0, ErrOpen
	case Open:
		p.rejected++
		grain := p.cfg.Wait / 100
		left := max(p.due.Sub(p.now), 0)
		return nil, (left + grain - 1) / grain * grain, ErrOpen
	case HalfOpen:
		if p.taken() >= p.cfg.Probes && p.bug != "half-open lets all calls through" {
			p.rejected++
			return nil, 0, ErrProbing
		}
		call.probe = true
		p.probes = append(p.probes, call)
	}
	return call, 0, nil
}

// taken counts the probes that were not given back.
func (p *plainBreaker) taken() (n int) {
	for _, c := range p.probes {
		if c.fate != "returned" {
			n++
		}
	}
	return n
}

func (p *plainBreaker) fates(fate string) (n int) {
	for _, c := range p.probes {
		if c.fate == fate {
			n++
		}
	}
	return n
}

// end ends a call with an outcome, or as the defect would have it.
func (p *plainBreaker) end(c *plainCall, out Outcome, kind string) {
	r := plainResult{at: p.now, epoch: p.epoch, took: p.now.Sub(c.start), out: out, kind: kind}
	if out == Failed && p.bug == "an error that is returned is a success" {
		r.out = Succeeded
	}
	late := p.cfg.Timeout > 0 && r.took >= p.cfg.Timeout && p.bug != "the timeout does not bound the operation"
	if r.out == Succeeded && late {
		r.out, r.kind = Failed, timedOut
	}
	r.failed = r.out == Failed
	r.slow = p.cfg.Slow > 0 && r.took > p.cfg.Slow
	r.late = c.epoch != p.epoch || c.probe && c.fate != ""
	if p.bug == "a late result decides" && p.auto != Open {
		r.late = false
	}
	if r.failed && r.late && p.auto == Open && p.bug == "a late failure begins the wait anew" {
		p.due = p.now.Add(p.cfg.Wait)
	}
	if out == Ignored && p.bug == "an ignored error keeps its permit" {
		r.late = true
	}
	if !r.late && out != Ignored && p.override == Closed {
		r.counted = p.auto == Closed
	}
	p.ended = append(p.ended, r)
	if r.out == Succeeded && !r.late {
		p.successes++
	}
	switch {
	case r.late:
	case out == Ignored:
		c.fate = "returned"
	case p.override != Closed:
	case p.auto == Closed:
		p.since++
		p.judge()
	case p.auto == HalfOpen:
		c.fate, c.slow = "ok", r.slow
		if r.failed || r.slow && p.cfg.SlowPercent > 0 {
			c.fate = "failed"
		}
		if !slices.Contains(p.probes, c) {
			p.probes = append(p.probes, c) // only a defect gets here
		}
		p.tried()
	}
}

// counts returns what the window shows.
func (p *plainBreaker) counts() (c Counts) {
	width := p.cfg.Period / time.Duration(p.cfg.Buckets)
	seen := 0
	for _, r := range slices.Backward(p.ended) {
		if !r.counted || r.epoch != p.epoch && p.bug != "failures add up for life" {
			continue
		}
		seen++
		old := p.cfg.Period == 0 && seen > p.cfg.Window ||
			p.cfg.Period > 0 && int64(p.now)/int64(width)-int64(r.at)/int64(width) >= int64(p.cfg.Buckets)
		if old && p.bug != "the window decides nothing" && p.bug != "failures add up for life" {
			break
		}
		c.Total++
		if r.failed {
			c.Failures++
		}
		if r.slow {
			c.Slow++
		}
	}
	return c
}

func (p *plainBreaker) tripped() bool {
	c := p.counts()
	if c.Total < p.cfg.Minimum {
		return false
	}
	return p.threshold > 0 && c.Failures >= p.threshold ||
		p.cfg.FailurePercent > 0 && c.Failures*100 >= c.Total*p.cfg.FailurePercent ||
		p.cfg.SlowPercent > 0 && c.Slow*100 >= c.Total*p.cfg.SlowPercent
}

func (p *plainBreaker) judge() {
	if p.tripped() {
		p.enter(Open, Closed)
		return
	}
	p.adapt()
	if p.tripped() {
		p.enter(Open, Closed)
	}
}

func (p *plainBreaker) adapt() {
	full := p.since >= p.cfg.Window
	if p.cfg.Period > 0 {
		full = p.now.Sub(p.stepped) >= p.cfg.Period
	}
	c := p.counts()
	enough := c.Total >= p.cfg.Minimum || p.bug == "the threshold moves on too few calls"
	if p.cfg.AdaptHigh == 0 || !enough || !full && p.bug != "the threshold moves with each result" {
		return
	}
	p.since, p.stepped = 0, p.now
	switch {
	case c.Failures*10 > c.Total*3 && p.threshold > p.cfg.AdaptLow:
		p.threshold--
	case c.Failures*10 < c.Total && p.threshold < p.cfg.AdaptHigh:
		p.threshold++
	}
}

// tried decides when it is certain what the probes say.
func (p *plainBreaker) tried() {
	ok := p.fates("ok")
	if p.bug == "successes are never zeroed" {
		ok = max(ok, p.successes)
	}
	switch {
	case ok >= p.cfg.Successes:
		p.enter(Closed, Closed)
	case p.fates("failed") > p.cfg.Probes-p.cfg.Successes:
		p.enter(Open, Closed)
	}
}

func (p *plainBreaker) enter(auto, override BreakerState) {
	before := *p
	p.auto, p.override = auto, override
	if before.state() == p.state() {
		return
	}
	seen := before.counts()
	if before.auto == HalfOpen {
		ok, failed := before.fates("ok"), before.fates("failed")
		seen = Counts{Total: ok + failed, Failures: failed}
		for _, c := range before.probes {
			if c.slow {
				seen.Slow++
			}
		}
	}
	p.history = append(p.history, Transition{From: before.state(), To: p.state(), At: p.now, Seen: seen})
	if auto != before.auto && auto == Closed {
		p.wait = p.cfg.Wait
	}
	if auto != before.auto && auto == Open {
		wait := p.wait
		p.wait = min(wait*time.Duration(p.cfg.Growth)/100, p.cfg.MaxWait)
		if p.cfg.Jitter > 0 {
			wait += time.Duration(p.cfg.Rand.Int64N(int64(wait)*int64(p.cfg.Jitter)/100 + 1))
		}
		p.due = p.now.Add(wait)
	}
	p.renew()
}

func (p *plainBreaker) renew() {
	p.epoch++
	p.stepped, p.since = p.now, 0
	p.probes = nil
	if p.bug != "successes are never zeroed" {
		p.successes = 0
	}
}

func (p *plainBreaker) force(s BreakerState) { p.enter(p.auto, s) }

func (p *plainBreaker) automatic() {
	if p.bug != "no way back from a forced state" {
		p.enter(p.auto, Closed)
		p.advance(0)
	}
}

func (p *plainBreaker) reset() {
	if p.bug != "reset keeps the threshold" {
		p.threshold = p.cfg.Failures
	}
	p.enter(Closed, Closed)
	p.wait = p.cfg.Wait
	p.renew()
}

package resilience

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"phoenix/sim"
	"phoenix/sim/simtest/chart"
)

// A worker serves one after the other, whether or not who asked still waits, and turns away what would
// wait for longer than a second.
type worker struct{ free sim.Time }

// serve returns after the wait and the work, or after patience with an error.
func (s *worker) serve(p *sim.Proc, takes, patience time.Duration) error {
	now := p.Host().Monotonic()
	if s.free.Sub(now) > time.Second {
		return errFlaky
	}
	s.free = max(s.free, now).Add(takes)
	wait := s.free.Sub(now)
	p.Sleep(min(wait, patience))
	if wait > patience {
		return context.DeadlineExceeded
	}
	return nil
}

const (
	pictureEnd  = 40 * time.Second
	outageBegin = sim.Time(10 * time.Second)
	outageEnd   = sim.Time(20 * time.Second)
)

func during(h *sim.Host) bool { now := h.Monotonic(); return now >= outageBegin && now < outageEnd }

func outageBand(label string) []chart.Band {
	from, until := time.Duration(outageBegin), time.Duration(outageEnd)
	return []chart.Band{{From: from, Until: until, Label: label, Color: chart.Red}}
}

// inPicture runs one host until the end of the pictures.
func inPicture(t *testing.T, boot func(h *sim.Host)) {
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	w.AddHost("a", boot)
	w.Run(sim.Limit{})
	require.Empty(t, w.Findings())
}

// whole is the series of c, of every second of the pictures.
func whole(c *perSecond) chart.Series {
	for len(c.counts) <= int(pictureEnd/time.Second) {
		c.counts = append(c.counts, 0)
	}
	c.counts = c.counts[:int(pictureEnd/time.Second)+1]
	return c.series()
}

// average is over the seconds from and until.
func average(c *perSecond, from, until int) float64 {
	sum := 0.0
	for s := from; s < until && s < len(c.counts); s++ {
		sum += c.counts[s]
	}
	return sum / float64(until-from)
}

func TestThePictureOfALimiter(t *testing.T) {
	run := func(name string, color chart.Color, limit func(h *sim.Host) Policy) (intime, wait *perSecond) {
		intime, wait = &perSecond{name: name, color: color}, &perSecond{name: name, color: color}
		inPicture(t, func(h *sim.Host) {
			policy, server := limit(h), &worker{}
			call := func(p *sim.Proc) {
				_ = policy.Do(InProcess(p), func(context.Context) error {
					err := server.serve(p, 20*time.Millisecond, 200*time.Millisecond)
					if err == nil {
						intime.add(h.Monotonic())
					}
					return err
				})
			}
			come(h, "calls", 33*time.Millisecond, pictureEnd, call)
			h.Go("surge", func(p *sim.Proc) {
				p.Sleep(time.Duration(outageBegin))
				come(h, "surge", 12*time.Millisecond, time.Duration(outageEnd), call)
			})
			eachSecond(h, pictureEnd, func(time.Duration) {
				wait.counts = append(wait.counts, float64(max(0, server.free.Sub(h.Monotonic()))/time.Millisecond))
			})
		})
		return intime, wait
	}
	without, waitWithout := run("no limiter", chart.Red, func(*sim.Host) Policy { return Compose() })
	with, waitWith := run("45 a second, a burst of 5", chart.Green, func(h *sim.Host) Policy {
		return NewLimiter(h, LimiterConfig{Rate: PerSecond(45), Burst: 5})
	})
	require.Less(t, average(without, 12, 20), 1.0, "all come too late")
	require.Greater(t, average(with, 12, 20), 43.0)
	chart.Golden(t, "../docs/patterns/limiter.svg", chart.Figure{
		Title: "Three times as many ask as can be served",
		Note: "The server does 50 a second, one after the other; who asked waits for 200 ms at most. " +
			"Without a limit all wait in vain.",
		Until: pictureEnd,
		Bands: outageBand("surge"),
		Panels: []chart.Panel{
			{Title: "Served in time", Unit: "a second", Max: 60, Series: []chart.Series{whole(without), whole(with)}},
			{Title: "Wait at the server", Unit: "ms", Series: []chart.Series{whole(waitWithout), whole(waitWith)}, Height: 110},
		},
	})
}

func TestThePictureOfARetryBudget(t *testing.T) {
	run := func(name string, color chart.Color, budget func(h *sim.Host) *RetryBudget) (attempts, answered *perSecond) {
		attempts, answered = &perSecond{name: name, color: color}, &perSecond{name: name, color: color}
		inPicture(t, func(h *sim.Host) {
			server := &worker{}
			retry := NewRetry(h, RetryConfig{
				Attempts: 4, Base: 50 * time.Millisecond, Jitter: FullJitter, Rand: h.Rand("jitter"), Budget: budget(h),
				Retry: func(error) bool { return true },
			})
			come(h, "calls", 16*time.Millisecond, pictureEnd, func(p *sim.Proc) {
				if retry.Do(InProcess(p), func(context.Context) error {
					attempts.add(h.Monotonic())
					takes := 10 * time.Millisecond
					if during(h) {
						takes = 40 * time.Millisecond
					}
					return server.serve(p, takes, 300*time.Millisecond)
				}) == nil {
					answered.add(h.Monotonic())
				}
			})
		})
		return attempts, answered
	}
	attempts, answered := run("4 attempts", chart.Red, func(*sim.Host) *RetryBudget { return nil })
	bounded, saved := run("4 attempts within a budget of 20 %", chart.Green, func(h *sim.Host) *RetryBudget {
		return NewRetryBudget(h, RetryBudgetConfig{Percent: 20})
	})
	require.Less(t, average(answered, 25, 39), 10.0, "the outage is over, but not the overload")
	require.Greater(t, average(saved, 25, 39), 58.0)
	chart.Golden(t, "../docs/patterns/retry.svg", chart.Figure{
		Title: "A server is slow for 10 s",
		Note: "62 calls a second; it does 100 a second, a quarter of that while it is slow. " +
			"Without a budget retries keep it overloaded for ever.",
		Until: pictureEnd,
		Bands: outageBand("slow"),
		Panels: []chart.Panel{
			{Title: "Attempts", Unit: "a second", Series: []chart.Series{whole(attempts), whole(bounded)}},
			{Title: "Answered", Unit: "a second", Max: 80, Series: []chart.Series{whole(answered), whole(saved)}},
		},
	})
}

func TestThePictureOfAFallback(t *testing.T) {
	fresh := &perSecond{name: "fresh", color: chart.Green}
	stale := &perSecond{name: "remembered, the call was rejected", color: chart.Blue}
	failed := &perSecond{name: "remembered, the call failed", color: chart.Orange}
	var states []chart.Change
	inPicture(t, func(h *sim.Host) {
		colors := map[BreakerState]chart.Color{Closed: chart.Green, Open: chart.Red, HalfOpen: chart.Orange}
		states = append(states, chart.Change{Label: "closed", Color: chart.Green})
		breaker := NewBreaker(h, BreakerConfig{Wait: 3 * time.Second, OnTransition: func(c Transition) {
			states = append(states, chart.Change{At: time.Duration(c.At), Label: c.To.String(), Color: colors[c.To]})
		}})
		prices := &Fallback[*perSecond]{Func: func(_ context.Context, miss Miss) (*perSecond, error) {
			if miss.Rejected {
				return stale, nil
			}
			return failed, nil
		}}
		come(h, "calls", 50*time.Millisecond, pictureEnd, func(p *sim.Proc) {
			answer, err := prices.Get(InProcess(p), breaker, func(context.Context) (*perSecond, error) {
				p.Sleep(30 * time.Millisecond)
				if during(h) {
					return nil, errFlaky
				}
				return fresh, nil
			})
			require.NoError(t, err)
			answer.add(h.Monotonic())
		})
	})
	require.Greater(t, average(stale, 11, 20), 15.0)
	chart.Golden(t, "../docs/patterns/fallback.svg", chart.Figure{
		Title: "Prices are down, shops are not",
		Note:  "20 calls a second. Every call is answered; the breaker and the counts still say what happened.",
		Until: pictureEnd,
		Bands: outageBand("down"),
		Panels: []chart.Panel{
			{Title: "Answers", Unit: "a second", Max: 30, Series: []chart.Series{whole(fresh), whole(stale), whole(failed)}},
			{Title: "Breaker", Lanes: []chart.Lane{{Name: "prices", Bands: chart.States(pictureEnd, states...)}}},
		},
	})
}

func TestThePictureOfABoundary(t *testing.T) {
	run := func(shares map[Priority]int, suffix string, style chart.Style) (payments, reports, used chart.Series) {
		paid := &perSecond{name: "payments (critical), " + suffix, color: chart.Green}
		told := &perSecond{name: "reports (low), " + suffix, color: chart.Orange}
		use := &perSecond{name: suffix, color: chart.Blue}
		inPicture(t, func(h *sim.Host) {
			b := NewBoundary(h, BoundaryConfig{Name: "books", Quotas: map[string]int64{"connections": 20}, Shares: shares})
			call := func(operation Operation, takes func() time.Duration, done *perSecond) func(p *sim.Proc) {
				return func(p *sim.Proc) {
					_ = b.Do(InProcess(p), operation, func(context.Context) error {
						p.Sleep(takes())
						done.add(h.Monotonic())
						return nil
					})
				}
			}
			payment := Operation{Type: "payment", Priority: Critical, Resources: []Amount{{"connections", 1}}}
			report := Operation{Type: "report", Priority: Low, Resources: []Amount{{"connections", 2}}}
			come(h, "payment", 25*time.Millisecond, pictureEnd,
				call(payment, func() time.Duration { return 50 * time.Millisecond }, paid))
			come(h, "report", 100*time.Millisecond, pictureEnd, call(report, func() time.Duration {
				if during(h) {
					return 3 * time.Second
				}
				return 200 * time.Millisecond
			}, told))
			eachSecond(h, pictureEnd, func(time.Duration) {
				use.counts = append(use.counts, float64(b.Metrics().Use["connections"].Used))
			})
		})
		payments, reports, used = whole(paid), whole(told), whole(use)
		used.Style = style
		if style == chart.DashedStep {
			payments.Color, reports.Color, used.Color = chart.Red, chart.Purple, chart.Grey
		}
		return payments, reports, used
	}
	without, reportsWithout, usedWithout := run(nil, "all quotas for all", chart.DashedStep)
	with, reportsWith, usedWith := run(map[Priority]int{Low: 70, Critical: 100}, "low up to 70 %", chart.Step)
	lost := func(s chart.Series) (least float64) {
		least = 1e9
		for _, p := range s.Points[12:20] {
			least = min(least, p.Y)
		}
		return least
	}
	require.Less(t, lost(without), 20.0, "payments find no connection")
	require.Greater(t, lost(with), 35.0, "payments are untouched")
	chart.Golden(t, "../docs/patterns/boundary.svg", chart.Figure{
		Title: "Reports become slow, payments go on",
		Note:  "20 connections. A payment holds one for 50 ms, a report two for 200 ms, or for 3 s while reports are slow.",
		Until: pictureEnd,
		Bands: outageBand("reports are slow"),
		Panels: []chart.Panel{
			{Title: "Payments done", Unit: "a second", Max: 60, Series: []chart.Series{without, with}},
			{Title: "Reports done", Unit: "a second", Series: []chart.Series{reportsWithout, reportsWith}, Height: 90},
			{Title: "Connections held", Max: 20, Series: []chart.Series{usedWithout, usedWith}, Height: 90},
		},
	})
}

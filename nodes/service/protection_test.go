package service_test

import (
	"context"
	"errors"
	"time"

	"phoenix/network"
	"phoenix/nodes/service"
	"phoenix/resilience"
)

// threeTimes tries again at once: what clients do that nobody thought about.
func threeTimes(*network.Endpoint) resilience.Policy {
	return resilience.PolicyFunc(func(ctx context.Context, op func(context.Context) error) (err error) {
		for range 3 {
			if err = op(ctx); err == nil || ctx.Err() != nil {
				return err
			}
		}
		return err
	})
}

// within returns the protection that puts a policy within another, which is asked first.
func within(outer, inner service.Protection) service.Protection {
	return func(ep *network.Endpoint) resilience.Policy {
		return resilience.Compose(outer(ep), inner(ep))
	}
}

// worthwhile says which errors a client tries again: not those of a server that has too much to do.
func worthwhile(err error) bool { return resilience.Retryable(err) && !errors.Is(err, service.ErrBusy) }

// opensAt is a breaker for a service whose requests may fail one by one: it opens when half of them do.
func opensAt() resilience.BreakerConfig {
	return resilience.BreakerConfig{Period: time.Second, Minimum: 20, FailurePercent: 50, Wait: 500 * ms, Successes: 3}
}

func retries(ep *network.Endpoint) *resilience.RetryConfig {
	return &resilience.RetryConfig{
		Attempts: 3, Base: 10 * ms, Jitter: resilience.FullJitter, Rand: ep.Rand("retries"), Retry: worthwhile,
		Budget: resilience.NewRetryBudget(ep, resilience.RetryBudgetConfig{Percent: 20}),
	}
}

// clientBoundary has a breaker for each kind of requests, so that what is shed of one does not stop the
// other, and tries again what failed within a budget.
func clientBoundary(watch func(kind string, t resilience.Transition)) service.Protection {
	return func(ep *network.Endpoint) resilience.Policy {
		cfg := resilience.BoundaryConfig{Name: "client", Retry: retries(ep), Types: map[string]resilience.OperationConfig{}}
		for _, kind := range []string{service.Priority, service.Ordinary} {
			b := opensAt()
			if watch != nil {
				b.OnTransition = func(t resilience.Transition) { watch(ep.Name()+" "+kind, t) }
			}
			cfg.Types[kind] = resilience.OperationConfig{Breaker: &b}
		}
		b := resilience.NewBoundary(ep, cfg)
		return resilience.PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
			kind := service.Ordinary
			if resilience.PriorityOf(ctx) == resilience.Critical {
				kind = service.Priority
			}
			return b.Do(ctx, resilience.Operation{Type: kind}, op)
		})
	}
}

// slots are as many as the server has workers: who has to wait does so where priority and deadline count.
func slots() *resilience.BulkheadConfig {
	return &resilience.BulkheadConfig{Limit: service.OutageWorkers, Queue: 25, MaxWait: 200 * ms}
}

// serverBoundary admits by priority; show, unless nil, is set to its bulkhead.
func serverBoundary(show **resilience.Bulkhead) service.Protection {
	return func(ep *network.Endpoint) resilience.Policy {
		b := resilience.NewBoundary(ep, resilience.BoundaryConfig{Name: "server", Bulkhead: slots()})
		if show != nil {
			*show = b.Bulkhead()
		}
		return b.Policy(resilience.Operation{})
	}
}

func bulkhead(ep *network.Endpoint) resilience.Policy { return resilience.NewBulkhead(ep, *slots()) }

// levelled takes all requests for equally important.
func levelled(*network.Endpoint) resilience.Policy {
	return resilience.PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
		return op(resilience.WithPriority(ctx, resilience.Normal))
	})
}

// limiter admits what the service can do when it is well.
func limiter(ep *network.Endpoint) resilience.Policy {
	return resilience.NewLimiter(ep, resilience.LimiterConfig{Rate: resilience.PerSecond(600), Burst: 60})
}

func breaker(ep *network.Endpoint) resilience.Policy { return resilience.NewBreaker(ep, opensAt()) }

func budgeted(ep *network.Endpoint) resilience.Policy { return resilience.NewRetry(ep, *retries(ep)) }

// A variant is one way to protect the clients and the service of the outage.
type variant struct {
	name   string
	outage service.Outage
	known  func() (*result, error) // of seed 1, where another test has it
}

func (v variant) run() (*result, error) {
	if v.known != nil {
		return v.known()
	}
	return outage(v.outage, 1)
}

// variants are what the table of docs/patterns/outage.md compares, from nothing to the whole.
func variants() []variant {
	return []variant{
		{"none: clients try three times", naked, nakedRun},
		{"none: clients try once", service.Outage{}, nil},
		{"retries within a budget", service.Outage{Policy: budgeted}, nil},
		{"breaker, in the clients", service.Outage{Policy: within(threeTimes, breaker)}, nil},
		{"limiter, in the server", service.Outage{Policy: threeTimes, Guard: limiter}, nil},
		{"bulkhead without priorities, in the server",
			service.Outage{Policy: threeTimes, Guard: within(levelled, bulkhead)}, nil},
		{"bulkhead, in the server; clients try once", service.Outage{Guard: bulkhead}, nil},
		{"bulkhead, in the server", service.Outage{Policy: threeTimes, Guard: bulkhead}, nil},
		{"boundary of the clients", service.Outage{Policy: clientBoundary(nil)}, nil},
		{"both boundaries", guarded, guardedRun},
	}
}

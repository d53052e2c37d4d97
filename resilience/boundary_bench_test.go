package resilience_test

import (
	"context"
	"testing"
	"time"

	"phoenix/resilience"
)

// Run with -cpu 1,8. What a call costs that all parts admit, and one that an open breaker rejects.
func BenchmarkBoundary(b *testing.B) {
	ctx, op := context.Background(), func(context.Context) error { return nil }
	operation := resilience.Operation{Type: "read", Resources: []resilience.Amount{{Resource: "memory", N: 1}}}
	boundary := func() *resilience.Boundary {
		return resilience.NewBoundary(resilience.System(), resilience.BoundaryConfig{
			Quotas:   map[string]int64{"memory": 1 << 20},
			Bulkhead: &resilience.BulkheadConfig{Limit: 64},
			Types: map[string]resilience.OperationConfig{"read": {
				Rate:    &resilience.LimiterConfig{Rate: resilience.PerSecond(1e9), Burst: 1e6},
				Breaker: &resilience.BreakerConfig{FailurePercent: 50, Wait: time.Hour},
			}},
		})
	}
	run := func(name string, policy resilience.Policy) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_ = policy.Do(ctx, op)
				}
			})
		})
	}
	open := boundary()
	open.Breaker("read").Force(resilience.ForcedOpen)
	run("admitted", boundary().Policy(operation))
	run("rejected", open.Policy(operation))
	run("retry", resilience.NewRetry(resilience.System(), resilience.RetryConfig{
		Budget: resilience.NewRetryBudget(resilience.System(), resilience.RetryBudgetConfig{})}))
}

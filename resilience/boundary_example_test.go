package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoenix/resilience"
)

// A boundary around a store: 100 MB, two kinds of operations, and room that only critical ones get.
func ExampleBoundary() {
	store := resilience.NewBoundary(resilience.System(), resilience.BoundaryConfig{
		Name:     "store",
		Quotas:   map[string]int64{"MB": 100},
		Shares:   map[resilience.Priority]int{resilience.Low: 50, resilience.Critical: 100},
		Bulkhead: &resilience.BulkheadConfig{Limit: 20, Queue: 50, MaxWait: time.Second},
		Types: map[string]resilience.OperationConfig{
			"read":   {Breaker: &resilience.BreakerConfig{FailurePercent: 50, Timeout: 2 * time.Second}},
			"report": {Rate: &resilience.LimiterConfig{Rate: resilience.PerSecond(1), Burst: 2}},
		},
	})
	report := store.Policy(resilience.Operation{
		Type: "report", Priority: resilience.Low,
		Resources: []resilience.Amount{{Resource: "MB", N: 40}},
	})
	err := report.Do(context.Background(), func(ctx context.Context) error {
		// While it runs there is no room for another one, but for something critical.
		err := report.Do(ctx, func(context.Context) error { return nil })
		fmt.Println(err)
		return store.Do(ctx, resilience.Operation{
			Type: "read", Priority: resilience.Critical,
			Resources: []resilience.Amount{{Resource: "MB", N: 60}},
		}, func(context.Context) error { return nil })
	})
	m := store.Metrics()
	fmt.Println(err, m.Types["report"].Rejected.Quota, m.Use["MB"])
	// Output:
	// boundary store/MB: quota exceeded
	// <nil> 1 {100 0 100}
}

// A bucket of 3 tokens, and one each 100 ms: policed, and shaped.
func ExampleLimiter() {
	cfg := resilience.LimiterConfig{Name: "mail", Rate: resilience.PerSecond(10), Burst: 3}
	l := resilience.NewLimiter(resilience.System(), cfg)
	for range 4 {
		fmt.Print(l.Allow(), " ")
	}
	send := func(context.Context) error { return nil }
	fmt.Println(l.Do(context.Background(), send))

	cfg.MaxWait = time.Second // waits for its turn instead
	shaped := resilience.NewLimiter(resilience.System(), cfg)
	begin := time.Now()
	for range 4 {
		_ = shaped.Do(context.Background(), send)
	}
	fmt.Println(time.Since(begin) > 99*time.Millisecond)
	// Output:
	// true true true false limiter mail: over the rate, try again in 100ms
	// true
}

// Two attempts that fail, and one that succeeds.
func ExampleRetry() {
	retry := resilience.NewRetry(resilience.System(), resilience.RetryConfig{
		Attempts: 4, Base: time.Millisecond,
		Budget: resilience.NewRetryBudget(resilience.System(), resilience.RetryBudgetConfig{}), // shared by all calls
	})
	attempts := 0
	err := retry.Do(context.Background(), func(context.Context) error {
		if attempts++; attempts < 3 {
			return errors.New("connection reset")
		}
		return nil
	})
	fmt.Println(attempts, err)
	// Output: 3 <nil>
}

// What is not known fresh is answered from memory, and somebody is told which it was.
func ExampleFallback() {
	breaker := resilience.NewBreaker(resilience.System(), resilience.BreakerConfig{Name: "prices"})
	prices := &resilience.Fallback[int]{
		Func: func(_ context.Context, miss resilience.Miss) (int, error) {
			fmt.Println("rejected:", miss.Rejected, "because:", miss.Err)
			return 99, nil
		},
	}
	breaker.Force(resilience.ForcedOpen)
	price, err := prices.Get(context.Background(), breaker, func(context.Context) (int, error) { return 101, nil })
	fmt.Println(price, err, prices.Counts())
	// Output:
	// rejected: true because: breaker prices: circuit open
	// 99 <nil> {1 0 1 1}
}

package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoenix/resilience"
)

// Payments may take two slots and one place to wait, whatever hangs there.
func ExampleBulkhead() {
	payments := resilience.NewBulkhead(resilience.System(), resilience.BulkheadConfig{
		Name: "payments", Limit: 2, Queue: 1, MaxWait: 10 * time.Millisecond,
	})
	pay := func(context.Context) error { fmt.Println("paid"); return nil }

	fmt.Println(payments.Do(context.Background(), pay))

	payments.TryAcquire() // two calls hang
	payments.TryAcquire()
	err := payments.Do(context.Background(), pay)
	fmt.Println(err, errors.Is(err, resilience.ErrWaited))
	// Output:
	// paid
	// <nil>
	// bulkhead payments: waited too long true
}

// A handler must not block: it leaves a function, and tells the bulkhead when the operation is over.
func ExampleBulkhead_AcquireFunc() {
	b := resilience.NewBulkhead(resilience.System(), resilience.BulkheadConfig{Limit: 1})
	for _, name := range []string{"first", "second"} {
		b.AcquireFunc(resilience.Normal, func(err error) { fmt.Println(name, err) })
	}
	fmt.Println("the first is over")
	b.Release()
	// Output:
	// first <nil>
	// the first is over
	// second <nil>
}

// The limit of this bulkhead follows the latency of what runs in it.
func ExampleGradient() {
	b := resilience.NewBulkhead(resilience.System(), resilience.BulkheadConfig{
		Name: "search", Limit: 20, Gradient: &resilience.GradientConfig{Max: 500},
	})
	err := b.Do(context.Background(), func(context.Context) error { return nil })
	fmt.Println(err, b.Stats().Limit)
	// Output: <nil> 20
}

// While requests wait too long in the bulkhead, the least important are turned away before they wait.
func ExampleShedder() {
	clock := resilience.System()
	front := resilience.NewShedder(clock, resilience.ShedderConfig{
		Name:     "front",
		Bulkhead: resilience.NewBulkhead(clock, resilience.BulkheadConfig{Limit: 50, Queue: 200}),
	})
	ctx := resilience.WithPriority(context.Background(), resilience.Critical)
	fmt.Println(front.Do(ctx, func(context.Context) error { return nil }))
	// Output: <nil>
}

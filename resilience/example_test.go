package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoenix/resilience"
)

// Policies nest: the first is asked first. Here nothing runs while the store is being moved.
func ExampleCompose() {
	moving := resilience.PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
		return &resilience.Rejection{By: "boundary", Name: "store", Reason: resilience.ErrClosed, After: time.Minute}
	})
	logged := resilience.PolicyFunc(func(ctx context.Context, op func(context.Context) error) error {
		err := op(ctx)
		fmt.Println("log:", err)
		return err
	})
	value, err := resilience.Get(context.Background(), resilience.Compose(logged, moving),
		func(context.Context) (int, error) { return 42, nil })
	fmt.Println(value, errors.Is(err, resilience.ErrClosed))
	// Output:
	// log: boundary store: shut down, try again in 1m0s
	// 0 true
}

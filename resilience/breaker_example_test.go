package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoenix/resilience"
	"phoenix/sim"
)

// A byHand is a clock for examples and tests. In production it is resilience.System(), in a world the
// node's endpoint.
type byHand struct{ now sim.Time }

func (c *byHand) Monotonic() sim.Time { return c.now }

func ExampleBreaker() {
	clock := &byHand{}
	b := resilience.NewBreaker(clock, resilience.BreakerConfig{
		Name: "stock", Failures: 2, Wait: 10 * time.Second, Successes: 1,
		OnTransition: func(t resilience.Transition) { fmt.Println(t.From, "->", t.To) },
	})
	ctx := context.Background()
	for range 3 {
		err := b.Do(ctx, func(context.Context) error { return errors.New("no route") })
		fmt.Println(err)
	}
	clock.now = clock.now.Add(10 * time.Second)
	n, err := resilience.Get(ctx, b, func(context.Context) (int, error) { return 7, nil })
	fmt.Println(n, err)
	// Output:
	// no route
	// closed -> open
	// no route
	// breaker stock: circuit open, try again in 10s
	// open -> half-open
	// half-open -> closed
	// 7 <nil>
}

// A call that ends elsewhere carries its permit.
func ExampleBreaker_Acquire() {
	b := resilience.NewBreaker(resilience.System(), resilience.BreakerConfig{})
	permit, err := b.Acquire()
	if err != nil {
		fmt.Println("use the cache:", err)
		return
	}
	onReply := func(err error) { permit.Done(err) }
	onReply(nil)
	fmt.Println(b.State(), b.Metrics().Successes)
	// Output: closed 1
}

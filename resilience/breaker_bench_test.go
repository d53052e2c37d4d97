package resilience_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"
	"phoenix/resilience"
)

// A guarded is one call through a breaker, of an operation that succeeds or fails at once.
type guarded struct {
	name string
	call func(err error) error
}

// breakersToCompare are closed breakers that open on 50 % failures of the last 100 calls or
// of 30 s, and whose operation has no result.
func breakersToCompare() []guarded {
	ctx := context.Background()
	ours := resilience.NewBreaker(resilience.System(), resilience.BreakerConfig{FailurePercent: 50, Wait: time.Hour})
	timeless := resilience.NewBreaker(resilience.System(),
		resilience.BreakerConfig{FailurePercent: 50, Wait: time.Hour, NoTimes: true})
	sony := gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Interval: 30 * time.Second, Timeout: time.Hour,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.Requests >= 10 && c.TotalFailures*2 >= c.Requests },
	})
	safe := circuitbreaker.NewBuilder[any]().WithFailureThresholdRatio(50, 100).WithDelay(time.Hour).Build()
	executor := failsafe.With[any](safe)
	permits := circuitbreaker.NewBuilder[any]().WithFailureThresholdRatio(50, 100).WithDelay(time.Hour).Build()
	return []guarded{
		{"phoenix", func(err error) error { return ours.Do(ctx, func(context.Context) error { return err }) }},
		{"phoenix-no-times", func(err error) error { // as the libraries, which measure none
			return timeless.Do(ctx, func(context.Context) error { return err })
		}},
		{"gobreaker", func(err error) error {
			_, err = sony.Execute(func() (struct{}, error) { return struct{}{}, err })
			return err
		}},
		{"failsafe-go", func(err error) error { return executor.Run(func() error { return err }) }},
		{"failsafe-go-permits", func(err error) error { // without its executor
			if !permits.TryAcquirePermit() {
				return circuitbreaker.ErrOpen
			}
			permits.RecordError(err)
			return err
		}},
	}
}

// The closed path of one goroutine, and of as many as -cpu says:
//
//	go test -bench Breaker -cpu 1,8 ./resilience
func BenchmarkBreakerClosed(b *testing.B) {
	for _, g := range breakersToCompare() {
		b.Run(g.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if g.call(nil) != nil {
						b.Error("rejected")
					}
				}
			})
		})
	}
}

// The path of a rejection.
func BenchmarkBreakerOpen(b *testing.B) {
	broken := errors.New("broken")
	for _, g := range breakersToCompare() {
		for range 200 {
			_ = g.call(broken)
		}
		b.Run(g.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if g.call(nil) == nil {
						b.Error("not rejected")
					}
				}
			})
		})
	}
}

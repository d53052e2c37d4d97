package resilience_test

import (
	"testing"
	"time"

	"golang.org/x/time/rate"

	"phoenix/resilience"
)

// Run with -cpu 1,8. "yes" permits everything, "no" nothing but the burst, "log" is the sliding window.
func BenchmarkLimiterAllow(b *testing.B) {
	clock := resilience.System()
	slow := resilience.Every(time.Hour)
	bench := func(name string, allow func() bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					allow()
				}
			})
		})
	}
	yes := resilience.NewLimiter(clock, resilience.LimiterConfig{Rate: resilience.PerSecond(1e9), Burst: 1e6})
	no := resilience.NewLimiter(clock, resilience.LimiterConfig{Rate: slow, Burst: 1})
	sliding := resilience.NewLimiter(clock, resilience.LimiterConfig{
		Rate: resilience.Rate{Count: 1000, Per: time.Second}, Sliding: true})
	bench("yes/phoenix", yes.Allow)
	bench("yes/x-time-rate", rate.NewLimiter(1e9, 1e6).Allow)
	bench("no/phoenix", no.Allow)
	bench("no/x-time-rate", rate.NewLimiter(rate.Every(time.Hour), 1).Allow)
	bench("log/phoenix", sliding.Allow)
}
